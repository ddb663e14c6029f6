//! What dust does to light of one wavelength.

use super::config::{Geometry, check_range};
use crate::ProjectError;

/// The ratio of total to selective extinction of the diffuse Galactic medium.
const R_V: f64 = 3.1;

/// The ends of the optical branch of the extinction curve \[Angstrom\]: 3.3 and 1.1 per micrometre.
const SHORTEST_ANGSTROM: f64 = 1e4 / 3.3;
const LONGEST_ANGSTROM: f64 = 1e4 / 1.1;

/// The coefficients of the curve in powers of t, from the first on.
const A: [f64; 7] = [0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999];
const B: [f64; 7] = [1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002];

/// How much dust absorbs and how it scatters at one optical wavelength.
///
/// The extinction curve of Cardelli, Clayton & Mathis (1989) for R_V = 3.1: with x the inverse wavelength in
/// micrometres and t = x - 1.82,
///
/// ```text
/// A / A_V = a(t) + b(t) / R_V
/// ```
///
/// with their polynomials a and b of the branch 1.1 <= x <= 3.3. Albedo omega and forward share h are the fits of
/// Calzetti, Kinney & Storchi-Bergmann (1994): with y = log10(wavelength / Angstrom),
///
/// ```text
/// h     = 1 - 0.561 exp(-|y - 3.3112|^2.2 / 0.17)
/// omega = 0.43 + 0.366 (1 - exp(-(y - 3)^2 / 0.2))   up to 3460 Angstrom
///         -0.48 y + 2.41                              beyond
/// ```
///
/// # Examples
/// ```
/// use galmass_project::dust::DustCurve;
///
/// let r = DustCurve::at(6166.0)?;
/// assert!((r.extinction() - 0.8797).abs() < 5e-5);
/// assert!(DustCurve::at(1500.0).is_err());
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
///
/// # References
/// * Cardelli, Clayton & Mathis 1989, ApJ 345, 245.
/// * Calzetti, Kinney & Storchi-Bergmann 1994, ApJ 429, 582.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DustCurve {
    extinction: f64,
    forward_share: f64,
    albedo: f64,
}

impl DustCurve {
    /// The curve at a wavelength \[Angstrom\] of its optical branch, from 3031 to 9090.
    ///
    /// # Errors
    /// [`ProjectError::SettingOutOfRange`] elsewhere, and for NaN.
    pub fn at(wavelength_angstrom: f64) -> Result<Self, ProjectError> {
        check_range("wavelength", wavelength_angstrom, SHORTEST_ANGSTROM, LONGEST_ANGSTROM)?;
        let t = 1e4 / wavelength_angstrom - 1.82;
        let polynomial = |coefficients: [f64; 7]| coefficients.iter().rev().fold(0.0, |sum, c| (sum + c) * t);
        let y = wavelength_angstrom.log10();
        let albedo = if wavelength_angstrom <= 3460.0 {
            0.43 + 0.366 * (1.0 - (-(y - 3.0).powi(2) / 0.2).exp())
        } else {
            2.41 - 0.48 * y
        };
        Ok(Self {
            extinction: 1.0 + polynomial(A) + polynomial(B) / R_V,
            forward_share: 1.0 - 0.561 * (-(y - 3.3112).abs().powf(2.2) / 0.17).exp(),
            albedo,
        })
    }

    /// The extinction in units of that in V, A / A_V.
    pub fn extinction(&self) -> f64 {
        self.extinction
    }

    /// The share h of the light that is scattered forwards rather than evenly.
    pub fn forward_share(&self) -> f64 {
        self.forward_share
    }

    /// The share omega of the light that is scattered rather than absorbed.
    pub fn albedo(&self) -> f64 {
        self.albedo
    }

    /// What scattering leaves of the optical depth where stars and dust are mixed (Calzetti et al. 1994):
    /// h sqrt(1 - omega) + (1 - h) (1 - omega). Light scattered forwards is not lost.
    pub fn scattering(&self) -> f64 {
        let absorbed = 1.0 - self.albedo;
        self.forward_share * absorbed.sqrt() + (1.0 - self.forward_share) * absorbed
    }

    /// The same by the simpler rule of the semi-analytic slab, sqrt(1 - omega).
    pub fn slab_scattering(&self) -> f64 {
        (1.0 - self.albedo).sqrt()
    }
}

/// The share of the light that is left behind an optical depth.
///
/// (1 - e^-tau) / tau for [`Geometry::Internal`], e^-tau for [`Geometry::Foreground`], with all digits also where tau
/// is small. No dust, tau = 0, leaves 1; an infinite depth 0; NaN stays NaN.
///
/// # Examples
/// ```
/// use galmass_project::dust::{Geometry, attenuation};
///
/// assert_eq!(attenuation(0.0, Geometry::Internal), 1.0);
/// assert!((attenuation(1.0, Geometry::Internal) - 0.632121).abs() < 1e-6);
/// assert!((attenuation(1.0, Geometry::Foreground) - 0.367879).abs() < 1e-6);
/// ```
pub fn attenuation(optical_depth: f64, geometry: Geometry) -> f64 {
    match geometry {
        Geometry::Internal if optical_depth == 0.0 => 1.0,
        Geometry::Internal => -(-optical_depth).exp_m1() / optical_depth,
        Geometry::Foreground => (-optical_depth).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wavelength \[Angstrom\], A / A_V, h, omega, and the optical depth of the column whose depth in V before
    /// scattering is 1.
    const CHECK: [[f64; 5]; 3] = [
        [4686.0, 1.2219, 0.6982, 0.6480, 0.6360],
        [6166.0, 0.8797, 0.8248, 0.5908, 0.5272],
        [5500.0, 0.9989, 0.7753, 0.6146, 0.5672],
    ];

    #[test]
    fn the_curve_has_its_tabulated_values() {
        for [wavelength, extinction, forward_share, albedo, depth] in CHECK {
            let curve = DustCurve::at(wavelength).unwrap();
            let found = [curve.extinction(), curve.forward_share(), curve.albedo()];
            for (found, expected) in found.into_iter().zip([extinction, forward_share, albedo]) {
                assert!((found - expected).abs() <= 5e-5, "{wavelength}: {found} for {expected}");
            }
            let unit = curve.extinction() * curve.scattering();
            assert!((unit - depth).abs() <= 5e-5, "{wavelength}: {unit} for {depth}");
        }
    }

    #[test]
    fn the_near_ultraviolet_scatters_by_its_own_formula() {
        let curve = DustCurve::at(3400.0).unwrap();
        // y = 3.531479: 0.43 + 0.366 (1 - exp(-1.412350)).
        assert!((curve.albedo() - 0.706844).abs() < 1e-5, "{}", curve.albedo());
    }

    #[test]
    fn only_optical_wavelengths_are_known() {
        for wavelength in [0.0, -5.0, 3030.0, 9091.0, f64::NAN, f64::INFINITY] {
            let error = DustCurve::at(wavelength).unwrap_err();
            assert!(matches!(error, ProjectError::SettingOutOfRange { setting: "wavelength", .. }));
        }
        assert!(DustCurve::at(3031.0).is_ok() && DustCurve::at(9090.0).is_ok());
    }

    #[test]
    fn a_thin_screen_keeps_all_digits_and_a_thick_one_all_light() {
        for tau in [1e-300, 1e-12, 1e-6, 1e-3, 2e-3] {
            let series = 1.0 - tau / 2.0 + tau * tau / 6.0 - tau * tau * tau / 24.0;
            assert!((attenuation(tau, Geometry::Internal) - series).abs() < 1e-12, "tau = {tau}");
        }
        for geometry in [Geometry::Internal, Geometry::Foreground] {
            assert_eq!(attenuation(0.0, geometry), 1.0);
            assert_eq!(attenuation(f64::INFINITY, geometry), 0.0);
            assert!(attenuation(f64::NAN, geometry).is_nan());
        }
        assert!((attenuation(1.0, Geometry::Internal) - 0.632_121).abs() < 1e-6);
        assert!((attenuation(1e6, Geometry::Internal) - 1e-6).abs() < 1e-18);
    }
}
