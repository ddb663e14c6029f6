//! A sphere of matter, tabulated.

use std::f64::consts::PI;

use crate::log_grid::{LOG_STEP, LogGrid};
use crate::profile::Profile;

/// Density and enclosed mass of a component at the radii of a grid.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sphere {
    /// \[Msun/kpc^3\].
    pub(crate) densities: Vec<f64>,
    /// `d ln rho / d ln r`.
    pub(crate) slopes: Vec<f64>,
    /// \[Msun\]; the last is the total.
    pub(crate) masses: Vec<f64>,
}

impl Sphere {
    /// Integrates densities; `slopes` are their logarithmic slopes.
    pub(crate) fn new(grid: &LogGrid, densities: Vec<f64>, slopes: Vec<f64>) -> Self {
        let shells: Vec<f64> =
            grid.radii().iter().zip(&densities).map(|(r, rho)| 4.0 * PI * r * r * r * rho).collect();
        let derivatives: Vec<f64> =
            shells.iter().zip(&slopes).map(|(shell, slope)| shell * (3.0 + slope)).collect();
        // Inside the first node the density goes on as a power law.
        let core = shells[0] / (3.0 + slopes[0]).max(LOG_STEP);
        let masses = LogGrid::integrate(&shells, &derivatives).into_iter().map(|mass| core + mass).collect();
        Self { densities, slopes, masses }
    }

    /// A sphere whose slopes follow from its densities, which must be smooth.
    pub(crate) fn of_densities(grid: &LogGrid, densities: Vec<f64>) -> Self {
        let slopes = LogGrid::log_slopes(&densities);
        Self::new(grid, densities, slopes)
    }

    /// A sphere of a profile with a mass \[Msun\] inside `radius_kpc`; infinity stands for all of it.
    pub(crate) fn of_profile(grid: &LogGrid, profile: &Profile, mass_msun: f64, radius_kpc: f64) -> Self {
        let (densities, slopes) = grid
            .radii()
            .iter()
            .map(|&r| profile.density_and_slope(r).into())
            .unzip::<f64, f64, Vec<f64>, Vec<f64>>();
        let unit = Self::new(grid, densities, slopes);
        let inside = if radius_kpc < grid.outermost() {
            unit.enclosed_mass(grid, radius_kpc)
        } else {
            unit.total_mass()
        };
        unit.scaled(mass_msun / inside)
    }

    /// Nothing, at each radius.
    pub(crate) fn empty(grid: &LogGrid) -> Self {
        let zeros = vec![0.0; grid.radii().len()];
        Self { densities: zeros.clone(), slopes: zeros.clone(), masses: zeros }
    }

    /// The same sphere with a mass that is known: what quadrature lost is put back.
    pub(crate) fn with_mass(self, mass_msun: f64) -> Self {
        let factor = mass_msun / self.total_mass();
        self.scaled(factor)
    }

    fn scaled(mut self, factor: f64) -> Self {
        self.densities.iter_mut().chain(&mut self.masses).for_each(|value| *value *= factor);
        self
    }

    /// All of the mass \[Msun\].
    pub(crate) fn total_mass(&self) -> f64 {
        self.masses[self.masses.len() - 1]
    }

    /// The mass \[Msun\] inside a radius.
    pub(crate) fn enclosed_mass(&self, grid: &LogGrid, r_kpc: f64) -> f64 {
        let innermost = grid.innermost();
        if r_kpc < innermost {
            return self.masses[0] * (r_kpc / innermost).powf((3.0 + self.slopes[0]).max(0.0));
        }
        let (k, t) = grid.cell(r_kpc);
        let derivative = |k: usize| LOG_STEP * 4.0 * PI * grid.radii()[k].powi(3) * self.densities[k];
        let (rise, s) = (self.masses[k + 1] - self.masses[k], 1.0 - t);
        let [left, right] = [derivative(k) - rise, rise - derivative(k + 1)];
        self.masses[k] + t * (rise + s * (s * left + t * right))
    }

    /// The density \[Msun/kpc^3\] at a radius, by a cubic of logarithms between two nodes.
    pub(crate) fn density(&self, grid: &LogGrid, r_kpc: f64) -> f64 {
        let (k, t) = grid.cell(r_kpc);
        let [inner, outer] = [self.densities[k], self.densities[k + 1]];
        if outer <= 0.0 {
            return inner * (1.0 - t);
        }
        let (rise, s) = ((outer / inner).ln(), 1.0 - t);
        let [left, right] = [LOG_STEP * self.slopes[k] - rise, rise - LOG_STEP * self.slopes[k + 1]];
        inner * (t * (rise + s * (s * left + t * right))).exp()
    }

    /// The radius \[kpc\] inside which the fraction `0 <= fraction < 1` of the mass lies, by a power law of the
    /// enclosed mass between two nodes; at least that of the first node.
    pub(crate) fn radius_of_fraction(&self, grid: &LogGrid, fraction: f64) -> f64 {
        let mass = fraction * self.total_mass();
        let next = self.masses.partition_point(|&inside| inside < mass).min(self.masses.len() - 1);
        if next == 0 {
            return grid.innermost();
        }
        let [inner, outer] = [self.masses[next - 1], self.masses[next]];
        if outer <= inner {
            return grid.radii()[next - 1];
        }
        let place = ((mass / inner).ln() / (outer / inner).ln()).clamp(0.0, 1.0);
        grid.radii()[next - 1] * (LOG_STEP * place).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cubic rule on steps of 2.5 per cent.
    const TOLERANCE: f64 = 1e-7;

    /// A Hernquist sphere of a thousand Msun and scale 1 kpc, far beyond which the table ends.
    fn hernquist() -> (LogGrid, Sphere) {
        let grid = LogGrid::new(1e-4, 1e5);
        let profile = Profile::hernquist(1.8153).boundless();
        let sphere = Sphere::of_profile(&grid, &profile, 1e3 * (1e5f64 / (1e5 + 1.0)).powi(2), 1e5);
        (grid, sphere)
    }

    #[test]
    fn a_hernquist_sphere_has_its_closed_mass_and_density() {
        let (grid, sphere) = hernquist();
        // The mass inside the first node is that of a power law, good to 1e-4 of itself.
        for r in [0.01f64, 0.7, 1.0, 30.0, 5e3] {
            let mass = 1e3 * (r / (r + 1.0)).powi(2);
            assert!((sphere.enclosed_mass(&grid, r) / mass - 1.0).abs() < 10.0 * TOLERANCE, "{r}");
            let density = 1e3 / (2.0 * PI * r * (r + 1.0).powi(3));
            assert!((sphere.density(&grid, r) / density - 1.0).abs() < 10.0 * TOLERANCE, "{r}");
        }
        assert!((sphere.enclosed_mass(&grid, 5e-5) / (1e3 * 2.5e-9) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn radius_of_fraction_inverts_the_enclosed_mass() {
        let (grid, sphere) = hernquist();
        for fraction in [1e-6, 0.1, 0.5, 0.9, 0.999] {
            let inside = sphere.enclosed_mass(&grid, sphere.radius_of_fraction(&grid, fraction));
            assert!((inside / sphere.total_mass() / fraction - 1.0).abs() < 2e-4, "{fraction}");
        }
        assert_eq!(sphere.radius_of_fraction(&grid, 0.0), grid.innermost());
    }

    #[test]
    fn sersic_bulges_have_half_their_mass_inside_the_projected_radius() {
        let grid = LogGrid::new(1e-5, 1e4);
        for index in [1.0, 2.0, 4.0, 6.0] {
            let sphere =
                Sphere::of_profile(&grid, &Profile::sersic(index, 1.0).boundless(), 1.0, f64::INFINITY);
            // Of a shell of radius r, the part 1 - sqrt(1 - R^2 / r^2) is seen inside R.
            let inside: f64 = (0..200_000)
                .map(|k| {
                    let r = sphere.radius_of_fraction(&grid, (f64::from(k) + 0.5) / 200_000.0);
                    if r <= 1.0 { 1.0 } else { 1.0 - (1.0 - 1.0 / (r * r)).sqrt() }
                })
                .sum::<f64>()
                / 200_000.0;
            assert!((inside - 0.5).abs() < 0.015, "n = {index}: {inside}");
        }
    }
}
