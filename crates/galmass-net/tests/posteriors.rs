//! Networks with heads that are densities, from training to masses, and samples that lack a tracer.

use burn::backend::Autodiff;
use burn_flex::Flex;
use galmass_core::seed;
use galmass_dataset::{
    Augmentation, BranchLayout, Channel, Fractions, Inputs, MapSet, Normalisation, ScaledSamples, Split,
};
use galmass_net::{
    BurnEngine, Engine, HeadConfig, MissingConfig, Model, NetError, NetworkConfig, ProfileConfig, Schedule,
    TrainingConfig, TrainingTask, mark_missing, select_branches,
};
use ndarray::{Array2, Array3, Axis};
use rand::RngExt;

const N_SAMPLES: usize = 160;
const N_PX: usize = 12;

struct Task {
    network: NetworkConfig,
    training: TrainingConfig,
    layout: Vec<BranchLayout>,
    normalisation: Normalisation,
    samples: ScaledSamples,
    split: Split,
}

/// Two maps that both tell the level, each with an error of its own, and a profile of two masses that rises with it.
fn task(head: HeadConfig) -> Task {
    let mut generator = seed::generator(3);
    let levels: Vec<f64> = (0..N_SAMPLES).map(|_| generator.random_range(0.0..2.0)).collect();
    let mut maps = |error: f64| {
        let seen: Vec<f64> =
            levels.iter().map(|level| level + error * generator.random_range(-1.0..1.0)).collect();
        Array3::from_shape_fn((N_SAMPLES, N_PX, N_PX), |(sample, _, _)| {
            10f32.powf(seen[sample] as f32) * generator.random_range(0.8..1.2)
        })
    };
    let set = MapSet::new((0..N_SAMPLES as u64).collect())
        .and_then(|set| set.with_channel(Channel::Light, maps(0.2)))
        .and_then(|set| set.with_channel(Channel::Dispersion, maps(0.2)))
        .and_then(|set| set.with_target("inner", levels.iter().map(|level| 9.0 + level).collect()))
        .and_then(|set| set.with_target("outer", levels.iter().map(|level| 9.4 + 1.1 * level).collect()))
        .unwrap();
    let split = Split::grouped(set.galaxy_ids(), Fractions { validation: 0.2, test: 0.3 }, 1).unwrap();
    let layout = vec![
        BranchLayout { name: "stars".into(), channels: vec![Channel::Light] },
        BranchLayout { name: "gas".into(), channels: vec![Channel::Dispersion] },
    ];
    let normalisation = Normalisation::fit(&set, &split.training, &layout, &["inner", "outer"]).unwrap();
    let network = NetworkConfig {
        width: 4,
        head,
        missing: Some(MissingConfig::default()),
        profiles: Some(ProfileConfig::new(&normalisation, &[2])),
        ..NetworkConfig::chu2024(&normalisation)
    };
    let training = TrainingConfig {
        n_epochs: 3,
        batch_size: 16,
        learning_rate: 3e-3,
        schedule: Schedule::Cosine,
        n_warmup_epochs: 0,
        weight_decay: 0.0,
        augmentation: Augmentation::None,
        seed: 5,
        ..TrainingConfig::chu2024()
    };
    Task { network, training, layout, samples: normalisation.scale(&set).unwrap(), normalisation, split }
}

fn engine() -> BurnEngine<Autodiff<Flex>> {
    BurnEngine::new(Default::default())
}

fn train(task: &Task, samples: &ScaledSamples, checkpoint: Option<&std::path::Path>) -> Model {
    let (training, validation) =
        (samples.select(&task.split.training), samples.select(&task.split.validation));
    let training = TrainingTask {
        network: &task.network,
        training: &task.training,
        layout: &task.layout,
        training_samples: &training,
        validation_samples: &validation,
        unlabelled_samples: None,
        checkpoint,
        log: None,
    };
    let trained = engine().train(&training, &mut |_| {}).unwrap();
    Model::new(&training, task.normalisation.clone(), trained).unwrap()
}

fn test_inputs(task: &Task, present: [bool; 2]) -> (Inputs, Array2<f64>) {
    let mut test = task.samples.select(&task.split.test);
    let present = Array2::from_shape_fn((test.n_samples(), 2), |(_, branch)| present[branch]);
    mark_missing(&mut test.inputs, present.view()).unwrap();
    let truths = task.normalisation.unscale_targets(test.targets.view());
    (test.inputs, truths)
}

#[test]
fn one_network_serves_either_tracer_and_both() {
    let mut task = task(HeadConfig::Gaussian);
    (task.training.n_epochs, task.training.batch_size) = (40, 8);
    let model = train(&task, &task.samples, None);
    for present in [[true, true], [true, false], [false, true]] {
        let (inputs, truths) = test_inputs(&task, present);
        let posterior = engine().posterior(&model, &inputs).unwrap();
        let medians = engine().predict(&model, &inputs).unwrap();
        assert_eq!(medians, posterior.medians());
        let scatter = (&medians - &truths).mapv(|error| error * error).mean().unwrap().sqrt();
        assert!(scatter < 0.53, "{present:?}: {scatter} where the targets scatter by 0.61");
        let samples = posterior.samples(20, 1);
        assert!(samples.lanes(Axis(2)).into_iter().all(|masses| masses[1] >= masses[0]), "{present:?}");
    }
}

#[test]
fn the_validation_part_sets_widths_and_leaves_medians() {
    let mut task = task(HeadConfig::Gaussian);
    task.network.profiles = None;
    let model = train(&task, &task.samples, None);
    let as_it_came_out = Model { width_factors: Vec::new(), ..model.clone() };
    let (inputs, _) = test_inputs(&task, [true, true]);
    let [calibrated, plain] = [&model, &as_it_came_out].map(|model| {
        let predictor = engine();
        predictor.posterior(model, &inputs).unwrap().all_quantiles(&[0.16, 0.5, 0.84]).unwrap()
    });
    let widths =
        |quantiles: &Array3<f64>, target: usize| quantiles[[0, 2, target]] - quantiles[[0, 0, target]];
    for target in 0..2 {
        let factor = model.width_factors[target];
        assert!(factor != 1.0, "three epochs leave no width right");
        let ratio = widths(&calibrated, target) / widths(&plain, target);
        assert!((ratio / factor - 1.0).abs() < 1e-9, "{ratio} {factor}");
        assert!((calibrated[[0, 1, target]] - plain[[0, 1, target]]).abs() < 1e-12);
    }
    let wrong = Model { width_factors: vec![1.0], ..model };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    wrong.save(&path).unwrap();
    assert!(matches!(Model::load(&path), Err(NetError::ModelDisagrees { .. })));
}

#[test]
fn densities_are_per_dex() {
    let task = task(HeadConfig::Mixture { n_components: 2 });
    let model = train(&task, &task.samples, None);
    let (inputs, _) = test_inputs(&task, [true, true]);
    let posterior = engine().posterior(&model, &inputs.select(&[0])).unwrap();
    let cell = 0.02;
    let axis = |from: f64| (0..300).map(move |i| from + cell * (f64::from(i) + 0.5));
    let points = axis(7.0).flat_map(|inner| axis(7.5).map(move |outer| (inner, outer)));
    let sum: f64 = points.map(|(a, b)| posterior.log_density(0, ndarray::arr1(&[a, b]).view()).exp()).sum();
    assert!((sum * cell * cell - 1.0).abs() < 0.05, "{}", sum * cell * cell);
}

#[test]
fn a_run_with_a_flow_and_branch_dropout_goes_on_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("run.checkpoint");
    let task = task(HeadConfig::Flow { n_layers: 2, n_hidden: 8, n_components: 2 });
    let whole = train(&task, &task.samples, None);
    let (training, validation) =
        (task.samples.select(&task.split.training), task.samples.select(&task.split.validation));
    let broken = std::panic::catch_unwind(|| {
        let task = TrainingTask {
            network: &task.network,
            training: &task.training,
            layout: &task.layout,
            training_samples: &training,
            validation_samples: &validation,
            unlabelled_samples: None,
            checkpoint: Some(&checkpoint),
            log: None,
        };
        engine().train(&task, &mut |progress| {
            if let galmass_net::Progress::Batch { epoch, .. } = progress {
                assert!(epoch < 3, "pulled the plug");
            }
        })
    });
    assert!(broken.is_err() && checkpoint.exists());
    let resumed = train(&task, &task.samples, Some(&checkpoint));
    assert_eq!(resumed.weights, whole.weights);

    let path = folder.path().join("model.safetensors");
    whole.save(&path).unwrap();
    let (inputs, _) = test_inputs(&task, [false, true]);
    let loaded = engine().posterior(&Model::load(&path).unwrap(), &inputs).unwrap();
    assert_eq!(loaded.samples(3, 1), engine().posterior(&whole, &inputs).unwrap().samples(3, 1));
}

#[test]
fn networks_of_one_tracer_train_on_the_same_samples() {
    let mut task = task(HeadConfig::Point);
    let inputs = select_branches(&task.network, &task.samples.inputs, &[1]).unwrap();
    task.network = NetworkConfig { missing: None, ..task.network.with_branches(&[1]).unwrap() };
    task.layout.remove(0);
    task.normalisation.branches.remove(0);
    let samples = ScaledSamples { inputs, targets: task.samples.targets.clone() };
    let model = train(&task, &samples, None);
    let test = samples.select(&task.split.test);
    let predicted = engine().predict(&model, &test.inputs).unwrap();
    assert!(predicted.rows().into_iter().all(|masses| masses[1] >= masses[0]));
}

#[test]
fn samples_without_anything_and_tracers_that_may_not_be_missing_are_refused() {
    let mut task = task(HeadConfig::Point);
    task.training.n_epochs = 1;
    let model = train(&task, &task.samples, None);
    let (nothing, _) = test_inputs(&task, [false, false]);
    assert!(matches!(engine().predict(&model, &nothing), Err(NetError::NothingPresent { sample: 0 })));

    let (half, _) = test_inputs(&task, [true, false]);
    let strict = Model { network: NetworkConfig { missing: None, ..model.network.clone() }, ..model };
    let error = engine().predict(&strict, &half).unwrap_err();
    assert!(matches!(error, NetError::NotFinite { sample: 0, .. }), "{error}");
}
