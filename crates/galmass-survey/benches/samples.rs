//! Galaxies to samples on one core: the paper's sample, and what each choice costs beside it, of a galaxy without gas and
//! of one whose gas dims it. An element is a projection.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::{Galaxy, Particles, Stars};
use galmass_mock::{MockGalaxy, MockGalaxyConfig};
use galmass_observe::{GivenFrame, ObservationConfig};
use galmass_project::Scheme;
use galmass_stats::{CircularityConfig, FeatureConfig, MissingPotentials};
use galmass_survey::{GalaxyIds, SurveyConfig, SurveyGalaxy, observe_samples};
use rayon::ThreadPoolBuilder;

/// 1e5 particles and so many of gas, whose potentials are not known.
fn galaxy(n_gas: usize) -> SurveyGalaxy {
    let config =
        MockGalaxyConfig { n_stars: 30_000, n_dark_matter: 70_000, n_gas, ..MockGalaxyConfig::default() };
    let galaxy = MockGalaxy::sample(&config, 1).unwrap();
    let column = |column: Option<&[f64]>| column.unwrap().to_vec();
    let (known, particles) = (&galaxy.stars, galaxy.stars.particles());
    let places = (particles.positions_kpc().to_vec(), particles.velocities_km_s().to_vec());
    let particles = Particles::new(places.0, places.1, particles.masses_msun().to_vec()).unwrap();
    let stars = Stars::new(particles)
        .with_ages_gyr(column(known.ages_gyr()))
        .and_then(|stars| stars.with_metallicities(column(known.metallicities())))
        .and_then(|stars| stars.with_initial_masses_msun(column(known.initial_masses_msun())))
        .and_then(|stars| stars.with_magnitudes_g(column(known.magnitudes_g())))
        .and_then(|stars| stars.with_magnitudes_r(column(known.magnitudes_r())))
        .unwrap();
    let galaxy = Galaxy { stars, ..galaxy };
    SurveyGalaxy { galaxy, ids: GalaxyIds::default(), frame: GivenFrame::default(), redshift: None }
}

fn samples(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let paper = SurveyConfig::chu2024();
    let exact = ObservationConfig { scheme: Scheme::Exact, ..paper.observation };
    let exact = SurveyConfig { observation: exact, ..paper.clone() };
    let missing_potentials = MissingPotentials::Average;
    let circularity = CircularityConfig { missing_potentials, ..CircularityConfig::default() };
    let average = FeatureConfig { circularity, ..FeatureConfig::default() };
    let mut group = criterion.benchmark_group("samples");
    group.sample_size(10);
    for (gas, n_gas) in [("dry", 0), ("gas-1e4", 10_000)] {
        let galaxy = galaxy(n_gas);
        for (name, config) in [
            ("targets", SurveyConfig { channels: Vec::new(), ..paper.clone() }),
            ("chu2024", paper.clone()),
            ("chu2024-exact", exact.clone()),
            (
                "table-1-average-potential",
                SurveyConfig { table_1: true, features: average.clone(), ..paper.clone() },
            ),
            ("table-1", SurveyConfig { table_1: true, ..paper.clone() }),
            ("table-1-and-sersic-image", SurveyConfig { table_1: true, sersic_image: true, ..paper.clone() }),
            ("default", SurveyConfig::default()),
        ] {
            group.throughput(Throughput::Elements(config.lines_of_sight.len() as u64));
            group.bench_function(format!("{gas}/{name}"), |bencher| {
                one_thread.install(|| {
                    bencher.iter(|| black_box(observe_samples(galaxy.clone(), &config).unwrap()));
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, samples);
criterion_main!(benches);
