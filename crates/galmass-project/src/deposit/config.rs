//! How particles become an image.

use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;

/// The rung of the ladder from a point to an exact integral.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scheme {
    /// Each kernel integrated over each pixel.
    #[default]
    Exact,
    /// Each kernel integrated over each pixel to a thousandth.
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
}
