//! Mass, density and circular velocity by radius.

use std::f64::consts::PI;

use galmass_core::units::GRAVITATIONAL_CONSTANT;
use galmass_core::{Component, Galaxy};

use crate::StatsError;

/// An amount by radius, in shells about the origin or in annuli about the line of sight.
///
/// Shell `i` holds what is farther out than `edges_kpc[i]` and no farther than `edges_kpc[i + 1]`, so that a particle
/// on an edge counts as inside, as for [`enclosed_mass_msun`](crate::enclosed_mass_msun). An empty shell has zeros,
/// its error included: nothing is known of how many particles one might have expected there.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The radii between the shells \[kpc\], one more than there are shells.
    pub edges_kpc: Vec<f64>,
    /// The number of particles in each shell.
    pub n_particles: Vec<usize>,
    /// The sum of the weights in each shell.
    pub amounts: Vec<f64>,
    /// The sum of the weights inside each edge, that inside the first included.
    pub enclosed: Vec<f64>,
    /// The amounts over the volumes \[kpc^-3\] or areas \[kpc^-2\] of the shells.
    pub densities: Vec<f64>,
    /// The Poisson errors of the densities: the square root of the sum of the squared weights, over the volume or area.
    pub density_errors: Vec<f64>,
}

/// The mass of a galaxy by radius, each component apart.
#[derive(Clone, Debug, PartialEq)]
pub struct MassProfile {
    /// The gas \[Msun\].
    pub gas: Profile,
    /// The dark matter \[Msun\].
    pub dark_matter: Profile,
    /// The stars \[Msun\].
    pub stars: Profile,
    /// The black holes \[Msun\].
    pub black_holes: Profile,
    /// The mass of all inside each edge \[Msun\].
    pub enclosed_msun: Vec<f64>,
    /// The circular velocity `sqrt(G M(<r) / r)` at each edge \[km/s\]; 0 without mass inside, and NaN at an edge of 0.
    pub circular_velocities_km_s: Vec<f64>,
}

/// Radii at equal distances in their logarithm: `n_shells + 1` of them, the first and the last as given \[kpc\].
///
/// # Errors
/// [`StatsError::OutOfRange`] for an inner radius that is not above 0, an outer one that is not above it, or no shells.
///
/// # Examples
/// ```
/// use galmass_stats::log_edges_kpc;
///
/// let edges = log_edges_kpc(0.1, 10.0, 2)?;
/// assert!(edges[0] == 0.1 && (edges[1] - 1.0).abs() < 1e-12 && edges[2] == 10.0);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
pub fn log_edges_kpc(inner_kpc: f64, outer_kpc: f64, n_shells: usize) -> Result<Vec<f64>, StatsError> {
    let refuse = |name, value, range| Err(StatsError::OutOfRange { name, value, range });
    if !(inner_kpc > 0.0 && inner_kpc.is_finite()) {
        return refuse("inner_kpc", inner_kpc, "a finite radius above 0");
    }
    if !(outer_kpc > inner_kpc && outer_kpc.is_finite()) {
        return refuse("outer_kpc", outer_kpc, "a finite radius above the inner one");
    }
    if n_shells == 0 {
        return refuse("n_shells", 0.0, "1 or more");
    }
    let (start, span) = (inner_kpc.ln(), (outer_kpc / inner_kpc).ln());
    let mut edges: Vec<f64> =
        (0..=n_shells).map(|i| (start + span * i as f64 / n_shells as f64).exp()).collect();
    edges[0] = inner_kpc;
    edges[n_shells] = outer_kpc;
    Ok(edges)
}

/// Measures how an amount is spread over spherical shells about the origin.
///
/// `positions_kpc` \[kpc\] are relative to the centre, `weights` what is summed: masses \[Msun\] or luminosities,
/// one for each position. `edges_kpc` \[kpc\] increase from 0 or more, such as those of [`log_edges_kpc`]. A particle
/// whose distance is not finite is nowhere. Without particles all is 0.
///
/// # Errors
/// [`StatsError::LengthMismatch`] where there are not as many weights as positions, [`StatsError::OutOfRange`] for
/// fewer than two edges, and for edges that do not increase from 0 or more.
///
/// Cost: O(n log m) for n particles and m shells.
///
/// # Examples
/// ```
/// use galmass_stats::measure_profile;
///
/// // 1 and 2 Msun at 1 kpc, 4 Msun at 1.5 kpc.
/// let positions = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.5]];
/// let profile = measure_profile(&positions, &[1.0, 2.0, 4.0], &[0.0, 1.0, 2.0])?;
/// assert_eq!(profile.n_particles, [2, 1]);
/// assert_eq!(profile.enclosed, [0.0, 3.0, 7.0]);
/// let volume = 4.0 / 3.0 * std::f64::consts::PI * (8.0 - 1.0);
/// assert!((profile.densities[1] - 4.0 / volume).abs() < 1e-15);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
pub fn measure_profile(
    positions_kpc: &[[f64; 3]],
    weights: &[f64],
    edges_kpc: &[f64],
) -> Result<Profile, StatsError> {
    check(positions_kpc.len(), weights.len(), edges_kpc)?;
    let radii = positions_kpc.iter().map(crate::radius);
    let volume = |inner: f64, outer: f64| {
        // Not the difference of the cubes, which for a thin shell has no digits left.
        4.0 / 3.0 * PI * (outer - inner) * (outer * outer + outer * inner + inner * inner)
    };
    Ok(sum(radii, weights, edges_kpc, volume))
}

/// Measures how an amount is spread over circular annuli about the origin of the plane of the sky, whatever its
/// depth: with masses the surface density, with luminosities the surface brightness.
///
/// `right` and `up` are the unit vectors of the plane; the rest is as for [`measure_profile`].
///
/// # Errors
/// Those of [`measure_profile`].
///
/// # Examples
/// ```
/// use galmass_stats::measure_projected_profile;
///
/// // One particle, 3 kpc behind a point at 0.5 kpc from the centre.
/// let (right, up) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
/// let profile = measure_projected_profile(&[[0.3, 0.4, -3.0]], &[2.0e6], right, up, &[0.0, 1.0])?;
/// assert!((profile.densities[0] / (2.0e6 / std::f64::consts::PI) - 1.0).abs() < 1e-15);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
pub fn measure_projected_profile(
    positions_kpc: &[[f64; 3]],
    weights: &[f64],
    right: [f64; 3],
    up: [f64; 3],
    edges_kpc: &[f64],
) -> Result<Profile, StatsError> {
    check(positions_kpc.len(), weights.len(), edges_kpc)?;
    let along = |x: &[f64; 3], axis: [f64; 3]| x.iter().zip(axis).map(|(x, a)| x * a).sum::<f64>();
    let radii = positions_kpc.iter().map(|x| along(x, right).hypot(along(x, up)));
    Ok(sum(radii, weights, edges_kpc, |inner, outer| PI * (outer - inner) * (outer + inner)))
}

/// Measures the mass of each component in spherical shells, and the circular velocity of all of it.
///
/// `edges_kpc` \[kpc\] are as for [`measure_profile`]. A component that is empty has zeros.
///
/// # Errors
/// [`StatsError::OutOfRange`] for fewer than two edges, and for edges that do not increase from 0 or more.
///
/// # Examples
/// ```
/// use galmass_core::{Galaxy, Particles};
/// use galmass_stats::measure_mass_profile;
///
/// let dark_matter = Particles::new(vec![[0.0, 0.0, 0.5]], vec![[0.0; 3]], vec![1.0e10])?;
/// let galaxy = Galaxy { dark_matter, ..Galaxy::default() };
/// let profile = measure_mass_profile(&galaxy, &[1.0, 4.0])?;
/// assert_eq!(profile.enclosed_msun, [1.0e10, 1.0e10]);
/// assert!((profile.circular_velocities_km_s[0] - 43009.1_f64.sqrt()).abs() < 1e-9);
/// assert_eq!(profile.stars.enclosed, [0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn measure_mass_profile(galaxy: &Galaxy, edges_kpc: &[f64]) -> Result<MassProfile, StatsError> {
    let of = |component| {
        let particles = galaxy.component(component);
        measure_profile(particles.positions_kpc(), particles.masses_msun(), edges_kpc)
    };
    let gas = of(Component::Gas)?;
    let dark_matter = of(Component::DarkMatter)?;
    let stars = of(Component::Stars)?;
    let black_holes = of(Component::BlackHoles)?;
    let mut enclosed_msun = vec![0.0; edges_kpc.len()];
    for profile in [&gas, &dark_matter, &stars, &black_holes] {
        enclosed_msun.iter_mut().zip(&profile.enclosed).for_each(|(sum, mass)| *sum += mass);
    }
    let circular_velocities_km_s = enclosed_msun
        .iter()
        .zip(edges_kpc)
        .map(|(mass, radius)| if *radius > 0.0 { circular_velocity_km_s(*mass, *radius) } else { f64::NAN })
        .collect();
    Ok(MassProfile { gas, dark_matter, stars, black_holes, enclosed_msun, circular_velocities_km_s })
}

/// The velocity \[km/s\] of a circular orbit of `radius_kpc` \[kpc\] about a spherical mass with `enclosed_msun`
/// \[Msun\] inside it: `sqrt(G M(<r) / r)`. NaN for a negative mass or radius, and where both are 0.
///
/// # Examples
/// ```
/// use galmass_stats::circular_velocity_km_s;
///
/// assert!((circular_velocity_km_s(1.0e10, 4.30091) - 100.0).abs() < 1e-10);
/// ```
pub fn circular_velocity_km_s(enclosed_msun: f64, radius_kpc: f64) -> f64 {
    (GRAVITATIONAL_CONSTANT * enclosed_msun / radius_kpc).sqrt()
}

fn check(n_positions: usize, n_weights: usize, edges: &[f64]) -> Result<(), StatsError> {
    if n_weights != n_positions {
        let (expected, found) = (n_positions, n_weights);
        return Err(StatsError::LengthMismatch { column: "weights", expected, found });
    }
    if edges.len() < 2 {
        let value = edges.len() as f64;
        return Err(StatsError::OutOfRange { name: "the number of edges", value, range: "2 or more" });
    }
    let rises = |pair: &[f64]| pair[0] >= 0.0 && pair[1] > pair[0] && pair[1].is_finite();
    match edges.windows(2).find(|pair| !rises(pair)) {
        Some(pair) => {
            let range = "between 0, or the edge before it, and the next edge";
            Err(StatsError::OutOfRange { name: "edges_kpc", value: pair[0], range })
        }
        None => Ok(()),
    }
}

fn sum(
    radii: impl Iterator<Item = f64>,
    weights: &[f64],
    edges: &[f64],
    size: impl Fn(f64, f64) -> f64,
) -> Profile {
    // The first bin is what is inside all shells, the last what is outside.
    let mut bins = vec![(0, 0.0, 0.0); edges.len() + 1];
    for (radius, &weight) in radii.zip(weights) {
        if radius.is_finite() {
            let bin = &mut bins[edges.partition_point(|&edge| edge < radius)];
            *bin = (bin.0 + 1, bin.1 + weight, bin.2 + weight * weight);
        }
    }
    let mut enclosed = 0.0;
    let shells = &bins[1..edges.len()];
    let sizes: Vec<f64> = edges.windows(2).map(|pair| size(pair[0], pair[1])).collect();
    Profile {
        edges_kpc: edges.to_vec(),
        n_particles: shells.iter().map(|bin| bin.0).collect(),
        amounts: shells.iter().map(|bin| bin.1).collect(),
        enclosed: bins[..edges.len()]
            .iter()
            .map(|bin| {
                enclosed += bin.1;
                enclosed
            })
            .collect(),
        densities: shells.iter().zip(&sizes).map(|(bin, size)| bin.1 / size).collect(),
        density_errors: shells.iter().zip(&sizes).map(|(bin, size)| bin.2.sqrt() / size).collect(),
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::{Particles, seed};
    use rand::RngExt;

    use super::*;
    use crate::{enclosed_mass_msun, projected_mass_msun};

    /// A Plummer sphere of 1 Msun and 1 kpc: even fractions of the mass, directions at random.
    fn plummer(n: usize) -> Particles {
        let mut random = seed::generator(5);
        let mut position = |index: usize| {
            let fraction = (index as f64 + 0.5) / n as f64;
            let radius = (fraction.powf(-2.0 / 3.0) - 1.0).sqrt().recip();
            let (cosine, angle) = (random.random_range(-1.0..1.0_f64), random.random_range(0.0..2.0 * PI));
            let sine = (1.0 - cosine * cosine).sqrt();
            [radius * sine * angle.cos(), radius * sine * angle.sin(), radius * cosine]
        };
        let positions = (0..n).map(&mut position).collect();
        Particles::new(positions, vec![[0.0; 3]; n], vec![1.0 / n as f64; n]).unwrap()
    }

    #[test]
    fn a_plummer_sphere_has_its_profile() {
        let sphere = plummer(100_000);
        let edges = log_edges_kpc(0.2, 5.0, 20).unwrap();
        let profile = measure_profile(sphere.positions_kpc(), sphere.masses_msun(), &edges).unwrap();
        let mass = |r: f64| (1.0 + r.powi(-2)).powf(-1.5);
        for (edge, enclosed) in edges.iter().zip(&profile.enclosed) {
            // Half a particle of even fractions.
            assert!((enclosed - mass(*edge)).abs() < 1e-5, "{enclosed} inside {edge}");
        }
        for (i, density) in profile.densities.iter().enumerate() {
            let volume = 4.0 / 3.0 * PI * (edges[i + 1].powi(3) - edges[i].powi(3));
            let exact = (mass(edges[i + 1]) - mass(edges[i])) / volume;
            assert!((density / exact - 1.0).abs() < 1e-2, "{density} for {exact}");
            let poisson = density / (profile.n_particles[i] as f64).sqrt();
            assert!((profile.density_errors[i] / poisson - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_surface_density_of_a_plummer_sphere_is_within_its_errors() {
        let sphere = plummer(100_000);
        let edges: Vec<f64> = (0..=20).map(|i| 0.15 * f64::from(i)).collect();
        let (right, up) = ([0.6, 0.8, 0.0], [0.0, 0.0, 1.0]);
        let profile =
            measure_projected_profile(sphere.positions_kpc(), sphere.masses_msun(), right, up, &edges)
                .unwrap();
        let mass = |r: f64| r * r / (1.0 + r * r);
        let mut of_chi = 0.0;
        for (i, density) in profile.densities.iter().enumerate() {
            let area = PI * (edges[i + 1].powi(2) - edges[i].powi(2));
            let exact = (mass(edges[i + 1]) - mass(edges[i])) / area;
            of_chi += ((density - exact) / profile.density_errors[i]).powi(2);
        }
        // 20 annuli: chi^2 has a mean of 20 and a scatter of 6.
        assert!(of_chi > 4.0 && of_chi < 45.0, "{of_chi}");
    }

    #[test]
    fn profiles_agree_with_apertures() {
        let sphere = plummer(1000);
        let edges = [0.0, 0.5, 1.0, 30.0];
        let (right, up) = ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
        let (positions, masses) = (sphere.positions_kpc(), sphere.masses_msun());
        let shells = measure_profile(positions, masses, &edges).unwrap();
        let annuli = measure_projected_profile(positions, masses, right, up, &edges).unwrap();
        for (i, &edge) in edges.iter().enumerate() {
            assert!((shells.enclosed[i] - enclosed_mass_msun(&sphere, edge)).abs() < 1e-12);
            assert!((annuli.enclosed[i] - projected_mass_msun(&sphere, right, up, edge)).abs() < 1e-12);
        }
    }

    #[test]
    fn particles_on_edges_count_inside_and_those_far_out_nowhere() {
        let positions =
            [[0.0; 3], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [3.0, 0.0, 0.0], [f64::NAN; 3], [f64::INFINITY; 3]];
        let profile = measure_profile(&positions, &[1.0; 6], &[0.0, 1.0, 2.0]).unwrap();
        assert_eq!(profile.n_particles, [1, 1]);
        assert_eq!(profile.enclosed, [1.0, 2.0, 3.0], "the one at the centre is inside the first edge");
    }

    #[test]
    fn nothing_has_a_profile_of_zeros() {
        let profile = measure_mass_profile(&Galaxy::default(), &[0.0, 1.0, 2.0]).unwrap();
        assert_eq!(profile.stars.densities, [0.0, 0.0]);
        assert_eq!(profile.stars.density_errors, [0.0, 0.0]);
        assert!(profile.circular_velocities_km_s[0].is_nan());
        assert_eq!(profile.circular_velocities_km_s[1..], [0.0, 0.0]);
    }

    #[test]
    fn edges_that_do_not_increase_are_refused() {
        let bad: [&[f64]; 6] =
            [&[], &[1.0], &[-1.0, 1.0], &[1.0, 1.0], &[0.0, f64::NAN], &[0.0, 1.0, f64::INFINITY]];
        for edges in bad {
            let found = measure_profile(&[], &[], edges);
            assert!(matches!(found, Err(StatsError::OutOfRange { .. })), "{edges:?}");
        }
        let found = measure_profile(&[[0.0; 3]], &[], &[0.0, 1.0]);
        assert!(matches!(found, Err(StatsError::LengthMismatch { expected: 1, found: 0, .. })));
        for (inner, outer, n) in [(0.0, 1.0, 1), (1.0, 1.0, 1), (1.0, f64::NAN, 1), (1.0, 2.0, 0)] {
            assert!(log_edges_kpc(inner, outer, n).is_err());
        }
    }
}
