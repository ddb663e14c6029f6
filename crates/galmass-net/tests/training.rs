//! The training loop on a small task that can be learnt: the brightness of a map.

// In one program with these: each has to compile the whole of a backend for itself.
mod inference;

use std::path::Path;

use burn::backend::Autodiff;
use burn_flex::Flex;
use galmass_core::seed;
use galmass_dataset::{
    Augmentation, BranchLayout, Channel, Fractions, Inputs, MapSet, Normalisation, ScaledSamples, Split,
};
use galmass_net::{
    AlignmentConfig, BurnEngine, Engine, LogLine, Model, NetError, NetworkConfig, Progress, SampleSource,
    Schedule, Trained, TrainingConfig, TrainingTask,
};
use ndarray::{Array3, s};
use rand::RngExt;

const N_SAMPLES: usize = 96;
const N_PX: usize = 16;

struct Task {
    network: NetworkConfig,
    training: TrainingConfig,
    normalisation: Normalisation,
    layout: Vec<BranchLayout>,
    samples: ScaledSamples,
    split: Split,
}

/// Maps of noise about a level, and the level as the target.
fn task() -> Task {
    let mut generator = seed::generator(11);
    let levels: Vec<f64> = (0..N_SAMPLES).map(|_| generator.random_range(0.0..2.0)).collect();
    let mut maps = |scale: f32| {
        Array3::from_shape_fn((N_SAMPLES, N_PX, N_PX), |(sample, _, _)| {
            scale * 10f32.powf(levels[sample] as f32) * generator.random_range(0.8..1.2)
        })
    };
    let set = MapSet::new((0..N_SAMPLES as u64).collect())
        .and_then(|set| set.with_channel(Channel::Light, maps(1.0)))
        .and_then(|set| set.with_channel(Channel::Velocity, maps(0.0)))
        .and_then(|set| set.with_channel(Channel::Dispersion, maps(3.0)))
        .and_then(|set| set.with_target("level", levels.clone()))
        .unwrap();
    let split = Split::grouped(set.galaxy_ids(), Fractions { validation: 0.2, test: 0.2 }, 1).unwrap();
    let layout = BranchLayout::image_and_kinematics();
    let normalisation = Normalisation::fit(&set, &split.training, &layout, &["level"]).unwrap();
    Task {
        network: NetworkConfig { width: 4, ..NetworkConfig::chu2024(&normalisation) },
        training: TrainingConfig {
            n_epochs: 4,
            batch_size: 8,
            learning_rate: 3e-3,
            schedule: Schedule::Cosine,
            n_warmup_epochs: 1,
            augmentation: Augmentation::Symmetries,
            seed: 5,
            ..TrainingConfig::chu2024()
        },
        samples: normalisation.scale(&set).unwrap(),
        normalisation,
        layout,
        split,
    }
}

fn engine() -> BurnEngine<Autodiff<Flex>> {
    BurnEngine::new(Default::default())
}

impl Task {
    fn parts(&self) -> [ScaledSamples; 2] {
        [&self.split.training, &self.split.validation].map(|part| self.samples.select(part))
    }

    fn on<'a>(&'a self, parts: [&'a dyn SampleSource; 2]) -> TrainingTask<'a> {
        TrainingTask {
            network: &self.network,
            training: &self.training,
            layout: &self.layout,
            training_samples: parts[0],
            validation_samples: parts[1],
            unlabelled_samples: None,
            checkpoint: None,
            log: None,
        }
    }
}

fn run(
    task: &Task,
    checkpoint: Option<&Path>,
    observe: &mut dyn FnMut(Progress),
) -> Result<Trained, NetError> {
    let [training, validation] = task.parts();
    let log = checkpoint.map(|path| path.with_extension("log"));
    let task = TrainingTask { checkpoint, log: log.as_deref(), ..task.on([&training, &validation]) };
    engine().train(&task, observe)
}

#[test]
fn the_network_learns_what_can_be_learnt() {
    let mut task = task();
    task.training.n_epochs = 15;
    let trained = run(&task, None, &mut |_| {}).unwrap();
    let best = trained.history[trained.best_epoch - 1];
    assert!(best.validation_loss < 0.25, "{:?}", trained.history);
    assert!(trained.history.iter().all(|record| record.validation_loss >= best.validation_loss));

    let model = model(&task, trained);
    let test = task.samples.select(&task.split.test);
    let predicted = engine().predict(&model, &test.inputs).unwrap();
    let truth = task.normalisation.unscale_targets(test.targets.view());
    let scatter = (&predicted - &truth).mapv(|error| error * error).mean().unwrap().sqrt();
    assert!(scatter < 0.35, "{scatter} where the levels scatter by 0.58");
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_does_not() {
    let mut task = task();
    let first = run(&task, None, &mut |_| {}).unwrap();
    assert_eq!(first, run(&task, None, &mut |_| {}).unwrap());
    task.training.seed = 6;
    assert_ne!(first.history, run(&task, None, &mut |_| {}).unwrap().history);
}

#[test]
fn the_same_bits_whatever_the_number_of_threads() {
    let task = task();
    let with_threads = |n_threads| {
        let pool = rayon_pool(n_threads);
        pool.install(|| run(&task, None, &mut |_| {}).unwrap())
    };
    assert_eq!(with_threads(1), with_threads(3));
}

#[test]
fn a_run_broken_off_at_any_epoch_goes_on_with_the_same_losses() {
    let folder = tempfile::tempdir().unwrap();
    let task = task();
    let whole = run(&task, None, &mut |_| {}).unwrap();
    for broken_after in 1..=task.training.n_epochs {
        let checkpoint = folder.path().join(format!("after_{broken_after}.checkpoint"));
        let broken = std::panic::catch_unwind(|| {
            run(&task, Some(&checkpoint), &mut |progress| {
                if let Progress::Batch { epoch, .. } = progress {
                    assert!(epoch <= broken_after, "pulled the plug");
                }
            })
        });
        assert_eq!(broken.is_err(), broken_after < task.training.n_epochs);
        let mut resumed_after = None;
        let resumed = run(&task, Some(&checkpoint), &mut |progress| {
            if let Progress::Resumed { n_epochs_done } = progress {
                resumed_after = Some(n_epochs_done);
            }
        });
        assert_eq!(resumed.unwrap(), whole);
        assert_eq!(resumed_after, Some(broken_after));
        let log = std::fs::read_to_string(checkpoint.with_extension("log")).unwrap();
        let lines: Vec<LogLine> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let records: Vec<_> = lines.iter().map(|line| line.record).collect();
        assert_eq!(records, whole.history, "neither repeated nor lost");
        assert!(lines.iter().all(|line| line.seconds > 0.0 && line.samples_per_second > 0.0));
    }
}

#[test]
fn a_checkpoint_of_another_run_or_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("run.checkpoint");
    let mut task = task();
    task.training.n_epochs = 1;
    run(&task, Some(&checkpoint), &mut |_| {}).unwrap();

    let refused = |task: &Task, words: &str| {
        let error = run(task, Some(&checkpoint), &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    task.training.learning_rate *= 2.0;
    refused(&task, "`training.learning_rate` was 0.003, now it is 0.006");
    task.training.learning_rate /= 2.0;
    task.network.width = 8;
    refused(&task, "`network.width` was 4, now it is 8");
    task.network.width = 4;
    task.samples.targets[[task.split.validation[0], 0]] += 1.0;
    refused(&task, "`validation_samples` was ");
    task.samples.targets[[task.split.validation[0], 0]] -= 1.0;

    let whole = std::fs::read(&checkpoint).unwrap();
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&checkpoint, &whole[..length]).unwrap();
        let error = run(&task, Some(&checkpoint), &mut |_| {}).unwrap_err();
        assert!(matches!(error, NetError::NotThisCheckpoint { .. }), "{length} bytes: {error}");
    }
}

#[test]
fn a_loss_that_is_no_number_names_its_batch() {
    let mut task = task();
    task.training.learning_rate = 1e30;
    task.training.n_warmup_epochs = 0;
    let error = run(&task, None, &mut |_| {}).unwrap_err();
    assert!(matches!(error, NetError::LossNotFinite { epoch: 1, .. }), "{error}");
}

#[test]
fn samples_that_do_not_fit_are_refused() {
    let mut broken = task();
    broken.samples.inputs.branches[1][[3, 0, 2, 2]] = f32::NAN;
    let inputs = broken.samples.inputs.clone();
    broken.training.n_epochs = 1;
    let model = model(
        &broken,
        run(&Task { training: broken.training.clone(), ..task() }, None, &mut |_| {}).unwrap(),
    );
    let refused = engine().predict(&model, &inputs).unwrap_err().to_string();
    assert_eq!(refused, "`kinematics` holds NaN for sample 3");
    let coarse = inputs.branches.iter().map(|maps| maps.slice(s![.., .., 8.., 8..]).to_owned()).collect();
    let refused = engine().predict(&model, &Inputs { branches: coarse }).unwrap_err().to_string();
    assert_eq!(refused, "branch `image` takes maps of 16 x 16 pixels, the samples have 8 x 8");
    let mut layout = broken.layout.clone();
    layout[0].channels = vec![Channel::Colour];
    let refused = model.check_layout(&layout).unwrap_err().to_string();
    assert_eq!(refused, "branch `image` takes the channels [Light], the samples have [Colour]");
    // A NaN in training is named by its place in the part, whatever the batch.
    let place = broken.split.training.iter().position(|&sample| sample == 3);
    let refused = run(&broken, None, &mut |_| {}).unwrap_err().to_string();
    match place {
        Some(place) => assert_eq!(refused, format!("`kinematics` holds NaN for sample {place}")),
        None => assert!(refused.contains("holds NaN"), "{refused}"),
    }

    let mut one_branch = task();
    one_branch.samples.inputs.branches.pop();
    let refused = run(&one_branch, None, &mut |_| {}).unwrap_err().to_string();
    assert_eq!(refused, "the network has 2 branches, the samples have 1");
}

#[test]
fn a_model_survives_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut task = task();
    task.training.n_epochs = 1;
    let model = model(&task, run(&task, None, &mut |_| {}).unwrap());
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded, model);
    let inputs = &task.samples.inputs;
    assert_eq!(engine().predict(&loaded, inputs).unwrap(), engine().predict(&model, inputs).unwrap());

    let whole = std::fs::read(&path).unwrap();
    for length in [0, 4, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Model::load(&path), Err(NetError::NotAModel { .. })), "{length} bytes");
    }
    assert!(matches!(Model::load(&folder.path().join("absent")), Err(NetError::Io { .. })));

    // A file of the first layout, which had no number, and one whose parts are of two models.
    for (from, to, words) in [
        (r#"\"layout_version\":3,"#, "", "of layout 1, written by galmass"),
        (
            r#"\"name\":\"kinematics\",\"n_channels\":2"#,
            r#"\"name\":\"kinematica\",\"n_channels\":2"#,
            "`kinematica`",
        ),
    ] {
        let (changed, length) = replaced(&whole, from, to);
        let mut file = u64::to_le_bytes(length as u64).to_vec();
        file.extend(changed);
        std::fs::write(&path, file).unwrap();
        let error = Model::load(&path).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    let wider = Model { network: NetworkConfig { width: 8, ..model.network.clone() }, ..model };
    let error = engine().predict(&wider, inputs).unwrap_err();
    assert!(matches!(error, NetError::WeightsDoNotFit { .. }), "{error}");
}

/// A safetensors file without its first eight bytes, which count those of its header, with one text of the header replaced;
/// and the new count.
fn replaced(file: &[u8], from: &str, to: &str) -> (Vec<u8>, usize) {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&file[8..8 + length]).unwrap();
    assert!(header.contains(from), "{header:.600}");
    let header = header.replacen(from, to, 1);
    ([header.as_bytes(), &file[8 + length..]].concat(), header.len())
}

#[test]
fn training_ends_when_nothing_gets_better() {
    let mut task = task();
    // Nothing is learnt: the first epoch stays the best but for the running statistics.
    task.training = TrainingConfig { learning_rate: 1e-30, n_epochs: 30, patience: Some(2), ..task.training };
    let trained = run(&task, None, &mut |_| {}).unwrap();
    assert_eq!(trained.history.len(), trained.best_epoch + 2);
    assert!(trained.history.len() < 30);
}

#[test]
fn pieces_and_short_gradients_train_too() {
    let mut task = task();
    task.training.n_epochs = 6;
    let whole = run(&task, None, &mut |_| {}).unwrap();
    task.training =
        TrainingConfig { micro_batch_size: Some(4), largest_gradient: Some(1.0), ..task.training };
    let pieces = run(&task, None, &mut |_| {}).unwrap();
    assert_ne!(pieces.history, whole.history);
    let loss = |trained: &Trained| trained.history[trained.best_epoch - 1].validation_loss;
    assert!(loss(&pieces) < 0.6, "{} against {} of whole batches", loss(&pieces), loss(&whole));
}

#[test]
fn aligned_features_of_another_domain_are_like_those_of_the_training() {
    let mut task = task();
    task.training = TrainingConfig { n_epochs: 10, augmentation: Augmentation::None, ..task.training };
    let [training, validation] = task.parts();
    // The same maps through another camera, whose masses nobody knows.
    let mut others = training.clone();
    others.inputs.branches.iter_mut().for_each(|maps| maps.mapv_inplace(|value| 0.6 - 0.5 * value * value));
    others.targets.fill(f32::NAN);
    let farther = |weight: f64| {
        let alignment = Some(AlignmentConfig { weight });
        let config = TrainingConfig { alignment, ..task.training.clone() };
        let unlabelled_samples: Option<&dyn SampleSource> = Some(&others);
        let parts = task.on([&training, &validation]);
        let aligned = TrainingTask { training: &config, unlabelled_samples, ..parts };
        let trained = engine().train(&aligned, &mut |_| {}).unwrap();
        assert_eq!(engine().train(&aligned, &mut |_| {}).unwrap(), trained);
        let model = Model::new(&aligned, task.normalisation.clone(), trained).unwrap();
        let predictor = engine().open(&model).unwrap();
        let distances = predictor.predict(&others.inputs).unwrap().distances;
        distances.iter().sum::<f64>() / distances.len() as f64
    };
    let (alone, aligned) = (farther(0.0), farther(10.0));
    assert!(aligned < 0.7 * alone, "{aligned} with and {alone} without");
}

#[test]
fn there_must_be_something_to_align_with() {
    let mut task = task();
    task.training.alignment = Some(AlignmentConfig { weight: 1.0 });
    assert!(matches!(run(&task, None, &mut |_| {}), Err(NetError::NothingToAlignWith)));
    let [training, validation] = task.parts();
    let refused = |others: &ScaledSamples| {
        let unlabelled_samples: Option<&dyn SampleSource> = Some(others);
        let task = TrainingTask { unlabelled_samples, ..task.on([&training, &validation]) };
        engine().train(&task, &mut |_| {}).unwrap_err()
    };
    assert!(matches!(refused(&training.select(&[])), NetError::NoSamples { part: "unlabelled" }));
    let mut broken = training.clone();
    broken.inputs.branches[0][[0, 0, 3, 3]] = f32::NAN;
    assert!(matches!(refused(&broken), NetError::NotFinite { sample: 0, .. }));
}

fn model(task: &Task, trained: Trained) -> Model {
    let [training, validation] = task.parts();
    Model::new(&task.on([&training, &validation]), task.normalisation.clone(), trained).unwrap()
}

fn rayon_pool(n_threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap()
}
