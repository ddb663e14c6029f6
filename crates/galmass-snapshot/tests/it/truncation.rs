//! Files whose end is missing, or whose data are damaged: an error, and no panic.

use galmass_snapshot::{SnapshotError, SuiteKind};
use ndarray::Array1;

use crate::fixture::{Fixture, TableRow, TngUnits, eagle, particle_table, star_table, tng, two_stars};
use crate::gadget::gadget;
use crate::swift::swift;

/// Lengths at which a file is cut: within its first words, and all along.
fn lengths(n_bytes: usize) -> impl Iterator<Item = usize> {
    let first_words = [0, 1, 7, 8, 9, 20, 47, 48, 60, 95, 96, 97, 128];
    let steps = (0..50).map(move |step| n_bytes * step / 50);
    first_words.into_iter().chain(steps).chain([n_bytes - 1]).filter(move |&length| length < n_bytes)
}

fn check_cuts(whole: &Fixture, suite: SuiteKind, n_bytes_of_magic: usize) {
    assert!(whole.read().is_ok());
    let bytes = std::fs::read(&whole.path).unwrap();
    for length in lengths(bytes.len()) {
        let cut = Fixture::bytes("cut.hdf5", &bytes[..length]);
        for result in [cut.read(), cut.read_as(suite)] {
            let error = result.expect_err("a file cut short should be refused");
            assert!(error.to_string().contains("cut.hdf5"), "{error}");
            let is_truncated =
                matches!(error, SnapshotError::Truncated { n_bytes, .. } if n_bytes == length as u64);
            assert_eq!(is_truncated, length >= n_bytes_of_magic, "{length} bytes: {error}");
        }
    }
}

#[test]
fn hdf5_files_cut_short_are_refused() {
    check_cuts(&tng(TngUnits::Stated), SuiteKind::Tng, 8);
    check_cuts(&eagle(true), SuiteKind::Eagle, 8);
    check_cuts(&particle_table(), SuiteKind::ParticleTable, 8);
    check_cuts(&gadget(TngUnits::Stated), SuiteKind::Gadget, 8);
    check_cuts(&swift(), SuiteKind::Swift, 8);
}

#[test]
fn numpy_files_cut_short_are_refused() {
    check_cuts(&star_table(&two_stars()), SuiteKind::StarTable, 6);
}

#[test]
fn damaged_compressed_data_are_refused() {
    const N_ROWS: usize = 20_000;
    let whole = particle_table().but(|file| {
        file.unlink("stars").unwrap();
        let rows = Array1::from_shape_fn(N_ROWS, |row| TableRow::new((row as f64).sin() + 2.0));
        file.new_dataset_builder().with_data(&rows).chunk(N_ROWS).deflate(6).create("stars").unwrap();
    });
    assert_eq!(whole.read().unwrap().galaxy.stars.particles().len(), N_ROWS);

    // Nearly all of the file is that one chunk. Its checksum finds a single wrong bit.
    let mut bytes = std::fs::read(&whole.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let error = Fixture::bytes("damaged.hdf5", &bytes).fails_with(&["HDF5 cannot read `/stars`"]);
    assert!(matches!(error, SnapshotError::Hdf5 { .. }));
}
