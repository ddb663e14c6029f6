//! How a potential is summed, and how far the matter of a particle is spread.

use galmass_core::Component;
use serde::{Deserialize, Serialize};

use crate::StatsError;

/// The settings of [`potentials_km2_s2`](crate::potentials_km2_s2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PotentialConfig {
    /// How the sum over the sources is done. Default [`PotentialMethod::Tree`].
    pub method: PotentialMethod,
    /// The angle, in `[0, 1]`, under which a cell of the tree may be seen at most to act as one body: its radius about
    /// its centre of mass over its distance from the targets. This is that of a cell with all the mass; the error of
    /// one with the fraction `f` of it matters less, and it may be seen under `f^-0.05` times this angle, though not
    /// more than 0.85 (Dehnen 2002, section 2.3, has the idea). The smaller the angle, the smaller the error and the
    /// longer it takes; at 0 each pair is summed, to six digits. Only for [`PotentialMethod::Tree`]. Default 0.7: a
    /// relative error of 1.2e-4 (root mean square over the particles of a galaxy).
    pub opening_angle: f64,
    /// How the mass of a source is spread over its softening length. Default [`SofteningKernel::CubicSpline`].
    pub kernel: SofteningKernel,
}

impl Default for PotentialConfig {
    fn default() -> Self {
        Self { method: PotentialMethod::Tree, opening_angle: 0.7, kernel: SofteningKernel::CubicSpline }
    }
}

impl PotentialConfig {
    pub(super) fn check(&self) -> Result<(), StatsError> {
        let value = self.opening_angle;
        if !(0.0..=1.0).contains(&value) {
            return Err(StatsError::OutOfRange { name: "opening_angle", value, range: "in [0, 1]" });
        }
        Ok(())
    }
}

/// How the sum over the sources is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PotentialMethod {
    /// Near sources one by one, far ones in the cells of an octree (Barnes & Hut 1986), each with its quadrupole.
    Tree,
    /// Each source on each target in double precision: the reference, of quadratic cost.
    Direct,
    /// Each source spread over the sphere about the origin on which it lies: the potential of the enclosed mass.
    Spherical,
}

/// How the mass of a source is spread. Both kernels have the depth `-G m / softening` at the source itself, so one
/// length, that of Plummer's sphere, serves for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SofteningKernel {
    /// The cubic spline of Monaghan & Lattanzio (1985), as Gadget and AREPO soften (Springel 2005, equation 4): the
    /// potential is Newton's from 2.8 softening lengths outwards.
    CubicSpline,
    /// Plummer's sphere, `-G m / sqrt(r^2 + softening^2)`.
    Plummer,
}

/// The softening length of each component \[kpc\], as Plummer's sphere would have it, 0 for a point mass. The default
/// has no softening.
///
/// ```
/// use galmass_stats::ComponentSoftenings;
///
/// // 0.5 kpc/h, that of stars and dark matter in TNG100-1 at z = 0.
/// let softenings = ComponentSoftenings { gas_kpc: 0.19, ..ComponentSoftenings::same(0.74) };
/// assert_eq!(softenings.stars_kpc, 0.74);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComponentSoftenings {
    /// Of gas.
    pub gas_kpc: f64,
    /// Of dark matter.
    pub dark_matter_kpc: f64,
    /// Of stars.
    pub stars_kpc: f64,
    /// Of black holes.
    pub black_holes_kpc: f64,
}

impl ComponentSoftenings {
    /// One length \[kpc\] for all components.
    pub fn same(softening_kpc: f64) -> Self {
        Self {
            gas_kpc: softening_kpc,
            dark_matter_kpc: softening_kpc,
            stars_kpc: softening_kpc,
            black_holes_kpc: softening_kpc,
        }
    }

    /// The length of one component \[kpc\].
    pub fn of(&self, component: Component) -> f64 {
        match component {
            Component::Gas => self.gas_kpc,
            Component::DarkMatter => self.dark_matter_kpc,
            Component::Stars => self.stars_kpc,
            Component::BlackHoles => self.black_holes_kpc,
        }
    }
}
