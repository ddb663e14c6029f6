//! Mock galaxies as files: a population along the observed scaling relations, as cutouts of IllustrisTNG.
//!
//! ```text
//! cargo run --release --example generate_population -- --galaxies 20 --suite cored
//! ```
//!
//! Leaves in its folder: `settings.json`, one `cutout_00000.hdf5` a galaxy with the groups, units and attributes of
//! IllustrisTNG, and `galaxies.csv` with what each was made from. Any program that reads cutouts of IllustrisTNG reads
//! these; `measure_galaxy --snapshot out/generate_population/cutout_00000.hdf5` does. A galaxy of 30,000 stars and
//! 100,000 particles in all takes a fraction of a second and 9 MB.
//!
//! A run that was stopped goes on with `--resume` where it stood: a file appears when it is whole, and galaxy i is the
//! same whoever makes it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::mock::{MockGalaxyConfig, ParticleMasses, Population, PopulationConfig, Suite};
use galmass::snapshot::{TngCutout, write_tng_cutout};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde::Serialize;

/// The physics of the population.
#[derive(Clone, Copy, ValueEnum, Serialize)]
enum Physics {
    /// Haloes contracted by their galaxies, thin discs
    Contracted,
    /// Haloes with cores, thick, gas-rich discs
    Cored,
}

impl From<Physics> for Suite {
    fn from(physics: Physics) -> Self {
        match physics {
            Physics::Contracted => Self::Contracted,
            Physics::Cored => Self::Cored,
        }
    }
}

#[derive(Parser, Serialize)]
#[command(about = "A population of mock galaxies as cutouts of IllustrisTNG")]
struct Arguments {
    /// Galaxies to make
    #[arg(long, default_value_t = 10)]
    galaxies: usize,
    /// Their physics
    #[arg(long, value_enum, default_value = "contracted")]
    suite: Physics,
    /// Star particles a galaxy
    #[arg(long, default_value_t = 30_000)]
    stars: usize,
    /// Dark matter particles a galaxy
    #[arg(long, default_value_t = 60_000)]
    dark_matter: usize,
    /// Gas particles a galaxy
    #[arg(long, default_value_t = 10_000)]
    gas: usize,
    /// Particles of the masses of TNG100 in place of these numbers
    #[arg(long, conflicts_with_all = ["stars", "dark_matter", "gas"])]
    tng100: bool,
    /// The scale factor of the cutouts: 1 is today, and the universe must be older than its stars
    #[arg(long, default_value_t = 1.0)]
    scale_factor: f64,
    /// Decides everything that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the files go: a new folder [default: out/generate_population]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Go on with a run that was stopped; its folder is --out
    #[arg(long)]
    #[serde(skip)]
    resume: bool,
    /// Print the counts as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let config = PopulationConfig {
        n_galaxies: arguments.galaxies,
        seed: arguments.seed,
        suite: arguments.suite.into(),
        n_stars: arguments.stars,
        n_dark_matter: arguments.dark_matter,
        n_gas: arguments.gas,
        particle_masses: arguments.tng100.then_some(ParticleMasses::TNG100),
        ..PopulationConfig::default()
    };
    let population = Population::new(config.clone())?;
    let cutout = TngCutout { scale_factor: arguments.scale_factor, ..TngCutout::default() };
    let folder = output::folder(arguments.out.as_deref(), "generate_population", arguments.resume)?;
    let settings = serde_json::json!({ "arguments": arguments, "population": config });
    check_same_settings(&folder, &settings)?;
    output::write_settings(&folder, &settings)?;

    let bar = ProgressBar::new(population.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} galaxies, {per_sec}, {eta} left")?);
    let rows = (0..population.len())
        .into_par_iter()
        .map(|index| {
            let row = make(&population, index, &folder, &cutout).map_err(|error| error.to_string());
            bar.inc(1);
            row
        })
        .collect::<Result<Vec<String>, String>>()?;
    bar.abandon();
    let names = columns(&MockGalaxyConfig::default()).map(|(name, _)| name).join(",");
    let table = format!("file,{names}\n{}", rows.concat());
    fs::write(folder.join("galaxies.csv"), table).map_err(|error| format!("galaxies.csv: {error}"))?;
    println!("{} cutouts in {}", population.len(), folder.display());
    if arguments.json {
        output::print_json(&serde_json::json!({ "n_galaxies": population.len() }));
    }
    Ok(())
}

/// A run is only gone on with as it was begun.
fn check_same_settings(folder: &Path, settings: &serde_json::Value) -> Result<(), Box<dyn Error>> {
    let Ok(text) = fs::read_to_string(folder.join("settings.json")) else { return Ok(()) };
    let before: serde_json::Value = serde_json::from_str(&text)?;
    if before["settings"] == *settings {
        Ok(())
    } else {
        Err(format!("{} was begun with other settings: see its settings.json", folder.display()).into())
    }
}

/// What a galaxy was made from, as columns of the table.
fn columns(config: &MockGalaxyConfig) -> [(&'static str, f64); 8] {
    [
        ("stellar_mass_msun", config.stellar_mass_msun),
        ("bulge_fraction", config.bulge_fraction),
        ("bulge_effective_radius_kpc", config.bulge_effective_radius_kpc),
        ("disc_scale_length_kpc", config.disc_scale_length_kpc),
        ("gas_mass_msun", config.gas_mass_msun),
        ("halo_mass_msun", config.halo_mass_msun),
        ("halo_concentration", config.halo_concentration),
        ("black_hole_mass_msun", config.black_hole_mass_msun),
    ]
}

/// Writes a galaxy, unless it is there, and returns its row of the table.
fn make(
    population: &Population,
    index: usize,
    folder: &Path,
    cutout: &TngCutout,
) -> Result<String, Box<dyn Error>> {
    let name = format!("cutout_{index:05}.hdf5");
    let path = folder.join(&name);
    if !path.exists() {
        write_tng_cutout(&path, &population.galaxy(index)?, cutout)?;
    }
    let mut row = name;
    for (_, value) in columns(&population.config_of(index)?) {
        write!(row, ",{value:e}")?;
    }
    row.push('\n');
    Ok(row)
}
