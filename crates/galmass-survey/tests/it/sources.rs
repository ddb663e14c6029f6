//! Galaxies of files and of snapshots.

use std::path::{Path, PathBuf};

use galmass_snapshot::{SnapshotError, SuiteKind};
use galmass_survey::{
    BuildOptions, GalaxyError, GalaxyFiles, GalaxySource, SubhaloCuts, SubhaloSource, SurveyConfig,
    SurveyError, build, observe_samples,
};
use hdf5_metno as hdf5;
use ndarray::{Array1, Array2};

const BOX_CKPC_H: f64 = 1000.0;
/// The stars of each subhalo; the last two are of the same group.
const N_STARS: [usize; 4] = [60, 5, 80, 70];
const GROUPS: [i32; 4] = [0, 1, 2, 2];

fn header(file: &hdf5::File, numbers: &[(&str, i32)]) {
    let header = file.create_group("Header").unwrap();
    for (name, value) in [
        ("Time", 1.0),
        ("Redshift", 0.0),
        ("HubbleParam", 0.5),
        ("BoxSize", BOX_CKPC_H),
        ("Omega0", 0.3),
        ("OmegaLambda", 0.7),
    ] {
        header.new_attr::<f64>().create(name).unwrap().write_scalar(&value).unwrap();
    }
    for (name, value) in numbers {
        header.new_attr::<i32>().create(*name).unwrap().write_scalar(value).unwrap();
    }
    header.new_attr_builder().with_data(&[0.0_f64; 6]).create("MassTable").unwrap();
}

/// Where the subhaloes are \[ckpc/h\]: one straddles a corner of the box.
fn centre(subhalo: usize) -> [f64; 3] {
    [[100.0; 3], [700.0, 100.0, 100.0], [0.0, 0.0, 999.0], [600.0, 700.0, 800.0]][subhalo]
}

/// A snapshot in the layout of TNG, sorted by subhalo, and its catalogue.
fn write(folder: &Path) -> [PathBuf; 2] {
    let [snapshot, catalogue] =
        ["snap_099.0.hdf5", "fof_subhalo_tab_099.0.hdf5"].map(|name| folder.join(name));
    let n: usize = N_STARS.iter().sum();
    let file = hdf5::File::create(&snapshot).unwrap();
    header(&file, &[("NumFilesPerSnapshot", 1)]);
    let stars = file.create_group("PartType4").unwrap();
    let of_subhalo: Vec<usize> =
        N_STARS.iter().enumerate().flat_map(|(subhalo, n)| vec![subhalo; *n]).collect();
    let positions = Array2::from_shape_fn((n, 3), |(i, k)| {
        let t = 0.3 * i as f64;
        let offset = [0.1 * t * t.cos(), 0.1 * t * t.sin(), 0.02 * t * (7.0 * t).cos()][k];
        (centre(of_subhalo[i])[k] + offset).rem_euclid(BOX_CKPC_H)
    });
    let velocities = Array2::from_shape_fn((n, 3), |(i, k)| {
        let t = 0.3 * i as f64;
        [-100.0 * t.sin(), 100.0 * t.cos(), 0.0][k]
    });
    for (name, values) in [("Coordinates", &positions), ("Velocities", &velocities)] {
        stars.new_dataset_builder().with_data(values).create(name).unwrap();
    }
    let column = |name: &str, value: f64| {
        stars.new_dataset_builder().with_data(&Array1::from_elem(n, value)).create(name).unwrap();
    };
    column("Masses", 1e-4);
    column("GFM_StellarFormationTime", 0.5);

    let file = hdf5::File::create(&catalogue).unwrap();
    let counts = [("Ngroups_Total", 3), ("Nsubgroups_Total", 4), ("NumFiles", 1)];
    header(&file, &counts);
    let (groups, subhaloes) = (file.create_group("Group").unwrap(), file.create_group("Subhalo").unwrap());
    let lengths =
        |of: &[usize]| Array2::from_shape_fn((of.len(), 6), |(i, k)| if k == 4 { of[i] as i32 } else { 0 });
    groups.new_dataset_builder().with_data(&lengths(&[60, 5, 150])).create("GroupLenType").unwrap();
    subhaloes.new_dataset_builder().with_data(&lengths(&N_STARS)).create("SubhaloLenType").unwrap();
    subhaloes.new_dataset_builder().with_data(&GROUPS).create("SubhaloGrNr").unwrap();
    let centres = Array2::from_shape_fn((4, 3), |(i, k)| centre(i)[k]);
    subhaloes.new_dataset_builder().with_data(&centres).create("SubhaloPos").unwrap();
    let masses = Array1::from_iter(N_STARS.iter().map(|n| 1e-4 * *n as f64));
    subhaloes.new_dataset_builder().with_data(&masses).create("SubhaloMass").unwrap();
    [snapshot, catalogue]
}

fn small() -> SurveyConfig {
    SurveyConfig { table_1: false, ..SurveyConfig::small() }
}

#[test]
fn subhaloes_of_a_snapshot_come_with_their_groups_and_octants() {
    let folder = tempfile::tempdir().unwrap();
    let [snapshot, catalogue] = write(folder.path());
    let open = |cuts| SubhaloSource::new(&snapshot, &catalogue, None, cuts);
    let cuts = SubhaloCuts { min_stars: 10, ..SubhaloCuts::default() };
    let source = open(cuts).unwrap();
    assert_eq!((0..source.len()).map(|index| source.galaxy_id(index)).collect::<Vec<_>>(), [0, 2, 3]);
    for (index, (subhalo, group, octant)) in [(0, 0, 0), (2, 2, 4), (3, 2, 7)].into_iter().enumerate() {
        let galaxy = source.galaxy(index).unwrap();
        assert_eq!(
            (galaxy.ids.galaxy_id, galaxy.ids.halo_id, galaxy.ids.octant),
            (subhalo, group, Some(octant))
        );
        assert_eq!(source.suites()[usize::from(galaxy.ids.suite)], "tng");
        assert_eq!(galaxy.galaxy.stars.particles().len(), N_STARS[subhalo as usize]);
        // Framed at the centre of the catalogue, also across the faces of the box.
        let samples = observe_samples(galaxy, &small()).unwrap();
        let at = galmass_survey::sample_layout(&small()).unwrap().position("half_mass_radius_kpc").unwrap();
        let radius = samples[0].values[at][0];
        // The spiral reaches to some 13 ckpc/h, h is 0.5, half of the mass is within three quarters of it at most.
        assert!(radius > 1.0 && radius < 20.0, "{radius}");
        assert_eq!(samples[0].key.octant, octant);
    }
    let massive = SubhaloCuts { max_mass_msun: Some(1.45e8), ..cuts };
    assert_eq!(open(massive).unwrap().len(), 2);
    let error = open(SubhaloCuts { min_stellar_mass_msun: Some(1.0), ..cuts }).unwrap_err();
    assert!(matches!(&error, SurveyError::CatalogueColumn { column: "SubhaloMassType", .. }), "{error}");
    let absent = SubhaloSource::new(&snapshot, &folder.path().join("none.hdf5"), None, cuts).unwrap_err();
    assert!(matches!(&absent, SurveyError::Snapshot(SnapshotError::NotFound { .. })), "{absent}");
    assert_eq!(source.galaxy(3), Err(GalaxyError::Absent { index: 3, n_galaxies: 3 }));
}

#[test]
fn a_file_that_cannot_be_read_is_a_failure_among_galaxies() {
    let folder = tempfile::tempdir().unwrap();
    let [snapshot, _] = write(folder.path());
    let broken = folder.path().join("broken.hdf5");
    std::fs::write(&broken, "no galaxy here").unwrap();
    let paths = vec![snapshot.clone(), broken, snapshot];
    let source = GalaxyFiles::new(paths, None);
    let set = folder.path().join("set");
    let built = build(&source, &small(), &set, &BuildOptions::default(), |_| ()).unwrap();
    assert_eq!(built.failures.len(), 1);
    assert_eq!((built.failures[0].index, built.failures[0].galaxy_id), (1, 1));
    assert!(built.failures[0].reason.contains("broken.hdf5"), "{}", built.failures[0].reason);
    let keys = galmass_dataset::SampleSet::open(&set).unwrap().keys().clone();
    assert_eq!(keys.galaxy_id, [0, 0, 0, 2, 2, 2]);
    assert!(keys.octant.iter().all(|octant| *octant < 8), "{:?}", keys.octant);
    let tng = SuiteKind::ALL.iter().position(|suite| *suite == SuiteKind::Tng).unwrap();
    assert!(keys.suite.iter().all(|suite| usize::from(*suite) == tng));
}
