//! The example `train_on_maps` on maps that a test can afford: what it leaves, and how it refuses.

use std::fs;
use std::path::Path;
use std::time::Duration;

use galmass::dataset::{Channel, LabelColumns, read_npz_maps};
use ndarray::{Array1, Array3};
use ndarray_npy::NpzWriter;

use crate::data;
use crate::example::{Ran, run, start};

pub(crate) const N_MAPS: usize = 40;

/// Maps whose light tells the mass, and their labels in another order.
pub(crate) fn write_maps(folder: &Path) -> [String; 2] {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let mass = |sample: usize| 10.0 + sample as f64 / N_MAPS as f64;
    let maps = |scale: f64| {
        Array3::from_shape_fn((N_MAPS, 12, 12), |(sample, row, column)| {
            let bright = 10f64.powf(mass(sample) - 10.0) * scale / (1.0 + row as f64 + column as f64);
            if row + column == 0 { f32::NAN } else { bright as f32 }
        })
    };
    let mut archive = NpzWriter::new_compressed(fs::File::create(path("maps.npz")).unwrap());
    archive.add_array("flux", &maps(1.0)).unwrap();
    archive.add_array("vlos", &maps(30.0)).unwrap();
    archive.add_array("sigma", &maps(100.0)).unwrap();
    archive.add_array("group_number", &Array1::from_iter((0..N_MAPS as i32).map(|i| 7 * i))).unwrap();
    archive.finish().unwrap();
    let rows: String = (0..N_MAPS).rev().map(|i| format!("{},{:.3},x\n", 7 * i, mass(i))).collect();
    fs::write(path("labels.csv"), format!("GroupNumber,logMstar,more\n{rows}")).unwrap();
    ["maps.npz", "labels.csv"].map(path)
}

pub(crate) fn train(maps: &str, labels: &str, out: &Path, more: &[&str]) -> Ran {
    let out = out.to_str().unwrap();
    let epochs: &[&str] = if more.contains(&"--epochs") { &[] } else { &["--epochs", "2"] };
    let few = ["--maps", maps, "--labels", labels, "--out", out, "--width", "2", "--json"];
    run("train_on_maps", &[&few, epochs, more].concat())
}

#[test]
fn it_leaves_model_figures_and_scores() {
    let folder = tempfile::tempdir().unwrap();
    let [maps, labels] = write_maps(folder.path());
    let out = folder.path().join("out");
    let ran = train(&maps, &labels, &out, &["--test-maps", &maps, "--test-labels", &labels]);
    let figures = ran.json();
    assert_eq!(figures["n_test"], 8);
    for name in ["bias_dex", "scatter_dex", "test_bias_dex", "test_scatter_dex"] {
        assert!(figures[name].as_f64().is_some_and(f64::is_finite), "{name}: {figures}");
    }
    let mut left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let expected = [
        "history.csv",
        "history.jsonl",
        "loss.png",
        "model.safetensors",
        "predictions.csv",
        "predictions.png",
        "settings.json",
    ];
    assert_eq!(left, expected);
    let again = train(
        &maps,
        &labels,
        &folder.path().join("again"),
        &["--test-maps", &maps, "--test-labels", &labels],
    );
    assert_eq!(again.json(), figures, "the same seed, the same scores");
    assert!(train(&maps, &labels, &out, &[]).refusal().contains("is not empty"));
}

#[test]
fn a_run_that_is_killed_goes_on_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    let [maps, labels] = write_maps(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let long = ["--epochs", "40"];
    let expected = train(&maps, &labels, &whole, &long).json();

    let checkpoint = killed.join("training.checkpoint");
    let out = killed.to_str().unwrap();
    let arguments =
        [&["--maps", &maps, "--labels", &labels, "--out", out, "--width", "2"], &long[..]].concat();
    let mut child = start("train_on_maps", &arguments);
    while !checkpoint.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.join("model.safetensors").exists(), "killed too late");

    let resumed = train(&maps, &labels, &killed, &[&long[..], &["--resume"]].concat());
    assert_eq!(resumed.json(), expected);
    let same = |name: &str| fs::read(whole.join(name)).unwrap() == fs::read(killed.join(name)).unwrap();
    assert!(same("history.csv") && same("model.safetensors") && same("predictions.csv"));
    let log = fs::read_to_string(killed.join("history.jsonl")).unwrap();
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["epoch"].as_u64();
    let epochs: Vec<Option<u64>> = log.lines().map(line).collect();
    assert_eq!(epochs, (1..=40).map(Some).collect::<Vec<_>>(), "neither repeated nor lost");
}

#[test]
fn bad_input_is_refused_in_a_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [maps, labels] = write_maps(folder.path());
    let out = folder.path().join("out");
    let refused = |maps: &str, labels: &str, more: &[&str], words: &[&str]| {
        let ran = train(maps, labels, &out, more);
        let refusal = ran.refusal();
        assert!(words.iter().all(|word| refusal.contains(word)), "`{refusal}` lacks one of {words:?}");
        assert!(!out.exists(), "left something behind: {refusal}");
    };
    refused("absent.npz", &labels, &[], &["absent.npz"]);
    refused(&labels, &labels, &[], &["labels.csv", "npz"]);
    refused(&maps, &maps, &[], &["maps.npz"]);
    refused(&maps, &labels, &["--device", "abacus"], &["abacus", "cpu"]);
    refused(&maps, &labels, &["--epochs", "0"], &["n_epochs", "0", "at least 1"]);
    #[cfg(not(feature = "cuda"))]
    refused(&maps, &labels, &["--device", "cuda"], &["cuda", "--features cuda"]);

    let changed = folder.path().join("changed.csv");
    let text = fs::read_to_string(&labels).unwrap();
    let with = |from: &str, to: &str, words: &[&str]| {
        fs::write(&changed, text.replacen(from, to, 1)).unwrap();
        refused(&maps, changed.to_str().unwrap(), &[], &[&["changed.csv"], words].concat());
    };
    with("logMstar", "mass", &["logMstar"]);
    with("\n273,", "\n-3,", &["line 2", "GroupNumber", "-3"]);
    with("\n273,", "\n266,", &["line 3", "266"]);
    with("\n273,", "\n275,", &["no row for galaxy 273"]);
    with("10.975", "heavy", &["line 2", "logMstar", "heavy"]);
    with("10.975", "NaN", &["NaN"]);

    let whole = fs::read(&maps).unwrap();
    let cut = folder.path().join("cut.npz");
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&cut, &whole[..length]).unwrap();
        refused(cut.to_str().unwrap(), &labels, &[], &["cut.npz"]);
    }
}

#[test]
fn all_the_eagle_maps_find_their_masses() {
    let Some(maps) = data::file("eagle_maps/eagle_maps_train.npz") else { return };
    let Some(labels) = data::file("eagle_maps/eagle_maps_train_labels.csv") else { return };
    let set = read_npz_maps(&maps, &labels, &LabelColumns::default()).unwrap();
    assert_eq!(set.n_samples(), 1535);
    assert_eq!(set.channel(Channel::Velocity).unwrap().dim(), (1535, 30, 30));
    // From the table alone, with NumPy: the join by galaxy must not lose or mix any.
    let masses = set.target("log10_stellar_mass_msun").unwrap();
    let mean = masses.iter().sum::<f64>() / 1535.0;
    let scatter = (masses.iter().map(|mass| (mass - mean).powi(2)).sum::<f64>() / 1535.0).sqrt();
    assert!((scatter - 0.327_803_356_8).abs() < 1e-9, "{scatter}");
    // Brighter galaxies are heavier; a join gone wrong would leave no correlation.
    let light: Vec<f64> = set
        .channel(Channel::Light)
        .unwrap()
        .outer_iter()
        .map(|map| map.iter().filter(|x| x.is_finite()).map(|&x| f64::from(x)).sum::<f64>().log10())
        .collect();
    let mean_light = light.iter().sum::<f64>() / 1535.0;
    let covariance: f64 =
        light.iter().zip(masses).map(|(l, m)| (l - mean_light) * (m - mean)).sum::<f64>() / 1535.0;
    let scatter_light = (light.iter().map(|l| (l - mean_light).powi(2)).sum::<f64>() / 1535.0).sqrt();
    assert!(covariance / (scatter * scatter_light) > 0.9);
}
