//! Files that appear whole or not at all.

use std::fs::File;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::DatasetError;

/// The ending of a file that is not complete.
const PART: &str = ".part";

/// Fills a file of a temporary name in the same folder, and renames it when it is complete and on the disk.
pub(crate) fn write_atomically<T>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<T, DatasetError>,
) -> Result<T, DatasetError> {
    let io = |source| DatasetError::Io { path: path.into(), source };
    let folder = folder_of(path);
    let temporary = create_temporary(path, folder).map_err(io)?;
    let filled = fill(temporary.path())?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary.persist(path).map_err(|error| io(error.error))?;
    // The new name itself is an entry of the folder, which has to reach the disk as well.
    sync_folder(folder).map_err(io)?;
    Ok(filled)
}

/// Whether a file of this name was left behind by a writer of `stem...` that was killed.
pub(crate) fn is_leftover(name: &str, stem: &str) -> bool {
    name.strip_prefix('.').is_some_and(|name| name.starts_with(stem) && name.ends_with(PART))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn create_temporary(path: &Path, folder: &Path) -> std::io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(PART);
    // What others may do with the file is for the user's mask to say, as with any file that a program writes.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
