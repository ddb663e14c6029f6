//! A trained model at work: intervals, strange galaxies, explanations, and samples that stay on disk.

use std::path::Path;
use std::sync::OnceLock;

use burn::backend::Autodiff;
use burn_flex::Flex;
use galmass_core::seed;
use galmass_dataset::{
    ArrayLayout, Augmentation, BranchLayout, Channel, MapSet, Normalisation, Sample, SampleKey, SampleLayout,
    SampleMaps, SampleSet, SetDescription, ShardWriter, finish_set,
};
use galmass_net::{
    BurnEngine, Engine, Model, NetError, NetworkConfig, QUANTILES, SampleSource, Stem, StoredSamples,
    TrainingConfig, TrainingTask,
};
use ndarray::Array3;
use rand::RngExt;

const N_PX: usize = 12;
const N_SAMPLES: usize = 160;

/// Samples on disk: spots of light whose brightness is the target, but for some noise that no map tells.
fn write_set(folder: &Path) -> SampleSet {
    let array = |name: &str, shape: &[usize]| ArrayLayout {
        name: name.into(),
        shape: shape.into(),
        unit: "1".into(),
        description: name.into(),
    };
    let description = SetDescription {
        layout: SampleLayout::new(vec![array("spot", &[N_PX, N_PX]), array("level", &[])]).unwrap(),
        suites: vec!["mock".into()],
        config: serde_json::json!({}),
        seeds: [("spots".to_string(), 4)].into(),
        version: "test".into(),
        n_shards: 3,
    };
    let mut generator = seed::generator(4);
    for shard in 0..3 {
        let mut writer = ShardWriter::create(folder, shard, &description).unwrap();
        for index in (shard as usize..N_SAMPLES).step_by(3) {
            let level = generator.random_range(0.0..2.0_f32);
            let spot = (0..N_PX * N_PX).map(|pixel| {
                let from_middle = |index: usize| index as f32 - 5.5;
                let radius = from_middle(pixel / N_PX).hypot(from_middle(pixel % N_PX));
                10f32.powf(level) * (-radius / 3.0).exp() * generator.random_range(0.9..1.1)
            });
            let spot = spot.collect();
            let label = level + generator.random_range(-0.2..0.2_f32);
            let galaxy_id = index as u64;
            let key = SampleKey {
                galaxy_id,
                halo_id: galaxy_id,
                line_of_sight: 0,
                suite: 0,
                octant: 255,
                flags: 0,
            };
            writer.push(&Sample { key, values: vec![spot, vec![label]] }).unwrap();
        }
        writer.finish().unwrap();
    }
    finish_set(folder, &description).unwrap();
    SampleSet::open(folder).unwrap()
}

struct Trained {
    set: SampleSet,
    maps: SampleMaps,
    normalisation: Normalisation,
    training: TrainingConfig,
    model: Model,
    /// Keeps the shards on disk.
    _folder: tempfile::TempDir,
}

const TRAINING: std::ops::Range<usize> = 0..100;
const VALIDATION: std::ops::Range<usize> = 100..130;
const TEST: std::ops::Range<usize> = 130..N_SAMPLES;

fn layout() -> Vec<BranchLayout> {
    vec![BranchLayout { name: "image".into(), channels: vec![Channel::Light] }]
}

fn engine() -> BurnEngine<Autodiff<Flex>> {
    BurnEngine::new(Default::default())
}

fn network(normalisation: &Normalisation) -> NetworkConfig {
    NetworkConfig { width: 2, stem: Stem::ResNet, ..NetworkConfig::chu2024(normalisation) }
}

/// Trains straight from disk, once for all tests.
fn trained() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let set = write_set(folder.path());
        let maps =
            SampleMaps { channels: vec![(Channel::Light, "spot".into())], targets: vec!["level".into()] };
        let [training_part, validation_part] = [TRAINING, VALIDATION].map(Vec::from_iter);
        let normalisation = Normalisation::fit_samples(&set, &training_part, &layout(), &maps).unwrap();
        let training = TrainingConfig {
            n_epochs: 12,
            batch_size: 20,
            learning_rate: 5e-3,
            augmentation: Augmentation::Symmetries,
            ..TrainingConfig::chu2024()
        };
        let model = {
            let stored = |part| StoredSamples::new(&set, part, &maps, &normalisation).unwrap();
            train(&normalisation, &training, [&stored(&training_part), &stored(&validation_part)])
        };
        Trained { set, maps, normalisation, training, model, _folder: folder }
    })
}

fn train(normalisation: &Normalisation, training: &TrainingConfig, parts: [&dyn SampleSource; 2]) -> Model {
    let task = TrainingTask {
        network: &network(normalisation),
        training,
        layout: &layout(),
        training_samples: parts[0],
        validation_samples: parts[1],
        unlabelled_samples: None,
        checkpoint: None,
        log: None,
    };
    let trained = engine().train(&task, &mut |_| {}).unwrap();
    Model::new(&task, normalisation.clone(), trained).unwrap()
}

impl Trained {
    fn samples(&self, part: std::ops::Range<usize>) -> MapSet {
        MapSet::from_samples(&self.set, &Vec::from_iter(part), &self.maps).unwrap()
    }
}

#[test]
fn a_set_on_disk_trains_to_the_bits_of_one_in_memory() {
    let disk = trained();
    let scaled = |part| disk.normalisation.scale(&disk.samples(part)).unwrap();
    let memory = train(&disk.normalisation, &disk.training, [&scaled(TRAINING), &scaled(VALIDATION)]);
    assert_eq!(memory.weights, disk.model.weights);
    assert_eq!((&memory.residuals, &memory.features), (&disk.model.residuals, &disk.model.features));
    // Samples on disk are known by their manifest, those in memory by their bytes.
    assert_ne!(memory.trained_on.training, disk.model.trained_on.training);
    assert_eq!(disk.model.trained_on.n_training, 100);
    let [all, fewer] = [TRAINING, 0..99].map(Vec::from_iter);
    let checksum =
        |part| StoredSamples::new(&disk.set, part, &disk.maps, &disk.normalisation).unwrap().checksum();
    assert_eq!(checksum(&all), disk.model.trained_on.training);
    assert_ne!(checksum(&fewer), checksum(&all));
    let none = StoredSamples::new(&disk.set, &[N_SAMPLES], &disk.maps, &disk.normalisation).unwrap_err();
    assert!(matches!(none, NetError::Dataset(_)), "{none}");
}

#[test]
fn intervals_hold_what_they_promise() {
    let Trained { model, normalisation, .. } = trained();
    let test = trained().samples(TEST);
    let predictor = engine();
    let predicted =
        predictor.open(model).unwrap().predict(&normalisation.scale_maps(&test).unwrap()).unwrap();
    let truth = test.target("level").unwrap();
    let n_within = |low: usize, high: usize| {
        let rows = predicted.quantiles.outer_iter().zip(truth);
        rows.filter(|(row, truth)| (row[[0, low]]..row[[0, high]]).contains(truth)).count()
    };
    // Of 30: the exact shares are 20.4 and 28.5, and both parts are samples of some.
    assert!((13..=28).contains(&n_within(1, 3)), "{}", n_within(1, 3));
    assert!(n_within(0, 4) >= 24, "{}", n_within(0, 4));
    for row in predicted.quantiles.outer_iter() {
        assert!(row.row(0).windows(2).into_iter().all(|pair| pair[0] <= pair[1]), "{QUANTILES:?} {row}");
    }
    let width = predicted.quantiles[[0, 0, 3]] - predicted.quantiles[[0, 0, 1]];
    assert!(width < 0.8, "{width} where the levels span 2");
}

#[test]
fn strange_galaxies_are_flagged_and_others_are_not() {
    let Trained { model, normalisation, .. } = trained();
    let engine = engine();
    let predictor = engine.open(model).unwrap();
    let outliers = |maps: &MapSet| {
        let predicted = predictor.predict(&normalisation.scale_maps(maps).unwrap()).unwrap();
        predicted.is_outlier.iter().filter(|is_outlier| **is_outlier).count()
    };
    assert!(outliers(&trained().samples(TEST)) <= 5, "{}", outliers(&trained().samples(TEST)));
    // As bright, but without any shape: noise from pixel to pixel.
    let mut generator = seed::generator(8);
    let noise = Array3::from_shape_fn((20, N_PX, N_PX), |_| 10f32.powf(generator.random_range(-1.0..2.0)));
    let noise = MapSet::new((0..20).collect()).unwrap().with_channel(Channel::Light, noise).unwrap();
    assert!(outliers(&noise) >= 15, "{} of 20", outliers(&noise));
}

#[test]
fn attributions_add_up_to_the_prediction() {
    let Trained { model, normalisation, .. } = trained();
    let engine = engine();
    let predictor = engine.open(model).unwrap();
    let inputs = normalisation.scale_maps(&trained().samples(130..136)).unwrap();
    let explained = predictor.integrate_gradients(&inputs, 0, 64).unwrap();
    assert_eq!(explained.branches[0].dim(), inputs.branches[0].dim());
    let values = predictor.predict(&inputs).unwrap().values;
    assert_eq!(explained.values, values.column(0).to_vec());
    // A hundredth of next to nothing is nothing: galaxies as faint as the sky are left aside.
    let all = explained.completeness().into_iter().zip(&explained.values);
    let bright: Vec<f64> = all
        .filter(|(_, value)| (*value - explained.blank_value).abs() > 0.3)
        .map(|(completeness, _)| completeness)
        .collect();
    assert!(bright.len() >= 3, "{:?} {}", explained.values, explained.blank_value);
    assert!(bright.iter().all(|completeness| (completeness - 1.0).abs() < 0.01), "{bright:?}");
    assert!(matches!(predictor.integrate_gradients(&inputs, 1, 8), Err(NetError::BadConfig { .. })));
    assert!(matches!(predictor.integrate_gradients(&inputs, 0, 0), Err(NetError::BadConfig { .. })));
}

#[test]
fn blank_rings_cost_what_they_showed() {
    let Trained { model, normalisation, .. } = trained();
    let engine = engine();
    let predictor = engine.open(model).unwrap();
    let inputs = normalisation.scale_maps(&trained().samples(130..134)).unwrap();
    // Everything, and a ring beyond the corners.
    let changes = predictor.occlude_rings(&inputs, &[0.0, 1.5, 2.0]).unwrap();
    assert_eq!(changes.dim(), (4, 2, 1));
    let explained = predictor.integrate_gradients(&inputs, 0, 1).unwrap();
    for (sample, value) in explained.values.iter().enumerate() {
        assert!((changes[[sample, 0, 0]] - (value - explained.blank_value)).abs() < 1e-5);
        assert_eq!(changes[[sample, 1, 0]], 0.0);
    }
}
