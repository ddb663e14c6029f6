//! How particles become an image.

use serde::{Deserialize, Serialize};

use crate::ProjectError;
use crate::kernel::Kernel;

/// The rung of the ladder from a point to an exact integral.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scheme {
    /// All of a particle in the pixel that holds it (the nearest grid point); kernel and support are not used. Light is
    /// conserved.
    Nearest,
    /// Each kernel at the centre of each pixel, times the area of a pixel. It exists to compare with other programs.
    ///
    /// The samples of a kernel do not add up to 1: the error is some per cent for a support of two pixels, and a kernel
    /// that covers no centre of a pixel loses its light. So do yt, pynbody, meshoid and the fast renderer of sarracen;
    /// that of swiftsimio puts such a particle into one pixel instead. Samples are good to 1e-6 of the centre of the
    /// kernel.
    Scatter,
    /// Each kernel integrated over each pixel. Light is conserved.
    #[default]
    Exact,
    /// Each kernel integrated over each pixel to a thousandth, several times faster. Light is conserved.
    ///
    /// The difference from [`Scheme::Exact`] is at most 1e-3 of the rms pixel for any one kernel of any width. Where so
    /// many kernels share the image that their errors even out, each may be off by 2e-3 to 3e-3, and the image is good to
    /// 1e-3 of the rms pixel; in images of galaxies it is some 1e-4. Kernels below a thousandth of a pixel are widened
    /// to it. With fewer than 4096 particles, and for all kernels but the cubic spline, this is [`Scheme::Exact`]; so
    /// it is for weights above 1e30 or below 1e-30, which single precision does not hold.
    Fast,
}

/// How [`deposit`](crate::deposit()) smears particles. The default is the image of Chu et al. (2024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DepositConfig {
    /// What is done with a kernel and a pixel. Default: [`Scheme::Exact`].
    pub scheme: Scheme,
    /// The shape of a particle. Default: [`Kernel::CubicSpline`].
    pub kernel: Kernel,
    /// The side of the box \[kpc\] in which space repeats itself along its three axes, above 0. Every image of a
    /// particle whose kernel meets the field is seen. Default: none, space does not repeat itself.
    ///
    /// The positions need not lie in one box. Without `depth_kpc` one box is seen along the line of sight: along an
    /// axis of the box each particle once, along any other direction what lies between half a side before the origin
    /// and half a side behind it.
    pub box_size_kpc: Option<f64>,
    /// The range of [depth](crate::View::depth) that is seen \[kpc\], from the first up to but without the second; either
    /// may be infinite, but not in a periodic box. A particle is seen whole if its position lies within, and not at
    /// all if not, whatever its kernel. Default: none, all depths.
    pub depth_kpc: Option<[f64; 2]>,
}

impl DepositConfig {
    /// Finds what no image can be made with.
    pub(super) fn check(&self) -> Result<(), ProjectError> {
        if let Some(box_size_kpc) = self.box_size_kpc
            && !(box_size_kpc > 0.0 && box_size_kpc.is_finite())
        {
            return Err(ProjectError::BadBoxSize { box_size_kpc });
        }
        match self.depth_kpc {
            // Asked this way round, so that NaN is refused too.
            Some([near_kpc, far_kpc])
                if !matches!(near_kpc.partial_cmp(&far_kpc), Some(std::cmp::Ordering::Less)) =>
            {
                Err(ProjectError::BadDepth { near_kpc, far_kpc })
            }
            _ => Ok(()),
        }
    }
}
