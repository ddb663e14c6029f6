//! Where the real galaxies are.

use std::env;
use std::path::{Path, PathBuf};

/// A file of real data, or `None` where the data are absent, after one line on what is skipped.
#[allow(clippy::print_stderr)] // what a test skips must be seen
pub(crate) fn file(path: &str) -> Option<PathBuf> {
    let folder = env::var_os("GALMASS_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let file = folder.join(path);
    if file.exists() {
        Some(file)
    } else {
        eprintln!("skipped: no {} (set GALMASS_DATA)", file.display());
        None
    }
}
