//! A row of table 5: trees that tell one quantity from some features, scored and kept on disk.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;

use galmass::dataset::Checksum;
use galmass::gbdt::{
    BinningConfig, Booster, BoosterConfig, Dataset, Evaluation, Folds, PermutationConfig,
    RootMeanSquaredError, SquaredError, Training,
};
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::galaxy_table::{GalaxyTable, Input};
use crate::paper_table::{Measured, PaperRow};

/// A fifth of the groups to train on says when to stop, where that is asked for.
const VALIDATION_PARTS: usize = 5;

/// What is to be done.
pub(crate) struct Task<'a> {
    /// The name of its files.
    pub(crate) name: String,
    /// What is known of it before: all but our numbers.
    pub(crate) row: PaperRow,
    pub(crate) inputs: Vec<&'a Input>,
    /// Its place among the targets.
    pub(crate) target: usize,
}

/// A row that is done, as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    /// That of the data, the settings and the row: it is done again where they are others.
    made_of: Checksum,
    pub(crate) row: PaperRow,
    pub(crate) n_training: usize,
    pub(crate) n_trees: usize,
    pub(crate) importance: Vec<Importance>,
    /// The rms error \[dex\] after each tree, by the part of the samples.
    pub(crate) courses: Vec<(String, Vec<f64>)>,
    pub(crate) truth: Vec<f64>,
    pub(crate) predicted: Vec<f64>,
}

/// What share of a row a feature has, in per cent, by three measures.
#[derive(Serialize, Deserialize)]
pub(crate) struct Importance {
    pub(crate) symbol: String,
    /// Of the gain of all splits, in training.
    pub(crate) gain: f64,
    /// Of what the mean squared error of the test samples rises by where one feature is permuted among them.
    pub(crate) permutation: f64,
    /// Of the mean sizes of the Shapley values of the test samples.
    pub(crate) shapley: f64,
}

/// Samples to train on, samples that say when to stop, and samples to score.
pub(crate) struct Parts {
    training: Vec<usize>,
    validation: Vec<usize>,
    test: Vec<usize>,
}

impl Parts {
    /// Holds back one group in three, and one in five of the others where it is to say when to stop.
    pub(crate) fn new(groups: &[u64], stops_early: bool, seed: u64) -> Result<Self, Box<dyn Error>> {
        let folds = Folds::of_groups(groups, 3, seed)?;
        let (rest, test) = (folds.training(0), folds.held_out(0));
        if !stops_early {
            return Ok(Self { training: rest, validation: Vec::new(), test });
        }
        let groups: Vec<u64> = rest.iter().map(|&sample| groups[sample]).collect();
        let folds = Folds::of_groups(&groups, VALIDATION_PARTS, seed)?;
        let of_rest = |places: Vec<usize>| places.into_iter().map(|place| rest[place]).collect();
        Ok(Self { training: of_rest(folds.training(0)), validation: of_rest(folds.held_out(0)), test })
    }

    /// The parts of another split: the galaxies of its validation and of its test part, and all others to train on.
    #[allow(dead_code, reason = "only where a network is beside the trees")]
    pub(crate) fn of_galaxies(galaxies: &[u64], validation: &BTreeSet<u64>, test: &BTreeSet<u64>) -> Self {
        let of = |is_wanted: &dyn Fn(&u64) -> bool| {
            (0..galaxies.len()).filter(|&sample| is_wanted(&galaxies[sample])).collect()
        };
        Self {
            training: of(&|galaxy| !validation.contains(galaxy) && !test.contains(galaxy)),
            validation: of(&|galaxy| validation.contains(galaxy)),
            test: of(&|galaxy| test.contains(galaxy)),
        }
    }

    /// The share of the test samples of whose galaxy the trees know another sample.
    pub(crate) fn overlap(&self, galaxies: &[u64]) -> f64 {
        let known: BTreeSet<u64> =
            self.training.iter().chain(&self.validation).map(|&sample| galaxies[sample]).collect();
        let n_known = self.test.iter().filter(|&&sample| known.contains(&galaxies[sample])).count();
        n_known as f64 / self.test.len() as f64
    }

    /// The groups of which there are samples in both.
    pub(crate) fn n_shared(&self, groups: &[u64]) -> usize {
        let of = |samples: &[usize]| samples.iter().map(|&sample| groups[sample]).collect::<BTreeSet<_>>();
        let (seen, test) = (of(&self.training), of(&self.test));
        let seen: BTreeSet<u64> = seen.union(&of(&self.validation)).copied().collect();
        seen.intersection(&test).count()
    }

    /// The samples of a part with a target.
    fn with_target(part: &[usize], target: &[f64]) -> Vec<usize> {
        part.iter().copied().filter(|&sample| target[sample].is_finite()).collect()
    }
}

/// Features and targets of some samples.
struct Rows {
    table: Array2<f64>,
    targets: Vec<f64>,
}

impl Rows {
    fn of(samples: &[usize], inputs: &[&Input], target: &[f64]) -> Self {
        let cell = |(row, column): (usize, usize)| inputs[column].values[samples[row]];
        Self {
            table: Array2::from_shape_fn((samples.len(), inputs.len()), cell),
            targets: samples.iter().map(|&sample| target[sample]).collect(),
        }
    }
}

/// The row of an earlier run, where it was made of the same.
pub(crate) fn kept(folder: &Path, name: &str, made_of: Checksum) -> Option<Done> {
    let text = fs::read(folder.join(format!("{name}.json"))).ok()?;
    let done: Done = serde_json::from_slice(&text).ok()?;
    (done.made_of == made_of).then_some(done)
}

/// Trains, scores and writes a row; its record appears at the end, whole.
pub(crate) fn train(
    task: &Task<'_>,
    table: &GalaxyTable,
    parts: &Parts,
    config: &BoosterConfig,
    seed: u64,
    folder: &Path,
    made_of: Checksum,
) -> Result<Done, Box<dyn Error>> {
    let target = &table.targets[task.target];
    let [training, validation, test] =
        [&parts.training, &parts.validation, &parts.test].map(|part| Parts::with_target(part, target));
    if training.is_empty() || test.is_empty() {
        let symbol = &task.row.target;
        return Err(format!("{symbol} is not known of enough samples to train and to test on").into());
    }
    let rows = |samples: &[usize]| Rows::of(samples, &task.inputs, target);
    let (to_train, to_stop, to_test) = (rows(&training), rows(&validation), rows(&test));
    let words: Vec<String> = task.inputs.iter().map(|input| input.symbol.replace(' ', "")).collect();
    let dataset =
        Dataset::new(to_train.table.view(), &BinningConfig::default())?.with_feature_names(&words)?;
    let watched = if validation.is_empty() { ("test", &to_test) } else { ("validation", &to_stop) };
    let trained = Booster::train_with(
        &SquaredError,
        config,
        Training {
            evaluations: vec![Evaluation::new(watched.0, watched.1.table.view(), &watched.1.targets)],
            metrics: vec![&RootMeanSquaredError],
            evaluates_training: true,
            ..Training::new(&dataset, &to_train.targets)
        },
    )?;
    let booster = &trained.booster;
    let predicted = booster.predict(to_test.table.view())?;
    let galaxies: Vec<u64> = test.iter().map(|&sample| table.galaxies[sample]).collect();
    let ours = Measured::of(&predicted, &to_test.targets, &galaxies, seed)?;
    let done = Done {
        made_of,
        row: PaperRow { ours: Some(ours), ..task.row.clone() },
        n_training: training.len(),
        n_trees: booster.trees().len(),
        importance: importance(booster, &task.inputs, to_test.table.view(), &to_test.targets, seed)?,
        courses: trained.curves.into_iter().map(|curve| (curve.evaluation, curve.values)).collect(),
        truth: to_test.targets,
        predicted,
    };
    booster.write(&folder.join(format!("{}.txt", task.name)))?;
    let mut record = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut record, &done)?;
    record.persist(folder.join(format!("{}.json", task.name)))?;
    Ok(done)
}

fn importance(
    booster: &Booster,
    inputs: &[&Input],
    table: ArrayView2<'_, f64>,
    targets: &[f64],
    seed: u64,
) -> Result<Vec<Importance>, Box<dyn Error>> {
    let loss = |predicted: &[f64]| {
        let squares = predicted.iter().zip(targets).map(|(found, truth)| (found - truth).powi(2));
        squares.sum::<f64>() / targets.len() as f64
    };
    let config = PermutationConfig { seed, ..PermutationConfig::default() };
    let permuted = booster.importance_by_permutation(table, None, &config, loss)?;
    let contributions = booster.predict_contrib(table)?;
    let gain = shares(booster.importance_by_gain());
    // A feature without which the error falls has no share.
    let permutation = shares(permuted.iter().map(|of_feature| of_feature.mean().max(0.0)).collect());
    let shapley = shares((0..inputs.len()).map(|feature| mean_size(&contributions, feature)).collect());
    let of = |(feature, input): (usize, &&Input)| Importance {
        symbol: input.symbol.clone(),
        gain: gain[feature],
        permutation: permutation[feature],
        shapley: shapley[feature],
    };
    Ok(inputs.iter().enumerate().map(of).collect())
}

fn mean_size(contributions: &Array2<f64>, feature: usize) -> f64 {
    let column = contributions.index_axis(Axis(1), feature);
    column.iter().map(|value| value.abs()).sum::<f64>() / column.len() as f64
}

/// The shares of all, in per cent.
fn shares(values: Vec<f64>) -> Vec<f64> {
    let all: f64 = values.iter().sum();
    values.into_iter().map(|value| if all > 0.0 { 100.0 * value / all } else { 0.0 }).collect()
}
