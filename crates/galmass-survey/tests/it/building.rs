//! What a run leaves, and how it refuses.

use std::fs;

use galmass_dataset::{DatasetError, SampleSet, ShardError};
use galmass_mock::{Population, PopulationConfig};
use galmass_survey::GalaxySource;
use galmass_survey::{
    BuildOptions, MockSource, Progress, SurveyBuild, SurveyConfig, SurveyError, build, observe_samples,
    read_failures,
};

use crate::small_set::{N_GALAXIES, N_VIEWS, STARLESS, Source, assert_same, config, files, make};

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("1");
    make(&alone, &BuildOptions { n_threads: 1, ..BuildOptions::default() }).unwrap();
    for n_threads in [2, 5] {
        let shared = folder.path().join(n_threads.to_string());
        make(&shared, &BuildOptions { n_threads, ..BuildOptions::default() }).unwrap();
        assert_same(&shared, &alone);
    }
}

#[test]
fn a_set_holds_the_samples_of_its_galaxies_and_the_reasons_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let (mut observed, mut failed, mut n_shards) = (Vec::new(), Vec::new(), 0);
    let progress = |progress: Progress<'_>| match progress {
        Progress::Observed { index, n_samples } => {
            assert_eq!(n_samples, N_VIEWS);
            observed.push(index);
        }
        Progress::Failed { index, reason } => {
            assert!(reason.to_string().contains("no stars"));
            failed.push(index);
        }
        Progress::Shard { record } => {
            assert_eq!(record.index, n_shards);
            n_shards += 1;
        }
        _ => {}
    };
    let built = build(&Source::new(), &config(), folder.path(), &BuildOptions::default(), progress).unwrap();
    assert_eq!(n_shards as usize, N_GALAXIES.div_ceil(2));
    assert_eq!(failed, STARLESS);
    assert_eq!(observed.len() + failed.len(), N_GALAXIES);
    assert!(observed.is_sorted());
    assert_eq!(built.failures, read_failures(folder.path()).unwrap());
    assert_eq!(built.failures[1].galaxy_id, 8);
    assert!(built.failures.iter().all(|failure| failure.reason.contains("no stars")));

    let set = SampleSet::open(folder.path()).unwrap();
    assert_eq!(set.n_samples(), N_VIEWS * observed.len());
    let description = &set.manifest().description;
    assert_eq!(
        (description.suites.as_slice(), description.seeds["survey"]),
        (["mock".to_string()].as_slice(), 7)
    );
    assert_eq!(
        serde_json::from_value::<SurveyConfig>(description.config["survey"].clone()).unwrap(),
        config()
    );
    assert_eq!(description.config["n_galaxies"], N_GALAXIES);
    assert_eq!(description.config["flags"][3], "no_gas");
    for galaxy in [0, 16] {
        let samples = observe_samples(Source::new().galaxy(galaxy).unwrap(), &config()).unwrap();
        let first = set.keys().galaxy_id.iter().position(|id| *id == galaxy as u64).unwrap();
        for (at, sample) in (first..).zip(&samples) {
            assert_eq!(set.keys().get(at), Some(sample.key));
            for (array, values) in description.layout.arrays().iter().zip(&sample.values) {
                let stored = set.array(&array.name).unwrap().sample(at).iter().map(|value| value.to_bits());
                assert!(stored.eq(values.iter().map(|value| value.to_bits())), "{}", array.name);
            }
        }
    }
}

#[test]
fn shards_dealt_out_in_any_order_are_the_set_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, dealt) = (folder.path().join("whole"), folder.path().join("dealt"));
    make(&whole, &BuildOptions::default()).unwrap();
    let (source, config) = (Source::new(), config());
    let survey = SurveyBuild::new(&source, &config, &dealt).unwrap();
    assert_eq!((survey.galaxies(0), survey.galaxies(8)), (0..2, 16..17));
    for shard in (0..survey.n_shards()).rev() {
        assert_eq!(survey.finish_if_complete().unwrap().manifest, None);
        survey.make(&[shard], 1, |_| ()).unwrap();
    }
    assert!(survey.finish_if_complete().unwrap().manifest.is_some());
    assert_same(&dealt, &whole);
}

#[test]
fn what_is_there_is_kept_or_refused_but_never_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let part = |part, resume| BuildOptions { part, resume, n_threads: 1 };
    let built = make(path, &part((1, 3), false)).unwrap();
    assert_eq!(built.shards.iter().map(|record| record.index).collect::<Vec<_>>(), [1, 4, 7]);
    assert_eq!((built.manifest, built.failures.len()), (None, 3));
    assert!(SampleSet::open(path).is_err());

    let error = make(path, &part((1, 3), false)).unwrap_err();
    assert!(matches!(&error, SurveyError::Present { shard: 1, .. }), "{error}");
    assert!(error.to_string().contains("resume it"));
    let before = files(path);
    make(path, &part((1, 3), true)).unwrap();
    assert_eq!(files(path), before);

    let other = SurveyConfig { seed: 8, ..config() };
    let refused = build(&Source::new(), &other, path, &part((0, 1), true), |_| ()).unwrap_err();
    assert!(
        matches!(refused, SurveyError::Dataset(DatasetError::Shard(ShardError::OtherSet { .. }))),
        "{refused}"
    );
    assert!(refused.to_string().contains("seed"), "{refused}");

    let mut kept = None;
    let note = |progress: Progress<'_>| {
        if let Progress::Kept { n_galaxies } = progress {
            kept = Some(n_galaxies);
        }
    };
    let built = build(&Source::new(), &config(), path, &part((0, 1), true), note).unwrap();
    assert_eq!((kept, built.manifest.is_some()), (Some(6), true));

    // A shard that was cut short is made again.
    let whole = files(path);
    let shard = path.join("shard-000002.h5");
    fs::write(&shard, &whole["shard-000002.h5"][..100]).unwrap();
    make(path, &part((0, 1), true)).unwrap();
    assert_eq!(files(path), whole);
}

#[test]
fn runs_that_cannot_be_are_refused_before_they_leave_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    let (source, options) = (Source::new(), BuildOptions::default());
    let bad = SurveyConfig { galaxies_per_shard: 0, ..config() };
    let error = build(&source, &bad, &path, &options, |_| ()).unwrap_err();
    assert!(matches!(error, SurveyError::Config(_)), "{error}");
    let none = PopulationConfig { n_galaxies: 0, ..PopulationConfig::default() };
    let none = MockSource::new(Population::new(none).unwrap(), "mock");
    let error = build(&none, &config(), &path, &options, |_| ()).unwrap_err();
    assert!(matches!(error, SurveyError::NoGalaxies), "{error}");
    assert!(!path.exists());
    let error = make(&path, &BuildOptions { part: (2, 2), ..options }).unwrap_err();
    assert!(matches!(error, SurveyError::Part { index: 2, n_parts: 2 }), "{error}");
}
