//! Streaming and random motion of a disc.

use std::f64::consts::PI;
use std::sync::OnceLock;

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::disc_thickness::Where;
use crate::log_grid::{LOG_STEP, LogGrid};
use crate::potential::GalaxyPotential;

/// Where the stability parameter is prescribed, in disc scale lengths.
const REFERENCE_RADIUS: f64 = 2.0;

/// The coefficient of Toomre's criterion for stars (Toomre 1964; Binney & Tremaine 2008, eq. 6.71).
const TOOMRE: f64 = 3.36;

/// Where the table begins and ends, in disc scale lengths.
const EXTENT: [f64; 2] = [1e-2, 40.0];

/// The least that the pull of the disc's own sheet is reduced to by its being finite.
const WEAKEST_SHEET: f64 = 0.3;

/// The mean rotation \[km/s\] at one radius, and the dispersions \[km/s\] about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct VelocityEllipsoid {
    pub(crate) mean_rotation: f64,
    pub(crate) sigma_radial: f64,
    pub(crate) sigma_azimuthal: f64,
    pub(crate) sigma_vertical: f64,
}

/// The velocities of a warm disc in the epicyclic approximation (Hernquist 1993, section 2.2.3), with the radial force
/// and so `v_c`, Omega and kappa averaged over the height of the disc:
///
/// * `sigma_R^2` falls as `exp(-R / Rd)`, with Toomre's `Q = sigma_R kappa / (3.36 G Sigma)` given at 2 Rd;
/// * `sigma_phi^2 = sigma_R^2 kappa^2 / (4 Omega^2)`, the ratio of the epicycle;
/// * asymmetric drift (Binney & Tremaine 2008, eq. 4.228, with the velocity ellipsoid aligned with the
///   cylinder), `v_phi^2 = v_c^2 + sigma_R^2 [1 - kappa^2 / (4 Omega^2) + d ln(Sigma sigma_R^2) / d ln R]`; where a disc
///   would be so hot that not even without rotation it could be held, its dispersions are lowered;
/// * `sigma_z^2`, the mean of `z K_z` over the height of the disc, by the vertical virial theorem. `K_z` is that of the
///   isothermal sheet, of the gas as a thin sheet, of the spheroids at each height, and, since the disc is no infinite
///   sheet, of `-(z / R) d v_c^2 / dR`, Poisson's other term.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DiscKinematics {
    grid: LogGrid,
    /// Rotation and dispersions, as in [`VelocityEllipsoid`].
    columns: [Vec<f64>; 4],
}

impl DiscKinematics {
    /// The stellar disc of `potential` with a stability parameter Q.
    pub(crate) fn new(potential: &GalaxyPotential, toomre_q: f64) -> Self {
        let disc = &potential.disc;
        let scale = disc.scale_kpc();
        let grid = LogGrid::new(EXTENT[0] * scale, EXTENT[1] * scale);
        let circular = potential.mean_circular_speeds_squared(grid.radii());
        let slopes = LogGrid::log_slopes(&circular);
        let own = disc.circular_speeds_squared(grid.radii(), Where::InTheDisc);
        let own_slopes = LogGrid::log_slopes(&own);

        let (k, _) = grid.cell(REFERENCE_RADIUS * scale);
        let reference = grid.radii()[k];
        let kappa = epicyclic_frequency_squared(reference, circular[k], slopes[k]).sqrt();
        let reference_sigma = toomre_q * TOOMRE * G * disc.surface_density(reference) / kappa;

        let epicycle_ratios: Vec<f64> = slopes.iter().map(|slope| (0.25 * (2.0 + slope)).max(0.0)).collect();
        let surface: Vec<f64> = grid.radii().iter().map(|&r| disc.surface_density(r)).collect();
        let wanted: Vec<f64> = (0..surface.len())
            .map(|k| surface[k] * reference_sigma.powi(2) * ((reference - grid.radii()[k]) / scale).exp())
            .collect();
        let pressures = hold_up(&wanted, &surface, &circular, &epicycle_ratios);
        let pressure_slopes = LogGrid::log_slopes(&pressures);

        let mut columns: [Vec<f64>; 4] = Default::default();
        for (k, &r) in grid.radii().iter().enumerate() {
            let ratio = epicycle_ratios[k];
            let radial = if surface[k] > 0.0 { pressures[k] / surface[k] } else { 0.0 };
            let rotation = circular[k] + radial * (1.0 - ratio + pressure_slopes[k]);
            let finite = -own[k] * own_slopes[k] / (r * r);
            let ellipsoid = [
                rotation.max(0.0).sqrt(),
                radial.sqrt(),
                (radial * ratio).sqrt(),
                vertical_dispersion_squared(potential, r, finite).sqrt(),
            ];
            for (column, value) in columns.iter_mut().zip(ellipsoid) {
                column.push(value);
            }
        }
        Self { grid, columns }
    }

    /// The velocity ellipsoid at a cylindrical radius.
    pub(crate) fn at(&self, r_kpc: f64) -> VelocityEllipsoid {
        let (k, t) = self.grid.cell(r_kpc);
        let [mean_rotation, sigma_radial, sigma_azimuthal, sigma_vertical] =
            self.columns.each_ref().map(|column| column[k] + t * (column[k + 1] - column[k]));
        VelocityEllipsoid { mean_rotation, sigma_radial, sigma_azimuthal, sigma_vertical }
    }
}

/// The pressures `Sigma sigma_R^2` that are wanted, lowered where they would need more than all of the rotation: from the
/// outside in, none may rise faster than it does in a disc that does not rotate,
/// `d P / d ln R = -Sigma v_c^2 - P (1 - kappa^2 / 4 Omega^2)`.
fn hold_up(wanted: &[f64], surface: &[f64], circular: &[f64], epicycle_ratios: &[f64]) -> Vec<f64> {
    let mut pressures = wanted.to_vec();
    for k in (0..wanted.len() - 1).rev() {
        let outer = pressures[k + 1];
        let rise = surface[k + 1] * circular[k + 1] + outer * (1.0 - epicycle_ratios[k + 1]);
        pressures[k] = wanted[k].min(outer + LOG_STEP * rise.max(0.0));
    }
    pressures
}

/// The mean of `z K_z` over the height of the stellar disc; `finite` is `-(1 / R) d v_c^2 / dR` of the disc itself.
fn vertical_dispersion_squared(potential: &GalaxyPotential, r_kpc: f64, finite: f64) -> f64 {
    let height = potential.disc.height_kpc();
    let sheet = PI * G * potential.disc.surface_density(r_kpc) * height;
    let own = (sheet + MEAN_SQUARE_HEIGHT * height * height * finite).max(WEAKEST_SHEET * sheet);
    let gas = 2.0 * PI * G * potential.gas.surface_density(r_kpc) * std::f64::consts::LN_2 * height;
    own + gas + mean_of_isothermal_sheet(|t| spheroid_pull(potential, r_kpc, t * height))
}

/// `z K_z` \[(km/s)^2\] of the spheroids at a place.
pub(crate) fn spheroid_pull(potential: &GalaxyPotential, r_kpc: f64, z_kpc: f64) -> f64 {
    let r = (r_kpc * r_kpc + z_kpc * z_kpc).sqrt();
    G * potential.enclosed_spheroid_mass(r) * z_kpc * z_kpc / (r * r * r)
}

/// The mean of `t^2` under `sech^2(t)`: `pi^2 / 12`.
const MEAN_SQUARE_HEIGHT: f64 = 0.822_467_033_424_113_2;

/// The mean of an even function of `t = z / z0` under `sech^2(t)`, by the trapezium rule, which is exact but for what
/// lies beyond 8.5 heights for functions as smooth.
pub(crate) fn mean_of_isothermal_sheet(f: impl Fn(f64) -> f64) -> f64 {
    const STEP: f64 = 0.5;
    const N_STEPS: usize = 18;
    static WEIGHTS: OnceLock<[f64; N_STEPS]> = OnceLock::new();
    let weights = WEIGHTS.get_or_init(|| {
        std::array::from_fn(|k| if k == 0 { 0.5 * STEP } else { STEP / (STEP * k as f64).cosh().powi(2) })
    });
    weights.iter().enumerate().map(|(k, weight)| weight * f(STEP * k as f64)).sum()
}

/// `kappa^2 = R^-3 d(R^2 v_c^2)/dR` from the circular speed squared and its logarithmic slope
/// (Binney & Tremaine 2008, eq. 3.80).
fn epicyclic_frequency_squared(r_kpc: f64, squared: f64, slope: f64) -> f64 {
    squared / (r_kpc * r_kpc) * (2.0 + slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MockGalaxyConfig;

    #[test]
    fn epicycles_of_known_rotation_curves() {
        // Flat, Keplerian and rigid rotation: kappa^2 / Omega^2 = 2, 1 and 4.
        for (slope, expected) in [(0.0, 2.0), (-1.0, 1.0), (2.0, 4.0)] {
            assert_eq!(epicyclic_frequency_squared(1.0, 1.0, slope), expected);
        }
    }

    #[test]
    fn means_over_the_sheet_are_its_moments() {
        assert!((mean_of_isothermal_sheet(|_| 1.0) - 1.0).abs() < 1e-6);
        // What lies beyond 8.5 heights is cut off.
        assert!((mean_of_isothermal_sheet(|t| t * t) / MEAN_SQUARE_HEIGHT - 1.0).abs() < 1e-4);
        assert!((mean_of_isothermal_sheet(|t| 2.0 * t * t.tanh()) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn the_disc_is_as_stable_as_asked_at_two_scale_lengths() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let r = 2.0 * potential.disc.scale_kpc();
        let [inner, speed, outer] =
            [0.99 * r, r, 1.01 * r].map(|r| potential.mean_circular_speeds_squared(&[r])[0]);
        let slope = (outer / inner).ln() / (1.01f64 / 0.99).ln();
        let kappa = epicyclic_frequency_squared(r, speed, slope).sqrt();
        let sigma = DiscKinematics::new(&potential, 1.5).at(r).sigma_radial;
        let q = sigma * kappa / (TOOMRE * G * potential.disc.surface_density(r));
        assert!((q - 1.5).abs() < 0.01, "{q}");
    }

    #[test]
    fn a_cold_disc_rotates_at_the_circular_speed() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let cold = DiscKinematics::new(&potential, 1e-6);
        for r in [0.5, 3.0, 12.0] {
            let speed = potential.mean_circular_speeds_squared(&[r])[0].sqrt();
            assert!((cold.at(r).mean_rotation / speed - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn the_hottest_disc_is_held_by_its_dispersion() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let hot = DiscKinematics::new(&potential, 10.0);
        // Without rotation: the virial theorem of a ring by ring sum, over the disc.
        let mut sums = [0.0; 2];
        for (k, &r) in hot.grid.radii().iter().enumerate() {
            let weight = r * r * potential.disc.surface_density(r);
            let [rotation, radial, azimuthal, _] = hot.columns.each_ref().map(|column| column[k] * column[k]);
            sums[0] += weight * (rotation + radial + azimuthal);
            sums[1] += weight * potential.mean_circular_speeds_squared(&[r])[0];
        }
        assert!((sums[0] / sums[1] - 1.0).abs() < 0.02, "{sums:?}");
        assert!(hot.at(3.0).mean_rotation < 0.5 * hot.at(3.0).sigma_radial);
    }
}
