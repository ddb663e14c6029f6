//! Sums of gradients and hessians by bin.
//!
//! The histogram of a leaf is summed up over its rows in their order, or is that of its parent less that of its sibling.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::dataset::{Bins, Dataset, GROUP, Group};
use crate::partition::Partition;
use crate::{Bin, threads};

/// The sum of the gradients and that of the hessians in a bin.
pub(crate) type Sums = [f64; 2];

/// What is summed up for each row.
#[derive(Clone, Copy)]
pub(crate) enum Slopes<'a> {
    /// Gradients, with hessians of 1.
    Unit(&'a [f32]),
    /// Gradients and hessians.
    Both(&'a [f32], &'a [f32]),
}

impl Slopes<'_> {
    /// The sums over all rows, one after the other.
    pub(crate) fn total(&self) -> Sums {
        self.add_to([0.0; 2])
    }

    /// Adds them to sums, one after the other.
    pub(crate) fn add_to(&self, [of_gradients, of_hessians]: Sums) -> Sums {
        let add = |sum, values: &[f32]| values.iter().fold(sum, |sum, &value| sum + f64::from(value));
        match self {
            Self::Unit(gradients) => [add(of_gradients, gradients), of_hessians + gradients.len() as f64],
            Self::Both(gradients, hessians) => [add(of_gradients, gradients), add(of_hessians, hessians)],
        }
    }

    /// Whether all hessians are 1.
    pub(crate) fn are_unit(&self) -> bool {
        matches!(self, Self::Unit(_))
    }
}

/// Where the bins of each feature stand in a histogram: those of a group of features side by side.
#[derive(Debug)]
pub(crate) struct Layout {
    ranges: Vec<Range<usize>>,
    /// The bins of each group.
    groups: Vec<Range<usize>>,
    /// For each feature the bin that is found from the others; 0 is not needed at all.
    most_frequent: Vec<usize>,
}

impl Layout {
    pub(crate) fn of(dataset: &Dataset) -> Self {
        match &dataset.bins {
            Bins::Bytes(bins) => Self::of_groups(dataset, &bins.groups),
            Bins::Words(bins) => Self::of_groups(dataset, &bins.groups),
        }
    }

    fn of_groups<B>(dataset: &Dataset, groups: &[Group<B>]) -> Self {
        let mappers = dataset.mappers();
        let mut ranges = vec![0..0; mappers.len()];
        let mut end = 0;
        let of_group = |group: &Group<B>| {
            let start = end;
            for &feature in group.places.iter().flatten() {
                ranges[feature] = end..end + mappers[feature].n_bins();
                end = ranges[feature].end;
            }
            start..end
        };
        let groups = groups.iter().map(of_group).collect();
        Self { ranges, groups, most_frequent: mappers.iter().map(|m| m.most_frequent_bin()).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.last().map_or(0, |group| group.end)
    }

    /// The bins of a feature.
    pub(crate) fn range(&self, feature: usize) -> Range<usize> {
        self.ranges[feature].clone()
    }
}

/// The rows of a leaf, and their slopes.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// All there are: what they add up to is found on the way.
    All(Slopes<'a>),
    /// Those that are gathered, and what they add up to.
    Gathered(&'a Partition, Sums),
}

/// Sums up the histogram of the rows of a leaf, and over all of them.
pub(crate) fn sum_up(histogram: &mut [Sums], layout: &Layout, dataset: &Dataset, rows: Rows<'_>) -> Sums {
    let total = match &dataset.bins {
        Bins::Bytes(bins) => sum_up_groups(histogram, layout, &bins.groups, rows),
        Bins::Words(bins) => sum_up_groups(histogram, layout, &bins.groups, rows),
    };
    total.unwrap_or_else(|| match rows {
        Rows::All(slopes) => slopes.total(),
        Rows::Gathered(_, total) => total,
    })
}

fn sum_up_groups<B: Bin>(
    mut histogram: &mut [Sums],
    layout: &Layout,
    groups: &[Group<B>],
    rows: Rows<'_>,
) -> Option<Sums> {
    let mut parts = Vec::with_capacity(groups.len());
    for (group, bins) in groups.iter().zip(&layout.groups) {
        let (part, rest) = histogram.split_at_mut(bins.len());
        parts.push((group, bins.start, part));
        histogram = rest;
    }
    let n_rows = match rows {
        Rows::All(Slopes::Unit(gradients) | Slopes::Both(gradients, _)) => gradients.len(),
        Rows::Gathered(partition, _) => partition.n_gathered(),
    };
    let sum = |(group, start, part): (&Group<B>, usize, &mut [Sums])| {
        part.fill([0.0; 2]);
        // Where the bins of each place begin.
        let starts: [usize; GROUP] = std::array::from_fn(|place| {
            group.places.get(place).map_or(0, |features| layout.range(features[0]).start - start)
        });
        let total = add_group(part, starts, group, rows);
        for &feature in group.places.iter().flatten() {
            let bins = layout.range(feature);
            complete(&mut part[bins.start - start..bins.end - start], layout.most_frequent[feature], total);
        }
        total
    };
    // Every group finds the same total.
    if threads::are_worth(n_rows * layout.most_frequent.len()) {
        parts.into_par_iter().map(sum).reduce_with(|_, total| total)
    } else {
        parts.into_iter().map(sum).last()
    }
}

/// Finds the most frequent bin from the others. Its sum is known already, but not with this rounding, by which ties are
/// decided.
fn complete(bins: &mut [Sums], most_frequent: usize, total: Sums) {
    if most_frequent > 0 {
        let [mut gradients, mut hessians] = total;
        for (bin, sums) in bins.iter().enumerate() {
            if bin != most_frequent {
                gradients -= sums[0];
                hessians -= sums[1];
            }
        }
        bins[most_frequent] = [gradients, hessians];
    }
}

fn add_group<B: Bin>(part: &mut [Sums], starts: [usize; GROUP], group: &Group<B>, rows: Rows<'_>) -> Sums {
    let bins = &group.rows;
    match group.places.len() {
        1 => AddRows::<1, B> { part, starts, bins, rows }.add(),
        2 => AddRows::<2, B> { part, starts, bins, rows }.add(),
        3 => AddRows::<3, B> { part, starts, bins, rows }.add(),
        4 => AddRows::<4, B> { part, starts, bins, rows }.add(),
        5 => AddRows::<5, B> { part, starts, bins, rows }.add(),
        6 => AddRows::<6, B> { part, starts, bins, rows }.add(),
        7 => AddRows::<7, B> { part, starts, bins, rows }.add(),
        _ => AddRows::<GROUP, B> { part, starts, bins, rows }.add(),
    }
}

/// Adds the slopes of rows to the bins of `N` places.
struct AddRows<'a, const N: usize, B> {
    part: &'a mut [Sums],
    starts: [usize; GROUP],
    bins: &'a [[B; GROUP]],
    rows: Rows<'a>,
}

impl<const N: usize, B: Bin> AddRows<'_, N, B> {
    /// The sums over all rows come back.
    fn add(self) -> Sums {
        Arch::new().dispatch(self)
    }
}

impl<const N: usize, B: Bin> WithSimd for AddRows<'_, N, B> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Sums {
        let Self { part, starts, bins, rows } = self;
        let mut total = [0.0; 2];
        match rows {
            Rows::All(Slopes::Unit(gradients)) => {
                for (bins, &gradient) in bins.iter().zip(gradients) {
                    let gradient = f64::from(gradient);
                    // Beside the others this sum, each step of which waits for the one before, costs nothing.
                    total[0] += gradient;
                    add::<N, B>(part, &starts, bins, [gradient, 1.0]);
                }
                [total[0], gradients.len() as f64]
            }
            Rows::All(Slopes::Both(gradients, hessians)) => {
                for (bins, (&gradient, &hessian)) in bins.iter().zip(gradients.iter().zip(hessians)) {
                    let slopes = [f64::from(gradient), f64::from(hessian)];
                    total = [total[0] + slopes[0], total[1] + slopes[1]];
                    add::<N, B>(part, &starts, bins, slopes);
                }
                total
            }
            Rows::Gathered(partition, total) => {
                for (rows, slopes) in partition.pieces() {
                    fetch_first(bins, rows);
                    match slopes {
                        Slopes::Unit(gradients) => {
                            for (index, (&row, &gradient)) in rows.iter().zip(gradients).enumerate() {
                                fetch_ahead(bins, rows, index);
                                let slopes = [f64::from(gradient), 1.0];
                                add::<N, B>(part, &starts, &bins[row as usize], slopes);
                            }
                        }
                        Slopes::Both(gradients, hessians) => {
                            let slopes = gradients.iter().zip(hessians);
                            for (index, (&row, (&gradient, &hessian))) in rows.iter().zip(slopes).enumerate()
                            {
                                fetch_ahead(bins, rows, index);
                                let slopes = [f64::from(gradient), f64::from(hessian)];
                                add::<N, B>(part, &starts, &bins[row as usize], slopes);
                            }
                        }
                    }
                }
                total
            }
        }
    }
}

/// How many rows ahead bins are asked for.
const AHEAD: usize = 32;

/// Asks for the bins of the first rows of a piece.
#[inline(always)]
fn fetch_first<B>(bins: &[[B; GROUP]], rows: &[u32]) {
    rows.iter().take(AHEAD).for_each(|&row| fetch(bins, row));
}

/// Asks for the bins of a row that is soon due: processors do not see by themselves which rows a leaf has.
#[inline(always)]
fn fetch_ahead<B>(bins: &[[B; GROUP]], rows: &[u32], index: usize) {
    if let Some(&row) = rows.get(index + AHEAD) {
        fetch(bins, row);
    }
}

#[inline(always)]
fn fetch<B>(bins: &[[B; GROUP]], row: u32) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let place: *const [B; GROUP] = bins.as_ptr().wrapping_add(row as usize);
        // SAFETY: whatever the address, nothing is read.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bins, row);
}

/// Adds the slopes of a row to the bins of the features of a group.
#[inline(always)]
fn add<const N: usize, B: Bin>(part: &mut [Sums], starts: &[usize; GROUP], bins: &[B; GROUP], slopes: Sums) {
    for place in 0..N {
        let index = starts[place] + bins[place].index();
        // SAFETY: what a place holds is less than the number of bins of its features together, and `part` has all bins
        // of the features of the group.
        let sums = unsafe { part.get_unchecked_mut(index) };
        *sums = [sums[0] + slopes[0], sums[1] + slopes[1]];
    }
}

/// Leaves in `larger`, the histogram of the parent, what is not in `smaller`.
pub(crate) fn subtract(larger: &mut [Sums], smaller: &[Sums]) {
    for (larger, smaller) in larger.iter_mut().zip(smaller) {
        *larger = [larger[0] - smaller[0], larger[1] - smaller[1]];
    }
}
