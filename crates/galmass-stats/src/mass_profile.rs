//! How the mass of a galaxy lies by radius.

use std::f64::consts::PI;

use galmass_core::Particles;
use galmass_core::units::GRAVITATIONAL_CONSTANT;

use crate::{StatsError, radius};

/// Mass, density and circular speed at radii, as [`measure_mass_profile`] finds them.
#[derive(Clone, Debug, PartialEq)]
pub struct MassProfile {
    /// The edges of the shells \[kpc\], as given.
    pub edges_kpc: Vec<f64>,
    /// The mass inside the sphere of each edge \[Msun\].
    pub enclosed_msun: Vec<f64>,
    /// The mean density between each edge and the next \[Msun/kpc^3\], one fewer.
    pub densities_msun_kpc3: Vec<f64>,
    /// The number of particles between each edge and the next.
    pub counts: Vec<usize>,
    /// What is wrong with the galaxy, if anything.
    pub flags: MassProfileFlags,
}

/// What can be wrong with a galaxy whose mass profile is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MassProfileFlags {
    /// No mass is inside the outermost edge: masses and densities are 0.
    pub no_mass: bool,
}

impl MassProfile {
    /// The speed of circular orbits at each edge, `v_c = sqrt(G M(<r) / r)` \[km/s\], were the mass inside a sphere's; at
    /// radius 0 it is 0 without mass there, and infinite with mass.
    pub fn circular_velocities_km_s(&self) -> Vec<f64> {
        let speed = |(&radius, &mass): (&f64, &f64)| match mass {
            0.0 => 0.0,
            _ => (GRAVITATIONAL_CONSTANT * mass / radius).sqrt(),
        };
        self.edges_kpc.iter().zip(&self.enclosed_msun).map(speed).collect()
    }
}

/// Measures the enclosed mass at radii about the origin, and the mean density between them:
///
/// ```text
/// M(<r) = sum m of all particles within r ,   rho = (M(<r2) - M(<r1)) / (4/3 pi (r2^3 - r1^3))
/// ```
///
/// `edges_kpc` \[kpc\] are rising radii, 0 or more. A particle on an edge is inside, as for
/// [`enclosed_mass_msun`](crate::enclosed_mass_msun). For the mass of several components add their profiles: all sums
/// are linear.
///
/// # Errors
/// [`StatsError::OutOfRange`] for an edge that is negative, not finite or not above the one before; never for a galaxy.
///
/// Cost: O(n log k) in the numbers of particles and edges.
///
/// # Examples
/// ```
/// use std::f64::consts::PI;
/// use galmass_core::Particles;
/// use galmass_stats::measure_mass_profile;
///
/// let positions = vec![[0.5, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 9.0]];
/// let stars = Particles::new(positions, vec![[0.0; 3]; 3], vec![1.0e6, 7.0e6, 1.0e6])?;
/// let profile = measure_mass_profile(&stars, &[1.0, 2.0, 3.0])?;
/// assert_eq!(profile.enclosed_msun, [1.0e6, 8.0e6, 8.0e6]);
/// assert!((profile.densities_msun_kpc3[0] - 0.75e6 / PI).abs() < 1e-6); // 7e6 over 4/3 pi (2^3 - 1^3)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Binney & Tremaine (2008), chapter 2.
pub fn measure_mass_profile(particles: &Particles, edges_kpc: &[f64]) -> Result<MassProfile, StatsError> {
    for (index, &value) in edges_kpc.iter().enumerate() {
        let rises = index == 0 || value > edges_kpc[index - 1];
        if !(value >= 0.0 && value.is_finite() && rises) {
            let range = "finite, 0 or more, and above the edge before it";
            return Err(StatsError::OutOfRange { name: "edges_kpc", value, range });
        }
    }
    // The mass that each edge is the first to enclose; what lies outside all is in the last.
    let mut shells = vec![0.0; edges_kpc.len() + 1];
    let mut counts = vec![0; edges_kpc.len() + 1];
    for (position, mass) in particles.positions_kpc().iter().zip(particles.masses_msun()) {
        let radius = radius(position);
        let index = edges_kpc.partition_point(|&edge| edge < radius);
        shells[index] += mass;
        counts[index] += 1;
    }
    let mut enclosed = 0.0;
    let enclosed_msun: Vec<f64> = shells[..edges_kpc.len()]
        .iter()
        .map(|mass| {
            enclosed += mass;
            enclosed
        })
        .collect();
    let volume = |edges: &[f64]| {
        let [inner, outer] = [edges[0], edges[1]];
        // As a product: the difference of the cubes would lose digits of a thin shell.
        4.0 / 3.0 * PI * (outer - inner) * (outer * outer + outer * inner + inner * inner)
    };
    let between = shells.iter().skip(1);
    Ok(MassProfile {
        edges_kpc: edges_kpc.to_vec(),
        densities_msun_kpc3: edges_kpc
            .windows(2)
            .map(volume)
            .zip(between)
            .map(|(v, mass)| mass / v)
            .collect(),
        counts: counts.into_iter().skip(1).take(edges_kpc.len().saturating_sub(1)).collect(),
        flags: MassProfileFlags { no_mass: enclosed == 0.0 },
        enclosed_msun,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enclosed_mass_msun;

    /// Equal particles at 0.01, 0.02, ... kpc: mass in proportion to radius, the isothermal sphere.
    fn isothermal(n: u32) -> Particles {
        let positions = (1..=n).map(|i| [0.0, -0.01 * f64::from(i), 0.0]).collect();
        Particles::new(positions, vec![[0.0; 3]; n as usize], vec![1.0e6; n as usize]).unwrap()
    }

    #[test]
    fn an_isothermal_sphere_turns_at_one_speed() {
        let stars = isothermal(10_000);
        let edges: Vec<f64> = (0..30).map(|i| 0.505 * 1.2f64.powi(i)).collect();
        let profile = measure_mass_profile(&stars, &edges).unwrap();
        let speed = (GRAVITATIONAL_CONSTANT * 1.0e8).sqrt();
        for (edge, found) in edges.iter().zip(profile.circular_velocities_km_s()) {
            // A particle more or less of the hundred per kpc, half of it in the speed.
            assert!((found / speed - 1.0).abs() < 0.005 / edge + 1e-12, "{found} at {edge}");
        }
        for (index, density) in profile.densities_msun_kpc3.iter().enumerate() {
            let [inner, outer] = [edges[index], edges[index + 1]];
            let expected = 3.0e8 / (4.0 * PI * (outer * outer + outer * inner + inner * inner));
            assert!((density / expected - 1.0).abs() < 0.011 / (outer - inner), "{density} for {expected}");
        }
    }

    #[test]
    fn each_edge_encloses_what_the_aperture_does() {
        let stars = isothermal(777);
        let edges = [0.0, 0.01, 0.1, 1.0, 5.0, 100.0];
        let profile = measure_mass_profile(&stars, &edges).unwrap();
        for (edge, enclosed) in edges.iter().zip(&profile.enclosed_msun) {
            assert_eq!(*enclosed, enclosed_mass_msun(&stars, *edge));
        }
        assert_eq!(profile.counts.iter().sum::<usize>(), 777);
    }

    #[test]
    fn nothing_weighs_nothing_and_edges_must_rise() {
        let profile = measure_mass_profile(&Particles::default(), &[0.0, 1.0]).unwrap();
        assert!(profile.flags.no_mass && profile.enclosed_msun == [0.0; 2]);
        assert_eq!((profile.densities_msun_kpc3, profile.counts), (vec![0.0], vec![0]));
        assert!(measure_mass_profile(&isothermal(3), &[]).unwrap().densities_msun_kpc3.is_empty());
        for edges in [[1.0, 1.0], [2.0, 1.0], [-1.0, 1.0], [1.0, f64::NAN], [1.0, f64::INFINITY]] {
            let error = measure_mass_profile(&isothermal(3), &edges);
            assert!(matches!(error, Err(StatsError::OutOfRange { name: "edges_kpc", .. })), "{edges:?}");
        }
    }
}
