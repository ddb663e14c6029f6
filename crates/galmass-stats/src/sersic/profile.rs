//! Brightness and flux of a Sersic profile.

use std::f64::consts::PI;

use statrs::function::gamma::gamma_lr;

use super::scale::{SERSIC_INDEX_RANGE, fraction_over_density, slope, solve};
use crate::StatsError;

/// A Sersic profile, `I(R) = I_e exp(-b_n ((R/R_e)^(1/n) - 1))`, on ellipses of one axis ratio.
///
/// Radii, along the major axis, are in the unit of the effective radius (kpc, pixels), brightnesses in that of the
/// effective brightness (Lsun/kpc^2, counts per pixel); fluxes are in the brightness' unit times the square of the
/// radius'. A profile that exists is valid, and nothing in it overflows for any index up to 200: the flux is summed
/// without powers or gamma functions.
///
/// # Examples
/// ```
/// use std::f64::consts::{LN_2, PI};
/// use galmass_stats::SersicProfile;
///
/// // A Gaussian of standard deviation 1 and a central brightness of 1.
/// let gaussian = SersicProfile::from_central_brightness(0.5, (2.0 * LN_2).sqrt(), 1.0)?;
/// assert!((gaussian.brightness(1.0) - (-0.5_f64).exp()).abs() < 1e-15);
/// assert!((gaussian.total_flux() - 2.0 * PI).abs() < 1e-14);
/// assert!((gaussian.enclosed_flux(gaussian.effective_radius()) - PI).abs() < 1e-14);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
///
/// # References
/// Sersic (1963); Graham & Driver (2005), PASA 22, 118, for the conversions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SersicProfile {
    index: f64,
    effective_radius: f64,
    effective_brightness: f64,
    axis_ratio: f64,
    b: f64,
}

impl SersicProfile {
    /// Makes a circular profile of index n, effective radius and the brightness there.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for an index outside [`SERSIC_INDEX_RANGE`] and for a radius or a brightness
    /// that is not positive and finite.
    pub fn new(index: f64, effective_radius: f64, effective_brightness: f64) -> Result<Self, StatsError> {
        if !SERSIC_INDEX_RANGE.contains(&index) {
            return Err(StatsError::OutOfRange { name: "index", value: index, range: "from 0.05 to 200" });
        }
        check_positive("effective_radius", effective_radius)?;
        check_positive("effective_brightness", effective_brightness)?;
        Ok(Self { index, effective_radius, effective_brightness, axis_ratio: 1.0, b: solve(index) })
    }

    /// Makes a circular profile from its brightness at the centre, `I_0 = I_e exp(b_n)`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_central_brightness(
        index: f64,
        effective_radius: f64,
        central_brightness: f64,
    ) -> Result<Self, StatsError> {
        let unit = Self::new(index, effective_radius, 1.0)?;
        Self::new(index, effective_radius, central_brightness * (-unit.b).exp())
    }

    /// Makes a circular profile from its mean brightness inside the effective radius.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_mean_brightness(
        index: f64,
        effective_radius: f64,
        mean_brightness: f64,
    ) -> Result<Self, StatsError> {
        let unit = Self::new(index, effective_radius, 1.0)?;
        Self::new(index, effective_radius, mean_brightness / unit.mean_brightness())
    }

    /// Makes a circular profile from its total flux.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_total_flux(index: f64, effective_radius: f64, total_flux: f64) -> Result<Self, StatsError> {
        check_positive("effective_radius", effective_radius)?;
        Self::from_mean_brightness(
            index,
            effective_radius,
            total_flux / (2.0 * PI) / effective_radius / effective_radius,
        )
    }

    /// The same profile along the major axis, on ellipses whose minor axis is `axis_ratio` of the major: brightness
    /// by radius stays, fluxes shrink by the ratio.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for a ratio not above 0 and at most 1.
    pub fn with_axis_ratio(self, axis_ratio: f64) -> Result<Self, StatsError> {
        if axis_ratio > 0.0 && axis_ratio <= 1.0 {
            return Ok(Self { axis_ratio, ..self });
        }
        Err(StatsError::OutOfRange { name: "axis_ratio", value: axis_ratio, range: "above 0 and at most 1" })
    }

    /// The index n: 1/2 for a Gaussian, 1 for an exponential disc, 4 for de Vaucouleurs' law.
    pub fn index(&self) -> f64 {
        self.index
    }

    /// The semi-major axis of the ellipse that holds half of the flux.
    pub fn effective_radius(&self) -> f64 {
        self.effective_radius
    }

    /// The brightness at the effective radius.
    pub fn effective_brightness(&self) -> f64 {
        self.effective_brightness
    }

    /// Minor over major axis.
    pub fn axis_ratio(&self) -> f64 {
        self.axis_ratio
    }

    /// The scale `b_n` of this index, as of [`sersic_b`](crate::sersic_b).
    pub fn b(&self) -> f64 {
        self.b
    }

    /// The brightness at a radius along the major axis: finite at 0, 0 at infinity, NaN below 0 and for NaN.
    pub fn brightness(&self, radius: f64) -> f64 {
        self.effective_brightness * (-self.b * self.power(radius).exp_m1()).exp()
    }

    /// The brightness at the centre, `I_e exp(b_n)`; for n = 200 that is 4e173 times the effective one.
    pub fn central_brightness(&self) -> f64 {
        self.effective_brightness * self.b.exp()
    }

    /// The mean brightness inside the effective radius: half of the flux over the area of the ellipse.
    pub fn mean_brightness(&self) -> f64 {
        // I_e n e^b b^(-2n) Gamma(2n), Graham & Driver (2005), equations 8 and 9.
        self.effective_brightness * self.index * 2.0 * fraction_over_density(2.0 * self.index, self.b)
            / self.b
    }

    /// The flux out to infinity, `2 pi n R_e^2 I_e q e^b b^(-2n) Gamma(2n)`.
    pub fn total_flux(&self) -> f64 {
        2.0 * PI * self.effective_radius * self.effective_radius * self.axis_ratio * self.mean_brightness()
    }

    /// The flux inside the ellipse of this semi-major axis: the growth curve. 0 at 0, half of the total at the
    /// effective radius, all at infinity, NaN below 0 and for NaN.
    pub fn enclosed_flux(&self, radius: f64) -> f64 {
        self.total_flux() * self.enclosed_fraction(radius)
    }

    /// The part of the flux inside the ellipse of this semi-major axis, `P(2n, b_n (R/R_e)^(1/n))`.
    pub fn enclosed_fraction(&self, radius: f64) -> f64 {
        let x = self.b * self.power(radius).exp();
        match x {
            // The incomplete gamma function of the library takes neither end.
            _ if x <= 0.0 => 0.0,
            _ if x == f64::INFINITY => 1.0,
            _ => gamma_lr(2.0 * self.index, x),
        }
    }

    /// `ln (R/R_e) / n`: its `exp_m1` has not the cancellation of `(R/R_e)^(1/n) - 1` near 1.
    fn power(&self, radius: f64) -> f64 {
        (radius / self.effective_radius).ln() / self.index
    }
}

fn check_positive(parameter: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(StatsError::OutOfRange { name: parameter, value, range: "positive and finite" })
}

/// The logarithm of a Sersic profile at one radius, and its derivatives.
pub(super) struct LogBrightness {
    index: f64,
    log_radius: f64,
    b: f64,
    slope: f64,
}

impl LogBrightness {
    /// For an index in range and the natural logarithm of the effective radius.
    pub(super) fn new(index: f64, log_radius: f64) -> Self {
        let b = solve(index);
        Self { index, log_radius, b, slope: slope(index, b) }
    }

    /// `ln (I(R) / I_e)` and its derivatives by ln R_e and by ln n, where `log_radius` is ln R, -inf at the centre.
    pub(super) fn at(&self, log_radius: f64) -> (f64, [f64; 2]) {
        let power = (log_radius - self.log_radius) / self.index;
        let reduced = power.exp_m1();
        let steep = self.b * power.exp();
        // At the centre x ln x is 0.
        let by_power = if power == f64::NEG_INFINITY { 0.0 } else { steep * power };
        (-self.b * reduced, [steep / self.index, by_power - self.index * self.slope * reduced])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDICES: [f64; 9] = [0.05, 0.1, 0.5, 1.0, 2.5, 4.0, 10.0, 60.0, 200.0];

    /// The flux between two radii, by Simpson's rule in ln R.
    fn integrate(profile: &SersicProfile, from: f64, to: f64) -> f64 {
        let n = 20_000;
        let step = (to / from).ln() / f64::from(n);
        let sum: f64 = (0..=n)
            .map(|i| {
                let radius = from * (step * f64::from(i)).exp();
                let weight = if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                weight * profile.brightness(radius) * radius * radius
            })
            .sum();
        2.0 * PI * profile.axis_ratio() * sum * step / 3.0
    }

    #[test]
    fn the_growth_curve_is_the_integral_of_the_brightness() {
        for n in INDICES {
            let profile = SersicProfile::new(n, 3.0, 2.0).unwrap().with_axis_ratio(0.6).unwrap();
            let ring = profile.enclosed_flux(4.0) - profile.enclosed_flux(1.0);
            let expected = integrate(&profile, 1.0, 4.0);
            assert!((ring / expected - 1.0).abs() < 1e-9, "n = {n}: {ring}, not {expected}");
        }
    }

    #[test]
    fn the_effective_radius_holds_half_at_every_index() {
        for n in INDICES {
            let profile = SersicProfile::new(n, 7.0, 1.0e8).unwrap();
            assert!((profile.enclosed_fraction(7.0) - 0.5).abs() < 1e-12, "n = {n}");
            assert!((profile.mean_brightness() * PI * 49.0 / profile.enclosed_flux(7.0) - 1.0).abs() < 3e-12);
            assert!((profile.brightness(7.0) / 1.0e8 - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn the_exponential_disc_has_its_closed_forms() {
        // I_0 exp(-R/h): flux 2 pi h^2 I_0, and 1 - (1 + x) exp(-x) of it inside x scale lengths.
        let h = 2.5;
        let disc = SersicProfile::from_central_brightness(1.0, 1.678_346_990_016_660_6 * h, 3.0).unwrap();
        assert!((disc.total_flux() / (2.0 * PI * h * h * 3.0) - 1.0).abs() < 1e-13);
        for x in [1e-3, 0.1, 1.0, 3.0, 20.0_f64] {
            let inside = -(-x).exp_m1() - x * (-x).exp();
            assert!((disc.enclosed_fraction(x * h) / inside - 1.0).abs() < 1e-9, "{x}");
            assert!((disc.brightness(x * h) / (3.0 * (-x).exp()) - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn the_flux_of_de_vaucouleurs_law_is_the_published_one() {
        // 7.2147 pi I_e R_e^2 and <I>_e = 3.607 I_e: Binney & Merrifield (1998), section 4.3.1.
        let profile = SersicProfile::new(4.0, 1.0, 1.0).unwrap();
        assert!((profile.total_flux() / PI - 7.2147).abs() < 1e-3);
        assert!((profile.mean_brightness() - 3.607).abs() < 1e-3);
    }

    #[test]
    fn each_normalisation_gives_the_profile_back() {
        for n in INDICES {
            let profile = SersicProfile::new(n, 3.0, 2.0).unwrap();
            for other in [
                SersicProfile::from_central_brightness(n, 3.0, profile.central_brightness()),
                SersicProfile::from_mean_brightness(n, 3.0, profile.mean_brightness()),
                SersicProfile::from_total_flux(n, 3.0, profile.total_flux()),
            ] {
                let found = other.unwrap().effective_brightness();
                assert!((found - 2.0).abs() < 1e-12, "n = {n}: {found}");
            }
        }
    }

    #[test]
    fn the_ends_are_finite_up_to_the_largest_index() {
        for n in INDICES {
            let profile = SersicProfile::new(n, 3.0, 2.0).unwrap();
            let ends = [profile.brightness(0.0), profile.central_brightness(), profile.total_flux()];
            assert!(ends.iter().all(|value| value.is_finite() && *value > 0.0), "n = {n}: {ends:?}");
            assert_eq!(profile.brightness(0.0), profile.central_brightness());
            assert_eq!(profile.brightness(f64::INFINITY), 0.0);
            assert_eq!(profile.enclosed_fraction(0.0), 0.0);
            assert_eq!(profile.enclosed_fraction(f64::INFINITY), 1.0);
            for radius in [-1.0, f64::NAN] {
                assert!(profile.brightness(radius).is_nan() && profile.enclosed_flux(radius).is_nan());
            }
        }
    }

    #[test]
    fn what_is_no_profile_is_an_error_in_words() {
        for (n, radius, brightness) in [
            (0.0, 1.0, 1.0),
            (f64::NAN, 1.0, 1.0),
            (1.0, 0.0, 1.0),
            (1.0, 1.0, -1.0),
            (1.0, f64::INFINITY, 1.0),
        ] {
            assert!(SersicProfile::new(n, radius, brightness).is_err());
            assert!(SersicProfile::from_total_flux(n, radius, brightness).is_err());
        }
        let error = SersicProfile::new(1.0, 1.0, 1.0).unwrap().with_axis_ratio(1.5).unwrap_err();
        assert_eq!(error.to_string(), "`axis_ratio` is 1.5, which is not above 0 and at most 1");
    }

    #[test]
    fn the_derivatives_are_those_of_finite_differences() {
        let step = 1e-5;
        for n in [0.1, 0.5, 1.0, 4.0, 10.0, 150.0_f64] {
            for radius in [0.1, 1.0, 3.0, 8.0_f64] {
                let value =
                    |log_n: f64, log_re: f64| LogBrightness::new(log_n.exp(), log_re).at(radius.ln()).0;
                let (log_n, log_re) = (n.ln(), 3.0_f64.ln());
                let (_, by) = LogBrightness::new(n, log_re).at(radius.ln());
                let by_radius = (value(log_n, log_re + step) - value(log_n, log_re - step)) / (2.0 * step);
                let by_index = (value(log_n + step, log_re) - value(log_n - step, log_re)) / (2.0 * step);
                for (found, expected) in by.into_iter().zip([by_radius, by_index]) {
                    let size = expected.abs().max(1.0);
                    assert!(
                        (found - expected).abs() < 1e-6 * size,
                        "n = {n}, R = {radius}: {found}, {expected}"
                    );
                }
            }
        }
    }
}
