//! What the baryons have done to the halo: contraction and cores.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::log_grid::LogGrid;
use crate::sphere::Sphere;

/// How the dark matter of a galaxy has answered to its stars and gas. All keep the mass of the halo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HaloResponse {
    /// Not at all.
    #[default]
    None,
    /// It has contracted adiabatically, its particles on circles: `r M(r)` is kept (Blumenthal et al. 1986).
    Blumenthal,
    /// It has contracted adiabatically, its particles on orbits of the usual eccentricities: `r M(<r_mean>)` is kept,
    /// with `r_mean = 0.85 r_vir (r / r_vir)^0.8` (Gnedin et al. 2004).
    Gnedin,
    /// Feedback has made a core: `M(<r)` is multiplied by `tanh(r / r_c)^n`
    /// (Read, Agertz & Collins 2016, eq. 16 and 17).
    Core {
        /// The core radius r_c \[kpc\], 0.001 to 100; that paper has 1.75 projected half-mass radii.
        radius_kpc: f64,
        /// The power n, 0 (no core) to 1 (a flat density at the centre of a cusp of slope -1).
        strength: f64,
    },
}

/// Where the mean radius of Gnedin et al. (2004) is `A r_vir (r / r_vir)^w`; 1 and 1 are the circles of Blumenthal et
/// al. (1986).
#[derive(Clone, Copy, Debug)]
struct OrbitAverage {
    a: f64,
    w: f64,
    virial_radius_kpc: f64,
}

impl OrbitAverage {
    fn mean_radius(&self, r_kpc: f64) -> f64 {
        self.a * self.virial_radius_kpc * (r_kpc / self.virial_radius_kpc).powf(self.w)
    }
}

impl HaloResponse {
    /// The halo after it has answered to the `baryons`, which before it were spread as the dark matter was.
    pub(crate) fn apply(
        self,
        grid: &LogGrid,
        halo: Sphere,
        baryons: &Baryons<'_>,
        virial_radius_kpc: f64,
    ) -> Sphere {
        let orbits = |a: f64, w: f64| OrbitAverage { a, w, virial_radius_kpc };
        match self {
            Self::None => halo,
            Self::Blumenthal => contract(grid, &halo, baryons, orbits(1.0, 1.0)),
            Self::Gnedin => contract(grid, &halo, baryons, orbits(0.85, 0.8)),
            Self::Core { radius_kpc, strength } => core(grid, &halo, radius_kpc, strength),
        }
    }
}

/// The components that pull on the halo, stars and gas.
pub(crate) struct Baryons<'a>(pub(crate) &'a [&'a Sphere]);

impl Baryons<'_> {
    fn total_mass(&self) -> f64 {
        self.0.iter().map(|sphere| sphere.total_mass()).sum()
    }

    /// The mass inside a radius, and `d M / d ln r`.
    fn enclosed(&self, grid: &LogGrid, r_kpc: f64) -> [f64; 2] {
        self.0.iter().fold([0.0; 2], |[mass, by_ln_r], sphere| {
            let shell = 4.0 * PI * r_kpc.powi(3) * sphere.density(grid, r_kpc);
            [mass + sphere.enclosed_mass(grid, r_kpc), by_ln_r + shell]
        })
    }
}

/// Finds for each final radius the initial radius of the shell that has come there, and follows the density:
/// `rho_f = rho_i (r_i / r_f)^3 d ln r_i / d ln r_f`, the derivative being that of the implicit equation.
fn contract(grid: &LogGrid, halo: &Sphere, baryons: &Baryons<'_>, orbits: OrbitAverage) -> Sphere {
    let baryons_over_dark = baryons.total_mass() / halo.total_mass();
    let mut stretch = 1.0f64; // r_i / r_f, which varies little from one radius to the next
    let densities = grid
        .radii()
        .iter()
        .map(|&r| {
            let [baryons_inside, baryons_by_ln_r] = baryons.enclosed(grid, orbits.mean_radius(r));
            let dark_by_ln_r = |mean: f64| 4.0 * PI * mean.powi(3) * halo.density(grid, mean);
            let mut derivative = 1.0;
            for _ in 0..MOST_STEPS {
                let mean = orbits.mean_radius(r * stretch);
                let dark = halo.enclosed_mass(grid, mean);
                let dark_slope = dark_by_ln_r(mean) / dark;
                let all = dark + baryons_inside;
                let excess = stretch.ln() + (dark * (1.0 + baryons_over_dark) / all).ln();
                let by_ln_initial = 1.0 + orbits.w * dark_slope * (1.0 - dark / all);
                derivative = (1.0 + orbits.w * baryons_by_ln_r / all) / by_ln_initial;
                let step = (excess / by_ln_initial).clamp(-1.0, 1.0);
                stretch *= (-step).exp();
                if step.abs() < ROUNDING {
                    break;
                }
            }
            halo.density(grid, r * stretch) * stretch.powi(3) * derivative
        })
        .collect();
    Sphere::of_densities(grid, densities).with_mass(halo.total_mass())
}

/// Newton's method on a monotone function: a handful of steps from a neighbour's solution.
const MOST_STEPS: usize = 60;

/// Where it has converged.
const ROUNDING: f64 = 1e-13;

/// `rho = f^n rho_0 + n f^(n-1) (1 - f^2) M_0 / (4 pi r^2 r_c)` with `f = tanh(r / r_c)`.
fn core(grid: &LogGrid, halo: &Sphere, radius_kpc: f64, strength: f64) -> Sphere {
    let densities = grid
        .radii()
        .iter()
        .zip(halo.densities.iter().zip(&halo.masses))
        .map(|(&r, (&density, &mass))| {
            let f = (r / radius_kpc).tanh();
            let moved = strength * (1.0 - f * f) * mass / (f * 4.0 * PI * r * r * radius_kpc);
            f.powf(strength) * (density + moved)
        })
        .collect();
    Sphere::of_densities(grid, densities).with_mass(halo.total_mass())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn halo(grid: &LogGrid) -> Sphere {
        Sphere::of_profile(grid, &Profile::nfw(20.0, 200.0), 1e12, 200.0)
    }

    fn bulge(grid: &LogGrid, mass_msun: f64) -> Sphere {
        Sphere::of_profile(grid, &Profile::hernquist(3.0), mass_msun, f64::INFINITY)
    }

    fn grid() -> LogGrid {
        LogGrid::new(1e-4, 4e3)
    }

    #[test]
    fn a_contracted_halo_keeps_its_adiabatic_invariant() {
        let grid = grid();
        let (halo, bulge) = (halo(&grid), bulge(&grid, 6e10));
        let contracted = HaloResponse::Blumenthal.apply(&grid, halo.clone(), &Baryons(&[&bulge]), 200.0);
        let share = bulge.total_mass() / halo.total_mass();
        for r in [0.5, 2.0, 10.0, 60.0, 200.0] {
            let dark = contracted.enclosed_mass(&grid, r);
            let initial = halo.radius_of_fraction(&grid, dark / halo.total_mass());
            let before = initial * dark * (1.0 + share);
            let after = r * (dark + bulge.enclosed_mass(&grid, r));
            // The radius of a fraction is found to 1e-4.
            assert!((after / before - 1.0).abs() < 1e-3, "{r} kpc: {}", after / before);
            assert!(initial > r);
        }
    }

    #[test]
    fn eccentric_orbits_contract_less_than_circles_and_no_baryons_nothing() {
        let grid = grid();
        let (halo, bulge) = (halo(&grid), bulge(&grid, 6e10));
        let inside = |response: HaloResponse, baryons: &Sphere| {
            response.apply(&grid, halo.clone(), &Baryons(&[baryons]), 200.0).enclosed_mass(&grid, 3.0)
        };
        let before = halo.enclosed_mass(&grid, 3.0);
        let [circles, orbits] = [HaloResponse::Blumenthal, HaloResponse::Gnedin].map(|r| inside(r, &bulge));
        assert!(circles > 1.15 * orbits && orbits > 1.3 * before, "{before:e} {orbits:e} {circles:e}");
        let nothing = self::bulge(&grid, 1.0);
        for response in [HaloResponse::Blumenthal, HaloResponse::Gnedin] {
            assert!((inside(response, &nothing) / before - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn a_core_has_the_mass_of_its_paper_and_a_shallow_centre() {
        let grid = grid();
        let halo = halo(&grid);
        let response = HaloResponse::Core { radius_kpc: 5.0, strength: 1.0 };
        let cored = response.apply(&grid, halo.clone(), &Baryons(&[]), 200.0);
        for r in [0.1f64, 1.0, 5.0, 50.0] {
            let expected = (r / 5.0).tanh() * halo.enclosed_mass(&grid, r);
            assert!((cored.enclosed_mass(&grid, r) / expected - 1.0).abs() < 1e-5, "{r}");
        }
        assert!(cored.slopes[100].abs() < 0.02);
        assert!((cored.total_mass() / halo.total_mass() - 1.0).abs() < 1e-9);
    }
}
