//! The whole of galmass in three minutes: from galaxies to images and velocity maps to inferred masses.
//!
//! ```text
//! cargo run --release --example quickstart
//! ```
//!
//! Makes a few hundred equilibrium mock galaxies, looks at each from three sides, trains the multibranch network on
//! most of them, and infers the stellar and total mass within the half-mass radius of the others. Leaves in its
//! folder: `settings.json`, `galaxies.png`, `history.csv`, `history.jsonl`, `loss.png`, `predictions.png`,
//! `predictions.csv` and `model.safetensors`.
//!
//! These are **mock galaxies**: smooth discs and bulges in smooth haloes. How well their masses come out says that
//! the pipeline works, and nothing about real galaxies. With `--maps FILE --labels FILE` the same network is trained
//! on your own maps instead (see `train_on_maps` for the files and for more settings).
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/learning.rs"]
mod learning;
#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use galmass::dataset::{Channel, LabelColumns, MapSet, read_npz_maps};
use galmass::device::Device;
use galmass::mock::{Population, PopulationConfig};
use galmass::net::{HeadConfig, TrainingConfig};
use galmass::plots::{ColourScale, MapPanel, draw_maps};
use galmass::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use learning::{Quantity, Shape};
use ndarray::Array3;
use serde::Serialize;

const STELLAR: Quantity = Quantity { name: "log10_stellar_mass_msun", label: "M★" };
const TOTAL: Quantity = Quantity { name: "log10_total_mass_msun", label: "Mₜₒₜ" };

/// Features of the first stage of the network: a quarter of the paper's, for two cores and three minutes.
const WIDTH: usize = 16;

#[derive(Parser, Serialize)]
#[command(about = "Mock galaxies, mock observations, a network, and the masses it infers")]
struct Arguments {
    /// Mock galaxies to make
    #[arg(long, default_value_t = 300)]
    galaxies: usize,
    /// Train on these maps instead of mock galaxies (.npz)
    #[arg(long, requires = "labels")]
    maps: Option<PathBuf>,
    /// Their masses (.csv with GroupNumber and logMstar)
    #[arg(long, requires = "maps")]
    labels: Option<PathBuf>,
    /// Passes over the training part
    #[arg(long, default_value_t = 18)]
    epochs: usize,
    /// Decides everything that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// cpu, ndarray, cuda, cuda:N or cuda:all
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Where the results go: a new folder [default: out/quickstart]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the scores as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let engine = arguments.device.parse::<Device>()?.open()?;
    let real = match (&arguments.maps, &arguments.labels) {
        (Some(maps), Some(labels)) => Some(read_npz_maps(maps, labels, &LabelColumns::default())?),
        _ => None,
    };
    let training =
        TrainingConfig { n_epochs: arguments.epochs, seed: arguments.seed, ..TrainingConfig::recommended() };
    training.check()?;
    let population = Population::new(PopulationConfig {
        n_galaxies: arguments.galaxies,
        seed: arguments.seed,
        ..PopulationConfig::default()
    })?;
    let folder = output::folder(arguments.out.as_deref(), "quickstart", false)?;
    output::write_settings(
        &folder,
        &serde_json::json!({ "arguments": arguments, "width": WIDTH, "training": training }),
    )?;

    let (maps, quantities, what) = match real {
        Some(maps) => (maps, vec![STELLAR], "your maps"),
        None => (observe_mocks(&population, &folder)?, vec![STELLAR, TOTAL], "mock galaxies"),
    };
    let split = learning::split(&maps, arguments.seed)?;
    let shape = Shape { width: WIDTH, head: HeadConfig::Point };
    let model = learning::train(&*engine, &maps, &split, &quantities, &shape, &training, &folder)?;
    let scores = learning::score(&*engine, &model, &quantities, &maps, &split.test, "unseen galaxies")?;
    learning::report(&scores, &format!("Masses inferred from {what}"), &folder)?;
    if arguments.maps.is_none() {
        println!(
            "These are mock galaxies: the scores say that the pipeline works, not how well real masses come out."
        );
    }
    eprintln!("wrote {}", folder.display());

    if arguments.json {
        let n_test = split.test.len();
        let mut figures = serde_json::json!({ "mock": arguments.maps.is_none(), "n_test": n_test });
        for (quantity, score) in quantities.iter().zip(&scores) {
            figures[format!("{}_bias_dex", quantity.name)] = score.residuals.bias().into();
            figures[format!("{}_scatter_dex", quantity.name)] = score.residuals.scatter().into();
        }
        output::print_json(&figures);
    }
    Ok(())
}

/// One galaxy from three sides, and its masses inside the half-mass radius.
struct Sample {
    observations: Vec<Observation>,
    masses: Masses,
}

fn observe_mocks(population: &Population, folder: &Path) -> Result<MapSet, Box<dyn Error>> {
    eprintln!("making and observing {} mock galaxies from three sides", population.len());
    let bar = ProgressBar::new(population.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} galaxies, {per_sec}, {eta} left")?);
    let samples = population.map(|_, galaxy| {
        let sample = observe(galaxy);
        bar.inc(1);
        sample
    })?;
    bar.abandon();
    let samples = samples.into_iter().collect::<Result<Vec<_>, _>>()?;
    draw_galaxies(&folder.join("galaxies.png"), &samples)?;
    map_set(&samples)
}

/// The paper's observation on coarser meshes: the image at the 60 pixels of SDSS, the velocity maps at 24.
fn observe(galaxy: Galaxy) -> Result<Sample, galmass::observe::ObserveError> {
    let galaxy = FramedGalaxy::new(galaxy, &GivenFrame::default())?;
    let config = ObservationConfig { image_px: 60, map_px: 24, ..ObservationConfig::default() };
    let observer = Observer::new(&galaxy, config)?;
    let observations =
        Axis::ALL.iter().map(|&axis| observer.observe(&View::along(axis))).collect::<Result<_, _>>()?;
    let masses = Masses::in_sphere(galaxy.galaxy(), galaxy.frame().half_mass_radius_kpc);
    Ok(Sample { observations, masses })
}

fn map_set(samples: &[Sample]) -> Result<MapSet, Box<dyn Error>> {
    let observations: Vec<&Observation> = samples.iter().flat_map(|sample| &sample.observations).collect();
    let views = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
        samples.iter().enumerate().flat_map(|(i, sample)| vec![of(i); sample.observations.len()]).collect()
    };
    let stack = |map: fn(&Observation) -> &Map| {
        let n_px = observations.first().map_or(0, |observation| map(observation).grid().n_px());
        Array3::from_shape_fn((observations.len(), n_px, n_px), |(sample, row, column)| {
            map(observations[sample]).values()[[row, column]] as f32
        })
    };
    let galaxy_ids = views(&|i| i as f64).into_iter().map(|i| i as u64).collect();
    Ok(MapSet::new(galaxy_ids)?
        .with_channel(Channel::Light, stack(|observation| &observation.image))?
        .with_channel(Channel::Velocity, stack(|observation| &observation.velocity))?
        .with_channel(Channel::Dispersion, stack(|observation| &observation.dispersion))?
        .with_target(STELLAR.name, views(&|i| samples[i].masses.stars_msun.log10()))?
        .with_target(TOTAL.name, views(&|i| samples[i].masses.total_msun().log10()))?)
}

/// The first three galaxies along the z axis: image, velocity, dispersion.
fn draw_galaxies(path: &Path, samples: &[Sample]) -> Result<(), Box<dyn Error>> {
    let rows: Vec<_> = samples.iter().take(3).enumerate().map(row).collect();
    Ok(draw_maps(path, "Mock galaxies, in units of their half-mass radius R", &rows)?)
}

fn row((number, sample): (usize, &Sample)) -> Vec<MapPanel<'_>> {
    let Some(Observation { image, velocity, dispersion, .. }) = sample.observations.last() else {
        return Vec::new();
    };
    let title = format!("mock {number}: log₁₀ M★ = {:.2}", sample.masses.stars_msun.log10());
    vec![
        panel(title, image, ColourScale::Log { decades: 4.0 }, "r light [L☉]"),
        panel("velocity".into(), velocity, ColourScale::Symmetric { limit: None }, "V [km/s]"),
        panel("dispersion".into(), dispersion, ColourScale::Linear { range: None }, "σ [km/s]"),
    ]
}

fn panel<'a>(title: String, map: &'a Map, scale: ColourScale, colour_label: &str) -> MapPanel<'a> {
    MapPanel {
        title,
        values: map.values().view(),
        extent: [-3.0, 3.0, -3.0, 3.0],
        x_label: "x [R]".into(),
        y_label: "y [R]".into(),
        scale,
        colour_label: colour_label.into(),
        circle_radius: Some(1.0),
        ellipses: Vec::new(),
    }
}
