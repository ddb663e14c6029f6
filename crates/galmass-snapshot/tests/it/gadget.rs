//! Gadget's HDF5 files, of universes and of isolated galaxies; GIZMO's, which differ in their metals.

use galmass_snapshot::SuiteKind;
use hdf5_metno::File;
use ndarray::{Array2, arr1, arr2};

use crate::fixture::{
    Fixture, Stored, TngUnits, assert_close, assert_vectors_close, attribute, dataset, header_attribute,
    position, tng_type, velocity, write_header,
};

/// See the ages of the TNG fixture. These formation times are double precision.
const AGES_GYR: [f64; 2] = [5.751646943448283 - 2.1125271908926933, 5.751646943448283 - 4.200731931853969];

/// 1 kpc \[cm\], 1e10 Msun \[g\].
const KPC_CM: f64 = 3.085678e21;
const MASS_G: f64 = 1.989e43;

pub(crate) fn gadget(units: TngUnits) -> Fixture {
    Fixture::hdf5(|file| {
        write_header(file, 140.0);
        tng_type(file, 0, &Stored::row_of(2), units);
        tng_type(file, 1, &Stored::row_of(1).without_masses(), units);
        tng_type(file, 2, &Stored::row_of(2), units);
        tng_type(file, 3, &Stored::row_of(1), units);
        tng_type(file, 4, &Stored::row_of(2), units);
        let stars = file.group("PartType4").unwrap();
        dataset(&stars, "StellarFormationTime", &arr1(&[0.25, 0.4]));
        let gas = file.group("PartType0").unwrap();
        dataset(&gas, "Density", &arr1(&[0.7, 1.4]));
        dataset(&gas, "StarFormationRate", &arr1(&[3.0, 0.0]));
        dataset(&gas, "SmoothingLength", &arr1(&[1.4, 7.0]));
        dataset(&gas, "InternalEnergy", &arr1(&[100.0, 1000.0]));
        dataset(&gas, "ElectronAbundance", &arr1(&[0.0, 1.0]));
        dataset(&gas, "NeutralHydrogenAbundance", &arr1(&[1.0, 0.5]));
    })
}

/// With metals, of which the first column is the sum and the second helium.
fn gizmo() -> Fixture {
    gadget(TngUnits::Silent).but(|file| {
        let metals = Array2::from_shape_fn((2, 11), |(row, metal)| match metal {
            0 => 0.02 * (row as f64 + 1.0),
            1 => 0.25,
            _ => 0.5,
        });
        dataset(file, "PartType0/Metallicity", &metals);
        dataset(file, "PartType4/Metallicity", &metals);
    })
}

#[test]
fn all_fields_of_a_universe_become_physical() {
    for units in [TngUnits::Silent, TngUnits::Stated, TngUnits::Zero] {
        let snapshot = gadget(units).read().unwrap();
        assert_eq!((snapshot.suite, snapshot.redshift), (SuiteKind::Gadget, Some(1.0)));
        let galaxy = snapshot.galaxy;
        let stars = galaxy.stars.particles();
        assert_vectors_close(stars.positions_kpc(), &[position(1.0), position(2.0)]);
        assert_vectors_close(stars.velocities_km_s(), &[velocity(1.0), velocity(2.0)]);
        assert_close(stars.masses_msun(), &[1e10, 2e10]);
        assert_close(stars.potentials_km2_s2().unwrap(), &[-200.0; 2]);
        for (age, expected) in galaxy.stars.ages_gyr().unwrap().iter().zip(AGES_GYR) {
            assert!((age - expected).abs() < 1e-8, "{age} is not {expected}");
        }
        // The coarse particles around a zoom are dark matter.
        assert_close(galaxy.dark_matter.masses_msun(), &[1e7, 1e10, 2e10, 1e10]);
        assert_vectors_close(galaxy.gas.particles().positions_kpc(), &[position(1.0), position(2.0)]);
        assert_close(&[galaxy.box_size_kpc.unwrap()], &[100.0]);
    }
}

#[test]
fn gas_has_its_columns() {
    let gas = gadget(TngUnits::Silent).read().unwrap().galaxy.gas;
    // 0.7 (1e10 Msun/h) / (kpc/h)^3 a^-3 = 0.7 * 1e10 * 0.49 * 8.
    assert_close(gas.densities_msun_kpc3().unwrap(), &[2.744e10, 5.488e10]);
    assert_eq!(gas.star_formation_rates_msun_yr(), Some(&[3.0, 0.0][..]));
    let radii: Vec<_> = gas.support_radii().unwrap().iter().map(|radius| radius.kpc()).collect();
    assert_close(&radii, &[1.0, 5.0]);
    assert_close(gas.neutral_hydrogen_masses_msun().unwrap(), &[0.76e10, 0.76e10]);
    // 2/3 u mu m_p / k: mu = 4 / (1 + 3 * 0.76) of neutral, 4 / (1 + 7 * 0.76) of ionised gas.
    let per_km2_s2 = 2.0 / 3.0 * 1.672_621_923_69e-24 / 1.380_649e-16 * 1e10;
    let expected = [100.0 * per_km2_s2 * 4.0 / 3.28, 1000.0 * per_km2_s2 * 4.0 / 6.32];
    assert_close(gas.temperatures_k().unwrap(), &expected);
    assert_eq!(gas.metallicities(), None);
}

#[test]
fn gizmo_has_helium_and_metals_in_columns() {
    let snapshot = gizmo().read().unwrap();
    assert_eq!((snapshot.suite, snapshot.redshift), (SuiteKind::Gizmo, Some(1.0)));
    let galaxy = snapshot.galaxy;
    assert_close(galaxy.stars.metallicities().unwrap(), &[0.02, 0.04]);
    assert_vectors_close(galaxy.stars.particles().velocities_km_s(), &[velocity(1.0), velocity(2.0)]);
    assert!(galaxy.stars.ages_gyr().is_some());
    assert_close(galaxy.gas.metallicities().unwrap(), &[0.02, 0.04]);
    // Mass times 1 - Y - Z times the neutral part.
    assert_close(galaxy.gas.neutral_hydrogen_masses_msun().unwrap(), &[0.73e10, 0.71e10]);
    assert_close(galaxy.dark_matter.masses_msun(), &[1e7, 1e10, 2e10, 1e10]);
    assert_close(&[galaxy.box_size_kpc.unwrap()], &[100.0]);
}

#[test]
fn gizmo_with_one_metallicity_reads_too() {
    let fixture = gizmo().but(|file| {
        dataset(file, "PartType0/Metallicity", &arr1(&[0.02, 0.04]));
        dataset(file, "PartType4/Metallicity", &arr2(&[[0.02], [0.04]]));
    });
    let galaxy = fixture.read().unwrap().galaxy;
    assert_eq!(galaxy.stars.metallicities(), Some(&[0.02, 0.04][..]));
    assert_eq!(galaxy.gas.metallicities(), Some(&[0.02, 0.04][..]));
    assert_close(galaxy.gas.neutral_hydrogen_masses_msun().unwrap(), &[0.76e10, 0.76e10]);
}

/// Units of Mpc/h, 1e12 Msun/h and 1000 km/s, as one of the groups says.
fn with_units(group: &'static str, names: [&'static str; 3]) -> Fixture {
    gadget(TngUnits::Silent).but(move |file| {
        let group =
            if file.link_exists(group) { file.group(group) } else { file.create_group(group) }.unwrap();
        for (name, value) in names.into_iter().zip([1e3 * KPC_CM, 100.0 * MASS_G, 1e8]) {
            attribute(&group, name, value);
        }
    })
}

#[test]
fn the_file_says_its_units() {
    let usual = ["UnitLength_in_cm", "UnitMass_in_g", "UnitVelocity_in_cm_per_s"];
    let gizmo = ["UnitLength_In_CGS", "UnitMass_In_CGS", "UnitVelocity_In_CGS"];
    for (group, names) in [("Header", usual), ("Parameters", usual), ("Units", usual), ("Header", gizmo)] {
        let galaxy = with_units(group, names).read().unwrap().galaxy;
        let stars = galaxy.stars.particles();
        assert_vectors_close(&stars.positions_kpc()[..1], &[position(1e3)]);
        assert_vectors_close(&stars.velocities_km_s()[..1], &[velocity(1e3)]);
        assert_close(stars.masses_msun(), &[1e12, 2e12]);
        assert_close(&galaxy.dark_matter.masses_msun()[..1], &[1e9]);
        assert_close(&[galaxy.box_size_kpc.unwrap()], &[1e5]);
    }
    let wrong = with_units("Parameters", usual).but(|file| {
        let group = file.group("Parameters").unwrap();
        group.delete_attr("UnitLength_in_cm").unwrap();
        attribute(&group, "UnitLength_in_cm", -1.0);
    });
    wrong.fails_with(&["/Parameters", "UnitLength_in_cm", "is -1 "]);
}

/// Gadget-4 writes its cosmology with the parameters.
#[test]
fn cosmology_may_stand_with_the_parameters() {
    let fixture = gadget(TngUnits::Stated).but(|file| {
        let header = file.group("Header").unwrap();
        let parameters = file.create_group("Parameters").unwrap();
        for (name, value) in [("HubbleParam", 0.7), ("Omega0", 0.3), ("OmegaLambda", 0.7)] {
            header.delete_attr(name).unwrap();
            attribute(&parameters, name, value);
        }
        attribute(&parameters, "ComovingIntegrationOn", 1i32);
    });
    assert_eq!(fixture.read().unwrap(), gadget(TngUnits::Stated).read().unwrap());
}

fn isolated(file: &File) {
    header_attribute(file, "Omega0", 0.0);
    header_attribute(file, "OmegaLambda", 0.0);
    header_attribute(file, "Time", 10.0);
    header_attribute(file, "Redshift", 0.0);
    header_attribute(file, "BoxSize", 0.0);
}

#[test]
fn an_isolated_galaxy_has_a_disc_and_a_bulge_and_no_redshift() {
    let snapshot = gadget(TngUnits::Silent).but(isolated).read().unwrap();
    assert_eq!((snapshot.suite, snapshot.redshift), (SuiteKind::Gadget, None));
    let galaxy = snapshot.galaxy;
    // Stars formed, disc, bulge: nothing but h = 0.7 to divide by.
    assert_close(galaxy.stars.particles().masses_msun(), &[1e10, 2e10, 1e10, 2e10, 1e10]);
    let first = galaxy.stars.particles().positions_kpc()[0];
    assert_vectors_close(&[first], &[[10.0, 20.0, 30.0]]);
    let first = galaxy.stars.particles().velocities_km_s()[0];
    assert_vectors_close(&[first], &[[100.0, 0.0, -100.0]]);
    assert_eq!(galaxy.stars.ages_gyr(), None);
    assert_eq!(galaxy.dark_matter.len(), 1);
    assert_eq!(galaxy.box_size_kpc, None);
}

#[test]
fn an_isolated_galaxy_without_h_has_none() {
    for edit in [(|file: &File| header_attribute(file, "HubbleParam", 0.0)) as fn(&File), |file: &File| {
        file.group("Header").unwrap().delete_attr("HubbleParam").unwrap()
    }] {
        let galaxy = gadget(TngUnits::Silent).but(isolated).but(edit).read().unwrap().galaxy;
        assert_close(&galaxy.stars.particles().masses_msun()[..1], &[0.7e10]);
    }
    let wrong =
        gadget(TngUnits::Silent).but(isolated).but(|file| header_attribute(file, "HubbleParam", -1.0));
    wrong.fails_with(&["HubbleParam", "is -1 "]);
}
