//! IllustrisTNG files.

use galmass_core::Galaxy;
use galmass_snapshot::SuiteKind;
use ndarray::{Array2, arr1, arr2};

use crate::fixture::{
    Fixture, TngUnits, assert_close, assert_vectors_close, attribute, dataset, header_attribute, position,
    tng, velocity,
};

/// Ages at a = 0.5 of stars formed at a = 0.25 and 0.4, for h = 0.7, Om = 0.3, OL = 0.7 \[Gyr\]: Simpson's rule over
/// dt = da / (a H(a)) with two million intervals, in NumPy.
const AGES_GYR: [f64; 2] = [5.751646943448283 - 2.1125271908926933, 5.751646943448283 - 4.200731931853969];

/// Formation times are single precision: 0.4 is off by 1e-8, hence an age near 1 Gyr by as much.
const AGE_TOLERANCE_GYR: f64 = 1e-6;

/// Everything about the fixture that does not depend on how it says its units.
#[track_caller]
fn assert_is_the_galaxy(galaxy: &Galaxy) {
    let stars = galaxy.stars.particles();
    assert_vectors_close(stars.positions_kpc(), &[position(1.0), position(3.0)]);
    assert_vectors_close(stars.velocities_km_s(), &[velocity(1.0), velocity(3.0)]);
    assert_close(stars.masses_msun(), &[1e10, 3e10]);
    assert_close(stars.potentials_km2_s2().unwrap(), &[-200.0, -200.0]);
    assert_close(galaxy.stars.initial_masses_msun().unwrap(), &[2e10, 4e10]);
    assert_eq!(galaxy.stars.metallicities(), Some(&[0.01, 0.03][..]));
    assert_eq!(galaxy.stars.magnitudes_g(), Some(&[-4.0, -24.0][..]));
    assert_eq!(galaxy.stars.magnitudes_r(), Some(&[-5.0, -25.0][..]));
    for (age, expected) in galaxy.stars.ages_gyr().unwrap().iter().zip(AGES_GYR) {
        assert!((age - expected).abs() < AGE_TOLERANCE_GYR, "{age} is not {expected}");
    }

    // Two cells, then the wind particle.
    assert_vectors_close(
        galaxy.gas.particles().positions_kpc(),
        &[position(1.0), position(2.0), position(2.0)],
    );
    assert_vectors_close(
        galaxy.gas.particles().velocities_km_s(),
        &[velocity(1.0), velocity(2.0), velocity(2.0)],
    );
    assert_close(galaxy.gas.particles().masses_msun(), &[1e10, 2e10, 2e10]);
    assert_close(galaxy.gas.particles().potentials_km2_s2().unwrap(), &[-200.0; 3]);

    assert_vectors_close(galaxy.dark_matter.positions_kpc(), &[position(1.0)]);
    assert_vectors_close(galaxy.dark_matter.velocities_km_s(), &[velocity(1.0)]);
    assert_close(galaxy.dark_matter.masses_msun(), &[1e7]);

    assert_vectors_close(galaxy.black_holes.positions_kpc(), &[position(1.0)]);
    assert_close(galaxy.black_holes.masses_msun(), &[1e10]);

    assert_close(&[galaxy.box_size_kpc.unwrap()], &[100.0]);
}

#[test]
fn units_come_from_attributes_or_from_the_documentation() {
    for units in [TngUnits::Stated, TngUnits::Silent, TngUnits::Zero] {
        let snapshot = tng(units).read().unwrap();
        assert_eq!(snapshot.suite, SuiteKind::Tng, "{units:?}");
        assert_eq!(snapshot.redshift, Some(1.0), "{units:?}");
        assert_is_the_galaxy(&snapshot.galaxy);
    }
}

#[test]
fn attributes_win_over_the_documentation() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        let field = file.dataset("PartType5/Coordinates").unwrap();
        attribute(&field, "to_cgs", 3.085678e24);
        attribute(&field, "a_scaling", 0.0);
        attribute(&field, "h_scaling", 0.0);
    });
    let galaxy = fixture.read().unwrap().galaxy;
    assert_vectors_close(galaxy.black_holes.positions_kpc(), &[[7e3, 14e3, 21e3]]);
}

#[test]
fn half_stated_units_are_refused() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        attribute(&file.dataset("PartType5/Coordinates").unwrap(), "to_cgs", 3.085678e21);
    });
    fixture.fails_with(&["/PartType5/Coordinates", "a_scaling"]);
}

#[test]
fn header_attributes_may_be_scalars_or_arrays_of_one_and_of_any_type() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        let header = file.group("Header").unwrap();
        for name in ["Time", "HubbleParam", "NumFilesPerSnapshot", "BoxSize"] {
            header.delete_attr(name).unwrap();
        }
        header.new_attr_builder().with_data(&arr1(&[0.5])).create("Time").unwrap();
        header.new_attr_builder().with_data(&arr2(&[[0.7]])).create("HubbleParam").unwrap();
        header.new_attr_builder().with_data(&arr1(&[1u64])).create("NumFilesPerSnapshot").unwrap();
        header.new_attr_builder().with_data(&arr1(&[140i16])).create("BoxSize").unwrap();
    });
    assert_is_the_galaxy(&fixture.read().unwrap().galaxy);
}

#[test]
fn without_wind_gas_is_gas_and_without_gas_wind_is_gas() {
    let calm = tng(TngUnits::Silent)
        .but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, 0.3, 0.4])));
    let galaxy = calm.read().unwrap().galaxy;
    assert_eq!((galaxy.stars.particles().len(), galaxy.gas.len()), (3, 2));

    let blown_out = tng(TngUnits::Silent).but(|file| file.unlink("PartType0").unwrap());
    let galaxy = blown_out.read().unwrap().galaxy;
    assert_eq!((galaxy.stars.particles().len(), galaxy.gas.len()), (2, 1));
    assert_close(galaxy.gas.particles().masses_msun(), &[2e10]);
}

#[test]
fn a_formation_time_of_zero_is_wind_too() {
    let fixture = tng(TngUnits::Silent)
        .but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, 0.0, 0.4])));
    assert_eq!(fixture.read().unwrap().galaxy.stars.particles().len(), 2);
}

#[test]
fn gas_has_potentials_only_if_wind_has_them_too() {
    let fixture = tng(TngUnits::Silent).but(|file| file.unlink("PartType4/Potential").unwrap());
    let galaxy = fixture.read().unwrap().galaxy;
    assert_eq!(galaxy.stars.particles().potentials_km2_s2(), None);
    assert_eq!(galaxy.gas.particles().potentials_km2_s2(), None);
    assert!(galaxy.dark_matter.potentials_km2_s2().is_some());
}

#[test]
fn values_of_wind_that_only_stars_need_are_not_looked_at() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        dataset(file, "PartType4/GFM_StellarPhotometrics", &{
            let mut magnitudes = Array2::from_elem((3, 8), -10.0);
            magnitudes.row_mut(1).fill(f64::NAN);
            magnitudes
        });
    });
    assert_eq!(fixture.read().unwrap().galaxy.stars.magnitudes_r(), Some(&[-10.0; 2][..]));
}

#[test]
fn columns_and_components_that_are_absent_are_none_and_empty() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        for name in ["GFM_Metallicity", "GFM_InitialMass", "GFM_StellarPhotometrics", "Potential"] {
            file.unlink(&format!("PartType4/{name}")).unwrap();
        }
        file.unlink("PartType1").unwrap();
        file.unlink("PartType5").unwrap();
        file.create_group("PartType5").unwrap();
        file.group("Header").unwrap().delete_attr("BoxSize").unwrap();
    });
    let galaxy = fixture.read().unwrap().galaxy;
    assert_eq!(galaxy.stars.metallicities(), None);
    assert_eq!(galaxy.stars.initial_masses_msun(), None);
    assert_eq!(galaxy.stars.magnitudes_g(), None);
    assert_eq!(galaxy.stars.magnitudes_r(), None);
    assert_eq!(galaxy.stars.particles().potentials_km2_s2(), None);
    assert!(galaxy.stars.ages_gyr().is_some());
    assert!(galaxy.dark_matter.is_empty() && galaxy.black_holes.is_empty());
    assert_eq!(galaxy.box_size_kpc, None);
}

#[test]
fn a_box_of_size_zero_is_no_box() {
    let fixture = tng(TngUnits::Silent).but(|file| header_attribute(file, "BoxSize", 0.0));
    assert_eq!(fixture.read().unwrap().galaxy.box_size_kpc, None);
}

#[test]
fn a_star_that_forms_in_the_last_digit_after_the_snapshot_is_new() {
    let fixture = tng(TngUnits::Silent)
        .but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, -1.0, 0.5 + 1e-7])));
    assert_eq!(fixture.read().unwrap().galaxy.stars.ages_gyr().unwrap()[1], 0.0);
}

#[test]
fn masses_of_their_own_win_over_the_mass_table() {
    let fixture = tng(TngUnits::Silent).but(|file| dataset(file, "PartType1/Masses", &arr1(&[0.07])));
    assert_close(fixture.read().unwrap().galaxy.dark_matter.masses_msun(), &[1e9]);
}

#[test]
fn single_precision_compressed_fields_read_the_same() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        file.unlink("PartType4/Coordinates").unwrap();
        let coordinates = arr2(&[[7.0f32, 14.0, 21.0], [14.0, 28.0, 42.0], [21.0, 42.0, 63.0]]);
        file.new_dataset_builder()
            .with_data(&coordinates)
            .chunk((2, 2))
            .deflate(6)
            .create("PartType4/Coordinates")
            .unwrap();
    });
    assert_is_the_galaxy(&fixture.read().unwrap().galaxy);
}

#[test]
fn reading_twice_gives_the_same_and_leaves_the_file_as_it_is() {
    let fixture: Fixture = tng(TngUnits::Stated);
    let before = std::fs::read(&fixture.path).unwrap();
    assert_eq!(fixture.read().unwrap(), fixture.read().unwrap());
    assert_eq!(std::fs::read(&fixture.path).unwrap(), before);
}

/// The fixture with what full snapshots have of gas.
fn with_gas() -> Fixture {
    tng(TngUnits::Silent).but(|file| {
        let gas = file.group("PartType0").unwrap();
        dataset(&gas, "GFM_Metallicity", &arr1(&[0.02, 0.04]));
        let metals = Array2::from_shape_fn(
            (2, 10),
            |(row, metal)| if metal == 0 { 0.5 + 0.1 * row as f64 } else { 9.0 },
        );
        dataset(&gas, "GFM_Metals", &metals);
        dataset(&gas, "NeutralHydrogenAbundance", &arr1(&[1.0, 0.5]));
        dataset(&gas, "StarFormationRate", &arr1(&[3.0, 0.0]));
        dataset(&gas, "Density", &arr1(&[0.7, 1.4]));
        dataset(&gas, "InternalEnergy", &arr1(&[100.0, 1000.0]));
        dataset(&gas, "ElectronAbundance", &arr1(&[0.0, 1.0]));
    })
}

#[test]
fn gas_without_wind_has_all_its_columns() {
    let fixture =
        with_gas().but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, 0.3, 0.4])));
    let gas = fixture.read().unwrap().galaxy.gas;
    assert_eq!(gas.metallicities(), Some(&[0.02, 0.04][..]));
    // Mass times hydrogen times its neutral part.
    assert_close(gas.neutral_hydrogen_masses_msun().unwrap(), &[0.5e10, 0.6e10]);
    assert_eq!(gas.star_formation_rates_msun_yr(), Some(&[3.0, 0.0][..]));
    // 0.7 (1e10 Msun/h) / (kpc/h)^3 a^-3 = 0.7 * 1e10 * 0.49 * 8.
    assert_close(gas.densities_msun_kpc3().unwrap(), &[2.744e10, 5.488e10]);
    // 1e10 Msun at 2.744e10 Msun/kpc^3 fill a sphere of this radius; both cells are of one size.
    let radius = (3.0 / (4.0 * std::f64::consts::PI * 2.744)).cbrt();
    let radii: Vec<_> = gas.support_radii().unwrap().iter().map(|radius| radius.kpc()).collect();
    assert_close(&radii, &[2.5 * radius; 2]);
    // 2/3 u mu m_p / k, mu = 4 / (1 + 3 X + 4 X x_e).
    let per_km2_s2 = 2.0 / 3.0 * 1.672_621_923_69e-24 / 1.380_649e-16 * 1e10;
    let expected = [100.0 * per_km2_s2 * 4.0 / 2.5, 1000.0 * per_km2_s2 * 4.0 / 5.2];
    assert_close(gas.temperatures_k().unwrap(), &expected);
}

#[test]
fn wind_is_gas_that_is_ionised_forms_no_stars_and_has_no_density() {
    let gas = with_gas().read().unwrap().galaxy.gas;
    assert_eq!(gas.metallicities(), Some(&[0.02, 0.04, 9.0][..]));
    assert_close(gas.neutral_hydrogen_masses_msun().unwrap(), &[0.5e10, 0.6e10, 0.0]);
    assert_eq!(gas.star_formation_rates_msun_yr(), Some(&[3.0, 0.0, 0.0][..]));
    assert_eq!((gas.densities_msun_kpc3(), gas.temperatures_k(), gas.support_radii()), (None, None, None));

    let fixture = with_gas().but(|file| dataset(file, "PartType4/StellarHsml", &arr1(&[7.0, 14.0, 21.0])));
    let gas = fixture.read().unwrap().galaxy.gas;
    assert_close(&[gas.support_radii().unwrap()[2].kpc()], &[10.0]);
}

#[test]
fn a_universe_whose_dark_energy_is_not_stated_is_flat() {
    let fixture =
        tng(TngUnits::Silent).but(|file| file.group("Header").unwrap().delete_attr("OmegaLambda").unwrap());
    assert_eq!(fixture.read().unwrap(), tng(TngUnits::Silent).read().unwrap());
}
