//! The whole of galmass in some minutes: from galaxies to images, velocity maps and statistics to inferred masses.
//!
//! ```text
//! cargo run --release --example quickstart
//! ```
//!
//! Makes a few hundred equilibrium mock galaxies of two kinds, looks at each from three sides, and measures the ten
//! statistics of table 1 of Chu et al. (2024). Then the multibranch network learns from the maps and boosted trees learn
//! from the statistics of most galaxies, and both infer the stellar and total mass within the half-mass radius of the others;
//! beside them stand a power law of the light and five virial estimators, which learn little or nothing.
//!
//! Leaves in its folder: `report.html`, one page with all that follows and nothing outside of it; `settings.json`;
//! `set`, the samples, which `inspect_dataset` shows; `galaxies.png`; of the network `history.csv`, `history.jsonl` (the same
//! with times), `loss.png`, `predictions.png`, `predictions.csv` and `model.safetensors`, which `predict` takes; of the trees
//! `trees.png`, `importance.png` and `trees/`, with models that LightGBM reads.
//!
//! These are **mock galaxies**: smooth discs and bulges in smooth haloes. How well their masses come out says that the
//! pipeline works, and nothing about real galaxies. For maps of your own there is `train_on_maps`, for cutouts
//! `build_dataset`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/baselines.rs"]
mod baselines;
#[path = "support/booster_row.rs"]
#[allow(dead_code, reason = "parts of its own, and rows that are kept, are of `reproduce_table5`")]
mod booster_row;
#[path = "support/feature_table.rs"]
#[allow(dead_code, reason = "tables as text are for `train_booster`")]
mod feature_table;
#[path = "support/galaxy_table.rs"]
#[allow(dead_code, reason = "catalogues are for `reproduce_table5`")]
mod galaxy_table;
#[path = "support/learning.rs"]
#[allow(dead_code, reason = "the samples stay on disk")]
mod learning;
#[path = "support/learning_on_disk.rs"]
mod learning_on_disk;
#[path = "support/mock_set.rs"]
mod mock_set;
#[path = "support/mock_survey.rs"]
#[allow(dead_code, reason = "the set is known to be of mocks")]
mod mock_survey;
#[path = "support/output.rs"]
mod output;
#[path = "support/paper_table.rs"]
mod paper_table;
#[path = "support/report.rs"]
mod report;
#[path = "support/set_learning.rs"]
#[allow(dead_code, reason = "the network sees what `learning_on_disk` shows it")]
mod set_learning;
#[path = "support/table_5.rs"]
#[allow(dead_code, reason = "two of the rows are here")]
mod table_5;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use booster_row::{Done, Parts, Task};
use clap::Parser;
use galaxy_table::GalaxyTable;
use galmass::dataset::{Channel, Checksum, MapSet, SampleSet, Split};
use galmass::device::Device;
use galmass::gbdt::BoosterConfig;
use galmass::net::{HeadConfig, TrainingConfig};
use galmass::plots::{
    BarPanel, Bars, ColourScale, MapPanel, PredictionPanel, draw_bar_panels, draw_maps, draw_predictions,
};
use learning::{Quantity, Scored, Shape};
use mock_survey::MockSurvey;
use ndarray::ArrayView2;
use paper_table::{Measured, PaperRow};
use report::Report;
use serde::Serialize;
use set_learning::{numbers, profile_radii};
use table_5::TARGETS;

/// What is inferred within the half-mass radius, as places among the targets of table 5.
const QUANTITIES: [(Quantity, usize); 2] = [
    (Quantity { name: "log10_stellar_mass_msun", label: "M★" }, 0),
    (Quantity { name: "log10_total_mass_msun", label: "Mₜₒₜ" }, 2),
];

/// Features of the first stage of the network: a quarter of the paper's, for two cores and a few minutes.
const WIDTH: usize = 16;

#[derive(Parser, Serialize)]
#[command(about = "Mock galaxies, mock observations, a network and trees, and the masses they infer")]
struct Arguments {
    /// Mock galaxies to make
    #[arg(long, default_value_t = 300)]
    galaxies: usize,
    /// Stars of each
    #[arg(long, default_value_t = 6000)]
    stars: usize,
    /// Passes of the network over the training part
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
    let training =
        TrainingConfig { n_epochs: arguments.epochs, seed: arguments.seed, ..TrainingConfig::recommended() };
    training.check()?;
    let folder = output::folder(arguments.out.as_deref(), "quickstart", false)?;
    let settings = serde_json::json!({ "arguments": arguments, "width": WIDTH, "training": training });
    output::write_settings(&folder, &settings)?;

    // Population and observation: the image at the 60 pixels of SDSS, the velocity maps at 24.
    let (n_galaxies, n_stars, seed) = (arguments.galaxies, arguments.stars, arguments.seed);
    let survey = MockSurvey { n_galaxies, n_stars, image_px: 60, map_px: 24, seed };
    let set_folder = folder.join("set");
    let set = mock_survey::mock_set(&survey, &set_folder)?;
    draw_galaxies(&folder.join("galaxies.png"), &set)?;
    let split = learning_on_disk::split(&set, seed)?;

    // The network on the maps.
    let quantities = QUANTITIES.map(|(quantity, _)| quantity);
    let maps = learning_on_disk::sample_maps(&quantities);
    let shape = Shape { width: WIDTH, head: HeadConfig::Point };
    let model = learning_on_disk::train(&*engine, &set, &split, &maps, &shape, &training, &folder)?;
    let scores = learning_on_disk::score(&*engine, &model, &quantities, &set, &split, &maps)?;
    learning::report(&scores, "Masses of mock galaxies, by the network", &folder)?;

    // The trees on the statistics, and what needs no learning.
    let split = &split.split;
    let trees = grow_trees(&set_folder, &set, split, seed, &folder.join("trees"))?;
    draw_trees(&folder, &trees)?;
    let table = table(&set, split, &scores, &trees, seed)?;

    println!("\n{}", paper_table::markdown(&table));
    println!("{}", paper_table::OF_MOCKS);
    write_report(&folder, &set, split, &table, &settings)?;
    eprintln!("wrote {}: look at report.html", folder.display());
    if arguments.json {
        let mut figures = serde_json::json!({ "mock": true, "n_test": split.test.len(), "table": table });
        for score in &scores {
            figures[format!("{}_bias_dex", score.name)] = score.residuals.bias().into();
            figures[format!("{}_scatter_dex", score.name)] = score.residuals.scatter().into();
        }
        output::print_json(&figures);
    }
    Ok(())
}

/// Trees for each quantity, on the galaxies that the network learns from, scored on those that it is scored on.
fn grow_trees(
    set_folder: &Path,
    set: &SampleSet,
    split: &Split,
    seed: u64,
    folder: &Path,
) -> Result<Vec<Done>, Box<dyn Error>> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let table = GalaxyTable::of_set(set_folder)?;
    let galaxies = |samples: &[usize]| baselines::galaxies(set, samples).into_iter().collect::<BTreeSet<_>>();
    let parts = Parts::of_galaxies(&table.galaxies, &galaxies(&split.validation), &galaxies(&split.test));
    // Those of the paper: 500 trees of five leaves, whatever the validation part says.
    let config = BoosterConfig::chu2024();
    let grow = |&(_, target): &(Quantity, usize)| {
        let known = table_5::ROWS.iter().find(|row| row.target == target && row.has_magnitude);
        let task = Task {
            name: TARGETS[target].word.into(),
            row: PaperRow {
                label: "boosted trees".into(),
                inputs: "ten statistics".into(),
                target: TARGETS[target].symbol.into(),
                paper: known.map(|row| row.paper),
                ours: None,
            },
            inputs: table.features.iter().collect(),
            target,
        };
        booster_row::train(&task, &table, &parts, &config, seed, folder, Checksum::of(&[]))
    };
    QUANTITIES.iter().map(grow).collect()
}

/// All ways to a mass, row by row, on the same galaxies.
fn table(
    set: &SampleSet,
    split: &Split,
    scores: &[Scored],
    trees: &[Done],
    seed: u64,
) -> Result<Vec<PaperRow>, Box<dyn Error>> {
    let galaxies = baselines::galaxies(set, &split.test);
    // Rows 16 and 17 of table 4 of the paper.
    let of_paper = [[0.01, 0.04], [-0.01, 0.06]];
    let mut rows = Vec::new();
    for ((score, paper), (_, target)) in scores.iter().zip(of_paper).zip(&QUANTITIES) {
        rows.push(PaperRow {
            label: "residual network".into(),
            inputs: "r, V, σ maps".into(),
            target: TARGETS[*target].symbol.into(),
            paper: Some(paper),
            ours: Some(Measured::of(&score.predicted, &score.truth, &galaxies, seed)?),
        });
    }
    rows.extend(trees.iter().map(|done| done.row.clone()));
    let radii = profile_radii(set);
    rows.extend(baselines::rows(set, split, &radii, seed)?);
    Ok(rows)
}

/// The first three galaxies along the z axis: image, velocity, dispersion.
fn draw_galaxies(path: &Path, set: &SampleSet) -> Result<(), Box<dyn Error>> {
    let mut ids = BTreeSet::new();
    let last_of_galaxies =
        (0..set.n_samples()).rev().filter(|&sample| ids.insert(set.keys().galaxy_id[sample]));
    let mut shown: Vec<usize> = last_of_galaxies.collect();
    shown.reverse();
    shown.truncate(3);
    let maps = MapSet::from_samples(set, &shown, &learning_on_disk::sample_maps(&[]))?;
    let masses = numbers(set, QUANTITIES[0].0.name, &shown)?;
    let map = |channel, row: usize| -> Result<ArrayView2<'_, f32>, Box<dyn Error>> {
        Ok(maps.channel(channel)?.index_axis_move(ndarray::Axis(0), row))
    };
    let mut values = Vec::new();
    for row in 0..shown.len() {
        let of_row =
            [Channel::Light, Channel::Velocity, Channel::Dispersion].map(|channel| map(channel, row));
        let [light, velocity, dispersion] = of_row;
        values.push([light?, velocity?, dispersion?].map(|map| map.mapv(f64::from)));
    }
    let rows: Vec<Vec<MapPanel<'_>>> = values
        .iter()
        .zip(masses)
        .enumerate()
        .map(|(number, ([light, velocity, dispersion], mass))| {
            let title = format!("mock {number}: log₁₀ M★ = {mass:.2}");
            vec![
                panel(title, light.view(), ColourScale::Log { decades: 4.0 }, "r light [L☉]"),
                panel("velocity".into(), velocity.view(), ColourScale::Symmetric { limit: None }, "V [km/s]"),
                panel(
                    "dispersion".into(),
                    dispersion.view(),
                    ColourScale::Linear { range: None },
                    "σ [km/s]",
                ),
            ]
        })
        .collect();
    Ok(draw_maps(path, "Mock galaxies, in units of their half-mass radius R", &rows)?)
}

fn panel<'a>(
    title: String,
    values: ArrayView2<'a, f64>,
    scale: ColourScale,
    colour_label: &str,
) -> MapPanel<'a> {
    MapPanel {
        title,
        values,
        extent: [-3.0, 3.0, -3.0, 3.0],
        x_label: "x [R]".into(),
        y_label: "y [R]".into(),
        scale,
        colour_label: colour_label.into(),
        circle_radius: Some(1.0),
        ellipses: Vec::new(),
    }
}

/// What the trees say, and which statistics they ask.
fn draw_trees(folder: &Path, trees: &[Done]) -> Result<(), Box<dyn Error>> {
    let predictions: Vec<PredictionPanel<'_>> = trees
        .iter()
        .zip(&QUANTITIES)
        .map(|(done, (_, target))| PredictionPanel {
            title: "unseen galaxies".into(),
            truth: &done.truth,
            predicted: &done.predicted,
            quantity_label: TARGETS[*target].label.into(),
            residual_label: "predicted − true [dex]".into(),
        })
        .collect();
    draw_predictions(&folder.join("trees.png"), "Masses of mock galaxies, by trees", &predictions)?;

    let column = |done: &Done| -> (Vec<String>, Vec<f64>) {
        done.importance.iter().map(|importance| (importance.symbol.clone(), importance.gain)).unzip()
    };
    let columns: Vec<_> = trees.iter().map(column).collect();
    let panels = trees.iter().zip(&columns).map(|(done, (names, values))| BarPanel {
        title: done.row.target.clone(),
        bars: Bars { names, values, value_label: "share of the gain [%]".into() },
    });
    Ok(draw_bar_panels(&folder.join("importance.png"), "What trees ask for a mass", &[panels.collect()])?)
}

fn write_report(
    folder: &Path,
    set: &SampleSet,
    split: &Split,
    table: &[PaperRow],
    settings: &serde_json::Value,
) -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("galmass: masses of mock galaxies");
    let n_galaxies = set.keys().n_galaxies();
    report.paragraph(&format!(
        "{n_galaxies} mock galaxies were made and seen from three sides each: {} samples. {} of them were learnt from, {} \
         chose the epoch of the network, and the {} of which the table speaks are of galaxies that neither network nor \
         trees have seen from any side.",
        set.n_samples(),
        split.training.len(),
        split.validation.len(),
        split.test.len(),
    ));
    report.paragraph(paper_table::OF_MOCKS);
    report.heading("The masses");
    report.table(&paper_table::HEADINGS, &table.iter().map(paper_table::cells).collect::<Vec<_>>());
    report.paragraph(
        "Bias, 1σ and half the distance between the 16th and the 84th percentile of log₁₀(predicted / true), in dex, with \
         errors from galaxies drawn anew. Masses are those within the half-mass radius R, or within the radius that stands \
         beside them. The paper's numbers are those of its own galaxies.",
    );
    report.heading("What was seen");
    report.picture(
        &folder.join("galaxies.png"),
        "The first three galaxies: light, velocity and velocity dispersion; the circle has the radius R.",
    )?;
    report.heading("What the network says");
    report.picture(&folder.join("predictions.png"), "Predicted against true mass, and the residuals.")?;
    report.picture(&folder.join("loss.png"), "The squared error, epoch by epoch.")?;
    report.heading("What the trees say");
    report.picture(&folder.join("trees.png"), "Predicted against true mass, and the residuals.")?;
    report.picture(&folder.join("importance.png"), "Which statistics the trees split by.")?;
    report.heading("Settings");
    report.listing(&format!("galmass {}\n{settings:#}", env!("CARGO_PKG_VERSION")));
    report.write(&folder.join("report.html"))
}
