//! How much of the mass is on orbits of each class.

use super::CircularityConfig;

/// The fractions of the stellar mass in classes of orbits (Zhu et al. 2018; Chu et al. 2024, table 1): the first four
/// sum to 1. All are NaN where no star has a circularity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrbitFractions {
    /// Above 0.8.
    pub cold: f64,
    /// From 0.25 to 0.8.
    pub warm: f64,
    /// Between -0.25 and 0.25.
    pub hot: f64,
    /// -0.25 and below.
    pub counter: f64,
    /// B/T: twice the fraction below 0, in `[0, 2]`; 1 without rotation.
    pub bulge_to_total: f64,
}

impl OrbitFractions {
    pub(super) const NONE: Self = {
        let cold = f64::NAN;
        Self { cold, warm: cold, hot: cold, counter: cold, bulge_to_total: cold }
    };
}

/// The fractions of the stars that have a circularity, and the number of these.
pub(super) fn sum(values: &[f64], masses: &[f64], config: &CircularityConfig) -> (OrbitFractions, usize) {
    let (mut total, mut cold, mut hot, mut counter, mut below) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let mut n_defined = 0.0;
    let either = |condition: bool, mass: f64| if condition { mass } else { 0.0 };
    for (&value, &mass) in values.iter().zip(masses) {
        n_defined += either(!value.is_nan(), 1.0);
        total += either(!value.is_nan(), mass);
        cold += either(value > config.cold_above, mass);
        hot += either(value.abs() < config.hot_below, mass);
        counter += either(value <= -config.hot_below, mass);
        below += either(value < 0.0, mass);
    }
    if !(total > 0.0 && total.is_finite()) {
        return (OrbitFractions::NONE, n_defined as usize);
    }
    let [cold, hot, counter, below] = [cold, hot, counter, below].map(|mass| mass / total);
    let warm = (1.0 - cold - hot - counter).max(0.0);
    (OrbitFractions { cold, warm, hot, counter, bulge_to_total: 2.0 * below }, n_defined as usize)
}
