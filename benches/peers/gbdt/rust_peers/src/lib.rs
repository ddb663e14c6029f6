//! What all programs here share: the protocol of ../README.md, `PROGRAM CASEDIR PARAMS_JSON PRED_OUT`, and its clocks.

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

/// A case: tables row by row, labels, and the settings.
pub struct Case {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub x_test: Vec<f64>,
    pub n: usize,
    pub n_test: usize,
    pub n_features: usize,
    pub rounds: usize,
    pub leaves: usize,
    pub learning_rate: f64,
    pub min_data_in_leaf: usize,
    pub max_bin: usize,
    pub threads: usize,
    pub predictions: String,
}

fn doubles(path: &Path) -> Vec<f64> {
    let bytes = fs::read(path).unwrap();
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

impl Case {
    /// Reads the case that the command line names. Sparse tables are refused.
    pub fn load() -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let folder = Path::new(&arguments[1]);
        let meta: Value = serde_json::from_slice(&fs::read(folder.join("meta.json")).unwrap()).unwrap();
        let settings: Value = serde_json::from_str(&arguments[2]).unwrap();
        assert_eq!(meta["layout"], "dense", "dense tables only");
        let count = |value: &Value| value.as_u64().unwrap() as usize;
        Self {
            x: doubles(&folder.join("X_train.f64")),
            y: doubles(&folder.join("y_train.f64")),
            x_test: doubles(&folder.join("X_test.f64")),
            n: count(&meta["n_train"]),
            n_test: count(&meta["n_test"]),
            n_features: count(&meta["n_features"]),
            rounds: count(&settings["rounds"]),
            leaves: count(&settings["num_leaves"]),
            learning_rate: settings["learning_rate"].as_f64().unwrap(),
            min_data_in_leaf: count(&settings["min_data_in_leaf"]),
            max_bin: count(&settings["max_bin"]),
            threads: count(&settings["threads"]),
            predictions: arguments[3].clone(),
        }
    }

    pub fn test_row(&self, row: usize) -> &[f64] {
        &self.x_test[row * self.n_features..(row + 1) * self.n_features]
    }

    /// Writes the predictions, and the times as the last line.
    pub fn report(&self, train: Spent, predict: Spent, row_s: f64, predictions: &[f64], extra: Value) {
        let bytes: Vec<u8> = predictions.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(&self.predictions, bytes).unwrap();
        let times = serde_json::json!({
            "train_s": train.wall, "train_cpu_s": train.cpu,
            "predict_s": predict.wall, "predict_cpu_s": predict.cpu, "row_s": row_s, "extra": extra,
        });
        println!("{times}");
    }
}

/// A table column by column.
pub fn by_columns(table: &[f64], n: usize, n_features: usize) -> Vec<f64> {
    let mut columns = vec![0.0; n * n_features];
    for row in 0..n {
        for feature in 0..n_features {
            columns[feature * n + row] = table[row * n_features + feature];
        }
    }
    columns
}

/// Processor seconds of the whole process, of threads that have ended too.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

#[derive(Clone, Copy)]
pub struct Spent {
    pub wall: f64,
    pub cpu: f64,
}

pub fn timed<T>(call: impl FnOnce() -> T) -> (T, Spent) {
    let (wall, cpu) = (Instant::now(), processor_seconds());
    let result = call();
    (result, Spent { wall: wall.elapsed().as_secs_f64(), cpu: processor_seconds() - cpu })
}

/// Median seconds of the prediction of one row, over some rows.
pub fn time_rows(n: usize, mut predict: impl FnMut(usize) -> f64) -> f64 {
    let mut sum: f64 = (0..n.min(50)).map(&mut predict).sum();
    let mut seconds: Vec<f64> = (0..n)
        .map(|row| {
            let start = Instant::now();
            sum += predict(row);
            start.elapsed().as_secs_f64()
        })
        .collect();
    assert!(sum.is_finite());
    seconds.sort_by(f64::total_cmp);
    seconds[n / 2]
}
