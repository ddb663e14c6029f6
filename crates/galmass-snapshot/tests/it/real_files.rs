//! Real galaxies, where they are at hand: in the folder `GALMASS_DATA`, or `shared/data` beside the workspace.
//!
//! Expected numbers were computed with h5py 3.16 and NumPy 2.4 by the formulae that the simulations document, as
//! noted at each; not with this crate.

use std::path::{Path, PathBuf};

use galmass_core::{Component, Galaxy};
use galmass_snapshot::{Snapshot, SuiteKind, detect, read_galaxy};

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

fn read(name: &str, suite: SuiteKind) -> Option<Snapshot> {
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
    let Some(snapshot) = read(name, SuiteKind::Eagle) else { return };
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
    let Some(snapshot) = read("simspin/SimSpin_example_EAGLE.hdf5", SuiteKind::Eagle) else { return };
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
    let Some(snapshot) = read("simspin/SimSpin_example_IllustrisTNG.hdf5", SuiteKind::Tng) else { return };
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
    let Some(snapshot) = read("tng100_394242/gal394242.h5", SuiteKind::ParticleTable) else { return };
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
    let Some(snapshot) = read("tng100_394242/star_ID_394242_full.npy", SuiteKind::StarTable) else { return };
    let galaxy = snapshot.galaxy;
    // sum of column 0, means of columns 1 to 6.
    assert_holds(&galaxy, Component::Stars, 37_393, 37_427_895_842.311_05);
    let stars = galaxy.stars.particles();
    assert_mean(stars.positions_kpc(), [-0.24074311565064352, -0.07437234359681044, 0.2976548950017571]);
    assert_mean(stars.velocities_km_s(), [3.555105308312644, -6.104854017390108, -7.224319760338432]);
    assert_eq!(galaxy.n_particles(), 37_393);
}

#[test]
fn a_real_tng_piece_without_velocities_is_refused() {
    let Some(path) = real("camels/camels_snap.hdf5") else { return };
    assert_eq!(detect(&path).unwrap(), SuiteKind::Tng);
    let message = read_galaxy(&path, None).unwrap_err().to_string();
    assert!(message.contains("camels_snap.hdf5"), "{message}");
    assert!(message.contains("/PartType4/Velocities"), "{message}");
}
