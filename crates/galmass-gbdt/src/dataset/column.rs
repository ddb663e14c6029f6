//! The bins of one feature, before they are put side by side.

use std::borrow::Cow;

use crate::Bin;

/// The bins of one feature.
#[derive(Debug)]
pub(crate) enum Column<B> {
    /// Of every row.
    Dense(Vec<B>),
    /// Of the rows that are not in the most frequent bin, in their order.
    Sparse(Vec<u32>, Vec<B>),
}

impl<B: Bin> Column<B> {
    /// The rows that are not in the most frequent bin, in their order.
    pub(crate) fn rows_away(&self, most_frequent: usize) -> Cow<'_, [u32]> {
        match self {
            Self::Dense(bins) => {
                let is_away = |row: &u32| bins[*row as usize].index() != most_frequent;
                Cow::Owned((0..bins.len() as u32).filter(is_away).collect())
            }
            Self::Sparse(rows, _) => Cow::Borrowed(rows),
        }
    }

    /// Calls `put` with each row that is not in the most frequent bin, and with its bin.
    pub(crate) fn for_each_away(&self, most_frequent: usize, mut put: impl FnMut(usize, B)) {
        match self {
            Self::Dense(bins) => {
                for (row, &bin) in bins.iter().enumerate() {
                    if bin.index() != most_frequent {
                        put(row, bin);
                    }
                }
            }
            Self::Sparse(rows, bins) => rows.iter().zip(bins).for_each(|(&row, &bin)| put(row as usize, bin)),
        }
    }
}
