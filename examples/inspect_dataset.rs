//! What is in a set of samples, and is it whole?
//!
//! ```text
//! cargo run --release --example inspect_dataset -- --set DIR [--samples 6] [--out DIR]
//! ```
//!
//! Reads every byte of a set of `build_dataset` and compares it with its checksums; counts samples, galaxies, suites,
//! octants, flags and failures; prints the range of every array; and draws some samples, picked by `--seed`. A second for
//! a GB.
//!
//! Leaves in its folder: `settings.json`, `contact_sheet.png` (a row a sample, a column a map) and `NAME.png`, the distribution of each
//! target. A shard that is not what it was made is named, and the run fails.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
mod output;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use galmass::dataset::{ArrayLayout, SampleSet, verify_set};
use galmass::plots::{ColourScale, Distribution, MapPanel, draw_distribution, draw_maps};
use galmass::survey::{FLAG_NAMES, read_failures};
use ndarray::Array2;
use serde::Serialize;

/// The fewest and the most bins of a distribution; between them, the square root of the number of galaxies.
const N_BINS: [usize; 2] = [6, 30];

#[derive(Parser, Serialize)]
#[command(about = "Counts, checks and draws a set of samples")]
struct Arguments {
    /// The folder of the set
    #[arg(long)]
    set: PathBuf,
    /// Samples on the contact sheet
    #[arg(long, default_value_t = 6)]
    samples: usize,
    /// Picks them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the figures go: a new folder [default: out/inspect_dataset]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the counts as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    // Before it is opened: a set may be too damaged for that.
    let faults = verify_set(&arguments.set)?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    if let Some(first) = faults.first() {
        return Err(format!("{} of the shards are damaged, the first: {first}", faults.len()).into());
    }
    let set = SampleSet::open(&arguments.set)?;
    let failures = read_failures(&arguments.set)?;
    let layout = set.manifest().description.layout.arrays();
    let folder = output::folder(arguments.out.as_deref(), "inspect_dataset", false)?;
    output::write_settings(&folder, arguments)?;

    print_counts(&set, failures.len());
    println!(
        "\n{:<42}{:>12}{:>14}{:>14}{:>14}{:>10}  unit",
        "array", "shape", "lowest", "mean", "highest", "unknown"
    );
    let mut ranges = Vec::new();
    for array in layout {
        let range = Range::of(&set, &array.name)?;
        range.print(array);
        ranges.push(range);
    }
    if set.n_samples() > 0 {
        draw_samples(&folder.join("contact_sheet.png"), &set, arguments)?;
    }
    for (array, range) in layout.iter().zip(&ranges) {
        if is_target(array) {
            draw_target(&folder, &set, array, range)?;
        }
    }
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&serde_json::json!({
            "n_samples": set.n_samples(),
            "n_galaxies": set.keys().n_galaxies(),
            "n_failed": failures.len(),
            "n_shards": set.manifest().shards.len(),
            "n_bytes": n_bytes(&set),
            "n_arrays": layout.len(),
        }));
    }
    Ok(())
}

fn n_bytes(set: &SampleSet) -> u64 {
    set.manifest().shards.iter().map(|shard| shard.n_bytes).sum()
}

fn print_counts(set: &SampleSet, n_failed: usize) {
    let (keys, n_samples) = (set.keys(), set.n_samples());
    let haloes: BTreeSet<_> = keys.suite.iter().zip(&keys.halo_id).collect();
    println!(
        "{n_samples} samples of {} galaxies in {} haloes; {} shards, {:.1} MB, all as they were made",
        keys.n_galaxies(),
        haloes.len(),
        set.manifest().shards.len(),
        n_bytes(set) as f64 / 1e6,
    );
    println!("{n_failed} galaxies could not be observed");
    for (number, name) in set.manifest().description.suites.iter().enumerate() {
        let n = keys.suite.iter().filter(|suite| usize::from(**suite) == number).count();
        if n > 0 {
            println!("  suite {name}: {n} samples");
        }
    }
    for octant in keys.octant.iter().collect::<BTreeSet<_>>() {
        let n = keys.octant.iter().filter(|other| *other == octant).count();
        let name = if *octant < 8 { octant.to_string() } else { "unknown".into() };
        println!("  octant {name}: {n} samples");
    }
    for (bit, name) in FLAG_NAMES.iter().enumerate() {
        let n = keys.flags.iter().filter(|flags| **flags >> bit & 1 == 1).count();
        if n > 0 {
            println!("  flag {name}: {n} samples");
        }
    }
}

/// What the values of an array span.
struct Range {
    lowest: f64,
    mean: f64,
    highest: f64,
    unknown: f64,
}

impl Range {
    fn of(set: &SampleSet, name: &str) -> Result<Self, Box<dyn Error>> {
        let array = set.array(name)?;
        let (mut lowest, mut highest, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        let (mut n_known, mut n_all) = (0_u64, 0_u64);
        for sample in 0..array.n_samples() {
            for value in array.sample(sample).iter().map(|&value| f64::from(value)) {
                n_all += 1;
                if value.is_finite() {
                    (lowest, highest) = (lowest.min(value), highest.max(value));
                    (sum, n_known) = (sum + value, n_known + 1);
                }
            }
        }
        let unknown = (n_all - n_known) as f64 / n_all.max(1) as f64;
        Ok(Self { lowest, mean: sum / n_known as f64, highest, unknown })
    }

    fn print(&self, array: &ArrayLayout) {
        let number = |value: f64| match value.abs() {
            _ if !value.is_finite() => "-".into(),
            size if size != 0.0 && !(1e-3..1e5).contains(&size) => format!("{value:.3e}"),
            _ => format!("{value:.4}"),
        };
        let shape = array.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        println!(
            "{:<42}{:>12}{:>14}{:>14}{:>14}{:>9.1}%  {}",
            array.name,
            if shape.is_empty() { "1".into() } else { shape },
            number(self.lowest),
            number(self.mean),
            number(self.highest),
            100.0 * self.unknown,
            array.unit,
        );
    }
}

/// Masses and what follows from them: single numbers, neither profiles nor maps.
fn is_target(array: &ArrayLayout) -> bool {
    let name = array.name.trim_end_matches("_2r");
    let is_fraction = ["stellar_fraction", "dark_matter_fraction"].contains(&name);
    array.shape.is_empty() && (name.starts_with("log10_") || is_fraction)
}

/// A row a sample, a column a map.
fn draw_samples(path: &Path, set: &SampleSet, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let maps: Vec<&ArrayLayout> = set
        .manifest()
        .description
        .layout
        .arrays()
        .iter()
        .filter(|array| matches!(*array.shape, [rows, columns] if rows == columns))
        .collect();
    let picked = picked(set.n_samples(), arguments.samples, arguments.seed);
    let mut values = Vec::new();
    for &sample in &picked {
        let mut row = Vec::new();
        for map in &maps {
            let n_px = map.shape[0];
            let pixels = set.array(&map.name)?.sample(sample).iter().map(|&value| f64::from(value)).collect();
            row.push(Array2::from_shape_vec((n_px, n_px), pixels)?);
        }
        values.push(row);
    }
    let rows: Vec<Vec<MapPanel<'_>>> = picked
        .iter()
        .zip(&values)
        .map(|(&sample, row)| {
            maps.iter().zip(row).map(|(map, values)| panel(set, sample, map, values)).collect()
        })
        .collect();
    let title = format!("{} of {} samples", picked.len(), set.n_samples());
    Ok(draw_maps(path, &title, &rows)?)
}

/// Samples at random, in their order; none twice.
fn picked(n_samples: usize, n: usize, seed: u64) -> Vec<usize> {
    let mut picked: Vec<usize> = (0..n_samples).collect();
    picked.sort_by_key(|&sample| galmass::core::seed::derive(seed, sample as u64));
    picked.truncate(n);
    picked.sort_unstable();
    picked
}

fn panel<'a>(set: &SampleSet, sample: usize, map: &ArrayLayout, values: &'a Array2<f64>) -> MapPanel<'a> {
    let half_width =
        set.manifest().description.config["survey"]["observation"]["half_width_rhsm"].as_f64().unwrap_or(1.0);
    let scale = match map.name.as_str() {
        name if name.starts_with("image") => ColourScale::Log { decades: 4.0 },
        name if name.ends_with("velocity") => ColourScale::Symmetric { limit: None },
        _ => ColourScale::Linear { range: None },
    };
    let (galaxy, line) = (set.keys().galaxy_id[sample], set.keys().line_of_sight[sample]);
    MapPanel {
        title: format!("{}, galaxy {galaxy}, side {line}", map.name),
        values: values.view(),
        extent: [-half_width, half_width, -half_width, half_width],
        x_label: "x [R]".into(),
        y_label: "y [R]".into(),
        scale,
        colour_label: in_brackets(&map.unit),
        circle_radius: Some(1.0),
        ellipses: Vec::new(),
    }
}

/// A unit behind a name; nothing for a pure number.
fn in_brackets(unit: &str) -> String {
    if unit == "1" { String::new() } else { format!("[{unit}]") }
}

fn draw_target(
    folder: &Path,
    set: &SampleSet,
    array: &ArrayLayout,
    range: &Range,
) -> Result<(), Box<dyn Error>> {
    if !range.lowest.is_finite() {
        return Ok(());
    }
    // All the same: a bin around it.
    let width = if range.highest > range.lowest { range.highest - range.lowest } else { 1.0 };
    let [fewest, most] = N_BINS;
    let n_bins = ((set.keys().n_galaxies() as f64).sqrt().ceil() as usize).clamp(fewest, most);
    let edges: Vec<f64> = (0..=n_bins).map(|bin| range.lowest + width * bin as f64 / n_bins as f64).collect();
    let mut heights = vec![0.0; n_bins];
    let values = set.array(&array.name)?;
    for sample in 0..values.n_samples() {
        let value = f64::from(values.sample(sample)[0]);
        if value.is_finite() {
            let bin = (n_bins as f64 * (value - range.lowest) / width) as usize;
            heights[bin.min(n_bins - 1)] += 1.0;
        }
    }
    let distribution = Distribution {
        edges: &edges,
        heights: &heights,
        x_label: format!("{} {}", array.name, in_brackets(&array.unit)),
        y_label: "samples".into(),
        ranges: Vec::new(),
    };
    let title = format!("{} samples", set.n_samples());
    Ok(draw_distribution(&folder.join(format!("{}.png", array.name)), &title, &distribution)?)
}
