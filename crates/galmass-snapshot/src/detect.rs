//! Which suite a file belongs to.

use std::path::Path;

use crate::source::Source;
use crate::{SnapshotError, SuiteKind, parts};

/// Finds the suite that a file belongs to, by its first bytes and the names of the objects inside.
///
/// | suite | is recognised by |
/// | --- | --- |
/// | `tng` | `GFM_StellarFormationTime`, `GFM_InitialMass` or `GFM_Metallicity` in `PartType4`, or the last in `PartType0` |
/// | `eagle` | `Velocity` in any `PartType` |
/// | `swift` | the attribute `Unit length in cgs (U_L)` of `Units` |
/// | `gizmo` | `Metallicity` in `PartType0` or `4`, `Velocities` in any, and nothing of `tng` |
/// | `gadget` | `Header`, `Coordinates` in any `PartType`, and nothing of the above |
/// | `gadget-binary` | the first bytes of a Gadget file: the length of its header, 256, or of a label, 8 |
/// | `sim-spin` | `vx` in any `PartType` |
/// | `particle-table` | a dataset `stars`, `gas` or `dark_matter` at the top |
/// | `star-table` | the first bytes of a NumPy array |
///
/// `path` is a file, or a folder with the parts of one snapshot, of which the first is looked at.
///
/// # Errors
/// [`SnapshotError`]: the file cannot be opened, or fits no suite or several of them.
///
/// # Examples
/// ```
/// use galmass_snapshot::{SuiteKind, detect};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("stars.npy");
/// ndarray_npy::write_npy(&path, &ndarray::Array2::<f64>::zeros((1, 7)))?;
/// assert_eq!(detect(&path)?, SuiteKind::StarTable);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn detect(path: &Path) -> Result<SuiteKind, SnapshotError> {
    detect_file(&parts::entry(path)?)
}

/// As [`detect`], of a file.
pub(crate) fn detect_file(path: &Path) -> Result<SuiteKind, SnapshotError> {
    let source = Source::open(path)?;
    let suites: Vec<_> =
        SuiteKind::ALL.into_iter().filter(|suite| suite.rules().recognises(&source)).collect();
    match suites[..] {
        [suite] => Ok(suite),
        [] => Err(SnapshotError::NoSuite { path: path.to_owned(), objects: source.objects() }),
        _ => Err(SnapshotError::SeveralSuites { path: path.to_owned(), suites }),
    }
}
