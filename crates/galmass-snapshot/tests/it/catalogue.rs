//! Group catalogues.

use std::path::Path;

use galmass_snapshot::{SnapshotError, read_catalogue, read_catalogue_pieces};
use hdf5_metno::File;
use ndarray::{Array1, Array2, arr1};

use crate::fixture::{Fixture, assert_close, assert_vectors_close, attribute, dataset};

/// At a = 0.5 and h = 0.7: lengths of 7 are 5 kpc, masses of 0.7 are 1e10 Msun. Row k has k times as much.
fn write_piece(path: &Path, n_subhaloes: usize, n_files: i32) {
    let file = File::create(path).unwrap();
    let header = file.create_group("Header").unwrap();
    for (name, value) in [("Time", 0.5), ("Redshift", 1.0), ("HubbleParam", 0.7), ("BoxSize", 140.0)] {
        attribute(&header, name, value);
    }
    attribute(&header, "NumFiles", n_files);
    attribute(&header, "Nsubgroups_Total", 3i32);
    let scalars = |n: usize, unit: f64| Array1::from_shape_fn(n, |row| unit * (row as f64 + 1.0));
    let vectors = |n: usize, width: usize, unit: f64| {
        Array2::from_shape_fn((n, width), |(row, column)| unit * (row as f64 + 1.0) * (column as f64 + 1.0))
    };
    let n = n_subhaloes;
    let subhaloes = file.create_group("Subhalo").unwrap();
    let groups = file.create_group("Group").unwrap();
    if n == 0 {
        return;
    }
    dataset(&subhaloes, "SubhaloLenType", &vectors(n, 6, 1.0).mapv(|length| length as i32));
    dataset(&subhaloes, "SubhaloPos", &vectors(n, 3, 7.0).mapv(|x| x as f32));
    dataset(&subhaloes, "SubhaloVel", &vectors(n, 3, 100.0));
    dataset(&subhaloes, "SubhaloMass", &scalars(n, 0.7));
    dataset(&subhaloes, "SubhaloMassType", &vectors(n, 6, 0.7));
    dataset(&subhaloes, "SubhaloMassInHalfRad", &scalars(n, 0.7));
    dataset(&subhaloes, "SubhaloMassInHalfRadType", &vectors(n, 6, 0.7));
    dataset(&subhaloes, "SubhaloHalfmassRad", &scalars(n, 7.0));
    dataset(&subhaloes, "SubhaloHalfmassRadType", &vectors(n, 6, 7.0));
    dataset(&subhaloes, "SubhaloStellarPhotometrics", &vectors(n, 8, -1.0));
    dataset(&subhaloes, "SubhaloSFR", &scalars(n, 3.0));
    dataset(&subhaloes, "SubhaloStarMetallicity", &scalars(n, 0.01));
    dataset(&subhaloes, "SubhaloGasMetallicity", &scalars(n, 0.02));
    dataset(&subhaloes, "SubhaloVelDisp", &scalars(n, 150.0));
    dataset(&subhaloes, "SubhaloVmax", &scalars(n, 250.0));
    dataset(&subhaloes, "SubhaloGrNr", &Array1::<i32>::zeros(n));
    dataset(&subhaloes, "SubhaloFlag", &Array1::from_shape_fn(n, |row| row == 0));
    dataset(&groups, "GroupLenType", &vectors(1, 6, 9.0).mapv(|length| length as i32));
    dataset(&groups, "GroupPos", &vectors(1, 3, 7.0));
    dataset(&groups, "GroupVel", &vectors(1, 3, 100.0));
    dataset(&groups, "GroupMass", &scalars(1, 0.7));
    dataset(&groups, "GroupMassType", &vectors(1, 6, 0.7));
    dataset(&groups, "Group_M_Crit200", &scalars(1, 1.4));
    dataset(&groups, "Group_R_Crit200", &scalars(1, 14.0));
    dataset(&groups, "GroupFirstSub", &arr1(&[if n == 2 { 0 } else { -1 }]));
    dataset(&groups, "GroupNsubs", &arr1(&[n as i32]));
}

/// Three pieces of 2, 0 and 1 subhaloes, in 1, 0 and 1 groups.
fn pieces() -> Fixture {
    let fixture = Fixture::nothing("fof_subhalo_tab_007.0.hdf5");
    for (index, n_subhaloes) in [2, 0, 1].into_iter().enumerate() {
        write_piece(&fixture.beside(&format!("fof_subhalo_tab_007.{index}.hdf5")), n_subhaloes, 3);
    }
    fixture
}

#[test]
fn all_columns_become_physical_and_pieces_are_put_together() {
    let fixture = pieces();
    let catalogue = read_catalogue(&fixture.path).unwrap();
    assert_eq!(read_catalogue(fixture.path.parent().unwrap()).unwrap(), catalogue);
    assert_eq!((catalogue.redshift, catalogue.n_subhaloes_total), (Some(1.0), Some(3)));
    assert_close(&[catalogue.box_size_kpc.unwrap()], &[100.0]);

    let subhaloes = catalogue.subhaloes;
    assert_eq!(subhaloes.n_particles, [[1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 12], [1, 2, 3, 4, 5, 6]]);
    let positions = [[5.0, 10.0, 15.0], [10.0, 20.0, 30.0], [5.0, 10.0, 15.0]];
    assert_vectors_close(&subhaloes.positions_kpc.unwrap(), &positions);
    // Peculiar as stored, whatever a.
    assert_vectors_close(&subhaloes.velocities_km_s.unwrap()[..1], &[[100.0, 200.0, 300.0]]);
    assert_close(&subhaloes.masses_msun.unwrap(), &[1e10, 2e10, 1e10]);
    let by_type = [1e10, 2e10, 3e10, 4e10, 5e10, 6e10];
    assert_close(&subhaloes.masses_by_type_msun.unwrap()[0], &by_type);
    assert_close(&subhaloes.masses_in_half_mass_radius_msun.unwrap(), &[1e10, 2e10, 1e10]);
    assert_close(&subhaloes.masses_in_half_mass_radius_by_type_msun.unwrap()[2], &by_type);
    assert_close(&subhaloes.half_mass_radii_kpc.unwrap(), &[5.0, 10.0, 5.0]);
    assert_close(&subhaloes.half_mass_radii_by_type_kpc.unwrap()[0], &[5.0, 10.0, 15.0, 20.0, 25.0, 30.0]);
    assert_close(&subhaloes.magnitudes.unwrap()[0], &[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0]);
    assert_close(&subhaloes.star_formation_rates_msun_yr.unwrap(), &[3.0, 6.0, 3.0]);
    assert_close(&subhaloes.stellar_metallicities.unwrap(), &[0.01, 0.02, 0.01]);
    assert_close(&subhaloes.gas_metallicities.unwrap(), &[0.02, 0.04, 0.02]);
    assert_close(&subhaloes.velocity_dispersions_km_s.unwrap(), &[150.0, 300.0, 150.0]);
    assert_close(&subhaloes.maximum_velocities_km_s.unwrap(), &[250.0, 500.0, 250.0]);
    assert_eq!(subhaloes.group_indices.unwrap(), [0, 0, 0]);
    assert_eq!(subhaloes.are_cosmological.unwrap(), [true, false, true]);

    let groups = catalogue.groups;
    assert_eq!(groups.n_particles[0], [9, 18, 27, 36, 45, 54]);
    assert_vectors_close(&groups.positions_kpc.unwrap()[..1], &[[5.0, 10.0, 15.0]]);
    assert_vectors_close(&groups.velocities_km_s.unwrap()[..1], &[[200.0, 400.0, 600.0]]);
    assert_close(&groups.masses_msun.unwrap(), &[1e10, 1e10]);
    assert_close(&groups.masses_by_type_msun.unwrap()[0], &by_type);
    assert_close(&groups.m200_msun.unwrap(), &[2e10, 2e10]);
    assert_close(&groups.r200_kpc.unwrap(), &[10.0, 10.0]);
    assert_eq!(groups.first_subhaloes.unwrap(), [Some(0), None]);
    assert_eq!(groups.n_subhaloes.unwrap(), [2, 1]);
}

#[test]
fn some_pieces_may_be_read_alone() {
    let fixture = pieces();
    let last = read_catalogue_pieces(&[fixture.beside("fof_subhalo_tab_007.2.hdf5")]).unwrap();
    assert_eq!((last.subhaloes.len(), last.groups.len()), (1, 1));
    assert_eq!(last.n_subhaloes_total, Some(3));
    std::fs::remove_file(fixture.beside("fof_subhalo_tab_007.1.hdf5")).unwrap();
    let error = read_catalogue(&fixture.path).unwrap_err();
    assert!(matches!(error, SnapshotError::MissingPart { index: 1, n_files: 3, .. }), "{error}");
    let nothing = read_catalogue_pieces::<&Path>(&[]).unwrap();
    assert!(nothing.subhaloes.is_empty() && nothing.groups.is_empty());
}

#[test]
fn columns_that_a_piece_lacks_are_none() {
    let fixture = pieces();
    let file = File::open_rw(fixture.beside("fof_subhalo_tab_007.2.hdf5")).unwrap();
    file.unlink("Subhalo/SubhaloSFR").unwrap();
    drop(file);
    let subhaloes = read_catalogue(&fixture.path).unwrap().subhaloes;
    assert_eq!((subhaloes.len(), subhaloes.star_formation_rates_msun_yr), (3, None));
    assert!(subhaloes.masses_msun.is_some());
}

#[test]
fn columns_that_cannot_be_are_refused() {
    let fails = |edit: &dyn Fn(&File), pieces: &[&str]| {
        let fixture = Fixture::nothing("tab.hdf5");
        write_piece(&fixture.path, 2, 1);
        edit(&File::open_rw(&fixture.path).unwrap());
        let message = read_catalogue(&fixture.path).unwrap_err().to_string();
        for piece in pieces.iter().copied().chain(["tab.hdf5"]) {
            assert!(message.contains(piece), "`{piece}` is not in: {message}");
        }
    };
    fails(&|file| dataset(file, "Subhalo/SubhaloMass", &arr1(&[1.0])), &["/Subhalo/SubhaloMass", "1 rows"]);
    fails(&|file| dataset(file, "Subhalo/SubhaloPos", &arr1(&[1.0])), &["/Subhalo/SubhaloPos", "(n, 3)"]);
    fails(
        &|file| dataset(file, "Subhalo/SubhaloVel", &Array2::from_elem((2, 3), f64::NAN)),
        &["/Subhalo/SubhaloVel", "NaN", "index 0"],
    );
    fails(
        &|file| dataset(file, "Subhalo/SubhaloLenType", &Array2::from_elem((2, 6), -1)),
        &["/Subhalo/SubhaloLenType", "-1", "index 0"],
    );
    fails(
        &|file| dataset(file, "Subhalo/SubhaloLenType", &Array2::from_elem((2, 3), 1)),
        &["/Subhalo/SubhaloLenType", "[2, 3]"],
    );
    fails(&|file| file.unlink("Subhalo/SubhaloLenType").unwrap(), &["/Subhalo/SubhaloLenType", "no field"]);
    fails(&|file| dataset(file, "Subhalo/SubhaloGrNr", &arr1(&[0])), &["/Subhalo/SubhaloGrNr", "1 rows"]);
}
