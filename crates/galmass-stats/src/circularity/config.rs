//! How circularities are measured.

use serde::{Deserialize, Serialize};

use crate::StatsError;

/// Where the angular momentum of a circular orbit of a given energy comes from.
///
/// The first two build the curve of circular orbits of the total mass, the other three take the largest angular
/// momenta that stars of like energy have, which are too low where no star is on a circular orbit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CircularityMethod {
    /// Circular orbits in the midplane of the potential of all mass, averaged over azimuth (Abadi et al. 2003; Zana
    /// et al. 2022). The potential is expanded in Legendre polynomials about the spin axis up to
    /// [`CircularityConfig::max_multipole`].
    Midplane,
    /// Circular orbits in the spherically averaged potential of all mass, `v_c^2 = G M(<r) / r`: the default. Cheap,
    /// and exact for a spherical galaxy. In a disc the speed is too low, which circularities feel in second order only: that of a
    /// circular orbit is off by at most 0.03 in a Miyamoto-Nagai disc ten times as long as thick.
    #[default]
    Spherical,
    /// The largest angular momentum among the [`CircularityConfig::window`] stars before and after in the order of
    /// energy (Genel et al. 2015). Needs no zero point of the potential; no value is beyond 1.
    RankMaximum,
    /// A [quantile](CircularityConfig::quantile) of the angular momentum in bins of
    /// [`CircularityConfig::stars_per_bin`] stars in the order of energy, interpolated linearly between the mean
    /// energies of the bins and constant beyond the last (Pontzen et al. 2013).
    BinQuantile,
    /// The largest `|J_z|` in bins of energy, 0.05 wide from -1 to -0.1 and 0.005 from there to 0 in units of the
    /// deepest star's, or the second largest where the largest is above it by more than 1 per cent; interpolated
    /// linearly between the energies of these stars. Values beyond -1 and 1 are NaN (Cristiani et al. 2024).
    BinMaximum,
}

impl CircularityMethod {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Midplane, Self::Spherical, Self::RankMaximum, Self::BinQuantile, Self::BinMaximum];
}

/// Where the potentials of stars come from that have none stored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingPotentials {
    /// The sum over all particles at hand by a tree, [`potentials_km2_s2`](crate::potentials_km2_s2) with its default
    /// settings: it knows discs, bars and clumps. Tenths of a second for 1e5 stars and as many other particles.
    Tree {
        /// The softening length of all components \[kpc\], as Plummer's sphere would have it, 0 or more: that of the
        /// simulation, where known.
        softening_kpc: f64,
    },
    /// What the curve of circular orbits is made of: the average over azimuth for [`CircularityMethod::Midplane`], over
    /// the sphere for the other methods. Milliseconds.
    Average,
}

impl Default for MissingPotentials {
    /// The tree, softened by 0.5 kpc: between 0.3 and 0.7 kpc, the lengths of stars in TNG50, EAGLE and TNG100.
    fn default() -> Self {
        Self::Tree { softening_kpc: 0.5 }
    }
}

/// The axis about which a galaxy turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpinAxis {
    /// The angular momentum of the stars inside the aperture.
    #[default]
    Aperture,
    /// That of the stars inside this radius \[kpc\].
    Within(f64),
    /// That of all stars.
    All,
    /// This direction, of any length above 0.
    Given([f64; 3]),
}

/// The settings of [`measure_circularity`](crate::measure_circularity).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CircularityConfig {
    /// Where the circular orbits come from. Default [`CircularityMethod::Spherical`].
    pub method: CircularityMethod,
    /// Where potentials come from that are not stored. Default [`MissingPotentials::Tree`] with 0.5 kpc.
    pub missing_potentials: MissingPotentials,
    /// The axis of rotation. Default [`SpinAxis::Aperture`], two half-mass radii for Chu et al. (2024).
    pub spin_axis: SpinAxis,
    /// Stars of a circularity above this are cold, in `(0, 1]` and above `hot_below`. Default 0.8.
    pub cold_above: f64,
    /// Stars of a circularity nearer to 0 than this are hot, in `(0, 1)`. Default 0.25.
    pub hot_below: f64,
    /// The order of the last multipole of [`CircularityMethod::Midplane`], an even number of at most 64: details of the
    /// disc smaller than about `3 / max_multipole` of the radius are smoothed. In a Miyamoto-Nagai disc ten times as
    /// long as thick the speed is off by 0.5 per cent at 16, by less than the noise of 1e5 particles. Default 16.
    pub max_multipole: usize,
    /// The stars before and after of [`CircularityMethod::RankMaximum`], at least 1. Default 50.
    pub window: usize,
    /// The stars in a bin of [`CircularityMethod::BinQuantile`], at least 1. Default 1000.
    pub stars_per_bin: usize,
    /// The quantile of [`CircularityMethod::BinQuantile`], in `(0, 1]`. Default 0.99.
    pub quantile: f64,
}

impl Default for CircularityConfig {
    fn default() -> Self {
        Self {
            method: CircularityMethod::Spherical,
            missing_potentials: MissingPotentials::default(),
            spin_axis: SpinAxis::Aperture,
            cold_above: 0.8,
            hot_below: 0.25,
            max_multipole: 16,
            window: 50,
            stars_per_bin: 1000,
            quantile: 0.99,
        }
    }
}

/// The largest order of a multipole that may be asked for.
pub(super) const LAST_MULTIPOLE: usize = 64;

impl CircularityConfig {
    pub(super) fn check(&self) -> Result<(), StatsError> {
        let refuse = |name, value, range| Err(StatsError::OutOfRange { name, value, range });
        let within = |value: f64| value > 0.0 && value <= 1.0;
        if !(within(self.hot_below) && self.hot_below < 1.0) {
            return refuse("hot_below", self.hot_below, "in (0, 1)");
        }
        if !(within(self.cold_above) && self.cold_above > self.hot_below) {
            return refuse("cold_above", self.cold_above, "in (0, 1] and above `hot_below`");
        }
        if !within(self.quantile) {
            return refuse("quantile", self.quantile, "in (0, 1]");
        }
        if !self.max_multipole.is_multiple_of(2) || self.max_multipole > LAST_MULTIPOLE {
            return refuse("max_multipole", self.max_multipole as f64, "an even number of at most 64");
        }
        for (name, value) in [("window", self.window), ("stars_per_bin", self.stars_per_bin)] {
            if value == 0 {
                return refuse(name, 0.0, "1 or more");
            }
        }
        match self.missing_potentials {
            MissingPotentials::Tree { softening_kpc }
                if !(softening_kpc >= 0.0 && softening_kpc.is_finite()) =>
            {
                return refuse("missing_potentials.tree", softening_kpc, "a finite length, 0 or more");
            }
            _ => {}
        }
        match self.spin_axis {
            SpinAxis::Within(radius) if radius <= 0.0 || radius.is_nan() => {
                refuse("spin_axis.within", radius, "a radius above 0")
            }
            SpinAxis::Given(axis)
                if !(axis.iter().all(|x| x.is_finite()) && axis.iter().any(|x| *x != 0.0)) =>
            {
                refuse("spin_axis.given", axis[0], "the first component of a finite direction")
            }
            _ => Ok(()),
        }
    }
}
