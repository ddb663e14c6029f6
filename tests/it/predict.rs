//! The example `predict` on all that it takes: what it leaves, and how it refuses.

use std::fs;
use std::path::Path;

use crate::example::{Ran, run};
use crate::train_on_maps::{N_MAPS, train, write_maps};

fn predict(model: &Path, out: &Path, more: &[&str]) -> Ran {
    let [model, out] = [model, out].map(|path| path.to_str().unwrap());
    run("predict", &[&["--model", model, "--out", out, "--json"], more].concat())
}

/// The columns of a table by their headings.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headings = reader.headers().unwrap().iter().map(String::from).collect();
    let row = |record: csv::StringRecord| record.iter().map(|field| field.parse().unwrap()).collect();
    (headings, reader.records().map(|record| row(record.unwrap())).collect())
}

#[test]
fn maps_snapshots_and_sets_get_masses_with_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_string();
    let [maps, labels] = write_maps(folder.path());
    train(&maps, &labels, &at("trained"), &["--epochs", "6"]).json();
    let model = at("trained").join("model.safetensors");

    // Two archives, of which the second goes on where the first ends.
    let figures = predict(&model, &at("of_maps"), &["--maps", &maps, &maps, "--explain", "2"]).json();
    assert_eq!(figures["n_predictions"], 2 * N_MAPS);
    let (headings, rows) = table(&at("of_maps").join("predictions.csv"));
    let expected = [
        "file",
        "galaxy_id",
        "line_of_sight",
        "stellar_mass_msun_p2_5 [Msun]",
        "stellar_mass_msun_p16 [Msun]",
        "stellar_mass_msun_median [Msun]",
        "stellar_mass_msun_p84 [Msun]",
        "stellar_mass_msun_p97_5 [Msun]",
        "feature_distance",
        "is_outlier",
    ];
    assert_eq!(headings, expected);
    assert_eq!(rows.len(), 2 * N_MAPS);
    assert_eq!((rows[3][..2].to_vec(), rows[N_MAPS + 3][..2].to_vec()), (vec![0.0, 21.0], vec![1.0, 21.0]));
    assert_eq!(rows[3][2..], rows[N_MAPS + 3][2..], "the same galaxy, the same masses");
    for row in &rows {
        assert!(row[3..8].windows(2).all(|pair| pair[0] <= pair[1]), "{row:?}");
        assert!((1e9..1e12).contains(&row[5]), "{row:?}");
    }
    let n_outliers = rows.iter().filter(|row| row[9] > 0.0).count();
    assert_eq!(figures["n_outliers"], n_outliers);

    let file = hdf5_metno::File::open(at("of_maps").join("predictions.hdf5")).unwrap();
    let medians: Vec<f64> = file.dataset("stellar_mass_msun_median").unwrap().read_raw().unwrap();
    assert_eq!(medians, rows.iter().map(|row| row[5]).collect::<Vec<_>>());
    let flags: Vec<bool> = file.dataset("is_outlier").unwrap().read_raw().unwrap();
    assert_eq!(flags.iter().filter(|flag| **flag).count(), n_outliers);
    let explained = hdf5_metno::File::open(at("of_maps").join("explanations.hdf5")).unwrap();
    assert_eq!(explained.dataset("attributions_kinematics").unwrap().shape(), [2, 2, 12, 12]);
    assert_eq!(explained.dataset("occlusions").unwrap().shape(), [2, 9, 1]);
    let mut left: Vec<_> = fs::read_dir(at("of_maps")).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    let expected = [
        "explanation_00000.png",
        "explanation_00001.png",
        "explanations.hdf5",
        "occlusion.png",
        "predictions.csv",
        "predictions.hdf5",
        "settings.json",
    ];
    assert_eq!(left, expected);

    // Galaxies that are nothing like the wedges of light of the maps, on whatever mesh the model takes.
    let few = ["--galaxies", "2", "--stars", "600", "--dark-matter", "300", "--gas", "100"];
    let population = text("population");
    run("generate_population", &[&few[..], &["--out", &population, "--json"]].concat()).json();
    let cutouts = [0, 1].map(|index| format!("{population}/cutout_{index:05}.hdf5"));
    let figures = predict(&model, &at("of_cutouts"), &["--snapshot", &cutouts[0], &cutouts[1]]).json();
    assert_eq!((&figures["n_predictions"], &figures["n_outliers"]), (&6.into(), &6.into()));
    let (_, rows) = table(&at("of_cutouts").join("predictions.csv"));
    assert_eq!(rows[5][..3], [1.0, 0.0, 2.0]);

    let settings = text("survey.json");
    let survey = |image_px: usize| {
        let text = format!(
            r#"{{"observation": {{"image_px": {image_px}, "map_px": 12, "scheme": "fast"}}, "sersic_image": false,
                "features": {{"circularity": {{"missing_potentials": "average"}}}}, "galaxies_per_shard": 3}}"#
        );
        fs::write(&settings, text).unwrap();
    };
    let build = |out: &str| {
        let few = ["--galaxies", "4", "--stars", "600", "--config", &settings, "--json", "--out", out];
        run("build_dataset", &few).json()
    };
    survey(12);
    let n_samples = build(&text("set"))["n_samples"].clone();
    let figures = predict(&model, &at("of_set"), &["--set", &text("set")]).json();
    assert_eq!(figures["n_predictions"], n_samples);

    // A model that was trained on the set itself, straight from disk, tells two masses.
    let (set, of_set) = (text("set"), text("trained_on_set"));
    let few = ["--width", "2", "--epochs", "1", "--json", "--out", &of_set];
    let figures = run("train_on_maps", &[&["--set", &set][..], &few].concat()).json();
    assert!(figures["n_test"].as_u64().is_some_and(|n_test| n_test > 0), "{figures}");
    let own = Path::new(&of_set).join("model.safetensors");
    predict(&own, &at("of_its_set"), &["--set", &set]).json();
    let (headings, _) = table(&at("of_its_set").join("predictions.csv"));
    assert!(headings.contains(&"total_mass_msun_p97_5 [Msun]".to_string()), "{headings:?}");

    // Another mesh is named, and leaves nothing.
    survey(16);
    build(&text("other_set"));
    let refusal = predict(&model, &at("never"), &["--set", &text("other_set")]);
    assert!(refusal.refusal().contains("`light` maps are 16 pixels a side"), "{}", refusal.stderr);
    let no_model = predict(Path::new(&labels), &at("never"), &["--maps", &maps]);
    assert!(no_model.refusal().contains("not a galmass model"), "{}", no_model.stderr);
    let no_maps = predict(&model, &at("never"), &["--maps", &labels]);
    assert!(no_maps.refusal().contains("labels.csv"), "{}", no_maps.stderr);
    assert!(!at("never").exists());
}

#[test]
fn a_network_that_predicts_a_density_gives_each_galaxy_an_interval_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let [maps, labels] = write_maps(folder.path());
    for head in ["gaussian", "flow"] {
        let figures = train(&maps, &labels, &at(head), &["--head", head]).json();
        let [in_68, in_95] = ["coverage_68", "coverage_95"].map(|name| figures[name].as_f64().unwrap());
        assert!((0.0..=1.0).contains(&in_68) && (in_68..=1.0).contains(&in_95), "{figures}");

        let (model, out) = (at(head).join("model.safetensors"), at(&format!("of_{head}")));
        predict(&model, &out, &["--maps", &maps]).json();
        let (_, rows) = table(&out.join("predictions.csv"));
        let mut widths: Vec<f64> = rows.iter().map(|row| (row[6] / row[4]).log10()).collect();
        assert!(rows.iter().all(|row| row[3..8].windows(2).all(|pair| pair[0] < pair[1])));
        widths.sort_unstable_by(f64::total_cmp);
        assert!(widths[N_MAPS - 1] / widths[0] > 1.000_1, "{head}: {widths:?}");

        let refused = predict(&model, &at("never"), &["--maps", &maps, "--explain", "1"]);
        assert!(refused.refusal().contains("--explain"), "{}", refused.stderr);
        assert!(!at("never").exists());
    }
}
