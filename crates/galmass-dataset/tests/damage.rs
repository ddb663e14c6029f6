//! Files that changed since they were written, and disks that are full.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use galmass_dataset::{SampleSet, ShardWriter, completed_shards, verify_set};
use proptest::prelude::*;
use support::{description, sample, samples_of, write_set};
use tempfile::TempDir;

/// One set that all tests copy.
fn pristine() -> &'static Path {
    static SET: OnceLock<TempDir> = OnceLock::new();
    let folder = SET.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        write_set(folder.path(), 2);
        folder
    });
    folder.path()
}

fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(pristine()).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

/// Everything that can be asked of a set that opens.
fn touch(set: &SampleSet) {
    for array in set.manifest().description.layout.arrays() {
        let found = set.array(&array.name).unwrap();
        let mut batch = vec![0.0; set.n_samples() * array.n_values()];
        let all: Vec<usize> = (0..set.n_samples()).collect();
        found.gather(&all, &mut batch).unwrap();
    }
}

fn change_byte(path: &Path, place: usize, change: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= change;
    fs::write(path, bytes).unwrap();
}

#[test]
fn any_changed_byte_of_a_shard_is_found_and_the_shard_named() {
    let folder = copy();
    let path = folder.path().join("shard-000001.h5");
    let bytes = fs::read(&path).unwrap();
    for place in (0..bytes.len()).step_by(61) {
        change_byte(&path, place, 0x41);
        let faults = verify_set(folder.path()).unwrap();
        let [fault] = faults.as_slice() else { panic!("byte {place}: {faults:?}") };
        let fault = fault.to_string();
        assert!(fault.contains("shard-000001.h5: corrupt"), "byte {place}: {fault}");
        // Damaged keys could move a galaxy to another part of a split: they are found at once.
        if let Ok(set) = SampleSet::open(folder.path()) {
            touch(&set);
            assert_eq!(set.keys().get(13), Some(sample(13).key));
            assert_eq!(set.verify().len(), 1);
        }
        change_byte(&path, place, 0x41);
    }
    assert!(verify_set(folder.path()).unwrap().is_empty());
}

#[test]
fn damaged_keys_are_found_when_the_set_is_opened() {
    let folder = copy();
    let set = SampleSet::open(folder.path()).unwrap();
    for column in ["galaxy_id", "halo_id", "line_of_sight", "suite", "octant", "flags"] {
        let offset = set.manifest().shards[0].offsets[&format!("keys/{column}")] as usize;
        let path = folder.path().join("shard-000000.h5");
        change_byte(&path, offset + 3, 1);
        let error = SampleSet::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("shard-000000.h5: corrupt"), "{column}: {error}");
        change_byte(&path, offset + 3, 1);
    }
}

#[test]
fn truncated_and_missing_shards_are_errors_and_not_signals() {
    let folder = copy();
    let path = folder.path().join("shard-000000.h5");
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 4096, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = SampleSet::open(folder.path()).unwrap_err().to_string();
        let expected = format!("{length} bytes where the shard was made with {}", whole.len());
        assert!(error.contains("shard-000000.h5") && error.ends_with(&expected), "{error}");
        assert!(verify_set(folder.path()).unwrap()[0].to_string().ends_with(&expected));
    }
    fs::remove_file(&path).unwrap();
    assert!(SampleSet::open(folder.path()).unwrap_err().to_string().contains("shard-000000.h5"));
    assert_eq!(verify_set(folder.path()).unwrap().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn a_damaged_manifest_never_passes_for_another(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let folder = copy();
        let path = folder.path().join("manifest.json");
        let before = SampleSet::open(folder.path()).unwrap().manifest().clone();
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        fs::write(&path, &bytes).unwrap();
        match SampleSet::open(folder.path()) {
            // White space, and the same letter again.
            Ok(set) => { touch(&set); prop_assert_eq!(set.manifest(), &before); }
            Err(error) => prop_assert!(error.to_string().contains("manifest.json"), "{}", error),
        }
        fs::write(&path, &bytes[..place]).unwrap();
        prop_assert!(SampleSet::open(folder.path()).is_err());
    }

    #[test]
    fn a_damaged_record_never_passes_for_another(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let folder = copy();
        let path = folder.path().join("shard-000001.json");
        let before = completed_shards(folder.path(), &description(2)).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        fs::write(&path, &bytes).unwrap();
        match completed_shards(folder.path(), &description(2)) {
            Ok(records) => prop_assert_eq!(records, before),
            Err(error) => prop_assert!(error.to_string().contains("shard-000001.json"), "{}", error),
        }
    }
}

/// What the next test runs in a process of its own; by itself it does nothing.
#[test]
fn write_into_the_folder_of_the_environment() {
    let Some(folder) = std::env::var_os("GALMASS_TEST_FULL_DISK") else { return };
    let description = description(1);
    let mut writer = ShardWriter::create(Path::new(&folder), 0, &description).unwrap();
    for k in 0..1000 {
        writer.push(&sample(k)).unwrap();
    }
    let error = writer.finish().unwrap_err().to_string();
    assert!(error.contains("shard-000000.h5"), "{error}");
    // What is left of the HDF5 library still works.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut writer = ShardWriter::create(elsewhere.path(), 0, &description).unwrap();
    samples_of(0).for_each(|sample| writer.push(&sample).unwrap());
    writer.finish().unwrap();
    fs::write(Path::new(&folder).join("refused"), "in words").unwrap();
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_that_leaves_no_shard() {
    // The file system refuses to let any file grow beyond so many blocks of 512 bytes, as a full disk does.
    for blocks in [40, 100, 200] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --exact \"$1\"");
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .arg("write_into_the_folder_of_the_environment")
            .env("GALMASS_TEST_FULL_DISK", folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{blocks} blocks: {output:?}");
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["description.json", "refused"], "{blocks} blocks");
    }
}
