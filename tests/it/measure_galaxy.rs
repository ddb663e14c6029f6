//! The examples `measure_galaxy` and `measure_reference`: what they leave and print, and how they refuse.

use std::fs;
use std::path::Path;

use hdf5_metno as hdf5;

use crate::data;
use crate::example::{Ran, run};

fn measure(out: &Path, more: &[&str]) -> Ran {
    run("measure_galaxy", &[&["--out", out.to_str().unwrap(), "--json"], more].concat())
}

#[test]
fn a_mock_galaxy_has_all_features_from_all_sides() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let ran = measure(&out, &[]);
    let figures = ran.json();
    for axis in ["x", "y", "z"] {
        let of = |name: &str| figures[format!("{name}_along_{axis}")].as_f64().unwrap();
        // A Milky Way: a disc with a quarter of its mass in the bulge.
        assert!((-22.0..-20.0).contains(&of("magnitude_r")) && (0.4..0.9).contains(&of("colour_g_r")));
        assert!((0.8..2.5).contains(&of("sersic_index")) && (0.15..0.4).contains(&of("minor_to_major")));
        assert!(
            (0.5..1.0).contains(&of("lambda_r")) && (60.0..200.0).contains(&of("velocity_dispersion_km_s"))
        );
        assert!(of("cold_fraction") > of("hot_fraction") && of("bulge_to_total") < 0.5);
        let sum =
            of("cold_fraction") + of("warm_fraction") + of("hot_fraction") + of("counter_rotating_fraction");
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert_eq!(figures[format!("weighed_by_mass_along_{axis}")], false);
    }
    assert!(ran.stdout.contains("velocity_dispersion_km_s") && ran.stdout.contains("Msun/yr"));

    let mut left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let expected = [
        "features.csv",
        "features.hdf5",
        "mass_profile.png",
        "orbits.png",
        "sersic_fit.png",
        "settings.json",
        "shape.png",
    ];
    assert_eq!(left, expected);
    let file = hdf5::File::open(out.join("features.hdf5")).unwrap();
    let indices: Vec<f64> = file.dataset("sersic_index").unwrap().read_raw().unwrap();
    for (axis, index) in ["x", "y", "z"].iter().zip(&indices) {
        assert_eq!(figures[format!("sersic_index_along_{axis}")].as_f64(), Some(*index));
    }
    let dispersion = file.dataset("velocity_dispersion_km_s").unwrap();
    let unit: hdf5::types::VarLenUnicode = dispersion.attr("unit").unwrap().read_scalar().unwrap();
    assert_eq!(unit.as_str(), "km/s");
    let csv = fs::read_to_string(out.join("features.csv")).unwrap();
    assert!(csv.lines().count() == 4 && csv.contains(",velocity_dispersion_km_s [km/s],"), "{csv}");
    assert!(measure(&out, &[]).refusal().contains("is not empty: give another --out"));
}

#[test]
fn a_real_galaxy_is_the_disc_that_it_is() {
    let Some(snapshot) = data::file("tng100_394242/gal394242.h5") else { return };
    let folder = tempfile::tempdir().unwrap();
    let figures = measure(&folder.path().join("out"), &["--snapshot", snapshot.to_str().unwrap()]).json();
    let of = |name: &str| figures[format!("{name}_along_x")].as_f64();
    // The file has masses and motions alone.
    assert_eq!(of("magnitude_r"), None);
    assert_eq!(figures["weighed_by_mass_along_x"], true);
    assert!((0.2..0.3).contains(&of("minor_to_major").unwrap()), "{figures}");
    assert!((0.35..0.55).contains(&of("cold_fraction").unwrap()), "{figures}");
    assert!((3.0e10..3.4e10).contains(&of("stellar_mass_msun").unwrap()), "{figures}");
    assert_eq!(figures["minor_to_major_along_x"], figures["minor_to_major_along_z"]);
}

#[test]
fn bad_input_is_refused_in_a_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let absent = folder.path().join("absent.hdf5");
    let refused = |more: &[&str]| measure(&out, more).refusal().to_string();
    assert!(refused(&["--snapshot", absent.to_str().unwrap()]).contains("absent.hdf5"));
    assert!(refused(&["--snapshot", absent.to_str().unwrap(), "--suite", "hubble"]).contains("hubble"));
    assert!(refused(&["--snapshot", absent.to_str().unwrap(), "--centre", "1,2"]).contains("three numbers"));
    assert!(!out.exists());
}

#[test]
fn a_case_with_a_known_answer_is_timed_and_an_unknown_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let case = |name: &str, meta: &str, arrays: &[(&str, Vec<f64>)]| {
        let case = folder.path().join(name);
        fs::create_dir(&case).unwrap();
        fs::write(case.join("meta.json"), meta).unwrap();
        for (array, values) in arrays {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(case.join(format!("{array}.f64")), bytes).unwrap();
        }
    };
    // An exponential profile: n = 1 and R_e = 1.678 scale lengths.
    let radii: Vec<f64> = (1..40).map(f64::from).collect();
    let light = radii.iter().map(|r| (-r / 5.0).exp()).collect();
    let shapes = r#"{"shapes": {"r": [39], "I": [39]}, "truth": {"n": 1.0}, "rout": null}"#;
    case("sersic1d_disc", shapes, &[("r", radii.clone()), ("I", light)]);
    case("jam_disc", shapes, &[]);
    case("sersic1d_cut", shapes, &[("r", radii), ("I", vec![1.0])]);
    let measure = |name: &str| {
        run("measure_reference", &[folder.path().to_str().unwrap(), name, "1", "--seconds", "0.01"])
    };
    let found = measure("sersic1d_disc").json();
    assert!((found["result"]["n"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{found}");
    assert!(
        (found["result"]["Re"].as_f64().unwrap() - 5.0 * 1.678_346_990_016_660_6).abs() < 1e-8,
        "{found}"
    );
    assert!(found["s"].as_f64().unwrap() > 0.0 && found["cpu_s"].is_f64());
    assert!(measure("jam_disc").refusal().contains("`jam_disc` is none that galmass knows"));
    assert!(measure("sersic1d_cut").refusal().contains("8 bytes"));
    assert!(measure("absent").refusal().contains("meta.json"));
}
