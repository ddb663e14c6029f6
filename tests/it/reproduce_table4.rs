//! The example `reproduce_table4` on a few galaxies: what it leaves, how it goes on, and how it refuses.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::example::{Ran, run, start};

fn arguments<'a>(rows: &'a str, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    [&["--preset", "tiny", "--rows", rows, "--json", "--out", out.to_str().unwrap()], more].concat()
}

fn reproduce(rows: &str, out: &Path, more: &[&str]) -> Ran {
    run("reproduce_table4", &arguments(rows, out, more))
}

/// Our number in a row of the table, by the number of the row.
fn scatter(figures: &Value, row: usize) -> f64 {
    let place = figures["rows"].as_array().unwrap().iter().position(|id| *id == row).unwrap();
    figures["table"][place]["ours"]["scatter"]["value"].as_f64().unwrap()
}

#[test]
fn rows_are_done_once_and_stand_beside_the_paper_s() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    // An image, maps, both, two targets at once, and larger pixels.
    let ran = reproduce("5,7,16-19,26", &out, &[]);
    let figures = ran.json();
    assert_eq!(figures["rows"], serde_json::json!([5, 7, 16, 17, 18, 19, 26]));
    assert_eq!(figures["n_shared_galaxies"], 0);
    for row in [5, 7, 16, 17, 26] {
        assert!(scatter(&figures, row) > 0.0);
    }
    let table = fs::read_to_string(out.join("table4.md")).unwrap();
    for words in ["4.1, row 5", "+0.01 ± 0.04", "fDM of ETGs", "r, 4 px", "power law", "Walker", "mock"] {
        assert!(table.contains(words), "no `{words}` in {table}");
    }
    assert!(ran.stdout.contains(&table));
    // The power law and five virial estimators.
    let baselines = &figures["table"].as_array().unwrap()[7..];
    assert_eq!(baselines.len(), 6);
    assert!(
        baselines.iter().all(|of| of["ours"]["scatter"]["value"].as_f64().unwrap() > 0.0),
        "{baselines:?}"
    );
    let verdict = figures["verdicts"][0]["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("M★, r + 2 V beats 2 V maps: scatter"), "{verdict}");
    for file in
        ["figure_5_stellar_mass.png", "figure_8_dark_matter_fraction.png", "table4.json", "settings.json"]
    {
        assert!(out.join(file).exists(), "no {file}");
    }
    let trainings = |folder: &Path| fs::read_dir(folder.join("trainings")).unwrap().count();
    assert_eq!(trainings(&out), 4, "rows 16 to 19 share one");

    // Nothing is done again, and a row more beside the others.
    let changed = |name: &str| -> SystemTime {
        let path = out.join("trainings").join(name).join("predictions.csv");
        fs::metadata(path).unwrap().modified().unwrap()
    };
    let before = changed("r-stars.stellar_mass_msun");
    assert!(reproduce("7", &out, &[]).refusal().contains("is not empty"));
    let again = reproduce("1,7", &out, &["--resume"]).json();
    assert_eq!(again["rows"], serde_json::json!([1, 5, 7, 16, 17, 18, 19, 26]), "and joins them");
    assert_eq!((scatter(&again, 7), changed("r-stars.stellar_mass_msun")), (scatter(&figures, 7), before));
    assert_eq!(trainings(&out), 5);
    let refusal = reproduce("7", &out, &["--resume", "--width", "3"]);
    assert!(refusal.refusal().contains("another `width`: 2, and not 3"), "{}", refusal.refusal());
}

#[test]
fn a_run_that_is_killed_goes_on_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let more = ["--split", "paper", "--epochs", "30"];
    let expected = reproduce("5", &whole, &more).json();
    assert!(expected["n_shared_galaxies"].as_u64().unwrap() > 0, "projections were dealt out");

    let checkpoint = killed.join("trainings/stars.stellar_mass_msun/training.checkpoint");
    let mut child = start("reproduce_table4", &arguments("5", &killed, &more));
    while !checkpoint.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.join("table4.md").exists(), "killed too late");
    let resumed = reproduce("5", &killed, &[&more[..], &["--resume"]].concat());
    assert_eq!(resumed.json(), expected);
}

#[test]
fn what_cannot_be_done_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |rows: &str, more: &[&str], words: &str| {
        let ran = reproduce(rows, &out, more);
        assert!(ran.refusal().contains(words), "{}", ran.refusal());
        assert!(!out.exists());
    };
    refused("0", &[], "`0` is no row; there are 1 to 26");
    refused("1,x", &[], "`x` is no row");
    refused("1", &["--set", folder.path().join("absent").to_str().unwrap()], "absent");
    refused("1", &["--epochs", "0"], "n_epochs");
    refused("1", &["--device", "abacus"], "abacus");
}
