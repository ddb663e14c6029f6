//! The shapes with which particles are smeared, in space and in projection.
//!
//! All functions are written in the one length that needs no convention, the radius H at which the kernel reaches
//! zero ([`SupportRadius`](galmass_core::SupportRadius)); Monaghan's h is H / 2.
//!
//! # References
//! * Monaghan 1992, ARA&A 30, 543: the cubic spline.
//! * Chu et al. 2024, MNRAS 528, 6354: images of simulated galaxies smoothed with it over 32 neighbours.

mod cubic_spline;

use serde::{Deserialize, Serialize};

pub use cubic_spline::{cubic_spline, projected_cubic_spline};

/// A smoothing kernel, named in configurations by [`serde`] in kebab case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kernel {
    /// The cubic spline of Monaghan (1992), integrated along the line of sight: the kernel of Chu et al. (2024).
    #[default]
    CubicSpline,
}

impl Kernel {
    /// Evaluates the kernel on the plane of the image at the projected distance `u = R / H`, in units of 1 / H^2.
    ///
    /// Its integral over the plane is 1, and it is 0 from `u = 1` on. The sign of `u` does not matter; NaN stays NaN.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::kernel::Kernel;
    ///
    /// assert!((Kernel::CubicSpline.projected(0.0) - 6.0 / std::f64::consts::PI).abs() < 1e-15);
    /// assert_eq!(Kernel::CubicSpline.projected(1.0), 0.0);
    /// ```
    pub fn projected(self, u: f64) -> f64 {
        match self {
            Self::CubicSpline => projected_cubic_spline(u),
        }
    }

    /// The radii inside the support, in units of H, at which the projected kernel has no smooth derivatives: where a
    /// quadrature must be cut, besides the centre and the rim.
    pub(crate) fn breaks(self) -> &'static [f64] {
        match self {
            Self::CubicSpline => &[0.5],
        }
    }
}
