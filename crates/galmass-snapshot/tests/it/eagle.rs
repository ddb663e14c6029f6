//! EAGLE files.

use galmass_snapshot::SuiteKind;
use ndarray::arr1;

use crate::fixture::{assert_close, assert_vectors_close, dataset, eagle, position, velocity};

/// See the ages of the TNG fixture. These formation times are double precision.
const AGES_GYR: [f64; 2] = [5.751646943448283 - 2.1125271908926933, 5.751646943448283 - 4.200731931853969];

/// The error of the numerical integral.
const AGE_TOLERANCE_GYR: f64 = 1e-8;

#[test]
fn all_fields_become_physical() {
    for scalar_attributes in [true, false] {
        let snapshot = eagle(scalar_attributes).read().unwrap();
        assert_eq!(snapshot.suite, SuiteKind::Eagle);
        assert_eq!(snapshot.redshift, Some(1.0));
        let galaxy = snapshot.galaxy;
        let stars = galaxy.stars.particles();
        assert_vectors_close(stars.positions_kpc(), &[position(1.0), position(2.0)]);
        assert_vectors_close(stars.velocities_km_s(), &[velocity(1.0), velocity(2.0)]);
        assert_close(stars.masses_msun(), &[1e10, 2e10]);
        assert_eq!(stars.potentials_km2_s2(), None);
        assert_close(galaxy.stars.initial_masses_msun().unwrap(), &[2e10, 4e10]);
        assert_eq!(galaxy.stars.metallicities(), Some(&[0.01, 0.03][..]));
        assert_eq!(galaxy.stars.magnitudes_g(), None);
        for (age, expected) in galaxy.stars.ages_gyr().unwrap().iter().zip(AGES_GYR) {
            assert!((age - expected).abs() < AGE_TOLERANCE_GYR, "{age} is not {expected}");
        }
        assert_vectors_close(galaxy.gas.particles().positions_kpc(), &[position(1.0), position(2.0)]);
        assert_close(galaxy.gas.particles().masses_msun(), &[1e10, 2e10]);
        assert_vectors_close(galaxy.dark_matter.velocities_km_s(), &[velocity(1.0)]);
        assert_close(galaxy.dark_matter.masses_msun(), &[1e7]);
        // The mass of the particle, not `BH_Mass`.
        assert_close(galaxy.black_holes.masses_msun(), &[1e10]);
        assert_close(&[galaxy.box_size_kpc.unwrap()], &[100.0]);
    }
}

#[test]
fn smoothed_metallicities_stand_in_for_absent_ones() {
    let fixture = eagle(true).but(|file| file.unlink("PartType4/Metallicity").unwrap());
    assert_eq!(fixture.read().unwrap().galaxy.stars.metallicities(), Some(&[0.02, 0.04][..]));
}

#[test]
fn columns_and_components_that_are_absent_are_none_and_empty() {
    let fixture = eagle(true).but(|file| {
        for name in ["Metallicity", "SmoothedMetallicity", "StellarFormationTime", "InitialMass"] {
            file.unlink(&format!("PartType4/{name}")).unwrap();
        }
        for name in ["PartType0", "PartType1", "PartType5"] {
            file.unlink(name).unwrap();
        }
        // Densities are only needed for ages.
        file.group("Header").unwrap().delete_attr("Omega0").unwrap();
    });
    let galaxy = fixture.read().unwrap().galaxy;
    assert_eq!(galaxy.n_particles(), 2);
    assert_eq!(galaxy.stars.ages_gyr(), None);
    assert_eq!(galaxy.stars.metallicities(), None);
    assert_eq!(galaxy.stars.initial_masses_msun(), None);
}

#[test]
fn each_unit_attribute_must_be_there() {
    for attribute in ["CGSConversionFactor", "aexp-scale-exponent", "h-scale-exponent"] {
        let fixture = eagle(true)
            .but(|file| file.dataset("PartType0/Velocity").unwrap().delete_attr(attribute).unwrap());
        fixture.fails_with(&["/PartType0/Velocity", attribute]);
    }
}

#[test]
fn a_formation_time_of_zero_is_no_birth() {
    let fixture =
        eagle(true).but(|file| dataset(file, "PartType4/StellarFormationTime", &arr1(&[0.25, 0.0])));
    fixture.fails_with(&["/PartType4/StellarFormationTime", "scale factor 0 ", "index 1", "0 to 0.5"]);
}
