//! How circular the orbits of stars are.

mod cells;
mod config;
mod curve;
mod energy_order;
mod fractions;
mod histogram;
mod kinematics;
mod lookup;
mod multipoles;
mod offset;
mod orbits;
mod potentials;
#[cfg(test)]
mod tests;

use galmass_core::{Galaxy, Particles};

use crate::StatsError;
pub use config::{CircularityConfig, CircularityMethod, MissingPotentials, SpinAxis};
pub use curve::CircularOrbitCurve;
pub use fractions::OrbitFractions;
pub use histogram::CircularityHistogram;
pub(crate) use potentials::StarPotentials;

/// The circularities found by [`measure_circularity`].
#[derive(Clone, Debug, PartialEq)]
pub struct Circularity {
    /// `J_z / J_c(E)` of each star, in the order of the stars: 1 on a circular orbit in the plane, 0 on a radial or
    /// polar one, -1 on a circular one against the rotation. NaN outside the aperture and where not defined.
    pub values: Vec<f64>,
    /// The unit vector of the axis about which the galaxy turns; NaN without rotation.
    pub spin_axis: [f64; 3],
    /// The mass in each class of orbits.
    pub fractions: OrbitFractions,
    /// The number of stars inside the aperture.
    pub n_stars: usize,
    /// The number of those whose energy no orbit of the curve has; their circularity is 0.
    pub n_unbound: usize,
    /// What is wrong with the galaxy, if anything.
    pub flags: CircularityFlags,
}

/// What can be wrong with a galaxy whose circularities are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CircularityFlags {
    /// No star with mass is inside the aperture: all fractions are NaN.
    pub no_stars: bool,
    /// The angular momentum is zero, so that there is no axis: all values are NaN.
    pub no_rotation: bool,
    /// There is no mass to orbit, or it is all in one place: all values are NaN.
    pub no_curve: bool,
    /// The stars have no stored potentials: those of the particles at hand were computed.
    pub potential_computed: bool,
    /// Stars inside the aperture are not bound by the curve; they count as hot, with a circularity of 0.
    pub unbound: bool,
    /// Stars inside the aperture have no circularity, and are in no fraction.
    pub undefined: bool,
    /// The galaxy has fewer stars than one window or bin of the method: J_c is that of the galaxy, not of an energy.
    pub too_few: bool,
}

impl CircularityFlags {
    /// Whether any flag is up that concerns the values; computed potentials are no fault.
    pub fn any(&self) -> bool {
        self.no_stars || self.no_rotation || self.no_curve || self.unbound || self.undefined || self.too_few
    }
}

/// Measures the circularities of the stars inside a sphere and the mass fractions of their classes of orbits.
///
/// The circularity is `J_z / J_c(E)` (Abadi et al. 2003): the specific angular momentum about the spin axis, over that
/// of the circular orbit of the same energy `E = v^2 / 2 + Phi`. Cold orbits are above 0.8, hot ones within 0.25 of 0
/// (Zhu et al. 2018; Xu et al. 2019), B/T is twice the fraction below 0: f_cold, f_hot and B/T of Chu et al. (2024),
/// table 1, with `radius_kpc` two half-mass radii.
///
/// Positions \[kpc\] and velocities \[km/s\] are relative to the centre. The aperture is the sphere of `radius_kpc`,
/// which may be infinite; stars on it are inside. `Phi` is the stored potential of the stars \[(km/s)^2\] where they
/// have one ([`Particles::with_potentials_km2_s2`]), otherwise that of the particles at hand, by a tree:
/// [`MissingPotentials`] has the alternative. Curves of the first two methods come from the mass of all components.
/// Stored potentials count mass that is not at hand and have a zero of their own, and both they and the tree's know
/// what is flat: their mean difference from the curve's in bins of radius, of 100 stars or more, is added to it.
/// Within the radius of the innermost 32 particles, or an eighth of fewer, the mass grows as the power of the radius
/// that it has from there to the radius of eight times as many: a cusp stays a cusp, and a core a core.
///
/// A star that is not bound by the curve has 0, and a flag says so; see [`CircularityFlags`]. Without stars, mass or
/// rotation all values are NaN, with a flag; likewise for a radius that is negative or NaN.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a setting out of range; never for a galaxy.
///
/// Cost: a few passes over the particles, without sorting, for the first two methods; O(n log n) in the number of stars
/// for the others. The tree, where no potentials are stored, takes most of the time: tenths of a second on one core for
/// 1e5 stars and 1e5 dark matter particles. The result is the same for any number of threads.
///
/// # Examples
/// ```
/// use galmass_core::{Galaxy, Particles, Stars, units::GRAVITATIONAL_CONSTANT};
/// use galmass_stats::{CircularityConfig, measure_circularity};
///
/// // Around 1e11 Msun three stars move on circles in the plane, a fourth the other way.
/// let speed = |r: f64| (GRAVITATIONAL_CONSTANT * 1.0e11 / r).sqrt();
/// let positions = vec![[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [-4.0, 0.0, 0.0], [0.0, -5.0, 0.0]];
/// let velocities =
///     vec![[0.0, speed(2.0), 0.0], [-speed(3.0), 0.0, 0.0], [0.0, -speed(4.0), 0.0], [-speed(5.0), 0.0, 0.0]];
/// let stars = Stars::new(Particles::new(positions, velocities, vec![1.0e4; 4])?);
/// let dark_matter = Particles::new(vec![[1.0e-4, 0.0, 0.0]; 1000], vec![[0.0; 3]; 1000], vec![1.0e8; 1000])?;
/// let galaxy = Galaxy { stars, dark_matter, ..Galaxy::default() };
///
/// let found = measure_circularity(&galaxy, 10.0, &CircularityConfig::default())?;
/// assert!((found.values[0] - 1.0).abs() < 1e-3 && (found.values[3] + 1.0).abs() < 1e-3);
/// assert_eq!((found.fractions.cold, found.fractions.counter), (0.75, 0.25));
/// assert_eq!(found.fractions.bulge_to_total, 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Abadi et al. (2003), ApJ 597, 21; Zhu et al. (2018), Nature Astronomy 2, 233; Xu et al. (2019), MNRAS 489, 842;
/// Zana et al. (2022), MNRAS 515, 1524; those of [`CircularityMethod`]; Chu et al. (2024).
pub fn measure_circularity(
    galaxy: &Galaxy,
    radius_kpc: f64,
    config: &CircularityConfig,
) -> Result<Circularity, StatsError> {
    measure_with(galaxy, &StarPotentials::new(galaxy, config.missing_potentials), radius_kpc, config)
}

/// [`measure_circularity`], with potentials that several methods share.
pub(crate) fn measure_with(
    galaxy: &Galaxy,
    potentials: &StarPotentials<'_>,
    radius_kpc: f64,
    config: &CircularityConfig,
) -> Result<Circularity, StatsError> {
    config.check()?;
    let stars = galaxy.stars.particles();
    let aperture = Aperture::new(radius_kpc);
    let n_stars = stars.positions_kpc().iter().filter(|position| aperture.holds(position)).count();
    let mut found = Circularity {
        values: Vec::new(),
        spin_axis: [f64::NAN; 3],
        fractions: OrbitFractions::NONE,
        n_stars,
        n_unbound: 0,
        flags: CircularityFlags {
            potential_computed: stars.potentials_km2_s2().is_none(),
            ..CircularityFlags::default()
        },
    };
    if n_stars == 0 {
        found.flags.no_stars = true;
        return Ok(found.without_values(stars.len()));
    }
    let Some(axis) = find_axis(stars, aperture, config.spin_axis) else {
        found.flags.no_rotation = true;
        return Ok(found.without_values(stars.len()));
    };
    found.spin_axis = axis;
    let known = potentials.get()?;

    match config.method {
        CircularityMethod::Midplane | CircularityMethod::Spherical => {
            let orbits = match config.method {
                CircularityMethod::Midplane => orbits::midplane(galaxy, known, axis, config.max_multipole),
                _ => orbits::spherical(galaxy, known),
            };
            let Some((curve, potentials)) = orbits else {
                found.flags.no_curve = true;
                return Ok(found.without_values(stars.len()));
            };
            let lookup = curve.lookup();
            (found.values, found.n_unbound) =
                kinematics::circularities(stars, &potentials, axis, aperture, lookup);
            found.flags.unbound = found.n_unbound > 0;
        }
        CircularityMethod::RankMaximum | CircularityMethod::BinQuantile | CircularityMethod::BinMaximum => {
            let Some(potentials) = orbits::potentials(galaxy, known) else {
                found.flags.no_curve = true;
                return Ok(found.without_values(stars.len()));
            };
            found.values = energy_order::circularities(stars, &potentials, axis, config);
            found.flags.too_few = stars.len() < energy_order::stars_needed(config);
            for (value, position) in found.values.iter_mut().zip(stars.positions_kpc()) {
                if !aperture.holds(position) {
                    *value = f64::NAN;
                }
            }
        }
    }
    let (fractions, n_defined) = fractions::sum(&found.values, stars.masses_msun(), config);
    found.fractions = fractions;
    found.flags.undefined = n_defined < n_stars;
    found.flags.no_stars = fractions.cold.is_nan() && n_defined > 0;
    Ok(found)
}

impl Circularity {
    fn without_values(self, n_stars: usize) -> Self {
        Self { values: vec![f64::NAN; n_stars], ..self }
    }
}

/// A sphere about the origin.
#[derive(Clone, Copy, Debug)]
struct Aperture {
    /// The square of its radius \[kpc^2\], below zero where nothing is inside.
    limit: f64,
}

impl Aperture {
    fn new(radius_kpc: f64) -> Self {
        Self { limit: if radius_kpc >= 0.0 { radius_kpc * radius_kpc } else { -1.0 } }
    }

    #[inline(always)]
    fn holds(self, x: &[f64; 3]) -> bool {
        x[0] * x[0] + x[1] * x[1] + x[2] * x[2] <= self.limit
    }
}

/// The unit vector of the axis, or `None` where nothing turns.
fn find_axis(stars: &Particles, aperture: Aperture, axis: SpinAxis) -> Option<[f64; 3]> {
    let momentum = match axis {
        SpinAxis::Given(direction) => {
            let largest = direction.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            direction.map(|x| x / largest)
        }
        SpinAxis::Aperture => kinematics::angular_momentum(stars, aperture)?,
        SpinAxis::Within(radius) => kinematics::angular_momentum(stars, Aperture::new(radius))?,
        SpinAxis::All => kinematics::angular_momentum(stars, Aperture::new(f64::INFINITY))?,
    };
    let length = crate::radius(&momentum);
    (length > 0.0 && length.is_finite()).then(|| momentum.map(|x| x / length))
}
