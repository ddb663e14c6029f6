//! From the units of a simulation to physical kpc, km/s and Msun: the only place where a and h are divided out.

/// The gram of the simulations: 1 Msun \[g\]. IllustrisTNG and EAGLE both define their 1e10 Msun/h as 1.989e43 g/h;
/// a better value for the Sun would change every mass by its difference from this one.
pub(crate) const GRAMS_PER_MSUN: f64 = 1.989e33;

/// The centimetre of the simulations: 1 kpc \[cm\], with the digits that IllustrisTNG and EAGLE use.
pub(crate) const CM_PER_KPC: f64 = 3.085_678e21;

/// 1 km/s \[cm/s\].
pub(crate) const CM_S_PER_KM_S: f64 = 1e5;

/// What a field measures, hence the unit that it ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Ends in physical kpc.
    Length,
    /// Ends in peculiar km/s.
    Velocity,
    /// Ends in Msun, and is not negative.
    Mass,
    /// Ends in (km/s)^2.
    Potential,
    /// Has no unit, or one that needs no conversion: scale factors, mass fractions, magnitudes.
    Number,
}

impl Quantity {
    /// The unit it ends in \[cgs\].
    fn cgs(self) -> f64 {
        match self {
            Self::Length => CM_PER_KPC,
            Self::Velocity => CM_S_PER_KM_S,
            Self::Mass => GRAMS_PER_MSUN,
            Self::Potential => CM_S_PER_KM_S * CM_S_PER_KM_S,
            Self::Number => 1.0,
        }
    }

    pub(crate) fn may_be_negative(self) -> bool {
        self != Self::Mass
    }
}

/// The time and the Hubble constant of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Epoch {
    /// The scale factor a, 1 today.
    pub(crate) scale_factor: f64,
    /// h, the Hubble constant in 100 km/s/Mpc.
    pub(crate) hubble: f64,
}

impl Epoch {
    pub(crate) fn redshift(self) -> f64 {
        1.0 / self.scale_factor - 1.0
    }
}

/// The unit that a field is stored in: physical cgs = value * `to_cgs` * a^`a_exponent` * h^`h_exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StoredUnit {
    pub(crate) to_cgs: f64,
    pub(crate) a_exponent: f64,
    pub(crate) h_exponent: f64,
}

impl StoredUnit {
    /// Masses of 1e10 Msun/h, in which Gadget and its descendants count.
    pub(crate) const MASS_1E10_MSUN_PER_H: Self =
        Self { to_cgs: 1e10 * GRAMS_PER_MSUN, a_exponent: 0.0, h_exponent: -1.0 };

    /// What stored values are multiplied by to end in the unit of `quantity`.
    pub(crate) fn factor(self, quantity: Quantity, epoch: Epoch) -> f64 {
        self.to_cgs / quantity.cgs()
            * epoch.scale_factor.powf(self.a_exponent)
            * epoch.hubble.powf(self.h_exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exact but for the rounding of a few products.
    const ROUNDING: f64 = 1e-14;

    fn assert_close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < ROUNDING, "{found} is not {expected}");
    }

    #[test]
    fn ten_to_the_ten_solar_masses_per_h_mean_just_that() {
        let epoch = Epoch { scale_factor: 0.5, hubble: 0.7 };
        assert_close(StoredUnit::MASS_1E10_MSUN_PER_H.factor(Quantity::Mass, epoch), 1e10 / 0.7);
    }

    #[test]
    fn each_exponent_is_applied_to_its_own_base() {
        let epoch = Epoch { scale_factor: 0.25, hubble: 0.7 };
        let length = StoredUnit { to_cgs: CM_PER_KPC, a_exponent: 1.0, h_exponent: -1.0 };
        assert_close(length.factor(Quantity::Length, epoch), 0.25 / 0.7);
        let velocity = StoredUnit { to_cgs: 1e5, a_exponent: 0.5, h_exponent: 0.0 };
        assert_close(velocity.factor(Quantity::Velocity, epoch), 0.5);
        let potential = StoredUnit { to_cgs: 1e10, a_exponent: -1.0, h_exponent: 0.0 };
        assert_close(potential.factor(Quantity::Potential, epoch), 4.0);
    }

    #[test]
    fn redshift_is_zero_today() {
        assert_eq!(Epoch { scale_factor: 1.0, hubble: 0.7 }.redshift(), 0.0);
        assert_eq!(Epoch { scale_factor: 0.25, hubble: 0.7 }.redshift(), 3.0);
    }
}
