//! Files that appear whole or not at all.

use std::path::Path;

use tempfile::NamedTempFile;

use crate::DatasetError;

/// Fills a file of a temporary name in the same folder, and renames it when it is complete.
pub(crate) fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let io = |source| DatasetError::Io { path: path.into(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = NamedTempFile::new_in(folder).map_err(io)?;
    fill(temporary.path())?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
