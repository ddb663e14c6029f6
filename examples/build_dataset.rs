//! How do simulated galaxies become a set of samples that a network can learn from?
//!
//! ```text
//! cargo run --release --example build_dataset -- [--galaxies 100] [--stars 30000] [--out DIR] [--resume]
//! cargo run --release --example build_dataset -- --snapshot cutouts/*.hdf5 [--preset chu2024] [--out DIR]
//! cargo run --release --example build_dataset -- --snapshot snapdir_099 --catalogue groups_099 [--out DIR]
//! ```
//!
//! Makes mock galaxies, or reads those of files, one a file, or of a snapshot and its group catalogue; looks at each along
//! the axes of the box, or as `--lines-of-sight` says; and writes maps, targets and features into shards, HDF5 files that
//! h5py reads too. `--config FILE` takes all settings from a JSON file of `galmass::survey::SurveyConfig`; what is not in
//! it is as in the recommended preset. Its `effects` puts a telescope in between:
//!
//! ```json
//! {"effects": {"steps": [{"psf": {"shape": {"gaussian": {"fwhm": {"kpc": 1.8}}}}}, {"noise": {"signal_to_noise": 20}}]}}
//! ```
//!
//! Killed at any instant, it goes on with `--resume --out FOLDER`; on many machines each makes a part of the shards,
//! `--shard 0/8` to `--shard 7/8` with one `--out`. Built with `--features mpi` and started by `mpirun`, its ranks deal the
//! shards out among themselves, and one that dies costs the shard it was making, which another makes again:
//!
//! ```text
//! mpirun --enable-recovery -n 8 cargo run --release --features mpi --example build_dataset -- --out DIR
//! ```
//!
//! The set has the same bytes whichever way. Galaxies that cannot be observed are listed with their reasons in
//! `failures.json`. `inspect_dataset` shows what came out.
//!
//! Leaves in its folder: `description.json` (settings, layout, source), `shard-NNNNNN.h5` with its record, `failures.json`
//! and, at the end, `manifest.json`. A hundred mock galaxies take some minutes on two cores.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
#[allow(
    dead_code,
    reason = "the description of the set holds the settings, so that all parts of it are alike"
)]
mod output;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use galmass::mock::{Population, PopulationConfig};
use galmass::snapshot::SuiteKind;
use galmass::survey::{
    BuildOptions, Built, GalaxyFiles, GalaxySource, LinesOfSight, MockSource, Progress, SubhaloCuts,
    SubhaloSource, SurveyConfig, build,
};
#[cfg(feature = "mpi")]
use galmass::survey::{RankOptions, RankProgress, Ranks};
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Parser)]
#[command(about = "Builds a set of samples from mock galaxies, files or a snapshot")]
struct Arguments {
    /// Files with one galaxy each, or with --catalogue one snapshot [default: mock galaxies]
    #[arg(long, num_args = 1..)]
    snapshot: Vec<PathBuf>,
    /// The group catalogue of the snapshot: its subhaloes are the galaxies
    #[arg(long, requires = "snapshot")]
    catalogue: Option<PathBuf>,
    /// How files are to be read: auto, tng, eagle, swift, gizmo, gadget and others
    #[arg(long, default_value = "auto")]
    suite: String,
    /// The fewest star particles of a subhalo
    #[arg(long, default_value_t = 1000)]
    min_stars: u64,
    /// Mock galaxies
    #[arg(long, default_value_t = 100)]
    galaxies: usize,
    /// Stars, and as many dark matter particles, of each mock galaxy
    #[arg(long, default_value_t = 30_000)]
    stars: usize,
    /// The seed of mock galaxies and of the survey
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What is measured
    #[arg(long, value_enum, default_value = "recommended")]
    preset: Preset,
    /// A JSON file with the settings of the survey, in place of a preset
    #[arg(long, conflicts_with = "preset")]
    config: Option<PathBuf>,
    /// axes, face-on-edge-on, fibonacci:N or random:N [default: the settings']
    #[arg(long)]
    lines_of_sight: Option<String>,
    /// Make the shards i, i + n, i + 2 n, ... only
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Galaxies at a time [default: the cores of the machine, and one in each rank of an MPI run]
    #[arg(long)]
    threads: Option<usize>,
    /// Where the set goes: a new folder, or with --shard or --resume that of the set [default: out/build_dataset]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Go on with the set in --out
    #[arg(long)]
    resume: bool,
    /// Print the counts as one line of JSON at the end
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// Image, colour and kinematics of the paper's sizes with all features
    Recommended,
    /// The paper's sample and cuts: no features
    Chu2024,
    /// Maps of a few pixels, for a first look
    Small,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let part = part(arguments.shard.as_deref())?;
    let config = config(arguments)?;
    config.check()?;
    let source = source(arguments)?;
    #[cfg(feature = "mpi")]
    if let Some(ranks) = Ranks::join().filter(|ranks| ranks.size() > 1) {
        return run_ranks(ranks, &*source, &config, arguments);
    }
    let is_shared = arguments.resume || arguments.shard.is_some();
    let folder = output::folder(arguments.out.as_deref(), "build_dataset", is_shared)?;

    let options = BuildOptions { resume: arguments.resume, part, n_threads: arguments.threads.unwrap_or(0) };
    let bar = GalaxyBar::new(n_galaxies_of_part(source.len(), config.galaxies_per_shard, part));
    let begin = Instant::now();
    let built = build(&*source, &config, &folder, &options, |progress| bar.show(progress))?;
    bar.finish();
    report(&built, &folder, begin.elapsed().as_secs_f64(), arguments);
    Ok(())
}

/// One rank of an MPI run; rank 0 shows how all are getting on.
#[cfg(feature = "mpi")]
fn run_ranks(
    mut ranks: Ranks,
    source: &dyn GalaxySource,
    config: &SurveyConfig,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let folder =
        arguments.out.as_deref().ok_or("the ranks of an MPI run need the folder of the set: --out")?;
    if arguments.shard.is_some() {
        return Err("--shard is for runs without MPI: ranks deal the shards out themselves".into());
    }
    let defaults = RankOptions::default();
    let n_threads = arguments.threads.unwrap_or(defaults.n_threads);
    let options = RankOptions { resume: arguments.resume, n_threads, ..defaults };
    let bar = (ranks.rank() == 0).then(|| GalaxyBar::new(source.len()));
    let begin = Instant::now();
    let built = ranks.build(source, config, folder, &options, |progress| {
        if let Some(bar) = &bar {
            bar.show_ranks(progress);
        }
    })?;
    if let Some(bar) = bar {
        bar.finish();
    }
    if let Some(built) = built {
        report(&built, folder, begin.elapsed().as_secs_f64(), arguments);
    }
    Ok(())
}

/// Says how the set stands.
fn report(built: &Built, folder: &Path, seconds: f64, arguments: &Arguments) {
    let n_samples: u64 = built.shards.iter().map(|record| record.n_samples).sum();
    let n_bytes: u64 = built.shards.iter().map(|record| record.n_bytes).sum();
    let state = if built.manifest.is_some() { "complete" } else { "other parts are missing" };
    println!(
        "{}: {n_samples} samples in {} shards, {:.1} MB, {} galaxies failed; {state}",
        folder.display(),
        built.shards.len(),
        n_bytes as f64 / 1e6,
        built.failures.len(),
    );
    for failure in built.failures.iter().take(5) {
        println!("  galaxy {} is left out: {}", failure.index, failure.reason);
    }
    if arguments.json {
        output::print_json(&serde_json::json!({
            "n_galaxies": built.n_galaxies,
            "n_failed": built.failures.len(),
            "n_samples": n_samples,
            "n_shards": built.shards.len(),
            "n_bytes": n_bytes,
            "seconds": seconds,
            "is_complete": built.manifest.is_some(),
        }));
    }
}

fn config(arguments: &Arguments) -> Result<SurveyConfig, Box<dyn Error>> {
    let config = match (&arguments.config, arguments.preset) {
        (Some(path), _) => {
            let in_file = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = fs::read_to_string(path).map_err(|error| in_file(&error))?;
            serde_json::from_str(&text).map_err(|error| in_file(&error))?
        }
        (None, Preset::Recommended) => SurveyConfig { seed: arguments.seed, ..SurveyConfig::default() },
        (None, Preset::Chu2024) => SurveyConfig { seed: arguments.seed, ..SurveyConfig::chu2024() },
        (None, Preset::Small) => SurveyConfig { seed: arguments.seed, ..SurveyConfig::small() },
    };
    let Some(given) = &arguments.lines_of_sight else { return Ok(config) };
    let count = |text: &str| text.parse().map_err(|error| format!("--lines-of-sight {given}: {error}"));
    let lines_of_sight = match given.split_once(':') {
        None if given == "axes" => LinesOfSight::Axes,
        None if given == "face-on-edge-on" => LinesOfSight::FaceOnEdgeOn,
        Some(("fibonacci", n)) => LinesOfSight::Fibonacci(count(n)?),
        Some(("random", n)) => LinesOfSight::Random(count(n)?),
        _ => {
            let known = "axes, face-on-edge-on, fibonacci:N and random:N";
            return Err(format!("--lines-of-sight {given}: the known ones are {known}").into());
        }
    };
    Ok(SurveyConfig { lines_of_sight, ..config })
}

fn source(arguments: &Arguments) -> Result<Box<dyn GalaxySource>, Box<dyn Error>> {
    let suite = match arguments.suite.as_str() {
        "auto" => None,
        name => Some(name.parse::<SuiteKind>()?),
    };
    match (arguments.snapshot.as_slice(), &arguments.catalogue) {
        ([], _) => {
            let config = PopulationConfig {
                n_galaxies: arguments.galaxies,
                n_stars: arguments.stars,
                n_dark_matter: arguments.stars,
                seed: arguments.seed,
                ..PopulationConfig::default()
            };
            Ok(Box::new(MockSource::new(Population::new(config)?, "mock")))
        }
        ([snapshot], Some(catalogue)) => {
            let cuts = SubhaloCuts { min_stars: arguments.min_stars, ..SubhaloCuts::default() };
            Ok(Box::new(SubhaloSource::new(snapshot, catalogue, suite, cuts)?))
        }
        (snapshots, Some(_)) => {
            let n = snapshots.len();
            Err(format!("--catalogue is that of one --snapshot, not of {n} files: give its folder").into())
        }
        (paths, None) => Ok(Box::new(GalaxyFiles::new(paths.to_vec(), suite))),
    }
}

/// `I/N` as numbers.
fn part(given: Option<&str>) -> Result<(usize, usize), Box<dyn Error>> {
    let Some(given) = given else { return Ok((0, 1)) };
    let numbers = given.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    numbers.ok_or_else(|| format!("--shard {given}: two numbers such as 0/8 are wanted").into())
}

fn n_galaxies_of_part(n_galaxies: usize, per_shard: usize, (index, n_parts): (usize, usize)) -> usize {
    (0..n_galaxies).filter(|galaxy| galaxy / per_shard % n_parts.max(1) == index).count()
}

/// A bar over the galaxies of a run, with speed and failures.
struct GalaxyBar(ProgressBar);

impl GalaxyBar {
    fn new(n_galaxies: usize) -> Self {
        let template = "{bar:30} {pos}/{len} galaxies, {per_sec}, {eta} left  {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(n_galaxies as u64).with_style(style))
    }

    fn keep(&self, n_galaxies: usize) {
        if n_galaxies > 0 {
            self.0.println(format!("resumed: {n_galaxies} galaxies are there already"));
            self.0.set_position(n_galaxies as u64);
            self.0.reset_eta();
        }
    }

    fn show(&self, progress: Progress<'_>) {
        match progress {
            Progress::Kept { n_galaxies } => self.keep(n_galaxies),
            Progress::Observed { .. } => self.0.inc(1),
            Progress::Failed { index, reason } => {
                self.0.inc(1);
                self.0.set_message(format!("galaxy {index} failed: {reason}"));
            }
            _ => {}
        }
    }

    #[cfg(feature = "mpi")]
    fn show_ranks(&self, progress: RankProgress) {
        match progress {
            RankProgress::Kept { n_galaxies } => self.keep(n_galaxies),
            RankProgress::Galaxy { .. } => self.0.inc(1),
            RankProgress::Lost { rank, .. } => {
                self.0.println(format!("rank {rank} fell silent and is given up"))
            }
            _ => {}
        }
    }

    fn finish(&self) {
        self.0.abandon();
    }
}
