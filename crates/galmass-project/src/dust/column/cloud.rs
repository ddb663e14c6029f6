//! Gas cells in the order in which light from far away meets them last.

use galmass_core::SupportRadius;

use crate::View;

/// A gas cell as a star behind it sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    /// Where it lies on the image plane \[kpc\].
    pub(super) x: f64,
    pub(super) y: f64,
    /// How far away it is \[kpc\].
    pub(super) depth: f64,
    /// Where its kernel reaches zero \[kpc\]; above 0.
    pub(super) support: f64,
    /// Neutral hydrogen \[Msun\]; above 0.
    pub(super) mass: f64,
    /// The metals in the same proportion \[Msun\].
    pub(super) metals: f64,
}

/// All cells with neutral hydrogen, the nearest to the observer first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cloud {
    pub(super) cells: Vec<Cell>,
}

impl Cloud {
    /// Columns of one length; masses of 0 or more, radii above 0.
    pub(super) fn new(
        positions_kpc: &[[f64; 3]],
        neutral_msun: &[f64],
        metallicities: &[f64],
        support: &[SupportRadius],
        view: &View,
    ) -> Self {
        let columns = positions_kpc.iter().zip(neutral_msun).zip(metallicities).zip(support);
        let with_gas = columns.filter(|(((_, mass), _), _)| **mass > 0.0);
        let cells: Vec<Cell> = with_gas
            .map(|(((&position, &mass), &metallicity), support)| {
                let [x, y] = view.plane(position);
                let (depth, support) = (view.depth(position), support.kpc());
                Cell { x, y, depth, support, mass, metals: mass * metallicity.max(0.0) }
            })
            // So far away that its coordinates overflow, it is in front of nothing.
            .filter(|cell| cell.x.is_finite() && cell.y.is_finite() && cell.depth.is_finite())
            .collect();
        // Few bytes to move about; the index keeps cells of one depth in their order.
        let mut order: Vec<(f64, usize)> = cells.iter().map(|cell| cell.depth).zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Self { cells: order.into_iter().map(|(_, index)| cells[index]).collect() }
    }

    /// The number of cells in front of a depth.
    pub(super) fn n_in_front_of(&self, depth: f64) -> usize {
        self.cells.partition_point(|cell| cell.depth < depth)
    }
}

/// The depths of cells, to be asked by many stars.
pub(super) struct Depths {
    /// From the nearest to the farthest; never empty.
    depths: Vec<f64>,
    /// The first depth and the number of slices in a kpc.
    first: f64,
    per_kpc: f64,
    /// How many cells are before each of the slices, and at the end all of them.
    starts: Vec<u32>,
}

impl Depths {
    /// Up to `u32::MAX` cells and at least one, the nearest first.
    pub(super) fn new(cells: &[Cell]) -> Self {
        let depths: Vec<f64> = cells.iter().map(|cell| cell.depth).collect();
        let n_slices = depths.len();
        let (first, last) = (depths[0], depths[n_slices - 1]);
        let mut depths =
            Self { depths, first, per_kpc: n_slices as f64 / (last - first), starts: Vec::new() };
        let mut starts = vec![0; n_slices + 1];
        for &depth in &depths.depths {
            starts[depths.slice_of(depth, n_slices) + 1] += 1;
        }
        for slice in 0..n_slices {
            starts[slice + 1] += starts[slice];
        }
        depths.starts = starts;
        depths
    }

    /// Never less for a larger depth, however it is rounded; 0 for NaN.
    fn slice_of(&self, depth: f64, n_slices: usize) -> usize {
        (((depth - self.first) * self.per_kpc) as usize).min(n_slices - 1)
    }

    /// The number of cells in front of a depth.
    pub(super) fn n_in_front_of(&self, depth: f64) -> u32 {
        let slice = self.slice_of(depth, self.starts.len() - 1);
        let [before, end] = [self.starts[slice], self.starts[slice + 1]];
        let in_slice = &self.depths[before as usize..end as usize];
        before + in_slice.partition_point(|&other| other < depth) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::uniform;

    #[test]
    fn stars_find_out_what_is_in_front_however_deep_the_cells_are() {
        let cell = |depth| Cell { x: 0.0, y: 0.0, depth, support: 1.0, mass: 1.0, metals: 0.0 };
        let huge = vec![-f64::MAX, -1.0, 0.0, 2.0, f64::MAX];
        let mut skew: Vec<f64> = uniform(500, -8.0..8.0, 1).into_iter().map(|x| x.powi(7)).collect();
        skew.sort_by(f64::total_cmp);
        for depths in [vec![0.5], vec![3.0; 40], huge, skew, vec![1.0, 1.0 + f64::EPSILON]] {
            let cells: Vec<Cell> = depths.iter().map(|&depth| cell(depth)).collect();
            let fast = Depths::new(&cells);
            let between = depths.windows(2).map(|pair| 0.5 * pair[0] + 0.5 * pair[1]);
            let beyond = [f64::MIN, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
            for depth in depths.iter().copied().chain(between).chain(beyond) {
                let expected = depths.iter().filter(|&&other| other < depth).count();
                assert_eq!(fast.n_in_front_of(depth) as usize, expected, "{depth} among {depths:?}");
            }
        }
    }
}
