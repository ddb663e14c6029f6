//! What every example does with its results: a new folder, one line of JSON, an exit code.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

/// Reports how a run ended: nothing, or the error with its causes in one sentence on standard error.
pub(crate) fn exit(result: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let mut sentence = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Most of our errors quote their cause already.
        let error_text = error.to_string();
        if !sentence.contains(&error_text) {
            sentence = format!("{sentence}: {error_text}");
        }
        cause = error.source();
    }
    eprintln!("{sentence}");
    ExitCode::FAILURE
}

/// The folder of a run. A given folder must be new or empty, unless a run in it is to be resumed; without one, the
/// first free of `out/NAME`, `out/NAME-2`, ... is taken.
pub(crate) fn folder(given: Option<&Path>, name: &str, resume: bool) -> Result<PathBuf, Box<dyn Error>> {
    let folder = match given {
        Some(folder) => folder.to_path_buf(),
        None if resume => return Err("--resume needs the folder of the run: give it by --out".into()),
        None => first_free(name),
    };
    let in_use = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
    if in_use && !resume {
        return Err(format!("{} is not empty: give another --out", folder.display()).into());
    }
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn first_free(name: &str) -> PathBuf {
    let numbered = (2..).map(|number| Path::new("out").join(format!("{name}-{number}")));
    std::iter::once(Path::new("out").join(name))
        .chain(numbered)
        .find(|folder| !folder.exists())
        .unwrap_or_default()
}

/// Writes what a run was asked to do beside what it will find.
pub(crate) fn write_settings(folder: &Path, settings: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let path = folder.join("settings.json");
    let settings = serde_json::json!({ "galmass_version": env!("CARGO_PKG_VERSION"), "settings": settings });
    fs::write(&path, format!("{settings:#}\n")).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Prints figures as the last line of standard output.
pub(crate) fn print_json(figures: &serde_json::Value) {
    println!("{figures}");
}
