//! Runs that are made of pieces: each is done once, and a run that goes on has to be the same run.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Keeps the settings of a run in `settings.json`, or finds those of an earlier one there and asks for the same.
///
/// `decisive` is what decides the results: a run that goes on with other such settings would mix two runs.
pub(crate) fn keep_settings(folder: &Path, decisive: &Value) -> Result<(), Box<dyn Error>> {
    let path = folder.join("settings.json");
    let settings = serde_json::json!({ "galmass_version": env!("CARGO_PKG_VERSION"), "settings": decisive });
    let Ok(text) = fs::read_to_string(&path) else {
        return write(&path, &format!("{settings:#}\n"));
    };
    let before: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    if before == settings {
        return Ok(());
    }
    let names = |value: &Value| value["settings"].as_object().cloned().unwrap_or_default();
    let (before, now) = (names(&before), names(&settings));
    let differing = now.keys().chain(before.keys()).find(|name| before.get(*name) != now.get(*name));
    let name = differing.map_or("galmass_version", String::as_str);
    let shown = |value: Option<&Value>| value.map_or("nothing".to_string(), Value::to_string);
    let (before, now) = (shown(before.get(name)), shown(now.get(name)));
    Err(format!("the run in {} has another `{name}`: {before}, and not {now}", folder.display()).into())
}

/// Writes a file that is there as a whole or not at all.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let in_file = |error: std::io::Error| format!("{}: {error}", path.display());
    let part = path.with_extension("part");
    fs::write(&part, text).map_err(in_file)?;
    fs::rename(&part, path).map_err(in_file)?;
    Ok(())
}
