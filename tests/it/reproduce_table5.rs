//! The example `reproduce_table5`: its nine rows on mock galaxies, on a set and on a catalogue, and how it goes on.

use std::fs;
use std::path::Path;

use galmass::gbdt::Booster;
use serde_json::Value;

use crate::data;
use crate::example::{Ran, run};

/// What the trees must reach on group members of TNG100-1 in haloes that they have not seen \[dex\].
const TNG_BARS: [(&str, f64); 3] = [("stars", 0.045), ("total", 0.055), ("dark_matter", 0.085)];

fn reproduce(out: &Path, more: &[&str]) -> Ran {
    run("reproduce_table5", &[&["--out", out.to_str().unwrap(), "--json"], more].concat())
}

fn ours<'a>(figures: &'a Value, row: &str) -> &'a Value {
    &figures["rows"][row]["row"]["ours"]
}

#[test]
fn nine_rows_on_mock_galaxies_and_none_of_them_twice() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let tiny = ["--preset", "tiny", "--galaxies", "20", "--stars", "400"];
    let ran = reproduce(&out, &tiny);
    let figures = ran.json();
    assert_eq!((&figures["n_rows"], &figures["n_kept"]), (&9.into(), &0.into()));
    assert_eq!((&figures["are_mocks"], &figures["n_shared_groups"]), (&true.into(), &0.into()));
    assert_eq!(figures["missing_features"], Value::Array(Vec::new()));
    let n_samples = figures["n_samples"].as_u64().unwrap() + figures["n_left_out"].as_u64().unwrap();
    assert_eq!(n_samples, 60);
    let table = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(ran.stdout.contains(&table));
    for words in ["mock galaxies", "nothing about real galaxies", "| 5.2 | w/o mag | M_DM | 0.00 ± 0.15 |"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    for name in ["loss", "predictions", "correlations", "importance_of_masses", "importance_of_fractions"] {
        for format in ["png", "svg"] {
            assert!(out.join(name).with_extension(format).exists(), "{name}.{format}");
        }
    }
    // The stars' light tells their mass, even here.
    let importance = figures["rows"]["stars_default"]["importance"].as_array().unwrap();
    assert_eq!(importance.len(), 10);
    let total: f64 = importance.iter().map(|of| of["gain"].as_f64().unwrap()).sum();
    assert!((total - 100.0).abs() < 1e-9);
    assert!(
        importance[0]["symbol"] == "M_r" && importance[0]["gain"].as_f64().unwrap() > 30.0,
        "{importance:?}"
    );
    assert_eq!(figures["rows"]["stars_without_magnitude"]["importance"].as_array().unwrap().len(), 9);
    Booster::read(&out.join("rows/mass_to_light_default.txt")).unwrap();

    assert!(reproduce(&out, &tiny).refusal().contains("is not empty"));
    // A row that is missing, and half a record, as of a run that was killed, are done again, and no others.
    let record = |name: &str| out.join("rows").join(name).with_extension("json");
    let modified = |name: &str| fs::metadata(record(name)).unwrap().modified().unwrap();
    let before = modified("total_default");
    fs::remove_file(record("stars_default")).unwrap();
    let bytes = fs::read(record("mass_to_light_default")).unwrap();
    fs::write(record("mass_to_light_default"), &bytes[..bytes.len() / 2]).unwrap();
    let again = reproduce(&out, &[&tiny[..], &["--resume"]].concat()).json();
    assert_eq!((&again["n_kept"], &again["rows"]), (&7.into(), &figures["rows"]));
    assert_eq!(modified("total_default"), before);
    assert_eq!(fs::read(record("mass_to_light_default")).unwrap(), bytes);

    // The set that it has made, read as any other; by projection the trees know most galaxies, and no row is kept.
    let set = out.join("set");
    let set = ["--preset", "tiny", "--set", set.to_str().unwrap()];
    let other = folder.path().join("other");
    assert_eq!(reproduce(&other, &set).json()["rows"], figures["rows"]);
    let by_projection = reproduce(&other, &[&set[..], &["--split", "paper", "--resume"]].concat()).json();
    assert_eq!(by_projection["n_kept"], 0);
    assert!(by_projection["overlap"].as_f64().unwrap() > 0.5, "{by_projection}");
    assert_eq!(figures["overlap"], 0.0);
}

/// Galaxies in haloes of five, with the columns that are needed, of which light and size tell the masses.
fn write_catalogue(path: &Path) {
    let names = [
        "SubhaloID",
        "GroupNr",
        "SubhaloFlag",
        "SubhaloSFRinRad",
        "SubhaloVelDisp",
        "SubhaloHalfmassRad_Stars",
        "SubhaloMassInHalfRad_Stars",
        "SubhaloMassInHalfRad_DM",
        "SubhaloMassInHalfRad",
        "SubhaloMass_Stars",
        "mag_U",
        "mag_B",
        "mag_V",
        "mag_K",
        "mag_g",
        "mag_r",
        "mag_i",
        "mag_z",
    ];
    let mut text = names.join(",") + "\n";
    for row in 0..200_u32 {
        let (light, size) = (f64::from(row * 37 % 101) / 100.0, f64::from(row * 11 % 29) / 28.0);
        let stars = 10f64.powf(light);
        // One in forty has no dark matter left.
        let dark = if row % 40 == 3 { 0.0 } else { stars * (0.5 + 2.0 * size) };
        let [sfr, dispersion, radius] = [row % 3, 80 + row % 50, 2].map(f64::from);
        let masses = [stars, dark, stars + dark, 2.0 * stars];
        let flag = u32::from(row % 25 != 7);
        text += &format!("{},{},{flag},{sfr},{dispersion},{}", row + 1000, row / 5, radius + 3.0 * size);
        masses.iter().for_each(|mass| text += &format!(",{mass}"));
        (0..8).for_each(|band| text += &format!(",{}", -20.0 - 2.5 * light - 0.1 * f64::from(band)));
        text += "\n";
    }
    fs::write(path, text).unwrap();
}

#[test]
fn a_catalogue_has_four_features_and_rows_with_what_else_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (table, out) = (folder.path().join("groups.csv"), folder.path().join("out"));
    write_catalogue(&table);
    let catalogue = ["--catalogue", table.to_str().unwrap(), "--preset", "tiny"];
    let ran = reproduce(&out, &catalogue);
    let figures = ran.json();
    assert_eq!(
        (&figures["n_rows"], &figures["n_samples"], &figures["n_left_out"]),
        (&18.into(), &192.into(), &8.into())
    );
    assert_eq!((&figures["n_shared_groups"], &figures["are_mocks"]), (&0.into(), &false.into()));
    let missing = ["n_Ser", "c/a", "λ_R", "B/T", "f_cold", "f_hot"];
    assert_eq!(figures["missing_features"], Value::from(missing.to_vec()));
    for words in [
        "these are missing: n_Ser, c/a, λ_R, B/T, f_cold, f_hot",
        "no halo is in both parts",
        "no observable",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("mock galaxies"));
    // The size alone tells the dark matter: with it the trees know more. Galaxies without any have no logarithm.
    let scatter = |row| ours(&figures, row)["scatter"]["value"].as_f64().unwrap();
    assert!(scatter("dark_matter_default_and_more") < 0.5 * scatter("dark_matter_default"), "{figures}");
    let n_test = |row| ours(&figures, row)["n_test"].as_u64().unwrap();
    assert!(n_test("dark_matter_default") < n_test("stars_default"));
    let seen = &figures["rows"]["dark_matter_default_and_more"]["importance"];
    assert!(
        seen.as_array().unwrap().iter().any(|of| of["symbol"] == "R" && of["shapley"].as_f64() > Some(30.0)),
        "{seen}"
    );
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |more: &[&str], words: &[&str]| {
        let ran = reproduce(&out, more);
        let refusal = ran.refusal();
        assert!(words.iter().all(|word| refusal.contains(word)), "`{refusal}` lacks one of {words:?}");
        assert!(!out.exists(), "left something behind: {refusal}");
    };
    let nowhere = folder.path().join("nowhere");
    let nowhere = nowhere.to_str().unwrap();
    refused(&["--set", nowhere], &["nowhere"]);
    refused(&["--catalogue", nowhere], &["nowhere"]);
    refused(&["--galaxies", "3", "--stars", "0"], &["0"]);
    let table = folder.path().join("groups.csv");
    write_catalogue(&table);
    let text = fs::read_to_string(&table).unwrap();
    let changed = folder.path().join("changed.csv");
    let catalogue = ["--catalogue", changed.to_str().unwrap()];
    fs::write(&changed, text.replacen("mag_K", "mag_H", 1)).unwrap();
    refused(&catalogue, &["changed.csv", "mag_K"]);
    fs::write(&changed, text.replacen("1000,0,1", "1000,zero,1", 1)).unwrap();
    refused(&catalogue, &["line 2", "GroupNr", "zero"]);
    fs::write(&changed, text.lines().take(1).collect::<String>() + "\n").unwrap();
    refused(&catalogue, &["no rows"]);
    fs::write(&changed, text.lines().take(6).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    refused(&catalogue, &["n_folds"]);
    let table = table.to_str().unwrap();
    refused(
        &["--catalogue", table, "--rows", "stars_default,stars"],
        &["\"stars\"", "stars_default_and_more"],
    );
}

#[test]
fn real_group_members_are_told_as_well_as_by_lightgbm() {
    let Some(table) = data::file("tng100/tng100_z0_group_members.csv") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let names = TNG_BARS.map(|(target, _)| format!("{target}_default_and_more")).join(",");
    let figures = reproduce(&out, &["--catalogue", table.to_str().unwrap(), "--rows", &names]).json();
    assert_eq!(figures["n_rows"], 3);
    assert!(out.join("correlations.png").exists() && !out.join("predictions_and_more.png").exists());
    assert_eq!((&figures["n_samples"], &figures["n_shared_groups"]), (&3916.into(), &0.into()));
    for (target, bar) in TNG_BARS {
        let scatter = &ours(&figures, &format!("{target}_default_and_more"))["scatter"];
        assert!(scatter["value"].as_f64().unwrap() <= bar, "{target}: {scatter}");
        assert!(scatter["error"].as_f64().unwrap() < 0.1 * bar, "{target}: {scatter}");
    }
}
