//! The gas in front of each star, cell by cell.

use galmass_core::Gas;
use rayon::prelude::*;

use super::{cloud, column_of};
use crate::dust::{GasColumn, GasSmoothing};
use crate::{ProjectError, View};

/// [`gas_columns`](crate::dust::gas_columns) as it is defined: every star looks through every cell, with the closed
/// form of the kernel.
///
/// # Errors
/// As its fast twin.
///
/// # Cost
/// The number of stars times that of cells.
pub fn gas_columns(
    positions_kpc: &[[f64; 3]],
    gas: &Gas,
    view: &View,
    smoothing: &GasSmoothing,
) -> Result<Vec<GasColumn>, ProjectError> {
    let cloud = cloud(positions_kpc, gas, view, smoothing)?;
    let through = |&position: &[f64; 3]| {
        let [x, y] = view.plane(position);
        let in_front = &cloud.cells[..cloud.n_in_front_of(view.depth(position))];
        let (mass, metals) = in_front.iter().fold((0.0, 0.0), |(mass, metals), cell| {
            let u = (cell.x - x).hypot(cell.y - y) / cell.support;
            let share = smoothing.kernel.projected(u) / cell.support / cell.support;
            (mass + cell.mass * share, metals + cell.metals * share)
        });
        column_of(mass, metals)
    };
    Ok(positions_kpc.par_iter().map(through).collect())
}
