//! How a shape is measured.

use serde::{Deserialize, Serialize};

use crate::StatsError;

/// The settings of [`measure_shape`](crate::measure_shape); the default is that of Chu et al. (2024), table 1, with
/// the choices that the paper leaves open: reduced tensor, tolerance, number of iterations and of particles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShapeConfig {
    /// Whether each particle is weighted with `1 / r_e^2`, as Allgood et al. (2006) do, so that the outermost
    /// particles do not decide alone. Default `true`.
    pub reduced: bool,
    /// What stays the same while the ellipsoid changes its shape. Default [`Held::MajorAxis`].
    pub held: Held,
    /// Which particles count. Default [`Region::Ellipsoid`].
    pub region: Region,
    /// The relative error of b/a and c/a at which the iteration ends, above 0: neither the last step nor what the
    /// steps to come would add, were they to shrink as the last one did, may be larger. Default 1e-3.
    pub tolerance: f64,
    /// The largest number of iterations, at least 1. Default 100.
    pub max_iterations: usize,
    /// The smallest number of particles, in any iteration, of which a shape is measured. Default 50.
    pub min_particles: usize,
}

impl Default for ShapeConfig {
    fn default() -> Self {
        Self {
            reduced: true,
            held: Held::MajorAxis,
            region: Region::Ellipsoid,
            tolerance: 1e-3,
            max_iterations: 100,
            min_particles: 50,
        }
    }
}

/// What stays the same while the ellipsoid changes its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The semi-major axis is the radius given (Allgood et al. 2006): the ellipsoid shrinks inside the first sphere.
    MajorAxis,
    /// The volume is that of the first sphere: the major axis grows beyond it.
    Volume,
}

/// Which particles count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// All inside the ellipsoid, a sphere at first.
    Ellipsoid,
    /// Those between the ellipsoid and a smaller one of the same shape, for the local shape (Zemp et al. 2011).
    Shell {
        /// The size of the inner ellipsoid, as a fraction of the outer one, in `[0, 1)`.
        inner_fraction: f64,
    },
}

impl ShapeConfig {
    pub(super) fn inner_fraction(&self) -> f64 {
        match self.region {
            Region::Ellipsoid => 0.0,
            Region::Shell { inner_fraction } => inner_fraction,
        }
    }

    pub(super) fn check(&self) -> Result<(), StatsError> {
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            let (setting, value) = ("tolerance", self.tolerance);
            return Err(StatsError::OutOfRange { name: setting, value, range: "a finite number above 0" });
        }
        if self.max_iterations == 0 {
            return Err(StatsError::OutOfRange { name: "max_iterations", value: 0.0, range: "1 or more" });
        }
        let value = self.inner_fraction();
        if !(0.0..1.0).contains(&value) {
            return Err(StatsError::OutOfRange { name: "inner_fraction", value, range: "in [0, 1)" });
        }
        Ok(())
    }
}
