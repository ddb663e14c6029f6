//! Sets of samples on disk: written in any order, read back, resumed.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use galmass_dataset::{
    ArrayLayout, DatasetError, Manifest, SampleKey, SampleLayout, SampleSet, ShardError, ShardWriter,
    begin_set, completed_shards, finish_set,
};
use hdf5_metno as hdf5;
use support::{description, sample, samples_of, write_set, write_shard};

/// Every file of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap())).collect()
}

#[test]
fn every_sample_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 3);
    let set = SampleSet::open(folder.path()).unwrap();
    assert_eq!((set.n_samples(), set.manifest().n_galaxies()), (36, 12));
    for k in 0..36 {
        let expected = sample(k as u64);
        assert_eq!(set.keys().get(k), Some(expected.key));
        for (array, values) in set.manifest().description.layout.arrays().iter().zip(&expected.values) {
            let found = set.array(&array.name).unwrap();
            assert!(found.sample(k).iter().map(|x| x.to_bits()).eq(values.iter().map(|x| x.to_bits())));
        }
    }
    assert_eq!(set.keys().get(36), None);
    let velocity = set.array("velocity").unwrap();
    let mut batch = vec![0.0; 3 * 9];
    velocity.gather(&[35, 0, 12], &mut batch).unwrap();
    let expected = [35, 0, 12].map(|k| sample(k).values[1].clone()).concat();
    assert!(batch.iter().map(|x| x.to_bits()).eq(expected.iter().map(|x| x.to_bits())));
    assert!(set.verify().is_empty());
}

#[test]
fn what_cannot_be_gathered_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 1);
    let set = SampleSet::open(folder.path()).unwrap();
    let velocity = set.array("velocity").unwrap();
    let mut batch = vec![-1.0; 18];
    let error = velocity.gather(&[0, 12], &mut batch).unwrap_err();
    assert_eq!(error.to_string(), "sample 12 of a set of 12");
    assert_eq!(batch, [-1.0; 18]);
    let error = velocity.gather(&[0], &mut batch).unwrap_err();
    assert_eq!(error.to_string(), "a batch of 1 samples of `velocity` has 9 values; there is room for 18");
    let error = set.array("mass").unwrap_err().to_string();
    assert!(error.contains("`mass`") && error.contains("log10_stellar_mass_msun"), "{error}");
}

#[test]
fn hdf5_readers_find_names_units_and_contiguous_numbers() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 2);
    let file = hdf5::File::open(folder.path().join("shard-000001.h5")).unwrap();
    let dataset = file.dataset("arrays/dispersion").unwrap();
    assert_eq!(dataset.shape(), [12, 3, 3]);
    assert_eq!(dataset.layout(), hdf5::plist::dataset_create::Layout::Contiguous);
    assert_eq!(dataset.offset().unwrap() % 64, 0);
    let values: Vec<f32> = dataset.read_raw().unwrap();
    assert_eq!(values[9..18], sample(13).values[2]);
    assert_eq!(file.dataset("arrays/log10_stellar_mass_msun").unwrap().shape(), [12]);
    assert_eq!(file.dataset("keys/galaxy_id").unwrap().read_raw::<u64>().unwrap()[3], 5);
    let text = |at: &hdf5::Location, name: &str| {
        at.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string()
    };
    assert_eq!(text(&dataset, "unit"), "km/s");
    assert_eq!(text(&file, "description_checksum"), description(2).checksum().to_string());
    let config: serde_json::Value = serde_json::from_str(&text(&file, "description")).unwrap();
    assert_eq!(config["seeds"]["lines_of_sight"], u64::MAX);
}

#[test]
fn neither_order_nor_hour_nor_thread_changes_a_byte() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    write_set(one.path(), 4);
    // HDF5 keeps times to the second: they must not be kept.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let description = description(4);
    std::thread::scope(|scope| {
        for shards in [[3, 1], [2, 0]] {
            let (folder, description) = (other.path(), &description);
            scope.spawn(move || shards.map(|shard| write_shard(folder, shard, description)));
        }
    });
    finish_set(other.path(), &description).unwrap();
    assert_eq!(files(one.path()), files(other.path()));
    assert_eq!(files(one.path()).len(), 4 + 4 + 2);
}

#[test]
fn a_run_that_died_is_resumed_and_leaves_no_trace() {
    let [whole, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    write_set(whole.path(), 3);
    let (folder, description) = (folder.path(), description(3));
    assert!(completed_shards(folder, &description).unwrap().is_empty());

    write_shard(folder, 1, &description);
    let mut dropped = ShardWriter::create(folder, 0, &description).unwrap();
    samples_of(0).take(5).for_each(|sample| dropped.push(&sample).unwrap());
    drop(dropped);
    // Killed while writing, between the shard and its record, and by a machine that lost the end of a file.
    fs::write(folder.join(".shard-000000.h5.x7Gh2a.part"), "half").unwrap();
    fs::copy(folder.join("shard-000001.h5"), folder.join("shard-000000.h5")).unwrap();
    write_shard(folder, 2, &description);
    fs::OpenOptions::new().write(true).open(folder.join("shard-000002.h5")).unwrap().set_len(100).unwrap();

    let finished: Vec<u32> =
        completed_shards(folder, &description).unwrap().iter().map(|s| s.index).collect();
    assert_eq!(finished, [1]);
    let error = finish_set(folder, &description).unwrap_err().to_string();
    assert!(error.contains("2 of 3 shards are not finished, such as [0, 2]"), "{error}");
    write_shard(folder, 0, &description);
    write_shard(folder, 2, &description);
    finish_set(folder, &description).unwrap();
    assert_eq!(files(folder), files(whole.path()));
    // And a run that is resumed when nothing is left to do.
    assert_eq!(completed_shards(folder, &description).unwrap().len(), 3);
    finish_set(folder, &description).unwrap();
    assert_eq!(files(folder), files(whole.path()));
}

#[test]
fn a_folder_of_another_set_is_refused_with_both_values() {
    let folder = tempfile::tempdir().unwrap();
    write_shard(folder.path(), 0, &description(2));
    let mut other = description(2);
    other.config["image"]["n_px"] = 8.into();
    for error in [
        ShardWriter::create(folder.path(), 1, &other).unwrap_err(),
        completed_shards(folder.path(), &other).unwrap_err(),
        finish_set(folder.path(), &other).unwrap_err(),
        begin_set(folder.path(), &other).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.ends_with("`/config/image/n_px` is 4 there, and 8 in this run"), "{error}");
    }
    // A shard that was brought from elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    write_shard(elsewhere.path(), 1, &other);
    for name in ["shard-000001.h5", "shard-000001.json"] {
        fs::copy(elsewhere.path().join(name), folder.path().join(name)).unwrap();
    }
    let error = completed_shards(folder.path(), &description(2)).unwrap_err().to_string();
    let both = [description(2).checksum().to_string(), other.checksum().to_string()];
    assert!(error.contains("shard-000001.json") && both.iter().all(|c| error.contains(c)), "{error}");
}

#[test]
fn samples_that_do_not_fit_are_refused_and_leave_the_shard_as_it_was() {
    let [whole, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    write_set(whole.path(), 1);
    let description = description(1);
    let mut writer = ShardWriter::create(folder.path(), 0, &description).unwrap();
    for good in samples_of(0) {
        writer.push(&good).unwrap();
        let mut refused = |change: &dyn Fn(&mut galmass_dataset::Sample), words: &str| {
            let mut bad = good.clone();
            bad.key.galaxy_id += 100;
            change(&mut bad);
            let error = writer.push(&bad).unwrap_err().to_string();
            assert!(error.contains(words), "`{error}` lacks `{words}`");
        };
        refused(&|bad| drop(bad.values.pop()), "has 3 arrays where the layout has 4");
        refused(&|bad| bad.values[1].push(0.0), "`velocity`");
        refused(&|bad| bad.key.suite = 2, "is of suite 2; the set has 2");
        refused(&|bad| bad.key.octant = 8, "octant 8");
        refused(&|bad| bad.key.galaxy_id -= 100, "is in the set twice");
    }
    writer.finish().unwrap();
    finish_set(folder.path(), &description).unwrap();
    assert_eq!(files(folder.path()), files(whole.path()));
    let error = ShardWriter::create(folder.path(), 1, &description).unwrap_err().to_string();
    assert_eq!(error, "shard 1 of a set of 1");
}

#[test]
fn a_sample_in_two_shards_is_found_when_the_set_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let description = description(2);
    write_shard(folder.path(), 0, &description);
    let mut writer = ShardWriter::create(folder.path(), 1, &description).unwrap();
    samples_of(0).skip(7).for_each(|sample| writer.push(&sample).unwrap());
    writer.finish().unwrap();
    let error = finish_set(folder.path(), &description).unwrap_err();
    let repeated = matches!(
        error,
        DatasetError::Shard(ShardError::RepeatedSample { galaxy_id: 2, suite: 0, line_of_sight: 1 })
    );
    assert!(repeated, "{error}");
    assert!(!folder.path().join("manifest.json").exists());
}

#[test]
fn shards_without_samples_are_shards() {
    let folder = tempfile::tempdir().unwrap();
    let description = description(3);
    ShardWriter::create(folder.path(), 0, &description).unwrap().finish().unwrap();
    write_shard(folder.path(), 1, &description);
    ShardWriter::create(folder.path(), 2, &description).unwrap().finish().unwrap();
    finish_set(folder.path(), &description).unwrap();
    let set = SampleSet::open(folder.path()).unwrap();
    assert_eq!(set.n_samples(), 12);
    let mass = set.array("log10_stellar_mass_msun").unwrap();
    assert_eq!((mass.sample(0)[0], mass.sample(11)[0]), (sample(12).values[3][0], sample(23).values[3][0]));
    assert!(set.verify().is_empty());
    let file = hdf5::File::open(folder.path().join("shard-000002.h5")).unwrap();
    assert_eq!(file.dataset("arrays/r").unwrap().shape(), [0, 4, 4]);
}

#[test]
fn descriptions_that_make_no_set_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (n_shards, suites, words) in [
        (0, vec!["a"], "a set of 0 shards"),
        (1_000_001, vec!["a"], "a set of 1000001 shards"),
        (1, vec![], "[] are not the names"),
        (1, vec!["a", "b", "a"], "\"b\", \"a\"] are not the names"),
    ] {
        let mut bad = description(n_shards);
        bad.suites = suites.into_iter().map(String::from).collect();
        for error in [
            ShardWriter::create(folder.path(), 0, &bad).map(drop).unwrap_err(),
            finish_set(folder.path(), &bad).map(drop).unwrap_err(),
            completed_shards(folder.path(), &bad).map(drop).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains(words), "{error}");
        }
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn layouts_that_no_reader_could_take_are_refused() {
    let array = |name: &str, shape: &[usize]| ArrayLayout {
        name: name.into(),
        shape: shape.into(),
        unit: "1".into(),
        description: "a number".into(),
    };
    let refused = |arrays: Vec<ArrayLayout>, words: &str| {
        let error = SampleLayout::new(arrays.clone()).unwrap_err().to_string();
        assert!(error.contains(words), "`{error}` lacks `{words}`");
        let json = serde_json::to_string(&arrays).unwrap();
        assert!(serde_json::from_str::<SampleLayout>(&json).unwrap_err().to_string().contains(words));
    };
    refused(vec![], "without a single array");
    refused(vec![array("", &[])], "`` is no name");
    refused(vec![array("a/b", &[])], "`a/b` is no name");
    refused(vec![array("a", &[]), array("b", &[2]), array("a", &[3])], "`a` is in the layout twice");
    refused(vec![array("a", &[3, 0])], "`a` of shape [3, 0]");
    refused(vec![array("a", &[usize::MAX, 2])], "`a` of shape");
    refused(vec![array("a", &[usize::MAX / 7]), array("b", &[usize::MAX / 7])], "`b` of shape");
    refused(
        vec![ArrayLayout { unit: "km/s\0".into(), ..array("a", &[]) }],
        "array `a` holds a control character",
    );
}

#[test]
fn an_octant_may_be_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let description = description(1);
    let mut writer = ShardWriter::create(folder.path(), 0, &description).unwrap();
    let mut lost = sample(0);
    lost.key.octant = SampleKey::NO_OCTANT;
    writer.push(&lost).unwrap();
    writer.finish().unwrap();
    finish_set(folder.path(), &description).unwrap();
    assert_eq!(SampleSet::open(folder.path()).unwrap().keys().get(0), Some(lost.key));
}

#[test]
fn the_manifest_reads_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_set(folder.path(), 2);
    assert_eq!(Manifest::read(folder.path()).unwrap(), written);
    let error = SampleSet::open(&folder.path().join("absent")).unwrap_err().to_string();
    assert!(error.contains("absent/manifest.json"), "{error}");
}
