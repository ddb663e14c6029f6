//! The gas in front of each star.

mod cells;
mod cloud;
mod kernel_table;
pub(crate) mod reference;
mod tiles;

use galmass_core::Gas;

use super::config::GasSmoothing;
use super::law::GasColumn;
use super::smoothing::gas_support_radii;
use crate::error::check_vectors;
use crate::{ProjectError, View};
use cloud::Cloud;

/// The mass of a hydrogen atom is taken to be that of the proton \[g\].
const PROTON_G: f64 = 1.672_621_925_95e-24;
const SUN_G: f64 = 1.988_409_87e33;
const CM_PER_KPC: f64 = 3.085_677_581_491_367e21;

/// Hydrogen atoms per cm^2 in 1 Msun/kpc^2 of hydrogen.
pub(super) const ATOMS_CM2_PER_MSUN_KPC2: f64 = SUN_G / PROTON_G / (CM_PER_KPC * CM_PER_KPC);

/// Measures the column of neutral gas between the observer and each star.
///
/// The observer sits at minus infinity on the line of sight. A gas cell is in front of a star if its centre has the
/// smaller [depth](View::depth), and then counts whole, else not at all: with m its neutral hydrogen, Z its metallicity
/// and R positions on the image plane,
///
/// ```text
/// N_H = 1 / m_p * sum over cells in front of  m * W(|R_cell - R_star|, H_cell)
/// Z   = sum of  m W Z  /  sum of  m W
/// ```
///
/// with W the kernel [integrated along the line of sight](crate::kernel::Kernel::projected) and H of
/// [`gas_support_radii`]: the column of the smoothed gas on the ray to the star itself, where Nelson et al. (2018) take
/// the mean over a pixel of 1 kpc.
///
/// `positions_kpc` are those of N stars \[kpc\]; the result has N columns, in order.
///
/// * No gas, no neutral hydrogen, or a star in front of all of it: a column of 0 with metallicity 0. No stars: no
///   columns.
/// * Gas at the depth of the star, as a cell that it was born from, is not in front of it.
/// * Metallicities below 0, as advection leaves, count as 0.
/// * Columns follow [`reference::gas_columns`](crate::reference::gas_columns) to 1e-6 of what the cells in front could
///   add at most; the same bits for any number of threads. The order of particles matters to rounding only.
/// * What is more than 3e38 kpc off the middle of the image plane, too far for single precision, has nothing in front and
///   is in front of nothing.
///
/// # Errors
/// [`ProjectError::MissingColumn`] where gas has no neutral hydrogen masses or metallicities,
/// [`ProjectError::NotFinite`] for a position that is no number, and what [`gas_support_radii`] refuses.
///
/// # Cost
/// Proportional to the number of kernels that the rays cross, summed over stars, shared out among threads. Memory for
/// some 100 bytes a star and a cell; where kernels are as wide as the galaxy, 40 bytes a cell for each quartering of the
/// image plane and each thread besides.
///
/// # Examples
/// ```
/// use galmass_core::{Gas, Particles, SupportRadius};
/// use galmass_project::dust::{GasSmoothing, gas_columns};
/// use galmass_project::{Axis, View};
///
/// let cell = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![1.0e7])?;
/// let gas = Gas::new(cell)
///     .with_neutral_hydrogen_masses_msun(vec![6.0e6])?
///     .with_metallicities(vec![0.02])?
///     .with_support_radii(vec![SupportRadius::from_nth_neighbour(1.0)])?;
/// let stars = [[0.0, 0.0, -3.0], [0.0, 0.0, 3.0], [5.0, 0.0, 3.0]];
/// let columns = gas_columns(&stars, &gas, &View::along(Axis::Z), &GasSmoothing::default())?;
/// assert_eq!([columns[0].neutral_hydrogen_cm2, columns[2].neutral_hydrogen_cm2], [0.0; 2]);
/// let peak = 6.0e6 * 6.0 / std::f64::consts::PI * 1.2485e14; // mass, kernel at its centre, atoms/cm^2 in Msun/kpc^2
/// assert!((columns[1].neutral_hydrogen_cm2 / peak - 1.0).abs() < 1e-4);
/// assert_eq!(columns[1].metallicity, 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// * Nelson et al. 2018, MNRAS 475, 624, section 3.4.
pub fn gas_columns(
    positions_kpc: &[[f64; 3]],
    gas: &Gas,
    view: &View,
    smoothing: &GasSmoothing,
) -> Result<Vec<GasColumn>, ProjectError> {
    let cloud = cloud(positions_kpc, gas, view, smoothing)?;
    Ok(tiles::columns(positions_kpc, &cloud, view, smoothing.kernel))
}

/// Checks the input and puts the gas in order.
fn cloud(
    positions_kpc: &[[f64; 3]],
    gas: &Gas,
    view: &View,
    smoothing: &GasSmoothing,
) -> Result<Cloud, ProjectError> {
    check_vectors("positions", positions_kpc)?;
    smoothing.check()?;
    if gas.is_empty() {
        return Ok(Cloud::default());
    }
    let missing = |column| ProjectError::MissingColumn { column };
    let neutral = gas.neutral_hydrogen_masses_msun().ok_or(missing("neutral hydrogen masses"))?;
    let metallicities = gas.metallicities().ok_or(missing("metallicities"))?;
    let support = gas_support_radii(gas, smoothing)?;
    Ok(Cloud::new(gas.particles().positions_kpc(), neutral, metallicities, &support, view))
}

/// Makes a column of the sums over the kernels in front of a star.
#[inline(always)]
fn column_of(mass: f64, metals: f64) -> GasColumn {
    GasColumn {
        neutral_hydrogen_cm2: mass * ATOMS_CM2_PER_MSUN_KPC2,
        metallicity: if mass > 0.0 { metals / mass } else { 0.0 },
    }
}

#[cfg(test)]
mod tests;
