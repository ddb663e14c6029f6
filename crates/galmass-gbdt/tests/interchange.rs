//! Writes models of ours with what they predict, for LightGBM to read: `fixtures/check_models.py` compares.

use std::fmt::Display;
use std::path::Path;

use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
use ndarray::Array2;

fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / 2f64.powi(31)
    };
    (0..n).map(|_| next()).collect()
}

fn write<T: Display>(path: &Path, numbers: &Array2<T>) {
    let line = |row: ndarray::ArrayView1<'_, T>| {
        let words: Vec<String> = row.iter().map(ToString::to_string).collect();
        words.join(" ") + "\n"
    };
    std::fs::write(path, numbers.rows().into_iter().map(line).collect::<String>()).unwrap();
}

#[test]
#[ignore = "writes files for a script in Python"]
fn write_models_for_lightgbm() {
    let folder = std::env::var("GALMASS_GBDT_MODELS").expect("GALMASS_GBDT_MODELS is a folder");
    let config = BoosterConfig { num_iterations: 50, ..Default::default() };
    let chu2024 = BoosterConfig::chu2024();
    let cases = [
        ("dense", f64::NAN, 0.0, &config),
        ("missing", f64::NAN, 0.2, &config),
        ("zeros", 0.0, 0.8, &config),
        ("chu2024", f64::NAN, 0.05, &chu2024),
    ];
    for (name, hole, share, config) in cases {
        let (n_rows, n_features) = (2000, 8);
        let numbers = uniform(n_rows * n_features, 21);
        let mut x =
            Array2::from_shape_fn((n_rows, n_features), |(i, k)| 6.0 * numbers[i * n_features + k] - 3.0);
        let y: Vec<f64> =
            x.rows().into_iter().map(|x| x[0] * x[0] + x[1] * x[2] + 3.0 * x[3].signum()).collect();
        x.iter_mut().zip(uniform(n_rows * n_features, 22)).for_each(|(x, number)| {
            if number < share {
                *x = hole;
            }
        });
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let booster = Booster::train(config, &dataset, &y).unwrap();
        let file = |ending: &str| Path::new(&folder).join(format!("{name}.{ending}"));
        booster.write(&file("txt")).unwrap();
        write(&file("table"), &x);
        write(&file("raw"), &booster.predict_raw(x.view()).unwrap());
        write(&file("contrib"), &booster.predict_contrib(x.view()).unwrap());
        write(&file("leaf"), &booster.predict_leaf(x.view()).unwrap());
    }
}
