//! Snapshots in several files.

use std::path::Path;

use galmass_core::Component;
use galmass_snapshot::{
    ParticleRanges, ReadConfig, Selection, SnapshotError, Subhalo, SuiteKind, detect, read, read_galaxy,
    read_with_progress,
};
use hdf5_metno::File;
use ndarray::{Array1, arr1};

use crate::fixture::{
    Fixture, Stored, TngUnits, assert_close, assert_vectors_close, dataset, header_attribute, header_counts,
    position, says, tng_type, write_header,
};

/// The stars, gas cells and dark matter particles of each part: the second part has neither stars nor gas.
const PARTS: [[usize; 3]; 3] = [[2, 1, 3], [0, 0, 2], [3, 2, 1]];

fn write_part(path: &Path, part: usize) {
    let file = File::create(path).unwrap();
    write_header(&file, 140.0);
    let first = |kind: usize| PARTS[..part].iter().map(|part| part[kind]).sum::<usize>() + 1;
    for (kind, number) in [4, 0, 1].into_iter().enumerate() {
        let n = PARTS[part][kind];
        if n == 0 {
            continue;
        }
        let stored = Stored::rows(first(kind)..first(kind) + n);
        let stored = if number == 1 { stored.without_masses() } else { stored };
        tng_type(&file, number, &stored, TngUnits::Silent);
    }
    if PARTS[part][0] > 0 {
        let births = Array1::from_elem(PARTS[part][0], 0.25);
        dataset(&file, "PartType4/GFM_StellarFormationTime", &births);
    }
    header_attribute(&file, "NumFilesPerSnapshot", PARTS.len() as i32);
    let [stars, gas, dark] = PARTS[part].map(|n| n as i64);
    header_counts(&file, "NumPart_ThisFile", [gas, dark, 0, 0, stars, 0]);
    header_counts(&file, "NumPart_Total", [3, 6, 0, 0, 5, 0]);
    header_counts(&file, "NumPart_Total_HighWord", [0; 6]);
}

/// Three parts in one folder; the path is that of the first.
fn parts() -> Fixture {
    let fixture = Fixture::nothing("snap_007.0.hdf5");
    for part in 0..PARTS.len() {
        write_part(&fixture.beside(&format!("snap_007.{part}.hdf5")), part);
    }
    fixture
}

/// The parts, of which one is changed.
fn parts_but(part: usize, edit: impl FnOnce(&File)) -> Fixture {
    let fixture = parts();
    edit(&File::open_rw(fixture.beside(&format!("snap_007.{part}.hdf5"))).unwrap());
    fixture
}

#[test]
fn parts_are_put_together_in_their_order() {
    let galaxy = parts().read().unwrap().galaxy;
    let stars = galaxy.stars.particles();
    let expected: Vec<_> = (1..=5).map(|k| position(f64::from(k))).collect();
    assert_vectors_close(stars.positions_kpc(), &expected);
    assert_close(stars.masses_msun(), &[1e10, 2e10, 3e10, 4e10, 5e10]);
    assert_eq!(galaxy.stars.ages_gyr().unwrap().len(), 5);
    assert_close(galaxy.gas.particles().masses_msun(), &[1e10, 2e10, 3e10]);
    assert_close(galaxy.dark_matter.masses_msun(), &[1e7; 6]);
}

#[test]
fn any_part_and_the_folder_lead_to_the_whole() {
    let fixture = parts();
    let whole = fixture.read().unwrap();
    let folder = fixture.path.parent().unwrap();
    assert_eq!(detect(folder).unwrap(), SuiteKind::Tng);
    for path in [&fixture.beside("snap_007.1.hdf5"), &fixture.beside("snap_007.2.hdf5"), folder] {
        assert_eq!(read_galaxy(path, Some(SuiteKind::Tng)).unwrap(), whole, "{}", path.display());
    }
}

#[test]
fn blocks_of_any_size_give_the_same() {
    let fixture = parts();
    let whole = fixture.read().unwrap();
    for block_rows in [1, 2, 3, 1000] {
        let config = ReadConfig { block_rows, ..ReadConfig::default() };
        assert_eq!(read(&fixture.path, &config).unwrap(), whole, "{block_rows}");
    }
}

#[test]
fn a_missing_part_is_named() {
    let fixture = parts();
    std::fs::remove_file(fixture.beside("snap_007.1.hdf5")).unwrap();
    let error = fixture.fails_with(&["snap_007.1.hdf5", "part 1 of the 3"]);
    assert!(matches!(error, SnapshotError::MissingPart { index: 1, n_files: 3, .. }));
}

#[test]
fn an_absurd_number_of_parts_ends_at_the_first_that_is_missing() {
    let fixture = parts();
    for part in 0..3 {
        let file = File::open_rw(fixture.beside(&format!("snap_007.{part}.hdf5"))).unwrap();
        header_attribute(&file, "NumFilesPerSnapshot", 1i64 << 50);
    }
    fixture.fails_with(&["snap_007.3.hdf5", "part 3 of the 1125899906842624"]);
}

#[test]
fn counts_that_no_number_can_be_are_refused() {
    let wrong = |count: f64| parts_but(0, |file| header_attribute(file, "NumFilesPerSnapshot", count));
    wrong(-3.0).fails_with(&["NumFilesPerSnapshot", "is -3 ", "a count"]);
    wrong(1.5).fails_with(&["NumFilesPerSnapshot", "is 1.5 ", "a count"]);
    wrong(f64::NAN).fails_with(&["NumFilesPerSnapshot", "is NaN ", "a count"]);
    parts_but(0, |file| header_counts(file, "NumPart_Total", [-1, 0, 0, 0, 0, 0])).fails_with(&[
        "NumPart_Total",
        "is -1 ",
        "a count",
    ]);
}

#[test]
fn headers_that_count_other_particles_are_refused() {
    let fixture = parts_but(2, |file| header_counts(file, "NumPart_ThisFile", [2, 1, 0, 0, 4, 0]));
    says(fixture.read(), &fixture.beside("snap_007.2.hdf5"), &["4 particles of `/PartType4`", "there are 3"]);
    parts_but(0, |file| header_counts(file, "NumPart_Total", [3, 6, 0, 0, 6, 0])).fails_with(&[
        "6 particles of `/PartType4`",
        "NumPart_Total",
        "there are 5",
    ]);
    // The high word counts 2^32.
    parts_but(0, |file| header_counts(file, "NumPart_Total_HighWord", [0, 1, 0, 0, 0, 0]))
        .fails_with(&["4294967302 particles of `/PartType1`", "there are 6"]);
}

#[test]
fn parts_of_different_snapshots_are_refused() {
    for (name, value, said) in
        [("Time", 0.25, "Time"), ("HubbleParam", 0.5, "HubbleParam"), ("BoxSize", 7.0, "BoxSize")]
    {
        let fixture = parts_but(1, |file| {
            header_attribute(file, name, value);
            header_attribute(file, "Redshift", if name == "Time" { 3.0 } else { 1.0 });
        });
        let error = says(fixture.read(), &fixture.beside("snap_007.1.hdf5"), &[said, "of the same snapshot"]);
        assert!(matches!(error, SnapshotError::PartsDisagree { .. }));
    }
    let fixture = parts_but(2, |file| header_attribute(file, "NumFilesPerSnapshot", 4i32));
    says(fixture.read(), &fixture.beside("snap_007.2.hdf5"), &["says 4", "says 3"]);
}

#[test]
fn a_column_of_the_first_part_must_be_in_all() {
    let births = "PartType4/GFM_Metallicity";
    let fixture = parts_but(0, |file| dataset(file, births, &arr1(&[0.1, 0.2])));
    says(fixture.read(), &fixture.beside("snap_007.2.hdf5"), &["there is no field", births]);
    // Of a column that the first part lacks the others are not asked.
    let fixture = parts_but(2, |file| dataset(file, births, &arr1(&[0.1, 0.2, 0.3])));
    assert_eq!(fixture.read().unwrap().galaxy.stars.metallicities(), None);
}

#[test]
fn a_folder_of_several_snapshots_is_refused() {
    let fixture = parts();
    std::fs::copy(&fixture.path, fixture.beside("snap_008.0.hdf5")).unwrap();
    let error = read_galaxy(fixture.path.parent().unwrap(), None).unwrap_err();
    assert!(error.to_string().contains("snap_007.0.hdf5, snap_008.0.hdf5"), "{error}");
}

#[test]
fn components_that_are_not_asked_for_are_not_read() {
    let fixture = parts_but(0, |file| file.unlink("PartType1/Velocities").unwrap());
    let selection = Selection { components: vec![Component::Gas], ..Selection::default() };
    let galaxy = fixture.select(selection).unwrap().galaxy;
    assert_eq!((galaxy.gas.len(), galaxy.n_particles()), (3, 3));
    fixture.fails_with(&["/PartType1/Velocities"]);
}

#[test]
fn rows_of_a_subhalo_are_counted_through_all_parts() {
    let fixture = parts();
    // The second star of the first part, none of the second, two of the third; and dark matter of all three.
    let ranges = ParticleRanges::new(vec![1..3, 2..6, 0..0, 0..0, 1..4, 0..0]);
    let selection = Selection { subhalo: Some(Subhalo::Rows(ranges)), ..Selection::default() };
    let galaxy = fixture.select(selection.clone()).unwrap().galaxy;
    assert_close(galaxy.stars.particles().masses_msun(), &[2e10, 3e10, 4e10]);
    assert_close(galaxy.gas.particles().masses_msun(), &[2e10, 3e10]);
    let dark: Vec<_> = (3..=6).map(|k| position(f64::from(k))).collect();
    assert_vectors_close(galaxy.dark_matter.positions_kpc(), &dark);

    // Blocks and parts end at different rows.
    let mut n_rows = 0;
    let config = ReadConfig { selection, block_rows: 2, ..ReadConfig::default() };
    let found = read_with_progress(&fixture.path, &config, |progress| n_rows += progress.n_rows_in_block);
    assert_eq!(found.unwrap().galaxy, galaxy);
    assert_eq!(n_rows, 3 + 2 + 4);
}

#[test]
fn a_part_without_rows_of_a_subhalo_is_not_read() {
    let fixture = parts_but(2, |file| dataset(file, "PartType4/Masses", &arr1(&[f64::NAN; 3])));
    let ranges = ParticleRanges::new(vec![0..0, 0..0, 0..0, 0..0, 0..2, 0..0]);
    let selection = Selection { subhalo: Some(Subhalo::Rows(ranges)), ..Selection::default() };
    assert_eq!(fixture.select(selection).unwrap().galaxy.stars.particles().len(), 2);
    assert!(fixture.read().is_err());
}
