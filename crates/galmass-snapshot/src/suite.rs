//! The suites: their names, and the one trait that each of them implements in a file of its own.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::SnapshotError;
use crate::eagle::Eagle;
use crate::gadget::Gadget;
use crate::gadget_records::GadgetRecords;
use crate::gizmo::Gizmo;
use crate::group::Part;
use crate::particle_table::ParticleTable;
use crate::sim_spin::SimSpin;
use crate::source::Source;
use crate::star_table::StarTable;
use crate::swift::Swift;
use crate::tng::Tng;

/// A kind of file that galaxies are read from. In text it goes by [`SuiteKind::name`].
///
/// # Examples
/// ```
/// use galmass_snapshot::SuiteKind;
///
/// assert_eq!("particle-table".parse::<SuiteKind>()?, SuiteKind::ParticleTable);
/// assert_eq!(SuiteKind::Eagle.to_string(), "eagle");
///
/// let error = "ramses".parse::<SuiteKind>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "there is no suite `ramses`; the known suites are \
///      tng, eagle, swift, gizmo, gadget, gadget-binary, sim-spin, particle-table, star-table"
/// );
/// # Ok::<(), galmass_snapshot::SnapshotError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SuiteKind {
    /// IllustrisTNG (or Illustris) and what follows its names, as CAMELS does: snapshots and cutouts.
    Tng,
    /// EAGLE snapshots and extractions.
    Eagle,
    /// SWIFT snapshots, in parts, in one file, or virtual over their parts.
    Swift,
    /// GIZMO snapshots: FIRE, SIMBA.
    Gizmo,
    /// Snapshots of Gadget-2, -3 and -4 in HDF5, of isolated galaxies too.
    Gadget,
    /// Gadget's own binary files, formats 1 and 2.
    GadgetBinary,
    /// The HDF5 files of SimSpin's first version, with one dataset an axis.
    SimSpin,
    /// An HDF5 file with one compound dataset a component (`stars`, `gas`, `dark_matter`), in physical units.
    ParticleTable,
    /// A NumPy array with one star a row: mass, position, velocity, in physical units.
    StarTable,
}

impl SuiteKind {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 9] = [
        Self::Tng,
        Self::Eagle,
        Self::Swift,
        Self::Gizmo,
        Self::Gadget,
        Self::GadgetBinary,
        Self::SimSpin,
        Self::ParticleTable,
        Self::StarTable,
    ];

    /// The name used on command lines, in configurations and messages: `tng`, `eagle`, `swift`, `gizmo`, `gadget`,
    /// `gadget-binary`, `sim-spin`, `particle-table`, `star-table`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tng => "tng",
            Self::Eagle => "eagle",
            Self::Swift => "swift",
            Self::Gizmo => "gizmo",
            Self::Gadget => "gadget",
            Self::GadgetBinary => "gadget-binary",
            Self::SimSpin => "sim-spin",
            Self::ParticleTable => "particle-table",
            Self::StarTable => "star-table",
        }
    }

    /// What the suite knows about its files.
    pub(crate) fn rules(self) -> &'static dyn Suite {
        match self {
            Self::Tng => &Tng,
            Self::Eagle => &Eagle,
            Self::Swift => &Swift,
            Self::Gizmo => &Gizmo,
            Self::Gadget => &Gadget,
            Self::GadgetBinary => &GadgetRecords,
            Self::SimSpin => &SimSpin,
            Self::ParticleTable => &ParticleTable,
            Self::StarTable => &StarTable,
        }
    }
}

impl fmt::Display for SuiteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SuiteKind {
    type Err = SnapshotError;

    fn from_str(name: &str) -> Result<Self, SnapshotError> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.name() == name)
            .ok_or_else(|| SnapshotError::UnknownSuite { name: name.to_owned() })
    }
}

/// How the files of one suite look, and how they are read.
pub(crate) trait Suite: Sync {
    /// Whether a file looks like one of this suite. It asks for names only: a file that has them and is broken
    /// otherwise is still of this suite, so that reading it says what is wrong.
    fn recognises(&self, source: &Source) -> bool;

    /// Opens one file of a snapshot by the rules of this suite, whatever it looks like.
    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_found_by_its_name_and_serialised_by_it() {
        for suite in SuiteKind::ALL {
            assert_eq!(suite.name().parse::<SuiteKind>().unwrap(), suite);
            assert_eq!(serde_json::to_string(&suite).unwrap(), format!("\"{suite}\""));
        }
    }

    #[test]
    fn names_are_matched_to_the_letter() {
        for name in ["", "TNG", " tng", "particle_table"] {
            let message = name.parse::<SuiteKind>().unwrap_err().to_string();
            assert!(message.contains(&format!("`{name}`")), "{message}");
        }
    }
}
