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
        let mut cells: Vec<Cell> = with_gas
            .map(|(((&position, &mass), &metallicity), support)| {
                let [x, y] = view.plane(position);
                let (depth, support) = (view.depth(position), support.kpc());
                Cell { x, y, depth, support, mass, metals: mass * metallicity.max(0.0) }
            })
            // So far away that its coordinates overflow, it is in front of nothing.
            .filter(|cell| cell.x.is_finite() && cell.y.is_finite() && cell.depth.is_finite())
            .collect();
        // Stable, so that cells of one depth keep their order whatever the sort does.
        cells.sort_by(|a, b| a.depth.total_cmp(&b.depth));
        Self { cells }
    }

    /// The number of cells in front of a depth.
    pub(super) fn n_in_front_of(&self, depth: f64) -> usize {
        self.cells.partition_point(|cell| cell.depth < depth)
    }
}
