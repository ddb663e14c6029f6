//! SWIFT files, in one piece and virtual.

use galmass_snapshot::{SnapshotError, SuiteKind, read_galaxy};
use hdf5_metno::{File, Group, Hyperslab};
use ndarray::{Array2, ArrayView, Dimension, arr1, arr2, s};

use crate::fixture::{Fixture, assert_close, assert_vectors_close, attributes, dataset, position, says};

/// SWIFT's Sun and kiloparsec.
const MSUN_G: f64 = 1.988_415_86e33;
const KPC_CM: f64 = 3.085_677_581_49e21;

/// See the ages of the TNG fixture. These formation times are double precision.
const AGES_GYR: [f64; 2] = [5.751646943448283 - 2.1125271908926933, 5.751646943448283 - 4.200731931853969];

fn field<'d, A, D>(group: &Group, name: &str, values: A, to_cgs: f64, a_exponent: f64)
where
    A: Into<ArrayView<'d, f64, D>>,
    D: Dimension,
{
    dataset(group, name, values);
    unit(group, name, to_cgs, a_exponent);
}

fn unit(group: &Group, name: &str, to_cgs: f64, a_exponent: f64) {
    let field = group.dataset(name).unwrap();
    let conversion = "Conversion factor to CGS (not including cosmological corrections)";
    attributes(&field, conversion, &arr1(&[to_cgs]));
    attributes(&field, "a-scale exponent", &arr1(&[a_exponent]));
    attributes(&field, "h-scale exponent", &arr1(&[0.0f32]));
}

fn write_groups(file: &File) {
    let header = file.create_group("Header").unwrap();
    // In units of time, not a scale factor.
    attributes(&header, "Time", &arr1(&[0.006]));
    attributes(&header, "Scale-factor", &arr1(&[0.5]));
    attributes(&header, "Redshift", &arr1(&[1.0]));
    attributes(&header, "BoxSize", &arr1(&[0.2, 0.2, 0.2]));
    attributes(&header, "NumFilesPerSnapshot", &arr1(&[1i32]));
    attributes(&header, "NumPart_ThisFile", &arr1(&[1i64, 1, 0, 0, 2, 1, 0]));
    attributes(&header, "NumPart_Total", &arr1(&[1u32, 1, 0, 0, 2, 1, 0]));
    attributes(&header, "MassTable", &arr1(&[0.0; 7]));
    let cosmology = file.create_group("Cosmology").unwrap();
    attributes(&cosmology, "Cosmological run", &arr1(&[1i32]));
    attributes(&cosmology, "h", &arr1(&[0.7]));
    attributes(&cosmology, "Omega_m", &arr1(&[0.29]));
    attributes(&cosmology, "Omega_nu_0", &arr1(&[0.01]));
    attributes(&cosmology, "Omega_lambda", &arr1(&[0.7]));
    let units = file.create_group("Units").unwrap();
    attributes(&units, "Unit length in cgs (U_L)", &arr1(&[1e3 * KPC_CM]));
    attributes(&units, "Unit mass in cgs (U_M)", &arr1(&[1e10 * MSUN_G]));
    attributes(&units, "Unit time in cgs (U_t)", &arr1(&[1e3 * KPC_CM / 1e5]));
}

/// Particle k at a = 0.5 is where [`position`] says, without an h; it moves at k (100, 0, -100) km/s, peculiar.
fn write_type(file: &File, number: usize, n_rows: usize) -> Group {
    let group = file.create_group(&format!("PartType{number}")).unwrap();
    let k = |row: usize| row as f64 + 1.0;
    let megaparsecs = Array2::from_shape_fn((n_rows, 3), |(row, axis)| 2e-3 * position(k(row))[axis]);
    field(&group, "Coordinates", &megaparsecs, 1e3 * KPC_CM, 1.0);
    let velocities = Array2::from_shape_fn((n_rows, 3), |(row, axis)| k(row) * [100.0, 0.0, -100.0][axis]);
    field(&group, "Velocities", &velocities, 1e5, 0.0);
    let masses = (0..n_rows).map(k).collect::<Vec<_>>();
    let name = if number == 5 { "DynamicalMasses" } else { "Masses" };
    field(&group, name, &arr1(&masses), 1e10 * MSUN_G, 0.0);
    group
}

pub(crate) fn swift() -> Fixture {
    Fixture::hdf5(|file| {
        write_groups(file);
        let gas = write_type(file, 0, 1);
        field(&gas, "MetalMassFractions", &arr1(&[0.02]), 1.0, 0.0);
        // 3 (1e10 Msun) / Mpc^3, comoving.
        field(&gas, "Densities", &arr1(&[3.0]), 1e10 * MSUN_G / (1e3 * KPC_CM).powi(3), -3.0);
        field(&gas, "Temperatures", &arr1(&[1e4]), 1.0, 0.0);
        // 2 (1e10 Msun) / (Mpc / (km/s)) = 20.45 Msun/yr.
        field(&gas, "StarFormationRates", &arr1(&[2.0]), 1e10 * MSUN_G * 1e5 / (1e3 * KPC_CM), 0.0);
        write_type(file, 1, 1);
        let stars = write_type(file, 4, 2);
        dataset(&stars, "BirthScaleFactors", &arr1(&[0.25, 0.4]));
        dataset(&stars, "MetalMassFractions", &arr1(&[0.01, 0.03]));
        field(&stars, "InitialMasses", &arr1(&[2.0, 4.0]), 1e10 * MSUN_G, 0.0);
        let maggies = arr2(&[[1.0, 100.0, 1e4, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]; 2]);
        dataset(&stars, "Luminosities", &maggies);
        write_type(file, 5, 1);
    })
}

/// Where [`write_type`] puts particle k, which has no h in it.
fn velocity(k: f64) -> [f64; 3] {
    [100.0 * k, 0.0, -100.0 * k]
}

#[test]
fn all_fields_become_physical() {
    let snapshot = swift().read().unwrap();
    assert_eq!(snapshot.suite, SuiteKind::Swift);
    assert_eq!(snapshot.redshift, Some(1.0));
    let galaxy = snapshot.galaxy;
    let stars = galaxy.stars.particles();
    assert_vectors_close(stars.positions_kpc(), &[position(1.0), position(2.0)]);
    assert_vectors_close(stars.velocities_km_s(), &[velocity(1.0), velocity(2.0)]);
    assert_close(stars.masses_msun(), &[1e10, 2e10]);
    assert_close(galaxy.stars.initial_masses_msun().unwrap(), &[2e10, 4e10]);
    assert_eq!(galaxy.stars.metallicities(), Some(&[0.01, 0.03][..]));
    assert_close(galaxy.stars.magnitudes_g().unwrap(), &[-5.0, -5.0]);
    assert_close(galaxy.stars.magnitudes_r().unwrap(), &[-10.0, -10.0]);
    for (age, expected) in galaxy.stars.ages_gyr().unwrap().iter().zip(AGES_GYR) {
        assert!((age - expected).abs() < 1e-8, "{age} is not {expected}");
    }
    let gas = galaxy.gas;
    assert_vectors_close(gas.particles().positions_kpc(), &[position(1.0)]);
    assert_eq!(gas.metallicities(), Some(&[0.02][..]));
    // 3e10 Msun / (1000 kpc)^3 / a^3.
    assert_close(gas.densities_msun_kpc3().unwrap(), &[3e10 / 1e9 * 8.0]);
    assert_eq!(gas.temperatures_k(), Some(&[1e4][..]));
    // Seconds in a Julian year over seconds in Mpc/(km/s).
    let rate = 2e10 * 3.155_76e7 / (1e3 * KPC_CM / 1e5);
    assert_close(gas.star_formation_rates_msun_yr().unwrap(), &[rate]);
    assert_eq!(gas.support_radii(), None);
    assert_close(galaxy.dark_matter.masses_msun(), &[1e10]);
    assert_close(galaxy.black_holes.masses_msun(), &[1e10]);
    assert_close(&[galaxy.box_size_kpc.unwrap()], &[100.0]);
}

#[test]
fn gas_that_last_formed_stars_long_ago_forms_none() {
    let fixture = swift().but(|file| {
        let gas = file.group("PartType0").unwrap();
        field(&gas, "StarFormationRates", &arr1(&[-0.4]), 1.0, 0.0);
    });
    assert_eq!(fixture.read().unwrap().galaxy.gas.star_formation_rates_msun_yr(), Some(&[0.0][..]));
}

#[test]
fn a_run_that_does_not_expand_has_no_redshift() {
    let fixture = swift().but(|file| {
        let cosmology = file.group("Cosmology").unwrap();
        cosmology.delete_attr("Cosmological run").unwrap();
        attributes(&cosmology, "Cosmological run", &arr1(&[0i32]));
    });
    let snapshot = fixture.read().unwrap();
    assert_eq!(snapshot.redshift, None);
    assert_eq!(snapshot.galaxy.stars.ages_gyr(), None);
    let position = position(1.0).map(|component| 2.0 * component);
    assert_vectors_close(snapshot.galaxy.dark_matter.positions_kpc(), &[position]);
}

#[test]
fn units_must_be_stated() {
    for name in ["Conversion factor to CGS (not including cosmological corrections)", "a-scale exponent"] {
        let fixture =
            swift().but(|file| file.dataset("PartType4/Velocities").unwrap().delete_attr(name).unwrap());
        fixture.fails_with(&["/PartType4/Velocities", name]);
    }
}

#[test]
fn a_luminosity_of_nothing_is_refused() {
    let fixture = swift().but(|file| dataset(file, "PartType4/Luminosities", &Array2::<f64>::zeros((2, 9))));
    let error = fixture.fails_with(&["/PartType4/Luminosities.1", "holds 0 at index 0"]);
    assert!(matches!(error, SnapshotError::NotPositive { .. }));
    let fixture = swift().but(|file| dataset(file, "PartType4/Luminosities", &Array2::<f64>::zeros((2, 8))));
    fixture.fails_with(&["/PartType4/Luminosities", "[2, 8]", "(n, 9)"]);
}

#[test]
fn boxes_with_unlike_sides_are_refused() {
    let fixture = swift().but(|file| {
        let header = file.group("Header").unwrap();
        header.delete_attr("BoxSize").unwrap();
        attributes(&header, "BoxSize", &arr1(&[0.2, 0.2, 0.4]));
    });
    fixture.fails_with(&["BoxSize", "is 0.4 ", "the same for all axes"]);
}

/// Two parts with a star each and gas in the first, and a file that is virtual over them.
fn virtual_swift() -> Fixture {
    let fixture = Fixture::nothing("snap_0007.hdf5");
    for part in 0..2 {
        let file = File::create(fixture.beside(&format!("snap_0007.{part}.hdf5"))).unwrap();
        write_groups(&file);
        let header = file.group("Header").unwrap();
        for (name, counts) in
            [("NumPart_ThisFile", [1 - part, 0, 0, 0, 1, 0, 0]), ("NumPart_Total", [1, 0, 0, 0, 2, 0, 0])]
        {
            header.delete_attr(name).unwrap();
            attributes(&header, name, &arr1(&counts));
        }
        header.delete_attr("NumFilesPerSnapshot").unwrap();
        attributes(&header, "NumFilesPerSnapshot", &arr1(&[2i32]));
        if part == 0 {
            write_type(&file, 0, 1);
        }
        let stars = write_type(&file, 4, 1);
        dataset(&stars, "Masses", &arr1(&[part as f64 + 1.0]));
        unit(&stars, "Masses", 1e10 * MSUN_G, 0.0);
    }
    let file = File::create(&fixture.path).unwrap();
    write_groups(&file);
    for (group, n_rows) in [("PartType0", [1, 0]), ("PartType4", [1, 1])] {
        file.create_group(group).unwrap();
        for (name, width) in [("Coordinates", 3), ("Velocities", 3), ("Masses", 1)] {
            virtual_field(&file, &format!("{group}/{name}"), width, n_rows);
        }
    }
    drop(file);
    fixture
}

/// A virtual dataset over rows of both parts.
fn virtual_field(file: &File, name: &str, width: usize, n_rows: [usize; 2]) {
    let total = n_rows.iter().sum::<usize>();
    let mut start = 0;
    let mut plist = file.new_dataset::<f64>().shape(if width == 3 { vec![total, 3] } else { vec![total] });
    for (part, n) in n_rows.into_iter().enumerate().filter(|(_, n)| *n > 0) {
        let (source, end) = (format!("snap_0007.{part}.hdf5"), start + n);
        plist = if width == 3 {
            let rows = Hyperslab::try_new(s![start..end, ..]).unwrap();
            plist.virtual_map(source, format!("/{name}"), (n, 3), .., (total, 3), rows)
        } else {
            let rows = Hyperslab::try_new(s![start..end]).unwrap();
            plist.virtual_map(source, format!("/{name}"), n, .., total, rows)
        };
        start = end;
    }
    plist.create(name).unwrap();
}

#[test]
fn a_virtual_file_is_read_by_its_parts() {
    let fixture = virtual_swift();
    let whole = fixture.read().unwrap();
    assert_close(whole.galaxy.stars.particles().masses_msun(), &[1e10, 2e10]);
    assert_eq!(whole.galaxy.gas.len(), 1);
    // The folder holds one snapshot, not two; and its parts are read without the virtual file, too.
    for path in [fixture.path.parent().unwrap(), &fixture.beside("snap_0007.1.hdf5")] {
        assert_eq!(read_galaxy(path, None).unwrap(), whole);
    }
}

#[test]
fn parts_of_a_virtual_file_that_are_not_there_are_named() {
    let fixture = virtual_swift();
    std::fs::remove_file(fixture.beside("snap_0007.1.hdf5")).unwrap();
    says(fixture.read(), &fixture.beside("snap_0007.1.hdf5"), &["part 1 of the 2"]);
    std::fs::remove_file(fixture.beside("snap_0007.0.hdf5")).unwrap();
    let error = fixture.fails_with(&["snap_0007.hdf5", "virtual", "snap_0007.0.hdf5"]);
    assert!(matches!(error, SnapshotError::VirtualOverNothing { .. }));
}

#[test]
fn parts_must_have_the_rows_of_the_virtual_file() {
    let fixture = virtual_swift().but(|file| {
        for (name, width) in [("Coordinates", 3), ("Velocities", 3), ("Masses", 1)] {
            file.unlink(&format!("PartType4/{name}")).unwrap();
            virtual_field(file, &format!("PartType4/{name}"), width, [1, 0]);
        }
    });
    let error = fixture.fails_with(&["/PartType4", "has 1 rows", "have 2"]);
    assert!(matches!(error, SnapshotError::VirtualRows { n_rows: 1, found: 2, .. }));
}

#[test]
fn a_virtual_dataset_in_a_file_of_its_own_data_is_refused() {
    let fixture = swift().but(|file| {
        file.unlink("PartType4/Velocities").unwrap();
        virtual_field(file, "PartType4/Velocities", 3, [1, 1]);
    });
    let error = fixture.fails_with(&["/PartType4/Velocities", "is a virtual dataset"]);
    assert!(matches!(error, SnapshotError::Virtual { .. }));
}
