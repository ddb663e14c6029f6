//! Reading some of the particles, and some of the columns.

use galmass_core::Component;
use galmass_snapshot::{
    Field, ParticleRanges, ReadConfig, ReadConfigError, Selection, SnapshotError, Sphere, Subhalo, SuiteKind,
    read, read_with_progress,
};
use hdf5_metno::File;
use ndarray::{Array1, Array2, arr1};

use crate::fixture::{
    Fixture, TngUnits, assert_close, attribute, attributes, dataset, eagle, header_attribute, particle_table,
    position, tng,
};

fn only(components: &[Component]) -> Selection {
    Selection { components: components.to_vec(), ..Selection::default() }
}

fn fields(fields: &[Field]) -> Selection {
    Selection { fields: Some(fields.to_vec()), ..Selection::default() }
}

fn sphere(centre_kpc: [f64; 3], radius_kpc: f64) -> Selection {
    Selection { sphere: Some(Sphere { centre_kpc, radius_kpc }), ..Selection::default() }
}

#[test]
fn a_sphere_keeps_what_lies_inside() {
    // Stars are particles 1 and 3 of 3, gas 1, 2 and the wind particle 2; one dark matter particle, one black hole.
    let around = |k: f64| tng(TngUnits::Silent).select(sphere(position(k), 1.0));
    let galaxy = around(1.0).unwrap().galaxy;
    assert_close(galaxy.stars.particles().masses_msun(), &[1e10]);
    assert_close(galaxy.gas.particles().masses_msun(), &[1e10]);
    assert_eq!((galaxy.dark_matter.len(), galaxy.black_holes.len()), (1, 1));
    assert_eq!(galaxy.stars.magnitudes_g(), Some(&[-4.0][..]));

    let error = around(2.0).unwrap_err();
    assert!(matches!(error, SnapshotError::NoStarsSelected { .. }), "{error}");
    let of_gas = Selection { components: vec![Component::Gas], ..sphere(position(2.0), 1.0) };
    let galaxy = tng(TngUnits::Silent).select(of_gas).unwrap().galaxy;
    assert_close(galaxy.gas.particles().masses_msun(), &[2e10, 2e10]);
    assert_eq!(galaxy.n_particles(), 2);
}

#[test]
fn a_sphere_reaches_through_the_faces_of_the_box() {
    // The box is 100 kpc wide; star 1 is at (5, 10, 15).
    let galaxy = tng(TngUnits::Silent).select(sphere([105.0, 110.0, -85.0], 1.0)).unwrap().galaxy;
    assert_close(galaxy.stars.particles().masses_msun(), &[1e10]);
    let without = tng(TngUnits::Silent).but(|file| header_attribute(file, "BoxSize", 0.0));
    assert!(without.select(sphere([105.0, 110.0, -85.0], 1.0)).is_err());
}

#[test]
fn values_outside_the_sphere_may_be_anything_but_positions() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        dataset(file, "PartType4/Masses", &arr1(&[0.7, 0.7, f64::NAN]));
    });
    assert!(fixture.select(sphere(position(1.0), 1.0)).is_ok());
    let fixture = fixture.but(|file| {
        let mut coordinates = Array2::from_shape_fn((3, 3), |(_, axis)| [7.0, 14.0, 21.0][axis]);
        coordinates[[2, 0]] = f64::INFINITY;
        dataset(file, "PartType4/Coordinates", &coordinates);
    });
    let error = fixture.select(sphere(position(1.0), 1.0)).unwrap_err();
    assert!(matches!(error, SnapshotError::NotFinite { index: 2, .. }), "{error}");
}

#[test]
fn galaxies_without_stars_are_read_where_none_are_asked_for() {
    let starless = || tng(TngUnits::Silent).but(|file| file.unlink("PartType4").unwrap());
    assert!(starless().read_as(SuiteKind::Tng).is_err());
    let selection = only(&[Component::Gas, Component::DarkMatter]);
    let config = ReadConfig { suite: Some(SuiteKind::Tng), selection, ..ReadConfig::default() };
    let galaxy = read(&starless().path, &config).unwrap().galaxy;
    assert_eq!((galaxy.gas.len(), galaxy.dark_matter.len(), galaxy.n_particles()), (2, 1, 3));
}

#[test]
fn without_gas_there_is_no_wind_and_without_stars_there_is() {
    let galaxy = tng(TngUnits::Silent).select(only(&[Component::Stars])).unwrap().galaxy;
    assert_eq!((galaxy.stars.particles().len(), galaxy.n_particles()), (2, 2));
    let galaxy = tng(TngUnits::Silent).select(only(&[Component::Gas])).unwrap().galaxy;
    assert_eq!((galaxy.gas.len(), galaxy.n_particles()), (3, 3));
}

#[test]
fn only_the_fields_asked_for_are_read() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        dataset(file, "PartType4/GFM_Metallicity", &arr1(&[f64::NAN; 3]));
        dataset(file, "PartType4/GFM_InitialMass", &arr1(&[-1.0; 3]));
    });
    let snapshot = fixture.select(fields(&[Field::Velocities, Field::Ages])).unwrap();
    assert!(snapshot.has_velocities);
    let stars = snapshot.galaxy.stars;
    assert!(stars.ages_gyr().is_some());
    assert_eq!((stars.metallicities(), stars.initial_masses_msun()), (None, None));
    assert_eq!((stars.magnitudes_g(), stars.particles().potentials_km2_s2()), (None, None));
}

#[test]
fn velocities_that_are_not_asked_for_are_zero_and_need_not_be_there() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        for number in [0, 1, 4, 5] {
            file.unlink(&format!("PartType{number}/Velocities")).unwrap();
        }
    });
    fixture.fails_with(&["there is no field `/PartType4/Velocities`"]);
    let snapshot = fixture.select(fields(&[Field::Metallicities])).unwrap();
    assert!(!snapshot.has_velocities);
    let stars = snapshot.galaxy.stars;
    assert_eq!(stars.particles().velocities_km_s(), [[0.0; 3]; 2]);
    assert_eq!(stars.metallicities(), Some(&[0.01, 0.03][..]));
    assert_eq!(stars.ages_gyr(), None);
}

#[test]
fn rows_of_a_subhalo_are_cut_out() {
    let rows = |stars: std::ops::Range<u64>| {
        let ranges = ParticleRanges::new(vec![1..2, 0..0, 0..0, 0..0, stars, 0..1]);
        Selection { subhalo: Some(Subhalo::Rows(ranges)), ..Selection::default() }
    };
    let galaxy = tng(TngUnits::Silent).select(rows(1..3)).unwrap().galaxy;
    assert_close(galaxy.stars.particles().masses_msun(), &[3e10]);
    // One cell, and the wind particle.
    assert_close(galaxy.gas.particles().masses_msun(), &[2e10, 2e10]);
    assert_eq!((galaxy.dark_matter.len(), galaxy.black_holes.len()), (0, 1));

    let error = tng(TngUnits::Silent).select(rows(2..4)).unwrap_err();
    assert!(matches!(error, SnapshotError::SubhaloOutside { start: 2, end: 4, n_rows: 3, .. }), "{error}");
    let error = tng(TngUnits::Silent).select(rows(0..0)).unwrap_err();
    assert!(matches!(error, SnapshotError::NoStarsSelected { .. }), "{error}");
}

/// The EAGLE fixture with numbers of groups and subgroups.
fn numbered_eagle() -> Fixture {
    eagle(true).but(|file| {
        for (number, groups, subgroups) in [
            (0, vec![7, 7], vec![0, 1]),
            (1, vec![7], vec![1]),
            (4, vec![7, -7], vec![1, 1]),
            (5, vec![8], vec![1]),
        ] {
            let group = file.group(&format!("PartType{number}")).unwrap();
            dataset(&group, "GroupNumber", &Array1::from_vec(groups));
            dataset(&group, "SubGroupNumber", &Array1::from_vec(subgroups));
        }
    })
}

fn numbers(group_number: u64, subgroup_number: u64) -> Selection {
    let subhalo = Some(Subhalo::Numbers { group_number, subgroup_number });
    Selection { subhalo, ..Selection::default() }
}

#[test]
fn an_eagle_subhalo_is_told_by_its_numbers() {
    let galaxy = numbered_eagle().select(numbers(7, 1)).unwrap().galaxy;
    assert_close(galaxy.stars.particles().masses_msun(), &[1e10]);
    assert_close(galaxy.gas.particles().masses_msun(), &[2e10]);
    assert_eq!((galaxy.dark_matter.len(), galaxy.black_holes.len()), (1, 0));
    let error = numbered_eagle().select(numbers(9, 0)).unwrap_err();
    assert!(matches!(error, SnapshotError::NoStarsSelected { .. }), "{error}");
}

#[test]
fn files_without_numbers_know_no_subhaloes() {
    let message = eagle(true).select(numbers(7, 1)).unwrap_err().to_string();
    assert!(message.contains("/PartType4/GroupNumber"), "{message}");
    let message = particle_table().select(numbers(7, 1)).unwrap_err().to_string();
    assert!(message.contains("/stars/GroupNumber"), "{message}");
}

#[test]
fn conditions_add_up() {
    let both = Selection { sphere: sphere(position(1.0), 1.0).sphere, ..numbers(7, 1) };
    let galaxy = numbered_eagle().select(both).unwrap().galaxy;
    assert_eq!((galaxy.stars.particles().len(), galaxy.gas.len(), galaxy.dark_matter.len()), (1, 0, 1));
}

/// Two pieces of a catalogue of two groups: the first has subhaloes of 1 and 1 stars and 1 star of its own, the second
/// one of 2 stars; and a snapshot of 5 stars.
fn catalogue_and_snapshot() -> (Fixture, Fixture) {
    let catalogue = Fixture::nothing("fof_subhalo_tab_007.0.hdf5");
    for (piece, (groups, subhaloes, of_groups)) in
        [(vec![3], vec![1, 1], vec![0, 0]), (vec![2], vec![2], vec![1])].into_iter().enumerate()
    {
        let file = File::create(catalogue.beside(&format!("fof_subhalo_tab_007.{piece}.hdf5"))).unwrap();
        let header = file.create_group("Header").unwrap();
        for (name, value) in [("Time", 0.5), ("HubbleParam", 0.7), ("BoxSize", 140.0), ("NumFiles", 2.0)] {
            attribute(&header, name, value);
        }
        attribute(&header, "Nsubgroups_Total", 3i32);
        let lengths = |stars: &[i32]| {
            Array2::from_shape_fn(
                (stars.len(), 6),
                |(row, part_type)| if part_type == 4 { stars[row] } else { 0 },
            )
        };
        let group = file.create_group("Group").unwrap();
        dataset(&group, "GroupLenType", &lengths(&groups));
        let subhalo = file.create_group("Subhalo").unwrap();
        dataset(&subhalo, "SubhaloLenType", &lengths(&subhaloes));
        dataset(&subhalo, "SubhaloGrNr", &Array1::from_vec(of_groups));
    }
    let snapshot = tng(TngUnits::Silent).but(|file| {
        let stars = file.group("PartType4").unwrap();
        for name in ["GFM_Metallicity", "GFM_InitialMass", "GFM_StellarPhotometrics", "Potential"] {
            stars.unlink(name).unwrap();
        }
        dataset(&stars, "Coordinates", &Array2::<f64>::zeros((5, 3)));
        dataset(&stars, "Velocities", &Array2::<f64>::zeros((5, 3)));
        dataset(&stars, "Masses", &arr1(&[0.7, 1.4, 2.1, 2.8, 3.5]));
        dataset(&stars, "GFM_StellarFormationTime", &arr1(&[0.25; 5]));
    });
    (catalogue, snapshot)
}

#[test]
fn a_subhalo_is_found_by_running_sums_over_the_catalogue() {
    let (catalogue, snapshot) = catalogue_and_snapshot();
    let all = galmass_snapshot::read_catalogue(&catalogue.path).unwrap();
    for (index, masses) in [(0, &[1e10][..]), (1, &[2e10]), (2, &[4e10, 5e10])] {
        let subhalo =
            Subhalo::InCatalogue { catalogue: catalogue.beside("fof_subhalo_tab_007.1.hdf5"), index };
        let of = |subhalo| Selection { subhalo: Some(subhalo), ..only(&[Component::Stars]) };
        let galaxy = snapshot.select(of(subhalo)).unwrap().galaxy;
        assert_close(galaxy.stars.particles().masses_msun(), masses);
        let rows = Subhalo::Rows(all.particle_ranges(index).unwrap());
        assert_eq!(snapshot.select(of(rows)).unwrap().galaxy, galaxy);
    }
    let subhalo = Some(Subhalo::InCatalogue { catalogue: catalogue.path.clone(), index: 3 });
    let error = snapshot.select(Selection { subhalo, ..Selection::default() }).unwrap_err();
    assert!(matches!(error, SnapshotError::NoSubhalo { index: 3, n_subhaloes: 3, .. }), "{error}");
    assert!(matches!(all.particle_ranges(3), Err(SnapshotError::NoSubhalo { index: 3, n_subhaloes: 3, .. })));
}

#[test]
fn memory_holds_one_block() {
    const N_ROWS: usize = 1000;
    let fixture = tng(TngUnits::Silent).but(|file| {
        let dark = file.group("PartType1").unwrap();
        dark.unlink("Potential").unwrap();
        dataset(&dark, "Velocities", &Array2::<f32>::zeros((N_ROWS, 3)));
        dark.unlink("Coordinates").unwrap();
        let places = Array2::from_shape_fn((N_ROWS, 3), |(row, _)| row as f32 / 100.0);
        dark.new_dataset_builder()
            .with_data(&places)
            .chunk((64, 3))
            .deflate(1)
            .create("Coordinates")
            .unwrap();
    });
    let selection = Selection { components: vec![Component::DarkMatter], ..sphere([5.0; 3], 1.0) };
    let mut reports = Vec::new();
    let config = ReadConfig { selection: selection.clone(), block_rows: 64, ..ReadConfig::default() };
    let found = read_with_progress(&fixture.path, &config, |progress| reports.push(progress)).unwrap();
    assert_eq!(reports.len(), N_ROWS.div_ceil(64));
    assert_eq!(reports.iter().map(|report| report.n_rows_in_block).max(), Some(64));
    assert_eq!(reports.iter().map(|report| report.n_rows_in_block).sum::<usize>(), N_ROWS);
    let last = reports.last().unwrap();
    assert_eq!((last.n_rows_done, last.n_rows, last.component), (1000, 1000, Component::DarkMatter));
    assert!((100..300).contains(&found.galaxy.dark_matter.len()));
    assert_eq!(found, fixture.select(selection).unwrap());
}

#[test]
fn settings_are_checked_before_files() {
    let config = ReadConfig { block_rows: 0, ..ReadConfig::default() };
    let error = read("absent.hdf5".as_ref(), &config).unwrap_err();
    assert!(matches!(error, SnapshotError::Config(ReadConfigError::NoBlock)));
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("block_rows"));
}

#[test]
fn header_counts_are_no_matter_in_a_single_file() {
    let fixture = tng(TngUnits::Silent).but(|file| {
        attributes(&file.group("Header").unwrap(), "NumPart_Total", &arr1(&[77i32; 6]));
    });
    assert!(fixture.read().is_ok());
}
