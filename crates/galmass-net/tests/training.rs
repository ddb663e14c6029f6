//! The training loop on a small task that can be learnt: the brightness of a map.

use std::path::Path;

use burn::backend::Autodiff;
use burn_flex::Flex;
use galmass_core::seed;
use galmass_dataset::{
    Augmentation, BranchLayout, Channel, Fractions, MapSet, Normalisation, ScaledSamples, Split,
};
use galmass_net::{
    BurnEngine, Engine, Model, NetError, NetworkConfig, Progress, Schedule, Trained, TrainingConfig,
    TrainingTask,
};
use ndarray::Array3;
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
            weight_decay: 0.0,
            augmentation: Augmentation::Symmetries,
            seed: 5,
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

fn run(
    task: &Task,
    checkpoint: Option<&Path>,
    observe: &mut dyn FnMut(Progress),
) -> Result<Trained, NetError> {
    let (training, validation) =
        (task.samples.select(&task.split.training), task.samples.select(&task.split.validation));
    engine().train(
        &TrainingTask {
            network: &task.network,
            training: &task.training,
            layout: &task.layout,
            training_samples: &training,
            validation_samples: &validation,
            checkpoint,
        },
        observe,
    )
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
    }
}

#[test]
fn a_checkpoint_of_another_run_or_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("run.checkpoint");
    let mut task = task();
    task.training.n_epochs = 1;
    run(&task, Some(&checkpoint), &mut |_| {}).unwrap();

    task.training.learning_rate *= 2.0;
    let error = run(&task, Some(&checkpoint), &mut |_| {}).unwrap_err().to_string();
    assert!(error.ends_with("the training settings were others"), "{error}");
    task.training.learning_rate /= 2.0;

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
    let error = broken.samples.inputs.clone();
    let model = Model {
        network: broken.network.clone(),
        training: broken.training.clone(),
        normalisation: broken.normalisation.clone(),
        weights: run(&task(), None, &mut |_| {}).unwrap().weights,
    };
    let refused = engine().predict(&model, &error).unwrap_err().to_string();
    assert_eq!(refused, "`kinematics` holds NaN for sample 3");

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
    assert_eq!((&loaded.network, &loaded.training), (&model.network, &model.training));
    assert_eq!(loaded.normalisation, model.normalisation);
    let inputs = &task.samples.inputs;
    assert_eq!(engine().predict(&loaded, inputs).unwrap(), engine().predict(&model, inputs).unwrap());

    let whole = std::fs::read(&path).unwrap();
    for length in [0, 4, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Model::load(&path), Err(NetError::NotAModel { .. })), "{length} bytes");
    }
    assert!(matches!(Model::load(&folder.path().join("absent")), Err(NetError::Io { .. })));

    let wider = Model { network: NetworkConfig { width: 8, ..model.network.clone() }, ..model };
    let error = engine().predict(&wider, inputs).unwrap_err();
    assert!(matches!(error, NetError::WeightsDoNotFit { .. }), "{error}");
}

fn model(task: &Task, trained: Trained) -> Model {
    Model {
        network: task.network.clone(),
        training: task.training.clone(),
        normalisation: task.normalisation.clone(),
        weights: trained.weights,
    }
}

fn rayon_pool(n_threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap()
}
