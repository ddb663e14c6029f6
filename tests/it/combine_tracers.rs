//! The example `combine_tracers` on a few galaxies: what it leaves, and that networks are trained once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::example::{Ran, run};

fn combine(out: &Path, more: &[&str]) -> Ran {
    run("combine_tracers", &[&["--preset", "tiny", "--json", "--out", out.to_str().unwrap()], more].concat())
}

/// What each network has said of each tracer.
fn said(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let trainings = fs::read_dir(out.join("trainings")).unwrap().map(|entry| entry.unwrap().path());
    let files = trainings.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let said = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    said.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

#[test]
fn tracers_and_suites_are_compared_and_networks_are_trained_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let ran = combine(&out, &[]);
    let figures = ran.json();

    let gains = figures["gains"].as_array().unwrap();
    assert_eq!(gains.len(), 10, "a line a radius");
    for at in gains {
        let value = |name: &str| at[name]["value"].as_f64().unwrap();
        assert!((value("gas_over_both") - value("gas") / value("both")).abs() < 1e-9, "{at}");
    }
    let transfer = figures["transfer"].as_array().unwrap();
    let cells: Vec<[&str; 2]> = transfer
        .iter()
        .map(|of| ["trained_on", "tested_on"].map(|name| of[name].as_str().unwrap()))
        .collect();
    for trained_on in
        ["contracted", "cored", "all", "contracted, aligned to cored", "cored, aligned to contracted"]
    {
        for tested_on in ["contracted", "cored"] {
            assert!(cells.contains(&[trained_on, tested_on]), "no {trained_on}, {tested_on} in {cells:?}");
        }
    }
    assert_eq!((cells.len(), figures["verdicts"].as_array().unwrap().len()), (10, 8));
    for of in figures["calibration"].as_array().unwrap() {
        let covered = of["calibration"]["coverage"][0].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&covered));
    }
    for file in
        ["gains.png", "posteriors.png", "calibration.png", "transfer.png", "tracers.md", "settings.json"]
    {
        assert!(out.join(file).exists(), "no {file}");
    }
    assert!(
        ran.stdout.contains("mock galaxies") && ran.stdout.contains("stars over both, one network for all")
    );

    // Three separate networks; one for all, shown each; two of one suite, and those aligned.
    let before = said(&out);
    assert_eq!(before.len(), 3 + 3 + 2 + 2);
    // One network was shown three things, and said three.
    let shown = |name: &str| &before[&out.join("trainings/both-or-either").join(name)];
    assert!(shown("shown-gas.json") != shown("shown-stars.json"));
    assert!(shown("shown-gas.json") != shown("shown-both.json"));

    // One answer is lost with the run: it alone is made again, the same.
    let lost = out.join("trainings/both.cored/shown-both.json");
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let kept = out.join("trainings/gas/shown-gas.json");
    let time = modified(&kept);
    fs::remove_file(&lost).unwrap();
    assert!(combine(&out, &[]).refusal().contains("is not empty"));
    assert_eq!(combine(&out, &["--resume"]).json(), figures);
    assert_eq!((said(&out), modified(&kept)), (before, time));
    let refusal = combine(&out, &["--resume", "--alignment", "1"]);
    assert!(refusal.refusal().contains("another `alignment`"), "{}", refusal.refusal());
}

#[test]
fn what_cannot_be_done_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |more: &[&str], words: &str| {
        let ran = combine(&out, more);
        assert!(ran.refusal().contains(words), "{}", ran.refusal());
    };
    refused(&["--set", folder.path().join("absent").to_str().unwrap()], "absent");
    refused(&["--alignment=-1"], "alignment.weight");
    assert!(!out.exists());
    refused(&["--least-px", "1000"], "lower --least-px");
}
