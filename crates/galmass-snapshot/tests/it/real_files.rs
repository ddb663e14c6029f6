//! Real galaxies, where they are at hand: in the folder `GALMASS_DATA`, or `shared/data` beside the workspace.
//!
//! Expected numbers were computed with h5py 3.16 and NumPy 2.4 by the formulae that the simulations document, as
//! noted at each; not with this crate.

use std::path::{Path, PathBuf};

use galmass_core::{Component, Galaxy};
use galmass_snapshot::{
    Field, ReadConfig, Selection, Snapshot, SnapshotError, Subhalo, SuiteKind, detect, read, read_catalogue,
    read_catalogue_pieces, read_galaxy,
};

/// Sums of up to 37,393 doubles in another order.
const SUM_TOLERANCE: f64 = 1e-12;

/// Means of numbers that cancel, and ages by a formula with another rounding.
const MEAN_TOLERANCE: f64 = 1e-9;

/// A real file, or `None` after a line that says it is skipped.
#[allow(clippy::print_stderr, reason = "a skipped test must say so, and a test has no log")]
fn real(name: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("GALMASS_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).to_owned(),
    };
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: no {} (set GALMASS_DATA to the folder of the real files)", path.display());
    None
}

fn read_as(name: &str, suite: SuiteKind) -> Option<Snapshot> {
    let snapshot = read_galaxy(&real(name)?, None).unwrap();
    assert_eq!(snapshot.suite, suite);
    Some(snapshot)
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
}

#[track_caller]
fn assert_holds(galaxy: &Galaxy, component: Component, n_particles: usize, mass_msun: f64) {
    let particles = galaxy.component(component);
    assert_eq!(particles.len(), n_particles, "{component}");
    assert_near(particles.total_mass_msun(), mass_msun, SUM_TOLERANCE);
}

#[track_caller]
fn assert_mean(vectors: &[[f64; 3]], expected: [f64; 3]) {
    for axis in 0..3 {
        let mean = vectors.iter().map(|vector| vector[axis]).sum::<f64>() / vectors.len() as f64;
        assert_near(mean, expected[axis], MEAN_TOLERANCE);
    }
}

fn mean(values: Option<&[f64]>) -> f64 {
    let values = values.expect("this file has the column");
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_whole_eagle_galaxy() {
    let name = "simspin/SimSpin_example_EAGLE_full_7524stars.hdf5";
    let Some(snapshot) = read_as(name, SuiteKind::Eagle) else { return };
    let galaxy = snapshot.galaxy;
    // sum(Mass * CGSConversionFactor * a^aexp * h^hexp) / 1.989e33; dark matter 2447 * MassTable[1] * 1e10 / h.
    assert_holds(&galaxy, Component::Stars, 7_524, 10_140_991_834.586594);
    assert_holds(&galaxy, Component::DarkMatter, 2_447, 23_723_778_338.152_02);
    assert_holds(&galaxy, Component::BlackHoles, 1, 7_353_003.531357998);
    assert!(galaxy.gas.is_empty());
    let stars = galaxy.stars.particles();
    // mean(Coordinates * CGS * a / h) / 3.085678e21, mean(Velocity * CGS * sqrt(a)) / 1e5.
    assert_mean(stars.positions_kpc(), [65_855.13824749168, 4_609.803990467587, 23_498.367019423302]);
    assert_mean(stars.velocities_km_s(), [-315.32020319097535, -80.45606761495804, -39.34955298556099]);
    // t(a) - t(StellarFormationTime), t = 2/(3 H0 sqrt(OL)) asinh(sqrt(OL/Om) a^1.5), 1/H0 = 9.777922216807891/h.
    assert_near(mean(galaxy.stars.ages_gyr()), 7.941372865045087, MEAN_TOLERANCE);
    assert_near(mean(galaxy.stars.metallicities()), 0.020153024369775556, MEAN_TOLERANCE);
    let initial = galaxy.stars.initial_masses_msun().unwrap();
    assert_near(initial.iter().sum(), 18_271_085_115.180058, SUM_TOLERANCE);
    // 67.77 Mpc/h.
    assert_near(galaxy.box_size_kpc.unwrap(), 100_000.0, SUM_TOLERANCE);
    assert!(snapshot.redshift.unwrap().abs() < 1e-12);
}

#[test]
fn a_piece_of_an_eagle_galaxy_at_redshift_0_27() {
    let Some(snapshot) = read_as("simspin/SimSpin_example_EAGLE.hdf5", SuiteKind::Eagle) else { return };
    let galaxy = snapshot.galaxy;
    // As for the whole galaxy, with a = 0.7868432969306779 and h = 0.6777.
    assert_holds(&galaxy, Component::Stars, 2_000, 2_975_535_541.3500915);
    assert_holds(&galaxy, Component::Gas, 100, 275_233_571.00274664);
    assert!(galaxy.dark_matter.is_empty() && galaxy.black_holes.is_empty());
    let stars = galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [18_317.659490330807, 61_584.47316985631, 38_667.46301055147]);
    assert_mean(stars.velocities_km_s(), [-480.83627895423626, 110.30594045142766, 221.23675895751427]);
    assert_near(mean(galaxy.stars.ages_gyr()), 6.015682552986273, MEAN_TOLERANCE);
    // SmoothedMetallicity, the only one there.
    assert_near(mean(galaxy.stars.metallicities()), 0.030842329661116687, MEAN_TOLERANCE);
    assert_near(galaxy.box_size_kpc.unwrap(), 78_684.32969306779, SUM_TOLERANCE);
    assert_near(snapshot.redshift.unwrap(), 0.2709010852615823, MEAN_TOLERANCE);
}

#[test]
fn a_piece_of_a_tng_galaxy_at_redshift_0_30() {
    let Some(snapshot) = read_as("simspin/SimSpin_example_IllustrisTNG.hdf5", SuiteKind::Tng) else { return };
    let galaxy = snapshot.galaxy;
    // sum(Masses) * 1e10 / h over rows with GFM_StellarFormationTime > 0; the other 4 of 2000 join 100 gas cells.
    assert_holds(&galaxy, Component::Stars, 1_996, 2_028_600_539.8117282);
    assert_holds(&galaxy, Component::Gas, 104, 147_873_832.18688253 + 7_224_775.2157989405);
    assert!(galaxy.dark_matter.is_empty() && galaxy.black_holes.is_empty());
    let stars = galaxy.stars.particles();
    // mean(Coordinates) * a / h and mean(Velocities) * sqrt(a), a = 0.7705836268786364, h = 0.6774.
    assert_mean(stars.positions_kpc(), [12_437.331035970261, 58_465.008793400404, 54_106.280933310874]);
    assert_mean(stars.velocities_km_s(), [1_139.6291553646163, -667.4701343040408, -76.93633079941857]);
    assert_near(mean(galaxy.stars.ages_gyr()), 4.617731073069421, MEAN_TOLERANCE);
    assert_near(mean(galaxy.stars.metallicities()), 0.006993678173377208, MEAN_TOLERANCE);
    let initial = galaxy.stars.initial_masses_msun().unwrap();
    assert_near(initial.iter().sum(), 3_290_440_870.995982, SUM_TOLERANCE);
    assert_near(galaxy.box_size_kpc.unwrap(), 85_317.05346309082, SUM_TOLERANCE);
    assert_near(snapshot.redshift.unwrap(), 0.2977176845174465, MEAN_TOLERANCE);
}

#[test]
fn a_whole_tng_galaxy_as_a_particle_table() {
    let Some(snapshot) = read_as("tng100_394242/gal394242.h5", SuiteKind::ParticleTable) else { return };
    let galaxy = snapshot.galaxy;
    // sum(m) of each dataset.
    assert_holds(&galaxy, Component::Stars, 32_067, 31_820_027_776.348_07);
    assert_holds(&galaxy, Component::Gas, 4_061, 7_099_788_930.863724);
    assert_holds(&galaxy, Component::DarkMatter, 21_156, 157_896_808_612.645_9);
    let stars = galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [-0.13949478725078296, -0.12765896252592687, -0.18231058657838112]);
    assert_mean(stars.velocities_km_s(), [2.8363886892193038, -6.4990679374761084, -6.085503404903642]);
    assert_near(mean(stars.potentials_km2_s2()), -148_560.65123878288, MEAN_TOLERANCE);
    assert_eq!((galaxy.box_size_kpc, snapshot.redshift), (None, None));
}

#[test]
fn all_stars_of_a_tng_galaxy_as_a_star_table() {
    let Some(snapshot) = read_as("tng100_394242/star_ID_394242_full.npy", SuiteKind::StarTable) else {
        return;
    };
    let galaxy = snapshot.galaxy;
    // sum of column 0, means of columns 1 to 6.
    assert_holds(&galaxy, Component::Stars, 37_393, 37_427_895_842.311_05);
    let stars = galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [-0.24074311565064352, -0.07437234359681044, 0.2976548950017571]);
    assert_mean(stars.velocities_km_s(), [3.555105308312644, -6.104854017390108, -7.224319760338432]);
    assert_eq!(galaxy.n_particles(), 37_393);
}

const NO_VELOCITIES: [Field; 3] = [Field::Ages, Field::Metallicities, Field::InitialMasses];

#[test]
fn a_camels_snapshot_has_no_velocities() {
    let Some(path) = real("camels/camels_snap.hdf5") else { return };
    assert_eq!(detect(&path).unwrap(), SuiteKind::Tng);
    let message = read_galaxy(&path, None).unwrap_err().to_string();
    assert!(message.contains("camels_snap.hdf5"), "{message}");
    assert!(message.contains("/PartType4/Velocities"), "{message}");

    let selection = Selection { fields: Some(NO_VELOCITIES.to_vec()), ..Selection::default() };
    let snapshot = read(&path, &ReadConfig { selection, ..ReadConfig::default() }).unwrap();
    assert!(!snapshot.has_velocities);
    let galaxy = snapshot.galaxy;
    // sum(Masses) * 1e10 / h, mean(Coordinates) * a / h, ages in a flat universe of Omega0 = 0.3.
    assert_holds(&galaxy, Component::Stars, 3_479, 47_630_028_603.337_92);
    assert_holds(&galaxy, Component::Gas, 269, 5_812_485_685.995016);
    let centre = [1137.9778674314268, 23659.81367208026, 12152.201993179551];
    assert_mean(galaxy.stars.particles().positions_kpc(), centre);
    assert_near(mean(galaxy.stars.ages_gyr()), 7.482572316326368, MEAN_TOLERANCE);
    assert_near(snapshot.redshift.unwrap(), 0.10005315893672084, MEAN_TOLERANCE);
}

#[test]
fn a_camels_subhalo_is_cut_by_its_catalogue() {
    let Some(path) = real("camels/camels_snap.hdf5") else { return };
    let Some(catalogue) = real("camels/camels_subhalo.hdf5") else { return };
    let subhalo = Some(Subhalo::InCatalogue { catalogue: catalogue.clone(), index: 3 });
    let selection = Selection { subhalo, fields: Some(NO_VELOCITIES.to_vec()), ..Selection::default() };
    let galaxy = read(&path, &ReadConfig { selection, ..ReadConfig::default() }).unwrap().galaxy;
    // Rows 1375 to 2101, by running sums of SubhaloLenType.
    assert_holds(&galaxy, Component::Stars, 726, 9_567_928_116.802528);
    assert!(galaxy.gas.is_empty());
    // mean(Coordinates) of these rows is within 0.3 ckpc/h of SubhaloPos (951.5724, 17560.186, 9259.063).
    let factor = 0.909046978208372 / 0.6711;
    let position = [951.36990836, 17560.17457602, 9258.84380381].map(|x| x * factor);
    assert_mean(galaxy.stars.particles().positions_kpc(), position);

    let catalogue = read_catalogue(&catalogue).unwrap();
    assert_eq!((catalogue.subhaloes.len(), catalogue.groups.len()), (10, 0));
    assert_eq!(catalogue.subhaloes.positions_kpc, None, "a file without a header has no a and h");
    assert_eq!(catalogue.particle_ranges(3).unwrap().of_type(4), 1375..2101);
}

#[test]
fn a_fire_snapshot_in_four_files() {
    let Some(folder) = real("fire_multifile/snapdir_600") else { return };
    let snapshot = read_galaxy(&folder, None).unwrap();
    assert_eq!(snapshot.suite, SuiteKind::Gizmo);
    let galaxy = snapshot.galaxy;
    // Sums over the four files of Masses * 1e10 / h, h = 0.702; the second type is the coarse dark matter.
    assert_holds(&galaxy, Component::Stars, 40, 251_050.508_017_541_67);
    assert_holds(&galaxy, Component::Gas, 40, 288_680.123_756_219_3);
    assert_holds(&galaxy, Component::DarkMatter, 80, 1_407_242.236_636_377_4 + 144_194_243_408.632_1);
    let stars = galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [41891.1012712283, 44139.69499860492, 46271.37078629402]);
    assert_mean(stars.velocities_km_s(), [-27.89777054786682, 130.6417876586318, 58.94456288516521]);
    assert_near(mean(galaxy.stars.metallicities()), 0.021642326457367744, MEAN_TOLERANCE);
    assert_near(mean(galaxy.stars.ages_gyr()), 5.352399618449146, MEAN_TOLERANCE);
    // sum(Masses * 1e10 / h * (1 - Metallicity[0] - Metallicity[1]) * NeutralHydrogenAbundance).
    let neutral = galaxy.gas.neutral_hydrogen_masses_msun().unwrap();
    assert_near(neutral.iter().sum(), 8_056.659948837714, MEAN_TOLERANCE);
    assert_near(mean(galaxy.gas.densities_msun_kpc3()), 305_230.7393093145, MEAN_TOLERANCE);
    let radii: Vec<_> = galaxy.gas.support_radii().unwrap().iter().map(|radius| radius.kpc()).collect();
    assert_near(mean(Some(&radii)), 13.186855357872625, MEAN_TOLERANCE);
    assert!(galaxy.gas.temperatures_k().unwrap().iter().all(|&kelvin| (10.0..1e8).contains(&kelvin)));
}

#[test]
fn a_disc_in_gadgets_hdf5() {
    let Some(snapshot) = read_as("simspin/SimSpin_example_HDF5.hdf5", SuiteKind::Gadget) else { return };
    // sum(Masses) * 1e10; h = 1.
    assert_holds(&snapshot.galaxy, Component::Stars, 2_000, 60_000_587_254.762_65);
    let stars = snapshot.galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [-7.781023215658148, 3.727150305361807, 4.473125955432799]);
    assert_mean(stars.velocities_km_s(), [11.824949258714915, -2.1131152411103247, 15.591358499616385]);
    assert_eq!((snapshot.redshift, snapshot.galaxy.box_size_kpc), (None, None));
}

#[test]
fn a_disc_and_a_bulge_one_dataset_a_column() {
    let name = "simspin/SimSpin_example_v0_nbody_disc_bulge.hdf5";
    let Some(snapshot) = read_as(name, SuiteKind::SimSpin) else { return };
    assert_holds(&snapshot.galaxy, Component::Stars, 125_000, 9_949_159_220.923_32);
    let stars = snapshot.galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [-1.7640201303133545, -0.45086455486323057, -0.05101651430222532]);
    assert_mean(stars.velocities_km_s(), [0.027216483585605397, -0.03765889365577604, 0.006165631440269994]);
}

#[test]
fn a_disc_and_a_bulge_in_gadgets_binary() {
    let Some(snapshot) = read_as("simspin/SimSpin_example_Gadget", SuiteKind::GadgetBinary) else { return };
    assert_holds(&snapshot.galaxy, Component::Stars, 2_500, 999_937_001.324_724_3);
    let stars = snapshot.galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [-0.48090468268208203, -4.835148898812849, -20.10342542833872]);
    assert_mean(stars.velocities_km_s(), [0.3639332782626152, 2.620656504839659, -0.6774234612256288]);
    assert_eq!(snapshot.redshift, None);
}

#[test]
fn an_eagle_subhalo_by_its_numbers() {
    let Some(path) = real("simspin/SimSpin_example_EAGLE_full_7524stars.hdf5") else { return };
    let of = |subgroup_number| {
        let subhalo = Some(Subhalo::Numbers { group_number: 92, subgroup_number });
        let selection = Selection { subhalo, ..Selection::default() };
        read(&path, &ReadConfig { selection, block_rows: 1000, ..ReadConfig::default() })
    };
    assert_eq!(of(9).unwrap(), read_galaxy(&path, None).unwrap());
    assert!(matches!(of(8), Err(SnapshotError::NoStarsSelected { .. })));
}

/// Seven digits of a table.
const TABLE_TOLERANCE: f64 = 1e-6;

#[test]
fn pieces_of_a_tng_catalogue_agree_with_its_tables() {
    const HUBBLE: f64 = 0.6774;
    let Some(table) = real("tng100/tng100_z0_group_members.csv") else { return };
    let table = std::fs::read_to_string(table).unwrap();
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let lines: Vec<_> = lines.collect();
    for (piece, first_id, n_subhaloes, n_groups) in [("112", 267_323, 2_117, 3), ("120", 288_014, 2_629, 4)] {
        let Some(path) = real(&format!("tng100/fof_subhalo_tab_099.{piece}.hdf5")) else { return };
        assert!(matches!(read_catalogue(&path), Err(SnapshotError::MissingPart { n_files: 448, .. })));
        let catalogue = read_catalogue_pieces(&[path]).unwrap();
        let subhaloes = &catalogue.subhaloes;
        assert_eq!((subhaloes.len(), catalogue.groups.len()), (n_subhaloes, n_groups));
        assert_eq!(catalogue.n_subhaloes_total, Some(4_371_211));
        assert_near(catalogue.box_size_kpc.unwrap(), 75_000.0 / HUBBLE, SUM_TOLERANCE);
        let mut n_compared = 0;
        for line in lines.iter().filter(|line| line[1] == piece) {
            let number = |name: &str| -> f64 {
                line[names.iter().position(|found| *found == name).unwrap()].parse().unwrap()
            };
            let row = number("SubhaloID") as usize - first_id;
            let near = |found: f64, name: &str, factor: f64| {
                let expected = number(name) * factor;
                assert!(
                    (found - expected).abs() <= TABLE_TOLERANCE * expected.abs(),
                    "{name}: {found}, {expected}"
                );
            };
            let mass = 1e10 / HUBBLE;
            near(subhaloes.masses_msun.as_ref().unwrap()[row], "SubhaloMass", mass);
            near(subhaloes.masses_by_type_msun.as_ref().unwrap()[row][4], "SubhaloMass_Stars", mass);
            let in_half = subhaloes.masses_in_half_mass_radius_by_type_msun.as_ref().unwrap()[row];
            near(in_half[1], "SubhaloMassInHalfRad_DM", mass);
            let radii = subhaloes.half_mass_radii_by_type_kpc.as_ref().unwrap()[row];
            near(radii[4], "SubhaloHalfmassRad_Stars", 1.0 / HUBBLE);
            let position = subhaloes.positions_kpc.as_ref().unwrap()[row];
            near(position[1], "SubhaloPos_y", 1.0 / HUBBLE);
            near(subhaloes.velocities_km_s.as_ref().unwrap()[row][2], "SubhaloVel_z", 1.0);
            let magnitudes = subhaloes.magnitudes.as_ref().unwrap()[row];
            near(magnitudes[4], "mag_g", 1.0);
            near(magnitudes[5], "mag_r", 1.0);
            near(subhaloes.star_formation_rates_msun_yr.as_ref().unwrap()[row], "SubhaloSFR", 1.0);
            near(subhaloes.n_particles[row][4] as f64, "SubhaloLen_Stars", 1.0);
            let group = subhaloes.group_indices.as_ref().unwrap()[row];
            near(group as f64, "GroupNr", 1.0);
            let flag = subhaloes.are_cosmological.as_ref().unwrap()[row];
            assert_eq!(flag, number("SubhaloFlag") != 0.0);
            let first_group = subhaloes.group_indices.as_ref().unwrap()[0];
            let group = (group - first_group) as usize;
            near(catalogue.groups.m200_msun.as_ref().unwrap()[group], "Group_M_Crit200", mass);
            near(catalogue.groups.r200_kpc.as_ref().unwrap()[group], "Group_R_Crit200", 1.0 / HUBBLE);
            n_compared += 1;
        }
        assert!(n_compared > 20, "{n_compared}");
    }
}
