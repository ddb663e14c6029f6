//! How many stars a galaxy forms.

use galmass_core::Stars;

use crate::{Aperture, StatsError};

/// One Gyr \[yr\].
const GYR_YR: f64 = 1e9;

/// A star formation rate, as [`measure_star_formation`] finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StarFormation {
    /// The rate \[Msun/yr\], 0 without young stars; NaN without ages.
    pub rate_msun_yr: f64,
    /// The mass that formed within the window \[Msun\].
    pub formed_msun: f64,
    /// The number of young star particles inside the aperture.
    pub n_young: usize,
    /// What is wrong with the galaxy, if anything.
    pub flags: StarFormationFlags,
}

/// What can be wrong with a galaxy whose star formation is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StarFormationFlags {
    /// The stars have no ages: the rate is NaN.
    pub no_ages: bool,
    /// The stars have no initial masses: their present ones stand in, and the rate is low by what young stars lose, some
    /// 30 per cent.
    pub present_masses: bool,
}

impl StarFormationFlags {
    /// Whether any flag is up.
    pub fn any(&self) -> bool {
        self.no_ages || self.present_masses
    }
}

/// Measures the mean star formation rate over the last `window_gyr` \[Gyr\] inside an aperture, from the masses at birth
/// of the stars that are younger (SFR of Chu et al. 2024, table 1, over 1 Gyr in the circle of two half-mass radii on
/// the sky):
///
/// ```text
/// SFR = sum m_initial / window   over stars with age < window
/// ```
///
/// A galaxy without young stars, or without stars, has exactly 0: a particle is the least that can form, 1e-3 Msun/yr
/// at the resolution of TNG100, so take the rate itself, or a floor under its logarithm. Stars without ages have NaN
/// with a flag.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a window that is not above 0 and finite; never for a galaxy.
///
/// # Examples
/// ```
/// use galmass_core::{Particles, Stars};
/// use galmass_stats::{Aperture, measure_star_formation};
///
/// let particles = Particles::new(vec![[1.0, 0.0, 0.0]; 3], vec![[0.0; 3]; 3], vec![1.0e6; 3])?;
/// let stars =
///     Stars::new(particles).with_ages_gyr(vec![0.2, 0.9, 5.0])?.with_initial_masses_msun(vec![2.0e6; 3])?;
/// let found = measure_star_formation(&stars, &Aperture::Sphere { radius_kpc: 2.0 }, 1.0)?;
/// assert!((found.rate_msun_yr - 4.0e-3).abs() < 1e-18);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Chu et al. (2024), table 1.
pub fn measure_star_formation(
    stars: &Stars,
    aperture: &Aperture,
    window_gyr: f64,
) -> Result<StarFormation, StatsError> {
    check_window(window_gyr)?;
    let mut formed = FormedMass::new(stars, window_gyr);
    let inside = aperture.holds();
    for (index, position) in stars.particles().positions_kpc().iter().enumerate() {
        if inside(position) {
            formed.add(index);
        }
    }
    Ok(formed.star_formation())
}

pub(crate) fn check_window(window_gyr: f64) -> Result<(), StatsError> {
    if window_gyr > 0.0 && window_gyr.is_finite() {
        return Ok(());
    }
    Err(StatsError::OutOfRange { name: "window_gyr", value: window_gyr, range: "a finite time above 0" })
}

/// The mass of young stars at birth, summed star by star.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormedMass<'a> {
    ages_gyr: Option<&'a [f64]>,
    masses_msun: &'a [f64],
    window_gyr: f64,
    formed_msun: f64,
    n_young: usize,
    flags: StarFormationFlags,
}

impl<'a> FormedMass<'a> {
    pub(crate) fn new(stars: &'a Stars, window_gyr: f64) -> Self {
        let (ages_gyr, initial, present) =
            (stars.ages_gyr(), stars.initial_masses_msun(), stars.particles().masses_msun());
        let any = !present.is_empty();
        let flags = StarFormationFlags {
            no_ages: any && ages_gyr.is_none(),
            present_masses: any && initial.is_none(),
        };
        let masses_msun = initial.unwrap_or(present);
        Self { ages_gyr, masses_msun, window_gyr, formed_msun: 0.0, n_young: 0, flags }
    }

    pub(crate) fn add(&mut self, index: usize) {
        if self.ages_gyr.is_some_and(|ages| ages[index] < self.window_gyr) {
            self.formed_msun += self.masses_msun[index];
            self.n_young += 1;
        }
    }

    pub(crate) fn star_formation(&self) -> StarFormation {
        let Self { formed_msun, n_young, flags, .. } = *self;
        let formed_msun = if flags.no_ages { f64::NAN } else { formed_msun };
        StarFormation { rate_msun_yr: formed_msun / (self.window_gyr * GYR_YR), formed_msun, n_young, flags }
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::Particles;

    use super::*;

    fn stars(n: usize) -> Stars {
        let positions = (0..n).map(|i| [i as f64, 0.0, 50.0]).collect();
        Stars::new(Particles::new(positions, vec![[0.0; 3]; n], vec![1.0e6; n]).unwrap())
    }

    #[test]
    fn only_young_stars_in_the_circle_count() {
        // Ages 0, 0.5, 1, 1.5, ... at 0, 1, 2, 3, ... kpc from the line of sight.
        let ages = (0..6).map(|i| 0.5 * f64::from(i)).collect();
        let initial = (0..6).map(|i| 1e6 * 10f64.powi(i)).collect();
        let stars = stars(6).with_ages_gyr(ages).unwrap().with_initial_masses_msun(initial).unwrap();
        let rate = |radius_kpc: f64, window: f64| {
            let (right, up) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
            let circle = Aperture::Circle { radius_kpc, right, up };
            measure_star_formation(&stars, &circle, window).unwrap().rate_msun_yr
        };
        // A star as old as the window is too old.
        assert!((rate(4.0, 1.0) / 11e6 * 1e9 - 1.0).abs() < 1e-12);
        assert!((rate(0.5, 1.0) / 1e6 * 1e9 - 1.0).abs() < 1e-12);
        assert!((rate(2.0, 2.0) / 111e6 * 2e9 - 1.0).abs() < 1e-12);
        let sphere = measure_star_formation(&stars, &Aperture::Sphere { radius_kpc: 4.0 }, 1.0).unwrap();
        assert_eq!((sphere.rate_msun_yr, sphere.n_young), (0.0, 0));
    }

    #[test]
    fn what_is_missing_is_flagged() {
        let old = stars(3).with_ages_gyr(vec![9.0; 3]).unwrap();
        let found = measure_star_formation(&old, &Aperture::All, 1.0).unwrap();
        assert!(found.rate_msun_yr == 0.0 && found.flags.present_masses && !found.flags.no_ages);
        let young = stars(3).with_ages_gyr(vec![0.1; 3]).unwrap();
        let found = measure_star_formation(&young, &Aperture::All, 1.0).unwrap();
        assert!((found.rate_msun_yr - 3e-3).abs() < 1e-15 && found.flags.any());
        let unknown = measure_star_formation(&stars(3), &Aperture::All, 1.0).unwrap();
        assert!(unknown.rate_msun_yr.is_nan() && unknown.flags.no_ages);
        let nothing = measure_star_formation(&Stars::default(), &Aperture::All, 1.0).unwrap();
        assert!(nothing.rate_msun_yr == 0.0 && !nothing.flags.any(), "no stars form no stars: {nothing:?}");
        for window in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = measure_star_formation(&old, &Aperture::All, window);
            assert!(matches!(error, Err(StatsError::OutOfRange { name: "window_gyr", .. })));
        }
    }
}
