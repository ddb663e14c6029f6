//! One slab of dust for a whole galaxy.

use std::f64::consts::PI;

use galmass_core::Gas;

use super::column::ATOMS_CM2_PER_MSUN_KPC2;
use super::config::SlabDust;
use super::law::GasColumn;
use crate::{ProjectError, View};

/// The mass of gas for each unit mass of hydrogen: the rest is helium.
const GAS_PER_HYDROGEN: f64 = 1.4;

/// The radius over which the gas is spread evenly, in half-mass radii.
const RADIUS_IN_HALF_MASS_RADII: f64 = 1.68;

/// No disc is smaller \[kpc\]: no simulation resolves less, and gas in one point would have a column without end.
const MIN_HALF_MASS_RADIUS_KPC: f64 = 0.1;

/// The mean column of a galaxy's cold gas, seen face-on, and how much longer the path through it is from a view.
///
/// De Lucia & Blaizot (2007): with M the mass of the cold gas and r its half-mass radius about the origin,
///
/// ```text
/// N_H = M / (1.4 m_p pi (1.68 r)^2)
/// ```
///
/// The metallicity is that of the cold gas, weighted by mass. The path is 1 / cos(inclination) of the angular momentum
/// of the cold gas about the origin, at most 1 / `min_cos_inclination`; gas that does not turn is seen face-on.
pub(super) fn column_and_path(
    gas: &Gas,
    view: &View,
    slab: &SlabDust,
) -> Result<(GasColumn, f64), ProjectError> {
    slab.check()?;
    let metallicities = gas.metallicities().ok_or(ProjectError::MissingColumn { column: "metallicities" })?;
    let particles = gas.particles();
    let masses = particles.masses_msun();
    let is_cold = coldness(gas, slab.max_temperature_k);
    let cold: Vec<usize> = (0..gas.len()).filter(|&cell| is_cold(cell)).collect();

    let mass = cold.iter().fold(0.0, |sum, &cell| sum + masses[cell]);
    let metals = cold.iter().fold(0.0, |sum, &cell| sum + masses[cell] * metallicities[cell].max(0.0));
    let radius = half_mass_radius_kpc(particles.positions_kpc(), masses, &cold).max(MIN_HALF_MASS_RADIUS_KPC);
    let area = PI * (RADIUS_IN_HALF_MASS_RADII * radius).powi(2);
    let column = GasColumn {
        neutral_hydrogen_cm2: mass / GAS_PER_HYDROGEN / area * ATOMS_CM2_PER_MSUN_KPC2,
        metallicity: if mass > 0.0 { metals / mass } else { 0.0 },
    };

    let spin = cold.iter().fold([0.0; 3], |spin, &cell| {
        let ([x, y, z], [u, v, w]) = (particles.positions_kpc()[cell], particles.velocities_km_s()[cell]);
        let turn = [y * w - z * v, z * u - x * w, x * v - y * u];
        std::array::from_fn(|axis| spin[axis] + masses[cell] * turn[axis])
    });
    let length = spin.iter().map(|component| component * component).sum::<f64>().sqrt();
    let cosine = if length > 0.0 { (view.depth(spin) / length).abs() } else { 1.0 };
    Ok((column, 1.0 / cosine.max(slab.min_cos_inclination)))
}

/// Which cells are cold: those that form stars or are no hotter than a limit; all, where neither is known.
fn coldness(gas: &Gas, max_temperature_k: f64) -> impl Fn(usize) -> bool {
    let (rates, temperatures) = (gas.star_formation_rates_msun_yr(), gas.temperatures_k());
    move |cell| match (rates, temperatures) {
        (None, None) => true,
        _ => {
            rates.is_some_and(|rates| rates[cell] > 0.0)
                || temperatures.is_some_and(|temperatures| temperatures[cell] <= max_temperature_k)
        }
    }
}

/// The distance from the origin within which half of the mass of some cells lies; 0 where there is none.
fn half_mass_radius_kpc(positions_kpc: &[[f64; 3]], masses: &[f64], cells: &[usize]) -> f64 {
    let radius = |cell: usize| positions_kpc[cell].iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut shells: Vec<(f64, f64)> = cells.iter().map(|&cell| (radius(cell), masses[cell])).collect();
    shells.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * shells.iter().fold(0.0, |sum, shell| sum + shell.1);
    let mut inside = 0.0;
    let reaches_half = shells.iter().find(|(_, mass)| {
        inside += mass;
        inside >= half
    });
    reaches_half.map_or(0.0, |shell| shell.0)
}

#[cfg(test)]
mod tests {
    use galmass_core::Particles;

    use super::*;
    use crate::Axis;

    /// Four cells on a circle of 2 kpc about the z axis that turn about it, and a hot one far out.
    fn gas() -> Gas {
        let positions =
            vec![[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [-2.0, 0.0, 0.0], [0.0, -2.0, 0.0], [50.0, 0.0, 0.0]];
        let velocities =
            vec![[0.0, 9.0, 0.0], [-9.0, 0.0, 0.0], [0.0, -9.0, 0.0], [9.0, 0.0, 0.0], [0.0, 0.0, 99.0]];
        let gas = Gas::new(Particles::new(positions, velocities, vec![1e8, 1e8, 1e8, 1e8, 1e10]).unwrap());
        gas.with_metallicities(vec![0.01, 0.03, -0.5, 0.04, 0.5]).unwrap()
    }

    fn cold_gas() -> Gas {
        gas().with_temperatures_k(vec![1e4, 1e3, 1e4, 3e4, 1e7]).unwrap()
    }

    fn of(gas: &Gas, view: &View) -> (GasColumn, f64) {
        column_and_path(gas, view, &SlabDust::default()).unwrap()
    }

    #[test]
    fn the_column_is_the_mean_of_the_cold_gas() {
        let (column, path) = of(&cold_gas(), &View::along(Axis::Z));
        // 4e8 / 1.4 / (pi 3.36^2) Msun/kpc^2 = 8.0556e6, times 1.24856e14 atoms/cm^2 for each.
        assert!((column.neutral_hydrogen_cm2 / 1.00579e21 - 1.0).abs() < 1e-4, "{column:?}");
        assert!((column.metallicity - 0.02).abs() < 1e-15);
        assert_eq!(path, 1.0);
    }

    #[test]
    fn the_path_grows_with_inclination_to_its_limit() {
        let inclined = |angle: f64| {
            let view = View::new([1.0, 0.0, 0.0], [0.0, angle.cos(), angle.sin()]).unwrap();
            of(&cold_gas(), &view).1
        };
        assert!((inclined(1.0) - 1.0 / 1f64.cos()).abs() < 1e-12);
        assert!((inclined(std::f64::consts::PI) - 1.0).abs() < 1e-12, "from below it is the same disc");
        assert_eq!(of(&cold_gas(), &View::along(Axis::X)).1, 5.0);
    }

    #[test]
    fn gas_that_forms_stars_is_cold_and_without_knowledge_all_is() {
        let forming = gas().with_star_formation_rates_msun_yr(vec![0.0, 0.0, 0.1, 0.1, 0.0]).unwrap();
        let (column, _) = of(&forming, &View::along(Axis::Z));
        assert!((column.neutral_hydrogen_cm2 / 0.502895e21 - 1.0).abs() < 1e-4, "{column:?}");
        let (all, _) = of(&gas(), &View::along(Axis::Z));
        assert!((all.metallicity - (8e6 + 5e9) / 1.04e10).abs() < 1e-12);
    }

    #[test]
    fn no_cold_gas_a_point_and_gas_at_rest_are_all_right() {
        let hot = gas().with_temperatures_k(vec![1e6; 5]).unwrap();
        assert_eq!(of(&hot, &View::along(Axis::Z)).0, GasColumn::default());
        let point = Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3]; 2], vec![1e6; 2]).unwrap();
        let point = Gas::new(point).with_metallicities(vec![0.02; 2]).unwrap();
        let (column, path) = of(&point, &View::along(Axis::Z));
        assert!(column.neutral_hydrogen_cm2.is_finite() && path == 1.0);
    }

    #[test]
    fn bad_settings_and_gas_without_metals_are_refused() {
        let view = View::along(Axis::Z);
        let bare = Gas::new(gas().particles().clone());
        let missing = column_and_path(&bare, &view, &SlabDust::default()).unwrap_err();
        assert_eq!(missing, ProjectError::MissingColumn { column: "metallicities" });
        for min_cos_inclination in [0.0, 1.5, f64::NAN] {
            let slab = SlabDust { min_cos_inclination, ..SlabDust::default() };
            let error = column_and_path(&gas(), &view, &slab).unwrap_err();
            assert!(matches!(error, ProjectError::SettingOutOfRange { setting: "min_cos_inclination", .. }));
        }
    }
}
