//! The examples `train_booster` and `bench_booster`: what they leave and print, and how they refuse.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use galmass::gbdt::Booster;

use crate::data;
use crate::example::{Ran, run};

/// 300 galaxies in 60 haloes: the mass follows the first feature, the second has holes, the third says nothing.
/// That of LightGBM 4.7.0 on the same rows (`benches/peers/gbdt/check_run.py`).
const TNG_SCATTER_DEX: f64 = 0.0671;

fn write_table(path: &Path) {
    let mut text = String::from("name,halo,light,colour,noise,mass\n");
    for row in 0..300_u32 {
        let (light, colour) = (f64::from(row * 37 % 101), f64::from(row * 11 % 29));
        let colour_cell = if row % 7 == 0 { String::new() } else { colour.to_string() };
        let mass = 10f64.powf(9.0 + 0.02 * light + 0.001 * colour);
        text += &format!("g{row},{},{light},{colour_cell},{},{mass}\n", row % 60, row * 53 % 17);
    }
    fs::write(path, text).unwrap();
}

fn train(table: &Path, out: &Path, more: &[&str]) -> Ran {
    let (table, out) = (table.to_str().unwrap(), out.to_str().unwrap());
    run("train_booster", &[&["--table", table, "--out", out, "--json"], more].concat())
}

#[test]
fn it_leaves_a_model_figures_and_scores() {
    let folder = tempfile::tempdir().unwrap();
    let (table, out) = (folder.path().join("table.csv"), folder.path().join("out"));
    write_table(&table);
    let columns = ["--target", "mass", "--group", "halo", "--log10", "mass"];
    let ran = train(&table, &out, &columns);
    let figures = ran.json();
    assert_eq!((&figures["n_training"], &figures["n_test"]), (&200.into(), &100.into()));
    assert_eq!(figures["n_trees"], 500);
    assert!(figures["test_rms_error"].as_f64().unwrap() < 0.1, "{figures}");
    // `name` holds no numbers, and `halo` is the group.
    let importance = figures["importance"].as_object().unwrap();
    assert!(importance.keys().eq(["colour", "light", "noise"]), "{figures}");
    assert!(importance["light"].as_f64().unwrap() > 90.0, "{figures}");
    assert!(ran.stdout.contains("test") && ran.stdout.contains("light"));

    let mut left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let expected = [
        "importance.csv",
        "importance.png",
        "loss.png",
        "model.txt",
        "predictions.csv",
        "predictions.png",
        "scores.csv",
        "settings.json",
    ];
    assert_eq!(left, expected);
    let settings = fs::read_to_string(out.join("settings.json")).unwrap();
    assert!(settings.contains(r#""num_leaves": 5"#) && settings.contains(r#""preset": "chu2024""#));

    // No halo is in both parts, and the model that was left is the one that predicted.
    let text = fs::read_to_string(&table).unwrap();
    let cells: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let booster = Booster::read(&out.join("model.txt")).unwrap();
    let mut haloes = [BTreeSet::new(), BTreeSet::new()];
    for line in fs::read_to_string(out.join("predictions.csv")).unwrap().lines().skip(1) {
        let row: Vec<&str> = line.split(',').collect();
        let from = &cells[row[1].parse::<usize>().unwrap() - 1];
        haloes[usize::from(row[0] == "test")].insert(from[1].to_owned());
        let features: Vec<f64> = from[2..5].iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
        assert_eq!(row[2].parse::<f64>().unwrap(), from[5].parse::<f64>().unwrap().log10());
        assert!((row[3].parse::<f64>().unwrap() - booster.predict_row(&features)).abs() < 1e-12);
    }
    assert!(haloes[0].is_disjoint(&haloes[1]) && haloes[0].len() + haloes[1].len() == 60);

    let again = train(&table, &folder.path().join("again"), &columns);
    assert_eq!(again.json(), figures, "the same seed, the same scores");
    assert!(train(&table, &out, &columns).refusal().contains("is not empty"));
}

#[test]
fn early_stopping_never_looks_at_the_rows_that_are_scored() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    write_table(&table);
    // Nothing to learn: trees do not help for long.
    let stop = |table: &Path, name: &str, more: &[&str]| {
        let columns = ["--target", "noise", "--features", "light,colour", "--early-stopping", "10"];
        train(table, &folder.path().join(name), &[&columns, more].concat()).json()
    };
    let figures = stop(&table, "one", &[]);
    assert!(figures["n_trees"].as_u64().unwrap() < 500, "{figures}");
    assert_eq!(figures["n_training"], 160);
    assert_eq!((&figures["n_validation"], &figures["n_test"]), (&40.into(), &100.into()));
    // Other rows to score: the same trees as with all rows of the table to train and to stop.
    let test = table.to_str().unwrap();
    let with = stop(&table, "two", &["--test-table", test]);
    assert_eq!(with["n_test"], 300);
    let half = folder.path().join("half.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&half, text.lines().take(151).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let other = stop(&table, "three", &["--test-table", half.to_str().unwrap()]);
    assert_eq!(other["n_test"], 150);
    assert_eq!(other["n_trees"], with["n_trees"]);
    assert_eq!(other["validation_rms_error"], with["validation_rms_error"]);
}

#[test]
fn bad_input_is_refused_in_a_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (table, out) = (folder.path().join("table.csv"), folder.path().join("out"));
    write_table(&table);
    let refused = |table: &Path, more: &[&str], words: &[&str]| {
        let ran = train(table, &out, more);
        let refusal = ran.refusal();
        assert!(words.iter().all(|word| refusal.contains(word)), "`{refusal}` lacks one of {words:?}");
        assert!(!out.exists(), "left something behind: {refusal}");
    };
    let mass = ["--target", "mass"];
    refused(&folder.path().join("absent.csv"), &mass, &["absent.csv"]);
    refused(&table, &["--target", "age"], &["table.csv", "age", "light"]);
    refused(&table, &["--target", "name"], &["line 2", "name", "g0"]);
    refused(&table, &["--target", "mass", "--features", "light,mass"], &["mass", "feature"]);
    refused(&table, &["--target", "mass", "--features", "light,name"], &["line 2", "name", "g0"]);
    refused(&table, &["--target", "mass", "--features", "light", "--without", "light"], &["no column"]);
    refused(&table, &["--target", "mass", "--leaves", "1"], &["num_leaves", "1"]);
    refused(&table, &["--target", "mass", "--learning-rate", "NaN"], &["learning_rate", "NaN"]);
    let config = folder.path().join("config.json");
    fs::write(&config, r#"{"num_trees": 3}"#).unwrap();
    refused(
        &table,
        &["--target", "mass", "--config", config.to_str().unwrap()],
        &["config.json", "num_trees"],
    );

    let changed = folder.path().join("changed.csv");
    let text = fs::read_to_string(&table).unwrap();
    let with = |from: &str, to: &str, words: &[&str]| {
        fs::write(&changed, text.replacen(from, to, 1)).unwrap();
        refused(&changed, &["--target", "mass", "--group", "halo"], &[&["changed.csv"], words].concat());
    };
    with("g3,3,", "g3,3,7,", &["line: 5"]);
    with("g3,3,", "g3,,", &["line 5", "halo"]);
    with("light", "noise", &["noise"]);
    with("g0,0,0,,0,1000000000", "g0,0,0,,0,inf", &["line 2", "mass", "inf"]);
    for (text, words) in [
        ("", "no rows"),
        ("a,b,mass\n", "no rows"),
        ("a,mass\n1,\n2,NaN\n", "no row has a value"),
        ("a,mass\n1,2\n3,4\n", "2 groups"),
    ] {
        fs::write(&changed, text).unwrap();
        refused(&changed, &mass, &["changed.csv", words]);
    }
    fs::write(&changed, b"a,mass\n1,2\n\xff,4\n").unwrap();
    refused(&changed, &mass, &["changed.csv", "line 3"]);
}

#[test]
fn real_galaxies_are_as_well_told_as_by_lightgbm() {
    let Some(table) = data::file("tng100/tng100_z0_group_members.csv") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mass = "SubhaloMassInHalfRad_Stars";
    let figures = train(
        &table,
        &folder.path().join("out"),
        &[
            &["--target", mass, "--log10", mass, "--group", "GroupNr", "--only", "SubhaloFlag"],
            &["--features", "mag_r,mag_g,SubhaloVelDisp,SubhaloHalfmassRad_Stars,SubhaloSFR"][..],
        ]
        .concat(),
    )
    .json();
    let scatter = figures["test_scatter"].as_f64().unwrap();
    assert!((scatter - TNG_SCATTER_DEX).abs() < 0.001, "{figures}");
}

#[test]
fn the_example_of_lightgbm_has_its_error() {
    let Some(table) = data::file("lightgbm_regression/regression.train") else { return };
    let test = table.with_file_name("regression.test");
    let folder = tempfile::tempdir().unwrap();
    let settings =
        ["--preset", "lightgbm", "--learning-rate", "0.05", "--test-table", test.to_str().unwrap()];
    let figures = train(
        &table,
        &folder.path().join("out"),
        &[&["--no-header", "--target", "0"], &settings[..]].concat(),
    )
    .json();
    // LightGBM 4 with the same settings.
    let error = figures["test_rms_error"].as_f64().unwrap();
    assert!((error - 0.4143).abs() < 1e-4, "{figures}");
}

#[test]
fn a_case_is_timed_and_a_broken_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    let doubles = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let meta = |layout: &str| {
        let meta = format!(r#"{{"n_train": 60, "n_test": 2, "n_features": 2, "layout": "{layout}"}}"#);
        write("meta.json", meta.into_bytes());
    };
    let table: Vec<f64> =
        (0..120).map(|cell| if cell % 2 == 0 { f64::from(cell / 60) } else { 0.0 }).collect();
    let labels: Vec<f64> = (0..60).map(|row| if row < 30 { 2.0 } else { 4.0 }).collect();
    write("X_train.f64", doubles(&table));
    write("X_test.f64", doubles(&[0.0, 0.0, 1.0, 0.0]));
    write("y_train.f64", doubles(&labels));
    // The same without its zeros.
    let starts = |counts: &[i64]| counts.iter().flat_map(|count| count.to_le_bytes()).collect::<Vec<u8>>();
    write("train.indptr.i64", starts(&(0..=60).map(|row| (row - 30).max(0)).collect::<Vec<i64>>()));
    write("train.indices.i32", vec![0; 4 * 30]);
    write("train.data.f64", doubles(&[1.0; 30]));
    write("test.indptr.i64", starts(&[0, 0, 1]));
    write("test.indices.i32", vec![0; 4]);
    write("test.data.f64", doubles(&[1.0]));

    let out = folder.path().join("predictions.f64");
    let settings = r#"{"rounds": 1, "num_leaves": 2, "learning_rate": 1.0, "threads": 1}"#;
    let bench = |settings: &str| {
        run("bench_booster", &[folder.path().to_str().unwrap(), settings, out.to_str().unwrap()])
    };
    for layout in ["dense", "csr"] {
        meta(layout);
        let times = bench(settings).json();
        assert!(
            times["train_s"].as_f64().unwrap() > 0.0 && times["row_s"].as_f64().unwrap() >= 0.0,
            "{times}"
        );
        assert_eq!(fs::read(&out).unwrap(), doubles(&[2.0, 4.0]), "{layout}");
    }
    assert!(bench(r#"{"leaves": 2}"#).refusal().contains("leaves"));
    write("train.indices.i32", vec![7; 4 * 30]);
    assert!(bench(settings).refusal().contains("train.indices.i32"));
    meta("dense");
    write("y_train.f64", doubles(&labels[1..]));
    assert!(bench(settings).refusal().contains("y_train.f64: 472 bytes are not 60 numbers of 8"));
    meta("cubic");
    assert!(bench(settings).refusal().contains("meta.json"));
}
