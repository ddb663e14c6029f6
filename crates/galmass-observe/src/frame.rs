//! Where a galaxy is, how fast it moves, and how large it is.

use galmass_core::Galaxy;
use galmass_stats::{find_centre, half_mass_radius_kpc, mean_velocity_km_s};

use crate::ObserveError;

/// What is known of a frame beforehand; the rest is found from the stars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GivenFrame {
    /// The centre \[kpc, in the frame of the galaxy's positions\].
    pub centre_kpc: Option<[f64; 3]>,
    /// The stellar half-mass radius \[kpc\]: needed where the particles are cut short of the whole galaxy.
    pub half_mass_radius_kpc: Option<f64>,
}

/// The frame of an observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The centre \[kpc, in the frame of the galaxy's positions\].
    pub centre_kpc: [f64; 3],
    /// The mass-weighted mean velocity of the stars inside the half-mass radius \[km/s\].
    pub velocity_km_s: [f64; 3],
    /// The three-dimensional stellar half-mass radius R \[kpc\].
    pub half_mass_radius_kpc: f64,
}

/// A galaxy with its centre at the origin, at rest, and the frame that it had.
#[derive(Clone, Debug, PartialEq)]
pub struct FramedGalaxy {
    galaxy: Galaxy,
    frame: Frame,
}

impl FramedGalaxy {
    /// Finds the frame of a galaxy, but for what is given, and moves the galaxy into it.
    ///
    /// # Errors
    /// [`ObserveError`] for a galaxy without stars, stars without extent, or a given frame that is not finite and
    /// positive.
    pub fn new(mut galaxy: Galaxy, given: &GivenFrame) -> Result<Self, ObserveError> {
        check(given)?;
        let centre_kpc = match given.centre_kpc {
            Some(_) if galaxy.stars.particles().is_empty() => return Err(ObserveError::NoStars),
            Some(centre) => centre,
            None => find_centre(&galaxy).ok_or(ObserveError::NoStars)?,
        };
        galaxy.recentre(centre_kpc, [0.0; 3]);

        let stars = galaxy.stars.particles();
        let found = || half_mass_radius_kpc(stars).unwrap_or(f64::NAN);
        let radius = given.half_mass_radius_kpc.unwrap_or_else(found);
        if radius <= 0.0 || radius.is_nan() {
            return Err(ObserveError::NoExtent { n_stars: stars.len(), half_mass_radius_kpc: radius });
        }
        // A given frame may lie beside all stars: nothing moves there, so nothing needs to come to rest.
        let velocity_km_s = mean_velocity_km_s(stars, radius).unwrap_or_default();
        galaxy.recentre([0.0; 3], velocity_km_s);
        Ok(Self { galaxy, frame: Frame { centre_kpc, velocity_km_s, half_mass_radius_kpc: radius } })
    }

    /// The galaxy, centred and at rest.
    pub fn galaxy(&self) -> &Galaxy {
        &self.galaxy
    }

    /// The frame that it had.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }
}

fn check(given: &GivenFrame) -> Result<(), ObserveError> {
    if let Some(&value) = given.centre_kpc.iter().flatten().find(|x| !x.is_finite()) {
        return Err(ObserveError::BadFrame {
            what: "centre",
            value,
            expected: "three finite numbers in kpc",
        });
    }
    match given.half_mass_radius_kpc {
        Some(value) if !(value > 0.0 && value.is_finite()) => Err(ObserveError::BadFrame {
            what: "half-mass radius",
            value,
            expected: "a positive length in kpc",
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::{Particles, Stars};

    use super::*;

    fn galaxy(positions: Vec<[f64; 3]>, masses: Vec<f64>) -> Galaxy {
        let velocities = vec![[7.0, 0.0, 0.0]; masses.len()];
        Galaxy {
            stars: Stars::new(Particles::new(positions, velocities, masses).unwrap()),
            ..Galaxy::default()
        }
    }

    #[test]
    fn what_is_given_is_not_looked_for() {
        let galaxy = galaxy(vec![[1.0, 0.0, 0.0], [3.0, 0.0, 0.0]], vec![1.0; 2]);
        let given = GivenFrame { centre_kpc: Some([1.0, 0.0, 0.0]), half_mass_radius_kpc: Some(2.5) };
        let framed = FramedGalaxy::new(galaxy, &given).unwrap();
        assert_eq!(framed.frame().half_mass_radius_kpc, 2.5);
        assert_eq!(framed.frame().velocity_km_s, [7.0, 0.0, 0.0]);
        assert_eq!(framed.galaxy().stars.particles().positions_kpc(), [[0.0; 3], [2.0, 0.0, 0.0]]);
        assert_eq!(framed.galaxy().stars.particles().velocities_km_s(), [[0.0; 3]; 2]);
    }

    #[test]
    fn a_galaxy_without_extent_says_so() {
        let of = |galaxy| FramedGalaxy::new(galaxy, &GivenFrame::default()).unwrap_err();
        assert_eq!(of(Galaxy::default()), ObserveError::NoStars);
        let one = of(galaxy(vec![[1.0; 3]], vec![1.0]));
        assert_eq!(one, ObserveError::NoExtent { n_stars: 1, half_mass_radius_kpc: 0.0 });
        assert!(of(galaxy(vec![[1.0; 3], [2.0; 3]], vec![0.0; 2])).to_string().contains("NaN kpc"));
    }

    #[test]
    fn impossible_frames_are_refused() {
        let galaxy = galaxy(vec![[1.0; 3], [2.0; 3]], vec![1.0; 2]);
        for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let given = GivenFrame { half_mass_radius_kpc: Some(radius), ..GivenFrame::default() };
            let error = FramedGalaxy::new(galaxy.clone(), &given).unwrap_err();
            assert!(matches!(error, ObserveError::BadFrame { what: "half-mass radius", .. }));
        }
        let given = GivenFrame { centre_kpc: Some([0.0, f64::NAN, 0.0]), ..GivenFrame::default() };
        let error = FramedGalaxy::new(galaxy, &given).unwrap_err();
        assert_eq!(error.to_string(), "the given centre is NaN, not three finite numbers in kpc");
    }
}
