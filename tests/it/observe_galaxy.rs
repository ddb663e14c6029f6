//! The example `observe_galaxy`: what it leaves, and how it refuses.

use std::fs;
use std::path::Path;

use hdf5_metno as hdf5;
use ndarray::{Array1, Array2};

use crate::data;
use crate::example::{Ran, run};

/// A snapshot in the layout of TNG with `n` stars on a helix.
fn write_tng(path: &Path, n: usize, spoil: impl Fn(&mut Array2<f64>, &mut Array1<f64>)) {
    let file = hdf5::File::create(path).unwrap();
    let header = file.create_group("Header").unwrap();
    for (name, value) in [
        ("Time", 0.5),
        ("Redshift", 1.0),
        ("HubbleParam", 0.7),
        ("BoxSize", 75_000.0),
        ("Omega0", 0.3),
        ("OmegaLambda", 0.7),
    ] {
        header.new_attr::<f64>().create(name).unwrap().write_scalar(&value).unwrap();
    }
    header.new_attr::<i32>().create("NumFilesPerSnapshot").unwrap().write_scalar(&1).unwrap();
    header.new_attr_builder().with_data(&[0.0_f64; 6]).create("MassTable").unwrap();
    let stars = file.create_group("PartType4").unwrap();
    let mut positions = Array2::from_shape_fn((n, 3), |(i, k)| {
        let t = 0.1 * i as f64;
        [100.0 + t.cos() * t, 100.0 + t.sin() * t, 100.0 + 0.1 * t][k]
    });
    let mut masses = Array1::from_elem(n, 1e-4);
    spoil(&mut positions, &mut masses);
    let write = |name: &str, values: &Array2<f64>| {
        stars.new_dataset_builder().with_data(values).create(name).unwrap();
    };
    write("Coordinates", &positions);
    write("Velocities", &Array2::zeros((n, 3)));
    stars.new_dataset_builder().with_data(&masses).create("Masses").unwrap();
    let births = Array1::from_elem(n, 0.3);
    stars.new_dataset_builder().with_data(&births).create("GFM_StellarFormationTime").unwrap();
}

fn observe(snapshot: &Path, out: &Path, more: &[&str]) -> Ran {
    let [snapshot, out] = [snapshot, out].map(|path| path.to_str().unwrap());
    run("observe_galaxy", &[&["--snapshot", snapshot, "--out", out, "--json"], more].concat())
}

#[test]
fn it_leaves_maps_with_units_and_a_line_of_figures() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, out) = (folder.path().join("helix.hdf5"), folder.path().join("out"));
    write_tng(&snapshot, 200, |_, _| {});
    let figures = observe(&snapshot, &out, &[]).json();
    // 200 stars of 1e-4 x 1e10 Msun/h: half of them within R, half of them outside.
    let total = 200.0 * 1e6 / 0.7;
    let within = figures["stellar_mass_msun"].as_f64().unwrap();
    assert!((within / total - 0.5).abs() <= 0.5 / 200.0 + 1e-9, "{within}");
    assert_eq!(figures["dark_matter_mass_msun"], 0.0);
    for name in ["gas_mass_msun", "total_mass_msun", "stellar_mass_msun_2r", "half_mass_radius_kpc"] {
        assert!(figures[name].is_f64(), "{name}");
    }

    let file = hdf5::File::open(out.join("observation.hdf5")).unwrap();
    let radius: f64 = file.attr("half_mass_radius_kpc").unwrap().read_scalar().unwrap();
    assert_eq!(figures["half_mass_radius_kpc"], radius);
    for axis in ["x", "y", "z"] {
        for (map, n_px, unit) in
            [("image", 300, "Msun"), ("velocity", 48, "km/s"), ("dispersion", 48, "km/s")]
        {
            let dataset = file.dataset(&format!("along_{axis}/{map}")).unwrap();
            assert_eq!(dataset.shape(), [n_px, n_px]);
            let found: hdf5::types::VarLenUnicode = dataset.attr("unit").unwrap().read_scalar().unwrap();
            assert_eq!(found.as_str(), unit);
            let half_width: f64 = dataset.attr("half_width_kpc").unwrap().read_scalar().unwrap();
            assert_eq!(half_width, 3.0 * radius);
        }
    }
    let mut left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["observation.fits", "observation.hdf5", "observation.png", "settings.json"]);
    assert!(observe(&snapshot, &out, &[]).refusal().contains("is not empty: give another --out"));
}

#[test]
fn a_given_frame_wins() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("helix.hdf5");
    write_tng(&snapshot, 200, |_, _| {});
    let given = ["--centre", "-1.5,2,70.25", "--half-mass-radius-kpc", "4.5"];
    let figures = observe(&snapshot, &folder.path().join("out"), &given).json();
    assert_eq!(figures["half_mass_radius_kpc"], 4.5);
    assert_eq!(figures["centre_kpc"], serde_json::json!([-1.5, 2.0, 70.25]));
}

/// A survey: seeing, noise, a hexagon of fibres, bins and the limit of the spectrograph.
const SURVEY: &str = r#"{"seed": 7, "steps": [
    {"psf": {"shape": {"gaussian": {"fwhm": {"half-mass-radii": 0.3}}}}},
    {"noise": {"signal_to_noise": 20}},
    {"field-mask": {"shape": {"hexagon": {"circumradius": {"half-light-radii": 2}}}, "on": "maps"}},
    {"voronoi": {"target_signal_to_noise": 30}},
    {"dispersion-floor": {"add": {"instrumental_km_s": 70}}}
]}"#;

#[test]
fn a_file_of_effects_is_a_telescope() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let [snapshot, effects] = ["helix.hdf5", "survey.json"].map(path);
    write_tng(&snapshot, 200, |_, _| {});
    fs::write(&effects, SURVEY).unwrap();
    let through = ["--effects", effects.to_str().unwrap()];
    let figures = observe(&snapshot, &path("plain"), &[]).json();
    // The galaxy is what it was.
    assert_eq!(observe(&snapshot, &path("seen"), &through).json(), figures);
    assert!(observe(&snapshot, &path("again"), &through).succeeded);

    let open = |run: &str| hdf5::File::open(path(run).join("observation.hdf5")).unwrap();
    let [plain, seen, again] = ["plain", "seen", "again"].map(open);
    let text = |file: &hdf5::File, name: &str| -> String {
        file.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string()
    };
    assert_eq!(text(&plain, "effects"), "none");
    assert_eq!(text(&seen, "effects"), "psf, noise, field-mask, voronoi, dispersion-floor");
    for axis in ["x", "y", "z"] {
        let map = |file: &hdf5::File, name: &str| -> Array2<f64> {
            file.dataset(&format!("along_{axis}/{name}")).unwrap().read().unwrap()
        };
        let n_bins: i64 = seen
            .group(&format!("along_{axis}"))
            .unwrap()
            .attr("n_voronoi_bins")
            .unwrap()
            .read_scalar()
            .unwrap();
        assert!(n_bins > 1);
        for name in ["image_noise", "flux_noise", "signal_to_noise"] {
            assert!(map(&seen, name).iter().any(|value| *value > 0.0), "{name}");
            assert!(plain.dataset(&format!("along_{axis}/{name}")).is_err(), "{name}");
        }
        let noisy = map(&seen, "image");
        assert!(noisy.iter().any(|value| *value < 0.0) && noisy == map(&again, "image"));
        assert!(map(&plain, "image").iter().all(|value| *value >= 0.0));
        // Stars at rest in one pixel have a dispersion of 0, and on a detector that of the instrument.
        let [known, field, dispersion] = ["occupancy", "flux", "dispersion"].map(|name| map(&seen, name));
        assert!(known.sum() > 0.0 && known.sum() < known.len() as f64 && field[[0, 0]] == 0.0);
        for (known, dispersion) in known.iter().zip(&dispersion) {
            assert_eq!(*known == 1.0, dispersion.is_finite());
            assert!(dispersion.is_nan() || (dispersion - 70.0).abs() < 1e-9, "{dispersion}");
        }
    }
    let settings = fs::read_to_string(path("seen").join("settings.json")).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["settings"]["effects"]["seed"], 7);
    assert_eq!(settings["settings"]["effects"]["steps"].as_array().unwrap().len(), 5);
}

#[test]
fn stars_count_for_what_they_are_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("helix.hdf5");
    write_tng(&snapshot, 200, |_, _| {});
    for (weighting, name, unit) in [("best-known", "mass", "Msun"), ("number", "number", "count")] {
        let out = folder.path().join(weighting);
        assert!(observe(&snapshot, &out, &["--weighting", weighting]).succeeded);
        let file = hdf5::File::open(out.join("observation.hdf5")).unwrap();
        let found: hdf5::types::VarLenUnicode = file.attr("stars_weighed_by").unwrap().read_scalar().unwrap();
        assert_eq!(found.as_str(), name);
        let image = file.dataset("along_x/image").unwrap();
        let found: hdf5::types::VarLenUnicode = image.attr("unit").unwrap().read_scalar().unwrap();
        assert_eq!(found.as_str(), unit);
    }
}

#[test]
fn bad_input_is_refused_in_a_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let path = |name: &str| folder.path().join(name);
    let refused = |name: &str, more: &[&str]| {
        let refusal = observe(&path(name), &out, more).refusal().to_string();
        assert!(!out.exists(), "left {} behind: {refusal}", out.display());
        refusal
    };
    let expect = |refusal: &str, words: &[&str]| {
        assert!(words.iter().all(|word| refusal.contains(word)), "`{refusal}` lacks one of {words:?}");
    };

    expect(&refused("absent.hdf5", &[]), &["absent.hdf5"]);
    fs::write(path("text.hdf5"), "no galaxy here").unwrap();
    expect(&refused("text.hdf5", &[]), &["text.hdf5"]);

    write_tng(&path("good.hdf5"), 50, |_, _| {});
    expect(&refused("good.hdf5", &["--suite", "hubble"]), &["hubble", "tng", "eagle", "particle-table"]);
    expect(&refused("good.hdf5", &["--suite", "eagle"]), &["good.hdf5", "PartType4"]);
    expect(&refused("good.hdf5", &["--centre", "1,2"]), &["--centre", "three numbers", "2"]);
    expect(&refused("good.hdf5", &["--half-mass-radius-kpc", "-1"]), &["half-mass radius", "-1"]);

    expect(&refused("good.hdf5", &["--weighting", "age"]), &["--weighting", "age", "best-known", "number"]);
    let effects = path("effects.json");
    for (text, words) in [
        (None, ["No such file", ""]),
        (Some("{"), ["line 1", "EOF"]),
        (Some(r#"{"sed": 7}"#), ["unknown field `sed`", "`steps`"]),
        (Some(r#"{"steps": [{"blur": {}}]}"#), ["unknown variant `blur`", "`psf`"]),
        (Some(r#"{"steps": [{"noise": {"signal_to_noise": 0}}]}"#), ["step 0, `noise`", "signal_to_noise"]),
        (Some(r#"{"steps": [{"kinematic-errors": {}}]}"#), ["kinematic-errors", "needs a `noise`"]),
    ] {
        if let Some(text) = text {
            fs::write(&effects, text).unwrap();
        }
        let refusal = refused("good.hdf5", &["--effects", effects.to_str().unwrap()]);
        expect(&refusal, &["effects.json", words[0], words[1]]);
    }

    write_tng(&path("empty.hdf5"), 0, |_, _| {});
    expect(&refused("empty.hdf5", &[]), &["empty.hdf5", "star"]);
    write_tng(&path("nan.hdf5"), 50, |positions, _| positions[[17, 1]] = f64::NAN);
    expect(&refused("nan.hdf5", &[]), &["nan.hdf5", "PartType4/Coordinates", "17", "NaN"]);
    write_tng(&path("shape.hdf5"), 50, |_, masses| *masses = Array1::ones(49));
    expect(&refused("shape.hdf5", &[]), &["shape.hdf5", "PartType4/Masses", "49", "50"]);
    write_tng(&path("flat.hdf5"), 50, |positions, _| *positions = Array2::zeros((50, 2)));
    expect(&refused("flat.hdf5", &[]), &["flat.hdf5", "PartType4/Coordinates", "2"]);
    write_tng(&path("point.hdf5"), 50, |positions, _| positions.fill(3.0));
    expect(&refused("point.hdf5", &[]), &["50 star particles", "0 kpc"]);

    let whole = fs::read(path("good.hdf5")).unwrap();
    for length in [0, 7, 100, whole.len() / 3, whole.len() - 1] {
        fs::write(path("cut.hdf5"), &whole[..length]).unwrap();
        expect(&refused("cut.hdf5", &[]), &["cut.hdf5"]);
    }
}

#[test]
fn real_galaxies_come_out_as_figures() {
    for (path, stars) in [
        ("simspin/SimSpin_example_EAGLE_full_7524stars.hdf5", 1.0e10),
        ("simspin/SimSpin_example_IllustrisTNG.hdf5", 2.0e9),
        ("tng100_394242/gal394242.h5", 3.0e10),
    ] {
        let Some(snapshot) = data::file(path) else { return };
        let folder = tempfile::tempdir().unwrap();
        let figures = observe(&snapshot, folder.path(), &[]).json();
        let within: f64 = figures["stellar_mass_msun"].as_f64().unwrap();
        assert!((0.4..0.6).contains(&(within / stars)), "{path}: {within}");
    }
}
