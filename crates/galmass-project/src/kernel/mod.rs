//! The shapes with which particles are smeared, in space and in projection.
//!
//! All functions are written in the one length that needs no convention, the radius H at which the kernel reaches
//! zero ([`SupportRadius`](galmass_core::SupportRadius)); Monaghan's h is H / 2.
//!
//! # References
//! * Monaghan 1992, ARA&A 30, 543: the cubic spline.
//! * Wendland 1995, Adv. Comput. Math. 4, 389, and Dehnen & Aly 2012, MNRAS 425, 1068, table 1: the Wendland functions.
//! * Chu et al. 2024, MNRAS 528, 6354: images of simulated galaxies smoothed with the spline over 32 neighbours.

mod cubic_spline;
mod gaussian;
#[cfg(test)]
mod tests;
mod wendland;

use serde::{Deserialize, Serialize};

pub use cubic_spline::{cubic_spline, cubic_spline_2d, projected_cubic_spline};

/// A smoothing kernel, named in configurations by [`serde`] in kebab case.
///
/// At one support radius they are of different widths: the standard deviation along one axis is 0.27 H for the cubic
/// spline in projection, 0.28 H in the plane, 0.26, 0.23 and 0.20 H for Wendland's C2, C4 and C6, and 0.31 H for the
/// Gaussian. In the formulae u = r / H.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kernel {
    /// The cubic spline of Monaghan (1992), integrated along the line of sight: the kernel of Chu et al. (2024). See
    /// [`cubic_spline`] and [`projected_cubic_spline`].
    #[default]
    CubicSpline,
    /// The cubic spline of the plane, the projection of nothing. See [`cubic_spline_2d`]. In configurations
    /// `cubic-spline-2d`.
    #[serde(rename = "cubic-spline-2d")]
    CubicSpline2d,
    /// 21 / (2 pi H^3) (1 - u)^4 (1 + 4 u), integrated along the line of sight.
    WendlandC2,
    /// 495 / (32 pi H^3) (1 - u)^6 (1 + 6 u + 35/3 u^2), integrated along the line of sight.
    WendlandC4,
    /// 1365 / (64 pi H^3) (1 - u)^8 (1 + 8 u + 25 u^2 + 32 u^3), integrated along the line of sight.
    WendlandC6,
    /// A Gaussian of sigma = H / 3, e^(-9 u^2 / 2) less its value at the rim, normalised and integrated along the line
    /// of sight.
    ///
    /// Cut off without the subtraction, of 1.1 per cent of the centre, the kernel would end in a step, and its
    /// projection in a rim of infinite slope. Its support radius is
    /// [`SupportRadius::from_three_sigma`](galmass_core::SupportRadius::from_three_sigma).
    TruncatedGaussian,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CubicSpline,
        Self::CubicSpline2d,
        Self::WendlandC2,
        Self::WendlandC4,
        Self::WendlandC6,
        Self::TruncatedGaussian,
    ];

    /// Evaluates the kernel on the plane of the image at the projected distance `u = R / H`, in units of 1 / H^2.
    ///
    /// Its integral over the plane is 1, and it is 0 from `u = 1` on. The sign of `u` does not matter; NaN stays NaN.
    /// All are good to 1e-12 of their value in the centre.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::kernel::Kernel;
    ///
    /// assert!((Kernel::CubicSpline.projected(0.0) - 6.0 / std::f64::consts::PI).abs() < 1e-15);
    /// assert!((Kernel::WendlandC2.projected(0.0) - 7.0 / std::f64::consts::PI).abs() < 1e-14);
    /// assert!(Kernel::ALL.iter().all(|kernel| kernel.projected(1.0) == 0.0));
    /// ```
    pub fn projected(self, u: f64) -> f64 {
        match self {
            Self::CubicSpline => projected_cubic_spline(u),
            Self::CubicSpline2d => cubic_spline_2d(u),
            Self::WendlandC2 => wendland::C2.projected(u),
            Self::WendlandC4 => wendland::C4.projected(u),
            Self::WendlandC6 => wendland::C6.projected(u),
            Self::TruncatedGaussian => gaussian::projected(u),
        }
    }

    /// Evaluates the kernel in space at `u = r / H`, in units of 1 / H^3; `None` for the kernel that has no form there.
    ///
    /// Its integral over space is 1, and it is 0 from `u = 1` on. The sign of `u` does not matter; NaN stays NaN.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::kernel::Kernel;
    ///
    /// assert_eq!(Kernel::CubicSpline.spatial(0.0), Some(8.0 / std::f64::consts::PI));
    /// assert_eq!(Kernel::WendlandC2.spatial(1.0), Some(0.0));
    /// assert_eq!(Kernel::CubicSpline2d.spatial(0.0), None);
    /// ```
    pub fn spatial(self, u: f64) -> Option<f64> {
        match self {
            Self::CubicSpline => Some(cubic_spline(u)),
            Self::CubicSpline2d => None,
            Self::WendlandC2 => Some(wendland::C2.spatial(u)),
            Self::WendlandC4 => Some(wendland::C4.spatial(u)),
            Self::WendlandC6 => Some(wendland::C6.spatial(u)),
            Self::TruncatedGaussian => Some(gaussian::spatial(u)),
        }
    }

    /// Whether the kernel is the projection of one with two continuous derivatives in space, and so has three itself.
    pub(crate) fn is_smooth(self) -> bool {
        match self {
            Self::CubicSpline | Self::WendlandC2 | Self::WendlandC4 | Self::WendlandC6 => true,
            Self::CubicSpline2d | Self::TruncatedGaussian => false,
        }
    }

    /// The radii inside the support, in units of H, at which the projected kernel has no smooth derivatives: where a
    /// quadrature must be cut, besides the centre and the rim.
    pub(crate) fn breaks(self) -> &'static [f64] {
        match self {
            Self::CubicSpline | Self::CubicSpline2d => &[0.5],
            Self::WendlandC2 | Self::WendlandC4 | Self::WendlandC6 | Self::TruncatedGaussian => &[],
        }
    }
}
