//! From the units of a simulation to physical kpc, km/s and Msun: the only place where a and h are divided out.

/// What a simulation means by a solar mass and a kiloparsec. A better value for the Sun would change every mass by
/// its difference from the one that the simulation has used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Constants {
    /// 1 Msun \[g\].
    pub(crate) grams_per_msun: f64,
    /// 1 kpc \[cm\].
    pub(crate) cm_per_kpc: f64,
}

impl Constants {
    /// Gadget and its descendants, IllustrisTNG and EAGLE among them, count in 1.989e43 g and 3.085678e21 cm.
    pub(crate) const GADGET: Self = Self { grams_per_msun: 1.989e33, cm_per_kpc: 3.085_678e21 };

    /// SWIFT's own physical constants.
    pub(crate) const SWIFT: Self = Self { grams_per_msun: 1.988_415_86e33, cm_per_kpc: 3.085_677_581_49e21 };

    /// The unit that a quantity ends in \[cgs\].
    fn cgs(self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::Length => self.cm_per_kpc,
            Quantity::Velocity => CM_S_PER_KM_S,
            Quantity::Mass => self.grams_per_msun,
            Quantity::Potential | Quantity::InternalEnergy => CM_S_PER_KM_S * CM_S_PER_KM_S,
            Quantity::Density => self.grams_per_msun / self.cm_per_kpc.powi(3),
            Quantity::Rate => self.grams_per_msun / SECONDS_PER_YEAR,
            Quantity::Number | Quantity::Fraction | Quantity::Maggies => 1.0,
        }
    }
}

/// 1 km/s \[cm/s\].
pub(crate) const CM_S_PER_KM_S: f64 = 1e5;

/// A Julian year \[s\].
const SECONDS_PER_YEAR: f64 = 3.155_76e7;

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
    /// Energy per mass: ends in (km/s)^2, and is not negative.
    InternalEnergy,
    /// Ends in Msun/kpc^3, and is not negative.
    Density,
    /// A star formation rate: ends in Msun/yr.
    Rate,
    /// Has no unit, or one that needs no conversion: scale factors, magnitudes.
    Number,
    /// A number that is not negative: abundances, temperatures \[K\].
    Fraction,
    /// A flux in units of that of an object of AB magnitude 0; ends in AB magnitudes.
    Maggies,
}

impl Quantity {
    pub(crate) fn may_be_negative(self) -> bool {
        !matches!(self, Self::Mass | Self::Density | Self::Fraction | Self::InternalEnergy)
    }

    /// Whether values of it are stored in some unit.
    pub(crate) fn has_unit(self) -> bool {
        !matches!(self, Self::Number | Self::Fraction | Self::Maggies)
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
    /// What stored values are multiplied by to end in the unit of `quantity`.
    pub(crate) fn factor(self, quantity: Quantity, epoch: Epoch, constants: Constants) -> f64 {
        self.to_cgs / constants.cgs(quantity)
            * epoch.scale_factor.powf(self.a_exponent)
            * epoch.hubble.powf(self.h_exponent)
    }
}

/// The three units that a code of Gadget's line counts in; its other units follow from them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BaseUnits {
    /// The unit of lengths \[cm/h\], comoving.
    pub(crate) length_cm: f64,
    /// The unit of masses \[g/h\].
    pub(crate) mass_g: f64,
    /// The unit of velocities \[cm/s\], times sqrt(a).
    pub(crate) velocity_cm_s: f64,
}

impl BaseUnits {
    /// Comoving kpc/h, 1e10 Msun/h, km/s sqrt(a).
    pub(crate) const GADGET: Self = Self {
        length_cm: Constants::GADGET.cm_per_kpc,
        mass_g: 1e10 * Constants::GADGET.grams_per_msun,
        velocity_cm_s: CM_S_PER_KM_S,
    };

    /// As [`BaseUnits::GADGET`], with comoving Mpc/h.
    pub(crate) const GADGET_MPC: Self =
        Self { length_cm: 1e3 * Constants::GADGET.cm_per_kpc, ..Self::GADGET };

    /// The unit in which Gadget and its descendants store a quantity, unless they say otherwise: positions are
    /// comoving, velocities peculiar over sqrt(a), potentials times a, star formation rates in Msun/yr.
    pub(crate) fn of(self, quantity: Quantity) -> StoredUnit {
        let (to_cgs, a_exponent, h_exponent) = match quantity {
            Quantity::Length => (self.length_cm, 1.0, -1.0),
            Quantity::Mass => (self.mass_g, 0.0, -1.0),
            Quantity::Velocity => (self.velocity_cm_s, 0.5, 0.0),
            Quantity::Potential => (self.velocity_cm_s * self.velocity_cm_s, -1.0, 0.0),
            Quantity::InternalEnergy => (self.velocity_cm_s * self.velocity_cm_s, 0.0, 0.0),
            Quantity::Density => (self.mass_g / self.length_cm.powi(3), -3.0, 2.0),
            Quantity::Rate => (Constants::GADGET.cgs(Quantity::Rate), 0.0, 0.0),
            Quantity::Number | Quantity::Fraction | Quantity::Maggies => (1.0, 0.0, 0.0),
        };
        StoredUnit { to_cgs, a_exponent, h_exponent }
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

    fn factor(quantity: Quantity, epoch: Epoch) -> f64 {
        BaseUnits::GADGET.of(quantity).factor(quantity, epoch, Constants::GADGET)
    }

    #[test]
    fn ten_to_the_ten_solar_masses_per_h_mean_just_that() {
        assert_close(factor(Quantity::Mass, Epoch { scale_factor: 0.5, hubble: 0.7 }), 1e10 / 0.7);
    }

    #[test]
    fn each_exponent_is_applied_to_its_own_base() {
        let epoch = Epoch { scale_factor: 0.25, hubble: 0.7 };
        assert_close(factor(Quantity::Length, epoch), 0.25 / 0.7);
        assert_close(factor(Quantity::Velocity, epoch), 0.5);
        assert_close(factor(Quantity::Potential, epoch), 4.0);
        // 1e10 Msun/h in a cube of 1 kpc/h at a = 1/4.
        assert_close(factor(Quantity::Density, epoch), 1e10 * 0.7 * 0.7 * 64.0);
        assert_close(factor(Quantity::Rate, epoch), 1.0);
    }

    #[test]
    fn a_mass_of_swift_is_counted_in_suns_of_swift() {
        let unit = StoredUnit { to_cgs: 1.988_415_86e43, a_exponent: 0.0, h_exponent: 0.0 };
        let epoch = Epoch { scale_factor: 0.5, hubble: 0.7 };
        assert_close(unit.factor(Quantity::Mass, epoch, Constants::SWIFT), 1e10);
    }

    #[test]
    fn redshift_is_zero_today() {
        assert_eq!(Epoch { scale_factor: 1.0, hubble: 0.7 }.redshift(), 0.0);
        assert_eq!(Epoch { scale_factor: 0.25, hubble: 0.7 }.redshift(), 3.0);
    }
}
