//! How wide gas cells are.

use std::f64::consts::PI;

use galmass_core::{Gas, SupportRadius};

use super::config::GasSmoothing;
use crate::{ProjectError, support_radii};

/// Finds the radius at which the kernel of each gas cell reaches zero.
///
/// The support radius that the source stores comes first. A cell of known mass m and density rho has the volume m / rho,
/// and its kernel reaches zero at `cell_radii` radii of a sphere of that volume:
///
/// ```text
/// H = 2.5 * (3 m / (4 pi rho))^(1/3)
/// ```
///
/// For gas with neither, and for all of it where a cell of mass has no density (wind among cells), H is the distance to
/// the 32nd neighbour. Nothing is narrower than `min_support_kpc`.
///
/// The result has one radius \[kpc\] for each cell, in order; none without gas. It does not depend on the view: where
/// many are wanted, ask once and give the radii back to the gas with
/// [`Gas::with_support_radii`](galmass_core::Gas::with_support_radii).
///
/// # Errors
/// [`ProjectError::SettingOutOfRange`] and [`ProjectError::NoNeighbours`] for settings out of their ranges.
///
/// # Examples
/// ```
/// use std::f64::consts::PI;
///
/// use galmass_core::{Gas, Particles};
/// use galmass_project::dust::{GasSmoothing, gas_support_radii};
///
/// let cell = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![4.0 * PI / 3.0 * 1.0e6])?;
/// let gas = Gas::new(cell).with_densities_msun_kpc3(vec![1.0e6])?;
/// let radii = gas_support_radii(&gas, &GasSmoothing::default())?;
/// assert!((radii[0].kpc() - 2.5).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gas_support_radii(gas: &Gas, smoothing: &GasSmoothing) -> Result<Vec<SupportRadius>, ProjectError> {
    smoothing.check()?;
    let radii =
        match (gas.support_radii(), gas.densities_msun_kpc3().and_then(|rho| cell_radii_kpc(gas, rho))) {
            (Some(radii), _) => radii.to_vec(),
            (None, Some(radii)) => radii
                .into_iter()
                .map(|radius| SupportRadius::from_nth_neighbour(smoothing.cell_radii * radius))
                .collect(),
            (None, None) => support_radii(gas.particles().positions_kpc(), smoothing.n_neighbours)?.radii,
        };
    let at_least = |radius: SupportRadius| {
        SupportRadius::from_nth_neighbour(radius.kpc().max(smoothing.min_support_kpc))
    };
    Ok(radii.into_iter().map(at_least).collect())
}

/// The radii of spheres with the volumes of the cells; `None` where one of them has no end.
fn cell_radii_kpc(gas: &Gas, densities: &[f64]) -> Option<Vec<f64>> {
    let cells = gas.particles().masses_msun().iter().zip(densities);
    let radii = cells.map(|(&mass, &density)| {
        let radius = if mass == 0.0 { 0.0 } else { (3.0 / (4.0 * PI) * (mass / density)).cbrt() };
        radius.is_finite().then_some(radius)
    });
    radii.collect()
}

#[cfg(test)]
mod tests {
    use galmass_core::Particles;

    use super::*;
    use crate::testing::ball;

    fn gas(n_cells: usize) -> Gas {
        Gas::new(Particles::new(ball(n_cells, 5.0, 1), vec![[0.0; 3]; n_cells], vec![1e5; n_cells]).unwrap())
    }

    fn kpc(gas: &Gas) -> Vec<f64> {
        gas_support_radii(gas, &GasSmoothing::default()).unwrap().iter().map(|radius| radius.kpc()).collect()
    }

    #[test]
    fn what_is_stored_wins_over_density_and_density_over_neighbours() {
        let bare = gas(40);
        let by_neighbours = support_radii(bare.particles().positions_kpc(), 32).unwrap();
        assert_eq!(kpc(&bare), by_neighbours.iter().map(|radius| radius.kpc()).collect::<Vec<_>>());
        let with_density = bare.with_densities_msun_kpc3(vec![1e5; 40]).unwrap();
        let expected = 2.5 * (0.75 / PI).cbrt();
        assert!(kpc(&with_density).iter().all(|radius| (radius - expected).abs() < 1e-14));
        let stored = with_density.with_support_radii(vec![SupportRadius::from_monaghan_h(0.7); 40]).unwrap();
        assert_eq!(kpc(&stored), [1.4; 40]);
    }

    #[test]
    fn a_cell_without_density_sends_all_to_their_neighbours() {
        let mut densities = vec![1e5; 40];
        densities[7] = 0.0;
        assert_eq!(kpc(&gas(40).with_densities_msun_kpc3(densities).unwrap()), kpc(&gas(40)));
    }

    #[test]
    fn nothing_is_narrower_than_the_limit() {
        let same_place = Particles::new(vec![[1.0; 3]; 50], vec![[0.0; 3]; 50], vec![1.0; 50]).unwrap();
        assert_eq!(kpc(&Gas::new(same_place)), [0.1; 50]);
        let massless = Particles::new(vec![[1.0; 3]], vec![[0.0; 3]], vec![0.0]).unwrap();
        assert_eq!(kpc(&Gas::new(massless).with_densities_msun_kpc3(vec![0.0]).unwrap()), [0.1]);
        assert_eq!(kpc(&Gas::default()), [0.0; 0]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let with = |smoothing| gas_support_radii(&gas(2), &smoothing).unwrap_err();
        let smoothing = GasSmoothing::default();
        assert!(matches!(
            with(GasSmoothing { cell_radii: 0.0, ..smoothing }),
            ProjectError::SettingOutOfRange { setting: "cell_radii", .. }
        ));
        assert!(matches!(
            with(GasSmoothing { min_support_kpc: f64::NAN, ..smoothing }),
            ProjectError::SettingOutOfRange { setting: "min_support_kpc", .. }
        ));
        assert_eq!(with(GasSmoothing { n_neighbours: 0, ..smoothing }), ProjectError::NoNeighbours);
    }
}
