//! The examples `build_dataset` and `inspect_dataset`: what they leave, how they go on, how they refuse.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use galmass::dataset::SampleSet;

use crate::data;
use crate::example::{Ran, run, start};

/// Twelve galaxies of few stars, in shards of three.
fn write_settings(folder: &Path) -> String {
    let path = folder.join("survey.json");
    let settings = r#"{
        "observation": {"image_px": 24, "map_px": 12, "scheme": "fast"},
        "features": {"circularity": {"missing_potentials": "average"}},
        "sersic_image": false,
        "galaxies_per_shard": 3
    }"#;
    fs::write(&path, settings).unwrap();
    path.to_str().unwrap().to_string()
}

fn arguments<'a>(settings: &'a str, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let out = out.to_str().unwrap();
    let few = ["--galaxies", "12", "--stars", "800", "--config", settings, "--out", out, "--json"];
    [&few, more].concat()
}

fn build(settings: &str, out: &Path, more: &[&str]) -> Ran {
    run("build_dataset", &arguments(settings, out, more))
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_set_is_built_and_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let settings = write_settings(folder.path());
    let set = folder.path().join("set");
    let figures = build(&settings, &set, &[]).json();
    assert_eq!((&figures["n_galaxies"], &figures["n_samples"]), (&12.into(), &36.into()));
    assert_eq!((&figures["n_shards"], &figures["n_failed"]), (&4.into(), &0.into()));
    assert_eq!(figures["is_complete"], true);
    assert!(build(&settings, &set, &[]).refusal().contains("is not empty"));

    let out = folder.path().join("seen");
    let [in_set, in_out] = [&set, &out].map(|path| path.to_str().unwrap());
    let inspect =
        |out: &str| run("inspect_dataset", &["--set", in_set, "--samples", "2", "--out", out, "--json"]);
    let ran = inspect(in_out);
    let seen = ran.json();
    assert_eq!((&seen["n_samples"], &seen["n_galaxies"]), (&36.into(), &12.into()));
    assert_eq!(seen["n_bytes"], figures["n_bytes"]);
    for words in ["suite mock: 36 samples", "log10_total_mass_msun", "octant unknown"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let left = files(&out);
    assert!(left.contains_key("contact_sheet.png") && left.contains_key("log10_stellar_mass_msun.png"));

    // One byte is enough.
    let shard = set.join("shard-000002.h5");
    let mut bytes = fs::read(&shard).unwrap();
    let last = bytes.len() - 1;
    bytes[last / 2] ^= 1;
    fs::write(&shard, bytes).unwrap();
    let refused = inspect(folder.path().join("again").to_str().unwrap());
    assert!(refused.refusal().contains("shard-000002.h5"), "{}", refused.stderr);
    assert!(!folder.path().join("again").exists());
}

#[test]
fn parts_and_a_killed_run_make_the_same_set() {
    let folder = tempfile::tempdir().unwrap();
    let settings = write_settings(folder.path());
    let [whole, parts, killed] = ["whole", "parts", "killed"].map(|name| folder.path().join(name));
    assert!(build(&settings, &whole, &["--threads", "1"]).succeeded);
    let expected = files(&whole);

    assert_eq!(build(&settings, &parts, &["--shard", "1/2"]).json()["is_complete"], false);
    assert_eq!(build(&settings, &parts, &["--shard", "0/2"]).json()["is_complete"], true);
    assert_eq!(files(&parts), expected);

    let mut child = start("build_dataset", &arguments(&settings, &killed, &["--threads", "1"]));
    while !killed.join("shard-000000.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(SampleSet::open(&killed).is_err(), "killed too late");
    assert!(build(&settings, &killed, &[]).refusal().contains("is not empty"));
    assert!(build(&settings, &killed, &["--resume"]).succeeded);
    assert_eq!(files(&killed), expected);
    let other = build(&settings, &killed, &["--resume", "--seed", "5"]);
    assert!(other.refusal().contains("seed"), "{}", other.stderr);
}

#[test]
fn files_of_several_suites_make_one_set() {
    let Some(eagle) = data::file("simspin/SimSpin_example_EAGLE_full_7524stars.hdf5") else { return };
    let Some(tng) = data::file("simspin/SimSpin_example_IllustrisTNG.hdf5") else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = write_settings(folder.path());
    let set = folder.path().join("set");
    let absent = folder.path().join("absent.hdf5");
    let [eagle, absent, tng, out] = [&eagle, &absent, &tng, &set].map(|path| path.to_str().unwrap());
    let ran = run(
        "build_dataset",
        &[
            "--config",
            &settings,
            "--out",
            out,
            "--json",
            "--lines-of-sight",
            "fibonacci:4",
            "--snapshot",
            eagle,
            absent,
            tng,
        ],
    );
    let figures = ran.json();
    assert_eq!((&figures["n_samples"], &figures["n_failed"]), (&8.into(), &1.into()));
    assert!(ran.stdout.contains("absent.hdf5"), "{}", ran.stdout);
    let set = SampleSet::open(&set).unwrap();
    let suites = &set.manifest().description.suites;
    let name = |sample: usize| suites[usize::from(set.keys().suite[sample])].as_str();
    assert_eq!((name(0), name(4)), ("eagle", "tng"));
    assert_eq!(set.keys().galaxy_id, [0, 0, 0, 0, 2, 2, 2, 2]);
}

#[test]
fn bad_calls_are_refused_in_a_sentence_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = write_settings(folder.path());
    let out = folder.path().join("out");
    let refused = |more: &[&str], words: &[&str]| {
        let ran = build(&settings, &out, more);
        let refusal = ran.refusal();
        assert!(words.iter().all(|word| refusal.contains(word)), "`{refusal}` lacks one of {words:?}");
        assert!(!out.exists(), "left something behind: {refusal}");
    };
    refused(&["--lines-of-sight", "above"], &["above", "face-on-edge-on", "fibonacci:N"]);
    refused(&["--lines-of-sight", "random:x"], &["random:x", "digit"]);
    refused(&["--lines-of-sight", "random:0"], &["lines_of_sight"]);
    refused(&["--shard", "3"], &["--shard 3", "0/8"]);
    refused(&["--suite", "hubble"], &["hubble", "tng"]);
    fs::write(&settings, r#"{"galaxies_per_shard": 0}"#).unwrap();
    refused(&[], &["galaxies_per_shard", "0"]);
    fs::write(&settings, r#"{"image_px": 3}"#).unwrap();
    refused(&[], &["survey.json", "image_px"]);
    let missing = folder.path().join("missing");
    let inspected = run("inspect_dataset", &["--set", missing.to_str().unwrap()]);
    assert!(inspected.refusal().contains("missing"), "{}", inspected.stderr);
}
