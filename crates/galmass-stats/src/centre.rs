//! Where a galaxy is.

use galmass_core::{Component, Galaxy};

use crate::half_mass_radius::half_of;

/// Each sphere is this much smaller than the one before.
const SHRINK: f64 = 0.9;
/// Spheres with fewer particles than this, or than one in a hundred of all, are too noisy to follow.
const MIN_PARTICLES: usize = 100;
const MIN_FRACTION: f64 = 0.01;
/// The centre of mass must make the half-mass radius smaller by this factor to count as the centre.
const CLEARLY_SMALLER: f64 = 0.85;

/// Finds the centre of a galaxy \[kpc, in the frame of its positions\], or `None` for a galaxy without stars.
///
/// Where every component that has particles stores potentials, it is the position of the particle with the lowest
/// one, as SUBFIND defines it. Else it is the densest place of the stars by shrinking spheres (Power et al. 2003): the
/// centre of mass of the stars inside a sphere becomes the centre of the next one, 10 per cent smaller, until fewer
/// than 100 stars or one in a hundred are left. Two places may be better, and then win:
///
/// * the origin, where there is no box, if the half-mass radius about it is no larger: such a file is already in the
///   frame of its galaxy, and knows its centre better than a few hundred stars do;
/// * the centre of mass, if the half-mass radius about it is smaller by more than 15 per cent: the stars have no densest
///   place then, as in a cutout that is hollow.
///
/// In a periodic box the nearest images count, so a galaxy on the face of the box is found whole.
///
/// # Examples
/// ```
/// use galmass_core::{Galaxy, Particles, Stars};
/// use galmass_stats::find_centre;
///
/// let pair = Particles::new(vec![[99.0, 5.0, 5.0], [3.0, 5.0, 5.0]], vec![[0.0; 3]; 2], vec![1.0; 2])?;
/// let galaxy = Galaxy { stars: Stars::new(pair), box_size_kpc: Some(100.0), ..Galaxy::default() };
/// assert_eq!(find_centre(&galaxy), Some([101.0 - 100.0, 5.0, 5.0]));
/// # Ok::<(), galmass_core::ParticleError>(())
/// ```
///
/// # References
/// Power et al. 2003, MNRAS 338, 14; Springel et al. 2001, MNRAS 328, 726 (SUBFIND).
pub fn find_centre(galaxy: &Galaxy) -> Option<[f64; 3]> {
    let reference = *galaxy.stars.particles().positions_kpc().first()?;
    let centre = lowest_potential(galaxy).unwrap_or_else(|| centre_of_stars(galaxy, reference));
    Some(match galaxy.box_size_kpc {
        Some(side) => centre.map(|x| x.rem_euclid(side)),
        None => centre,
    })
}

fn lowest_potential(galaxy: &Galaxy) -> Option<[f64; 3]> {
    let mut lowest: Option<(f64, [f64; 3])> = None;
    for particles in Component::ALL.map(|component| galaxy.component(component)) {
        if particles.is_empty() {
            continue;
        }
        for (&potential, &position) in particles.potentials_km2_s2()?.iter().zip(particles.positions_kpc()) {
            if lowest.is_none_or(|(so_far, _)| potential < so_far) {
                lowest = Some((potential, position));
            }
        }
    }
    lowest.map(|(_, position)| position)
}

/// The centre that the stars tell. `reference` is the position of some star: relative to it no galaxy is cut by a face
/// of the box.
fn centre_of_stars(galaxy: &Galaxy, reference: [f64; 3]) -> [f64; 3] {
    let nearest_image = |d: f64| galaxy.box_size_kpc.map_or(d, |side| d - side * (d / side).round());
    let stars = galaxy.stars.particles();
    let stars: Vec<([f64; 3], f64)> = stars
        .positions_kpc()
        .iter()
        .zip(stars.masses_msun())
        .map(|(position, &mass)| (std::array::from_fn(|k| nearest_image(position[k] - reference[k])), mass))
        .collect();
    // Stars without mass have no half-mass radius, and the densest place stays.
    let size_about = |centre: &[f64; 3]| {
        half_of(stars.iter().map(|(position, mass)| (distance(position, centre), *mass)).collect())
            .unwrap_or(f64::INFINITY)
    };
    let mut best = shrinking_sphere(&stars);
    let origin = reference.map(|x| -x);
    if galaxy.box_size_kpc.is_none() && size_about(&origin) <= size_about(&best) {
        best = origin;
    }
    let mean = centre_of_mass(&stars);
    if size_about(&mean) < CLEARLY_SMALLER * size_about(&best) {
        best = mean;
    }
    std::array::from_fn(|k| best[k] + reference[k])
}

fn shrinking_sphere(stars: &[([f64; 3], f64)]) -> [f64; 3] {
    let enough = MIN_PARTICLES.max((MIN_FRACTION * stars.len() as f64) as usize);
    let mut inside = stars.to_vec();
    let mut centre = centre_of_mass(&inside);
    let mut radius = inside.iter().map(|(position, _)| distance(position, &centre)).fold(0.0, f64::max);
    loop {
        radius *= SHRINK;
        let closer: Vec<_> = inside.iter().copied().filter(|(p, _)| distance(p, &centre) <= radius).collect();
        // Stars that all coincide would stay inside for ever.
        if closer.len() < enough || (closer.len() == inside.len() && radius == 0.0) {
            return centre;
        }
        inside = closer;
        centre = centre_of_mass(&inside);
    }
}

/// The centre of mass, or the mean position where no particle has mass.
fn centre_of_mass(particles: &[([f64; 3], f64)]) -> [f64; 3] {
    let total: f64 = particles.iter().map(|(_, mass)| mass).sum();
    let weight = |mass: f64| if total > 0.0 { mass / total } else { 1.0 / particles.len() as f64 };
    let mut centre = [0.0; 3];
    for (position, mass) in particles {
        for (sum, x) in centre.iter_mut().zip(position) {
            *sum += weight(*mass) * x;
        }
    }
    centre
}

fn distance(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use galmass_core::{Gas, Particles, Stars, seed};
    use rand::RngExt;

    use super::*;

    /// A cusp r^-2 about `centre`, and a lump of a fifth of its stars 20 kpc away.
    fn lopsided(centre: [f64; 3], box_size_kpc: Option<f64>) -> Galaxy {
        let mut generator = seed::generator(3);
        let mut around = |centre: [f64; 3], extent: f64| {
            let cos: f64 = generator.random_range(-1.0..1.0);
            let phi = generator.random_range(0.0..std::f64::consts::TAU);
            let r = extent * generator.random::<f64>();
            let sin = (1.0 - cos * cos).sqrt();
            let wrap = |x: f64| box_size_kpc.map_or(x, |side| x.rem_euclid(side));
            [
                wrap(centre[0] + r * sin * phi.cos()),
                wrap(centre[1] + r * sin * phi.sin()),
                wrap(centre[2] + r * cos),
            ]
        };
        let lump = [centre[0] + 20.0, centre[1], centre[2]];
        let mut positions: Vec<_> = (0..10_000).map(|_| around(centre, 30.0)).collect();
        positions.extend((0..2_000).map(|_| around(lump, 4.0)));
        let n = positions.len();
        let stars = Particles::new(positions, vec![[0.0; 3]; n], vec![1.0e6; n]).unwrap();
        Galaxy { stars: Stars::new(stars), box_size_kpc, ..Galaxy::default() }
    }

    #[test]
    fn a_companion_does_not_drag_the_centre_away() {
        for (centre, side) in [([5.0, -7.0, 1.0], None), ([1.0, 99.5, 50.0], Some(100.0))] {
            let found = find_centre(&lopsided(centre, side)).unwrap();
            assert!(distance(&found, &centre) < 0.3, "{found:?} for {centre:?}");
        }
    }

    #[test]
    fn potentials_of_all_components_win() {
        let at = |x: f64, potential: f64| {
            Particles::new(vec![[x, 0.0, 0.0]], vec![[0.0; 3]], vec![1.0])
                .and_then(|particles| particles.with_potentials_km2_s2(vec![potential]))
                .unwrap()
        };
        let mut galaxy =
            Galaxy { stars: Stars::new(at(1.0, -10.0)), dark_matter: at(2.0, -20.0), ..Galaxy::default() };
        assert_eq!(find_centre(&galaxy), Some([2.0, 0.0, 0.0]));
        galaxy.gas = Gas::new(Particles::new(vec![[9.0; 3]], vec![[0.0; 3]], vec![1.0]).unwrap());
        assert_eq!(find_centre(&galaxy), Some([1.0, 0.0, 0.0]), "gas without potentials: the stars decide");
    }

    #[test]
    fn a_hollow_galaxy_is_centred_in_its_hollow() {
        let mut generator = seed::generator(9);
        let mut on_shell = || -> [f64; 3] {
            let direction: [f64; 3] = std::array::from_fn(|_| generator.random_range(-1.0..1.0));
            let length = distance(&direction, &[0.0; 3]);
            std::array::from_fn(|k| 50.0 + 20.0 * direction[k] / length)
        };
        let positions: Vec<_> = (0..3000).map(|_| on_shell()).collect();
        let stars = Particles::new(positions, vec![[0.0; 3]; 3000], vec![1.0; 3000]).unwrap();
        let galaxy = Galaxy { stars: Stars::new(stars), box_size_kpc: Some(100.0), ..Galaxy::default() };
        let found = find_centre(&galaxy).unwrap();
        assert!(distance(&found, &[50.0; 3]) < 1.5, "{found:?}");
    }

    #[test]
    fn awkward_galaxies_have_a_centre_or_none() {
        assert_eq!(find_centre(&Galaxy::default()), None);
        let of = |positions: Vec<[f64; 3]>, mass: f64| {
            let n = positions.len();
            let stars = Particles::new(positions, vec![[0.0; 3]; n], vec![mass; n]).unwrap();
            find_centre(&Galaxy { stars: Stars::new(stars), ..Galaxy::default() })
        };
        assert_eq!(of(vec![[1.0, 2.0, 3.0]], 1.0), Some([1.0, 2.0, 3.0]));
        assert_eq!(of(vec![[1.0, 2.0, 3.0]; 500], 1.0), Some([1.0, 2.0, 3.0]));
        assert_eq!(of(vec![[1.0, 2.0, 3.0]; 500], 0.0).map(|_| ()), Some(()), "no mass, but a place");
    }
}
