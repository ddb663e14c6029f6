//! The bins of all values, by columns and by rows.

use rayon::prelude::*;

use super::ROWS;
use super::column::Column;
use crate::binning::BinMapper;
use crate::{Bin, bundling};

/// Features whose bins stand side by side in a row: those of one row are one word.
pub(crate) const GROUP: usize = 8;

/// Codes of bins, by columns and by rows. Each place has one feature, and the codes are its bins; or it has a bundle,
/// whose bins follow one another.
#[derive(Debug)]
pub(crate) struct Table<B> {
    /// The codes of each place, in the order of the groups.
    columns: Vec<Vec<B>>,
    pub(crate) groups: Vec<Group<B>>,
    /// Where the bins of each feature are.
    places: Vec<Place>,
}

/// Some places side by side, row by row.
#[derive(Debug)]
pub(crate) struct Group<B> {
    /// The features of each place, up to [`GROUP`] places.
    pub(crate) places: Vec<Vec<usize>>,
    pub(crate) rows: Vec<[B; GROUP]>,
}

/// Where the bins of a feature are.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Its column.
    column: usize,
    /// The code of its first bin.
    start: usize,
    /// The number of codes of the place.
    n_codes: usize,
}

impl<B: Bin> Table<B> {
    /// Puts the columns of all features side by side, those that can share a place in one if `bundles`.
    pub(super) fn new(
        mut columns: Vec<Column<B>>,
        mappers: &[BinMapper],
        n_rows: usize,
        bundles: bool,
    ) -> Self {
        let of_places = if bundles {
            bundling::find(&columns, mappers, n_rows)
        } else {
            (0..mappers.len()).map(|feature| vec![feature]).collect()
        };
        let mut places = vec![Place::default(); mappers.len()];
        for (column, features) in of_places.iter().enumerate() {
            let n_codes = features.iter().map(|&feature| mappers[feature].n_bins()).sum();
            let mut start = 0;
            for &feature in features {
                places[feature] = Place { column, start, n_codes };
                start += mappers[feature].n_bins();
            }
        }
        // Each column of a feature goes when the codes of its place are there.
        let mut take = |&feature: &usize| std::mem::replace(&mut columns[feature], Column::Dense(Vec::new()));
        let parts: Vec<(&Vec<usize>, Vec<Column<B>>)> =
            of_places.iter().map(|features| (features, features.iter().map(&mut take).collect())).collect();
        let columns: Vec<Vec<B>> = parts
            .into_par_iter()
            .map(|(features, columns)| bundling::codes(features, columns, mappers, n_rows))
            .collect();

        // Groups of about equally many places, which threads share.
        let (n_places, n_groups) = (of_places.len(), of_places.len().div_ceil(GROUP));
        let groups = (0..n_groups).into_par_iter().map(|group| {
            let [first, end] = [group, group + 1].map(|group| group * n_places / n_groups);
            let mut rows = vec![[B::default(); GROUP]; n_rows];
            rows.par_chunks_mut(ROWS).enumerate().for_each(|(block, rows)| {
                for (place, codes) in columns[first..end].iter().enumerate() {
                    let codes = &codes[block * ROWS..];
                    rows.iter_mut().zip(codes).for_each(|(row, &code)| row[place] = code);
                }
            });
            Group { places: of_places[first..end].to_vec(), rows }
        });
        let groups = groups.collect();
        Self { columns, groups, places }
    }

    /// The codes of the place of a feature, row by row.
    pub(crate) fn codes(&self, feature: usize) -> &[B] {
        &self.columns[self.places[feature].column]
    }

    /// Something that is known by the bins of a feature, by the codes of its place: rows with codes of other features
    /// are in its most frequent bin.
    pub(crate) fn by_code(&self, feature: usize, most_frequent: usize, by_bin: &[bool]) -> Vec<bool> {
        let Place { start, n_codes, .. } = self.places[feature];
        let mut by_code = vec![by_bin[most_frequent]; n_codes];
        by_code[start..start + by_bin.len()].copy_from_slice(by_bin);
        by_code
    }
}
