//! What to read: which suite, which particles, which columns, how much at a time.

use std::path::PathBuf;

use galmass_core::Component;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Field, ParticleRanges, SuiteKind};

/// How [`read`](crate::read) reads a snapshot. The default is all of it.
///
/// # Examples
/// ```
/// use galmass_core::Component;
/// use galmass_snapshot::{ReadConfig, Selection, Sphere};
///
/// let config = ReadConfig {
///     selection: Selection {
///         sphere: Some(Sphere { centre_kpc: [1.0e4, 2.0e4, 3.0e4], radius_kpc: 50.0 }),
///         components: vec![Component::Stars, Component::Gas],
///         ..Selection::default()
///     },
///     ..ReadConfig::default()
/// };
/// assert!(config.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadConfig {
    /// The suite by whose rules to read; `None`, the default, is the one that [`detect`](crate::detect) finds.
    pub suite: Option<SuiteKind>,
    /// The particles and columns to read; the default is everything.
    pub selection: Selection,
    /// The rows that are read at a time, 1 or more; 262,144 by default. Memory holds the columns of one such block
    /// and the particles selected so far, in double precision, and nothing else of the snapshot. Compressed chunks
    /// are read once if their rows divide this number.
    pub block_rows: usize,
}

impl Default for ReadConfig {
    fn default() -> Self {
        Self { suite: None, selection: Selection::default(), block_rows: 1 << 18 }
    }
}

impl ReadConfig {
    /// Sees to it that the settings make sense, which [`read`](crate::read) does before it opens a file.
    ///
    /// # Errors
    /// [`ReadConfigError`]: the first setting that does not.
    pub fn check(&self) -> Result<(), ReadConfigError> {
        if self.block_rows == 0 {
            return Err(ReadConfigError::NoBlock);
        }
        if self.selection.components.is_empty() {
            return Err(ReadConfigError::NoComponents);
        }
        if let Some(Sphere { centre_kpc, radius_kpc }) = self.selection.sphere {
            if !(radius_kpc > 0.0 && radius_kpc.is_finite()) {
                return Err(ReadConfigError::Radius { radius_kpc });
            }
            if let Some(&value) = centre_kpc.iter().find(|value| !value.is_finite()) {
                return Err(ReadConfigError::Centre { value });
            }
        }
        Ok(())
    }
}

/// Settings that make no sense.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ReadConfigError {
    /// Blocks of no rows.
    #[error("`block_rows` is 0; reading goes by blocks of 1 row or more")]
    NoBlock,
    /// Nothing asked for.
    #[error("`components` is empty; name at least one component to read")]
    NoComponents,
    /// A sphere without a size.
    #[error("`radius_kpc` is {radius_kpc} where it should be a positive length")]
    Radius {
        /// What was given.
        radius_kpc: f64,
    },
    /// A sphere that is nowhere.
    #[error("`centre_kpc` holds {value}, which is not a finite number")]
    Centre {
        /// What was given.
        value: f64,
    },
}

/// The particles and columns to read. Conditions add up: a subhalo and a sphere select what lies in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// Only the particles of this subhalo; `None`, the default, is no condition.
    pub subhalo: Option<Subhalo>,
    /// Only the particles inside this sphere; `None`, the default, is no condition. All rows of the components are
    /// looked at, block by block.
    pub sphere: Option<Sphere>,
    /// The components to read, all by default; others are empty, and nothing of them is read. Stars that are asked
    /// for must be there. Without gas, wind is left out.
    pub components: Vec<Component>,
    /// The columns to read beside positions and masses; `None`, the default, is all that the file has. Velocities
    /// that are asked for must be there; those that are not are 0.
    pub fields: Option<Vec<Field>>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { subhalo: None, sphere: None, components: Component::ALL.to_vec(), fields: None }
    }
}

/// How the particles of a subhalo are told from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subhalo {
    /// By a group catalogue, in snapshots whose particles are sorted by group and subhalo: IllustrisTNG, CAMELS.
    InCatalogue {
        /// The catalogue: a file, one of its pieces beside which the others lie, or their folder.
        catalogue: PathBuf,
        /// The index of the subhalo in the whole catalogue, from 0.
        index: u64,
    },
    /// By the rows that it takes in each particle type, from
    /// [`Catalogue::particle_ranges`](crate::Catalogue::particle_ranges).
    Rows(ParticleRanges),
    /// By the numbers that each particle carries, in EAGLE.
    Numbers {
        /// `GroupNumber`, from 1.
        group_number: u64,
        /// `SubGroupNumber`, 0 for the central.
        subgroup_number: u64,
    },
}

/// A ball in the frame of the snapshot; in a periodic box also its part beyond the faces.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sphere {
    /// The centre \[physical kpc\].
    pub centre_kpc: [f64; 3],
    /// The radius \[physical kpc\], above 0; particles on the surface are inside.
    pub radius_kpc: f64,
}

impl Sphere {
    /// Whether it contains a position \[physical kpc\], or an image of it in a periodic box.
    pub(crate) fn contains(&self, position_kpc: [f64; 3], box_size_kpc: Option<f64>) -> bool {
        let mut square = 0.0;
        for (x, centre) in position_kpc.into_iter().zip(self.centre_kpc) {
            let mut distance = x - centre;
            if let Some(side) = box_size_kpc {
                distance -= side * (distance / side).round();
            }
            square += distance * distance;
        }
        square <= self.radius_kpc * self.radius_kpc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_sphere(centre_kpc: [f64; 3], radius_kpc: f64) -> ReadConfig {
        let selection = Selection { sphere: Some(Sphere { centre_kpc, radius_kpc }), ..Selection::default() };
        ReadConfig { selection, ..ReadConfig::default() }
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        assert_eq!(ReadConfig::default().check(), Ok(()));
        let no_block = ReadConfig { block_rows: 0, ..ReadConfig::default() };
        assert_eq!(no_block.check(), Err(ReadConfigError::NoBlock));
        let nothing = Selection { components: Vec::new(), ..Selection::default() };
        let nothing = ReadConfig { selection: nothing, ..ReadConfig::default() };
        assert_eq!(nothing.check(), Err(ReadConfigError::NoComponents));
        for radius_kpc in [0.0, -1.0, f64::INFINITY] {
            let error = with_sphere([0.0; 3], radius_kpc).check().unwrap_err();
            assert_eq!(error, ReadConfigError::Radius { radius_kpc });
        }
        assert!(with_sphere([0.0; 3], f64::NAN).check().unwrap_err().to_string().contains("NaN"));
        let nowhere = with_sphere([0.0, f64::INFINITY, 0.0], 1.0).check();
        assert_eq!(nowhere, Err(ReadConfigError::Centre { value: f64::INFINITY }));
    }

    #[test]
    fn a_sphere_at_a_face_of_the_box_reaches_through_it() {
        let sphere = Sphere { centre_kpc: [99.0, 50.0, 50.0], radius_kpc: 3.0 };
        assert!(sphere.contains([1.0, 50.0, 50.0], Some(100.0)));
        assert!(!sphere.contains([1.0, 50.0, 50.0], None));
        assert!(sphere.contains([96.0, 50.0, 50.0], Some(100.0)), "on the surface");
        assert!(!sphere.contains([95.9, 50.0, 50.0], Some(100.0)));
    }

    #[test]
    fn a_configuration_is_a_file_whose_settings_are_known() {
        let config: ReadConfig = serde_json::from_str(
            r#"{"suite": "eagle", "selection": {"subhalo": {"numbers": {"group_number": 92, "subgroup_number": 9}}}}"#,
        )
        .unwrap();
        let subhalo = Subhalo::Numbers { group_number: 92, subgroup_number: 9 };
        assert_eq!(config.selection.subhalo, Some(subhalo));
        assert_eq!(config.block_rows, ReadConfig::default().block_rows);
        assert!(serde_json::from_str::<ReadConfig>(r#"{"block_row": 5}"#).is_err());
    }
}
