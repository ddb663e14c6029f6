//! Populations of mock galaxies.

use super::config::stellar_mass_inside_30_kpc;
use super::*;
use crate::Suite;

fn small(n_galaxies: usize) -> PopulationConfig {
    PopulationConfig {
        n_galaxies,
        n_stars: 60,
        n_dark_matter: 40,
        n_gas: 20,
        seed: 11,
        ..PopulationConfig::default()
    }
}

#[test]
fn a_galaxy_does_not_depend_on_the_number_of_galaxies() {
    let few = Population::new(small(3)).unwrap();
    let many = Population::new(small(200)).unwrap();
    for index in 0..3 {
        assert_eq!(few.config_of(index), many.config_of(index));
        assert_eq!(few.galaxy(index).unwrap(), many.galaxy(index).unwrap());
    }
    assert_ne!(few.galaxy(0).unwrap(), few.galaxy(1).unwrap());
}

#[test]
fn mapping_in_parallel_keeps_order_and_bits() {
    let population = Population::new(small(20)).unwrap();
    let galaxies = population.map(|index, galaxy| (index, galaxy)).unwrap();
    for (expected, (index, galaxy)) in galaxies.into_iter().enumerate() {
        assert_eq!(index, expected);
        assert_eq!(galaxy, population.galaxy(index).unwrap());
    }
}

#[test]
fn every_galaxy_of_any_valid_population_is_valid() {
    for range in [[9.7, 11.5], [6.0, 6.0], [12.5, 12.5]] {
        let config = PopulationConfig { log10_stellar_mass_range: range, cuts: None, ..small(300) };
        let population = Population::new(config).unwrap();
        for index in 0..population.len() {
            let galaxy = population.config_of(index).unwrap();
            assert_eq!(galaxy.validate(), Ok(()), "galaxy {index} of {range:?}");
        }
    }
}

#[test]
fn masses_are_spread_evenly_over_the_range() {
    let population = Population::new(PopulationConfig { cuts: None, ..small(2000) }).unwrap();
    let mut quarters = [0; 4];
    for index in 0..population.len() {
        let log_mass = population.config_of(index).unwrap().stellar_mass_msun.log10();
        quarters[(4.0 * (log_mass - 9.7) / 1.8) as usize] += 1;
    }
    // Four standard deviations of a count of 500 among 2000.
    assert!(quarters.iter().all(|&count: &i32| (count - 500).abs() < 78), "{quarters:?}");
}

#[test]
fn no_halo_is_a_cluster_and_few_lie_at_the_cut() {
    let population = Population::new(small(500)).unwrap();
    let haloes: Vec<f64> =
        (0..500).map(|index| population.config_of(index).unwrap().halo_mass_msun).collect();
    assert!(haloes.iter().all(|&mass| mass <= 1.000_001e14));
    assert!(haloes.iter().filter(|&&mass| mass > 0.999e14).count() < 5);
}

fn configs(config: PopulationConfig) -> Vec<MockGalaxyConfig> {
    let population = Population::new(config).unwrap();
    (0..population.len()).map(|index| population.config_of(index).unwrap()).collect()
}

#[test]
fn all_galaxies_pass_the_cuts() {
    let range = [9.5, 12.2];
    let all = configs(PopulationConfig { cuts: None, log10_stellar_mass_range: range, ..small(400) });
    let cuts = SampleCuts::chu2024();
    let n_passing = all.iter().filter(|galaxy| cuts.pass(galaxy)).count();
    assert!((200..380).contains(&n_passing), "{n_passing}");
    let sample = configs(PopulationConfig { log10_stellar_mass_range: range, ..small(400) });
    assert!(sample.iter().all(|galaxy| cuts.pass(galaxy)));
    // Those that pass stay in their places.
    assert!(all.iter().zip(&sample).all(|(all, sample)| !cuts.pass(all) || all == sample));
}

#[test]
fn cuts_that_nothing_passes_are_an_error() {
    let dwarfs = PopulationConfig { log10_stellar_mass_range: [7.0, 8.0], ..small(2) };
    let population = Population::new(dwarfs).unwrap();
    assert_eq!(population.galaxy(1), Err(MockError::NothingSelected { index: 1, n_draws: MOST_DRAWS }));
}

#[test]
fn stars_inside_30_kpc_are_counted_as_they_are_sampled() {
    let config = MockGalaxyConfig {
        disc_scale_length_kpc: 12.0,
        bulge_effective_radius_kpc: 10.0,
        n_stars: 20_000,
        n_dark_matter: 0,
        n_gas: 0,
        ..MockGalaxyConfig::default()
    };
    let galaxy = MockGalaxy::sample(&config, 1).unwrap();
    let positions = galaxy.stars.particles().positions_kpc();
    let inside = positions.iter().filter(|[x, y, z]| x * x + y * y + z * z < 900.0).count();
    let expected = stellar_mass_inside_30_kpc(&config) / config.stellar_mass_msun;
    // Four standard errors of 20,000 stars.
    assert!((inside as f64 / 20_000.0 - expected).abs() < 0.013, "{inside} {expected}");
}

#[test]
fn scatters_are_correlated_as_said() {
    let galaxies =
        configs(PopulationConfig { cuts: None, log10_stellar_mass_range: [10.3, 10.300_001], ..small(3000) });
    let correlation = |a: &dyn Fn(&MockGalaxyConfig) -> f64, b: &dyn Fn(&MockGalaxyConfig) -> f64| {
        let n = galaxies.len() as f64;
        let mean = |f: &dyn Fn(&MockGalaxyConfig) -> f64| galaxies.iter().map(f).sum::<f64>() / n;
        let [mean_a, mean_b] = [mean(a), mean(b)];
        let covariance = mean(&|galaxy| (a(galaxy) - mean_a) * (b(galaxy) - mean_b));
        let variance = |f: &dyn Fn(&MockGalaxyConfig) -> f64, m: f64| mean(&|g| (f(g) - m).powi(2));
        covariance / (variance(a, mean_a) * variance(b, mean_b)).sqrt()
    };
    let age = |galaxy: &MockGalaxyConfig| galaxy.mean_age_gyr.ln();
    let gas = |galaxy: &MockGalaxyConfig| galaxy.gas_mass_msun.ln();
    let bulge = |galaxy: &MockGalaxyConfig| (galaxy.bulge_fraction / (1.0 - galaxy.bulge_fraction)).ln();
    let size = |galaxy: &MockGalaxyConfig| galaxy.disc_scale_length_kpc.ln();
    let metals = |galaxy: &MockGalaxyConfig| galaxy.median_metallicity.ln();
    // A halo that is light for its galaxy is concentrated, on top of the relation with its mass.
    let concentration =
        |galaxy: &MockGalaxyConfig| galaxy.halo_concentration.log10() + 0.101 * galaxy.halo_mass_msun.log10();
    let halo = |galaxy: &MockGalaxyConfig| galaxy.halo_mass_msun.ln();
    // Four standard errors of 3000 galaxies.
    for (found, expected) in [
        (correlation(&age, &bulge), 0.5),
        (correlation(&metals, &age), -0.3),
        (correlation(&gas, &age), -0.5),
        (correlation(&gas, &size), 0.3),
        (correlation(&size, &bulge), 0.0),
    ] {
        assert!((found - expected).abs() < 0.075, "{found}, not {expected}");
    }
    assert!((-0.5..-0.25).contains(&correlation(&concentration, &halo)));
}

#[test]
fn suites_differ_in_what_they_say_and_in_nothing_else() {
    let [contracted, cored] = Suite::ALL.map(|suite| configs(PopulationConfig { suite, ..small(50) }));
    for (contracted, cored) in contracted.iter().zip(&cored) {
        assert_eq!(contracted.halo_response, crate::HaloResponse::Gnedin);
        assert!(matches!(cored.halo_response, crate::HaloResponse::Core { .. }));
        assert!((cored.gas_mass_msun / contracted.gas_mass_msun - 10f64.powf(0.25)).abs() < 1e-9);
        assert!(cored.disc_height_ratio > 1.2 * contracted.disc_height_ratio);
        assert!(cored.disc_toomre_q > contracted.disc_toomre_q);
        assert!(cored.gas_turbulence_km_s > contracted.gas_turbulence_km_s);
        let same = MockGalaxyConfig {
            halo_response: contracted.halo_response,
            gas_mass_msun: contracted.gas_mass_msun,
            gas_scale_length_kpc: contracted.gas_scale_length_kpc,
            disc_height_ratio: contracted.disc_height_ratio,
            disc_toomre_q: contracted.disc_toomre_q,
            gas_turbulence_km_s: contracted.gas_turbulence_km_s,
            ..cored.clone()
        };
        assert_eq!(&same, contracted);
    }
}

#[test]
fn heavy_stars_only_dim_the_light() {
    let base = PopulationConfig { n_galaxies: 8, ..small(8) };
    let [chabrier, heavy] = [ImfRelation::Chabrier, ImfRelation::Cappellari2013]
        .map(|imf| Population::new(PopulationConfig { imf, ..base.clone() }).unwrap());
    let factor = heavy.config_of(3).unwrap().imf_factor;
    let [a, b] = [&chabrier, &heavy].map(|population| population.galaxy(3).unwrap());
    assert_eq!(a.stars.particles(), b.stars.particles());
    let dimming = b.stars.magnitudes_r().unwrap()[0] - a.stars.magnitudes_r().unwrap()[0];
    assert!((dimming - 2.5 * factor.log10()).abs() < 1e-9 && dimming != 0.0);
}

#[test]
fn bad_populations_are_refused() {
    let new = |config| Population::new(config).unwrap_err();
    let range = |log10_stellar_mass_range| PopulationConfig { log10_stellar_mass_range, ..small(1) };
    assert!(matches!(
        new(range([10.0, 9.0])),
        MockError::OutOfRange { field: "log10_stellar_mass_range[1]", value: 9.0, lowest: 10.0, .. }
    ));
    assert!(matches!(
        new(range([f64::NAN, 11.0])),
        MockError::OutOfRange { field: "log10_stellar_mass_range[0]", .. }
    ));
    assert_eq!(
        new(PopulationConfig { n_stars: 0, ..small(1) }),
        MockError::CountOutOfRange { field: "n_stars", value: 0, lowest: 1, highest: 1_000_000_000 }
    );
    assert_eq!(
        Population::new(small(2)).unwrap().galaxy(2),
        Err(MockError::NoSuchGalaxy { index: 2, n_galaxies: 2 })
    );
}

#[test]
fn an_empty_population_is_empty() {
    let population = Population::new(small(0)).unwrap();
    assert!(population.is_empty());
    assert_eq!(population.map(|index, _| index), Ok(Vec::new()));
}
