//! Galaxies to samples on one core: the paper's sample, and what each choice costs beside it. An element is a projection.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use galmass_mock::{MockGalaxy, MockGalaxyConfig};
use galmass_observe::{GivenFrame, ObservationConfig};
use galmass_project::Scheme;
use galmass_stats::{CircularityConfig, FeatureConfig, MissingPotentials};
use galmass_survey::{GalaxyIds, SurveyConfig, SurveyGalaxy, observe_samples};
use rayon::ThreadPoolBuilder;

/// 1e5 particles.
fn galaxy() -> SurveyGalaxy {
    let config = MockGalaxyConfig { n_stars: 30_000, n_dark_matter: 70_000, ..MockGalaxyConfig::default() };
    let galaxy = MockGalaxy::sample(&config, 1).unwrap();
    SurveyGalaxy { galaxy, ids: GalaxyIds::default(), frame: GivenFrame::default(), redshift: None }
}

fn samples(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let paper = SurveyConfig::chu2024();
    let fast = ObservationConfig { scheme: Scheme::Fast, ..paper.observation };
    let fast = SurveyConfig { observation: fast, ..paper.clone() };
    let missing_potentials = MissingPotentials::Average;
    let circularity = CircularityConfig { missing_potentials, ..CircularityConfig::default() };
    let average = FeatureConfig { circularity, ..FeatureConfig::default() };
    let galaxy = galaxy();
    let mut group = criterion.benchmark_group("samples");
    group.sample_size(10);
    for (name, config) in [
        ("chu2024", paper),
        ("chu2024-fast", fast.clone()),
        ("table-1-average-potential", SurveyConfig { table_1: true, features: average, ..fast.clone() }),
        ("table-1", SurveyConfig { table_1: true, ..fast.clone() }),
        ("sersic-image", SurveyConfig { sersic_image: true, ..fast.clone() }),
        ("table-1-and-sersic-image", SurveyConfig { table_1: true, sersic_image: true, ..fast }),
        ("default", SurveyConfig::default()),
    ] {
        group.throughput(Throughput::Elements(config.lines_of_sight.len() as u64));
        group.bench_function(name, |bencher| {
            one_thread.install(|| {
                bencher.iter(|| black_box(observe_samples(galaxy.clone(), &config).unwrap()));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, samples);
criterion_main!(benches);
