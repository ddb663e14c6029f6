//! How well do a galaxy's light, colour, dispersion and shape tell its masses? Table 5 of Chu et al. (2024).
//!
//! ```text
//! cargo run --release --example reproduce_table5 -- [--galaxies 300] [--preset chu2024] [--out DIR] [--resume]
//! cargo run --release --example reproduce_table5 -- --set DIR [--split paper]
//! cargo run --release --example reproduce_table5 -- --catalogue tng100_z0_group_members.csv
//! ```
//!
//! Trains boosted trees for all nine rows of the table and prints them beside the paper's, with errors from galaxies drawn
//! anew: on a set of `build_dataset` that has the features of table 1; on mock galaxies that it makes itself; or on a group
//! catalogue of IllustrisTNG as text. A catalogue has four of the ten features; further rows add what else a telescope
//! sees of its galaxies, their radius and six colours. A third of the galaxies is held back; lines of sight of one galaxy,
//! and in a catalogue galaxies of one halo, are never parted. `--split paper` deals out single samples, as the paper did.
//!
//! Killed, it goes on with `--resume --out FOLDER`: mock galaxies that are made and rows that are done are not done again,
//! unless data or settings are others. `--rows stars_default,total_default` does some of them; the figures of six quantities
//! wait for all.
//!
//! Leaves in its folder: `settings.json`; `table.md`, the rows beside the paper's; `importance.csv`, by gain, permutation
//! and Shapley value; `rows/NAME.txt`, the trees as LightGBM reads them, and `rows/NAME.json`, what was found; and as PNG
//! and SVG `loss` and `predictions` (six quantities), `correlations` (figure 10 of the paper), `importance_of_masses` and
//! `importance_of_fractions` (figures 11 and 12). Mock galaxies go to `set`. A catalogue takes seconds, 300 mock galaxies
//! some minutes on two cores.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/booster_row.rs"]
mod booster_row;
#[path = "support/feature_table.rs"]
#[allow(dead_code, reason = "the table of a booster has one target, a catalogue has six")]
mod feature_table;
#[path = "support/galaxy_table.rs"]
mod galaxy_table;
#[path = "support/mock_set.rs"]
mod mock_set;
#[path = "support/output.rs"]
mod output;
#[path = "support/paper_table.rs"]
mod paper_table;
#[path = "support/table_5.rs"]
mod table_5;
#[path = "support/table_5_figures.rs"]
mod table_5_figures;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use booster_row::{Done, Parts, Task};
use clap::{Parser, ValueEnum};
use galaxy_table::{GalaxyTable, Input};
use galmass::dataset::{Checksum, Column, Table};
use galmass::gbdt::BoosterConfig;
use galmass::mock::{Population, PopulationConfig};
use galmass::survey::{MockSource, SurveyConfig};
use paper_table::PaperRow;
use serde::Serialize;
use table_5::{AND_MORE, ROWS, TARGETS};

#[derive(Parser, Serialize)]
#[command(about = "Table 5 of Chu et al. (2024) on mock galaxies, a data set or a group catalogue")]
struct Arguments {
    /// A set of samples with the features of table 1 [default: mock galaxies]
    #[arg(long)]
    set: Option<PathBuf>,
    /// A group catalogue of IllustrisTNG as a table (.csv)
    #[arg(long, conflicts_with = "set")]
    catalogue: Option<PathBuf>,
    /// Mock galaxies to make [default: 300, with the preset tiny 30]
    #[arg(long, conflicts_with_all = ["set", "catalogue"])]
    galaxies: Option<usize>,
    /// Stars, and as many dark matter particles, of each [default: 10000, with the preset tiny 600]
    #[arg(long, conflicts_with_all = ["set", "catalogue"])]
    stars: Option<usize>,
    /// How trees are trained
    #[arg(long, value_enum, default_value = "chu2024")]
    preset: Preset,
    /// Rows to do, by the names of their files in rows/ [default: all]
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// What is held back
    #[arg(long, value_enum, default_value = "grouped")]
    split: Splitting,
    /// Decides mock galaxies, what is held back, permutations and errors
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the results go: a new folder, or with --resume that of the run [default: out/reproduce_table5]
    #[arg(long)]
    #[serde(skip)]
    out: Option<PathBuf>,
    /// Go on with the run in --out
    #[arg(long)]
    #[serde(skip)]
    resume: bool,
    /// Print the numbers as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Preset {
    /// Those of the paper: 500 trees of 5 leaves
    Chu2024,
    /// Up to 3000 trees of 15 leaves at a lower rate, as many as help galaxies that are neither trained nor scored on
    Recommended,
    /// 50 trees of small leaves, and few mock galaxies of few stars, for a first look
    Tiny,
}

impl Preset {
    fn booster(self) -> BoosterConfig {
        match self {
            Self::Chu2024 => BoosterConfig::chu2024(),
            Self::Recommended => BoosterConfig {
                num_iterations: 3000,
                num_leaves: 15,
                learning_rate: 0.03,
                early_stopping_round: 100,
                ..BoosterConfig::default()
            },
            // So few samples would fill no two leaves of 20.
            Self::Tiny => {
                BoosterConfig { num_iterations: 50, min_data_in_leaf: 5, ..BoosterConfig::chu2024() }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Splitting {
    /// Whole galaxies, of a catalogue whole haloes
    Grouped,
    /// Single samples, as in the paper: trees have seen most galaxies from another side
    Paper,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let booster = arguments.preset.booster();
    let parted = |table: GalaxyTable| -> Result<_, Box<dyn Error>> {
        let single: Vec<u64> = (0..table.n_samples() as u64).collect();
        let groups = if arguments.split == Splitting::Paper { &single } else { &table.groups };
        let parts = Parts::new(groups, booster.early_stopping_round > 0, arguments.seed)?;
        let names: Vec<String> = tasks(&table).into_iter().map(|task| task.name).collect();
        match arguments.rows.iter().find(|row| !names.contains(row)) {
            Some(row) => Err(format!("no row is called {row:?}; there are {}", names.join(", ")).into()),
            None => Ok((table, parts)),
        }
    };
    // What cannot be read or parted leaves no folder.
    let given = match (&arguments.set, &arguments.catalogue) {
        (Some(set), _) => Some(parted(GalaxyTable::of_set(set)?)?),
        (_, Some(catalogue)) => Some(parted(GalaxyTable::of_catalogue(catalogue)?)?),
        _ => None,
    };
    let (source, survey) = mocks(arguments)?;
    let folder = output::folder(arguments.out.as_deref(), "reproduce_table5", arguments.resume)?;
    let settings = serde_json::json!({ "arguments": arguments, "booster": booster });
    output::write_settings(&folder, &settings)?;
    let (table, parts) = match given {
        Some(given) => given,
        None => {
            let set = folder.join("set");
            mock_set::make(&source, &survey, &set, arguments.resume)?;
            parted(GalaxyTable::of_set(&set)?)?
        }
    };

    let rows_folder = folder.join("rows");
    fs::create_dir_all(&rows_folder).map_err(|error| format!("{}: {error}", rows_folder.display()))?;
    let (mut all_done, mut n_kept) = (Vec::new(), 0);
    for task in tasks(&table) {
        let made_of = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "data": table.checksum,
            "settings": { "booster": booster, "split": arguments.split, "seed": arguments.seed },
            "row": task.row,
        });
        let made_of = Checksum::of(made_of.to_string().as_bytes());
        let done = match booster_row::kept(&rows_folder, &task.name, made_of) {
            Some(done) => {
                n_kept += 1;
                eprintln!("{}: done before", task.name);
                done
            }
            None if !arguments.rows.is_empty() && !arguments.rows.contains(&task.name) => continue,
            None => {
                eprintln!("{}", task.name);
                let seed = arguments.seed;
                booster_row::train(&task, &table, &parts, &booster, seed, &rows_folder, made_of)?
            }
        };
        all_done.push((task.name, done));
    }

    let text = report(&table, &parts, arguments.split, &all_done);
    println!("{text}");
    fs::write(folder.join("table.md"), text)?;
    write_importance(&folder, &all_done)?;
    table_5_figures::draw(&folder, &table, &all_done)?;
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&figures(&table, &parts, &all_done, n_kept));
    }
    Ok(())
}

/// Mock galaxies, and what is measured of them.
fn mocks(arguments: &Arguments) -> Result<(MockSource, SurveyConfig), Box<dyn Error>> {
    let is_tiny = arguments.preset == Preset::Tiny;
    let (n_galaxies, n_stars) = if is_tiny { (30, 600) } else { (300, 10_000) };
    let n_stars = arguments.stars.unwrap_or(n_stars);
    let population = PopulationConfig {
        n_galaxies: arguments.galaxies.unwrap_or(n_galaxies),
        n_stars,
        n_dark_matter: n_stars,
        seed: arguments.seed,
        ..PopulationConfig::default()
    };
    // No trees look at maps; the smallest galaxies have no potential by a tree either.
    let survey = if is_tiny { SurveyConfig::small() } else { SurveyConfig::default() };
    let survey = SurveyConfig { seed: arguments.seed, channels: Vec::new(), sersic_image: false, ..survey };
    survey.check()?;
    Ok((MockSource::new(Population::new(population)?, "mock"), survey))
}

/// The rows of the paper, and where more is known of the galaxies the same with that.
fn tasks(table: &GalaxyTable) -> Vec<Task<'_>> {
    let task = |row: &table_5::Row, has_more: bool| {
        let target = &TARGETS[row.target];
        let n_left_out = usize::from(!row.has_magnitude);
        let mut inputs: Vec<&Input> = table.features.iter().skip(n_left_out).collect();
        let (words, word) =
            if row.has_magnitude { ("default", "default") } else { ("w/o mag", "without_magnitude") };
        let mut row_inputs = words.to_owned();
        if !table.missing.is_empty() {
            row_inputs += &format!(" ({} of {})", inputs.len(), table_5::FEATURES.len() - n_left_out);
        }
        let mut name = format!("{}_{word}", target.word);
        if has_more {
            inputs.extend(&table.more);
            row_inputs += &format!(" + {} more", table.more.len());
            name += AND_MORE;
        }
        let row_of_paper = PaperRow {
            label: row.section.into(),
            inputs: row_inputs,
            target: target.symbol.into(),
            paper: (!has_more).then_some(row.paper),
            ours: None,
        };
        Task { name, row: row_of_paper, inputs, target: row.target }
    };
    let further = if table.more.is_empty() { &[][..] } else { &ROWS };
    ROWS.iter().map(|row| task(row, false)).chain(further.iter().map(|row| task(row, true))).collect()
}

/// The table with what must be known to read it.
fn report(table: &GalaxyTable, parts: &Parts, split: Splitting, done: &[(String, Done)]) -> String {
    let rows: Vec<PaperRow> = done.iter().map(|(_, done)| done.row.clone()).collect();
    let mut paragraphs =
        vec![format!("# Table 5 of Chu et al. (2024), {} {}", table.n_samples(), table.what)];
    if table.are_mocks {
        paragraphs.push(paper_table::OF_MOCKS.into());
    }
    paragraphs.push(paper_table::markdown(&rows).trim_end().to_owned());
    let mut sentences = vec![match split {
        Splitting::Grouped => format!("A third is held back; no {} is in both parts.", table.group_word),
        Splitting::Paper => format!(
            "A third is held back, sample by sample: of {:.1} per cent of it the trees know the galaxy from another \
             side, as in the paper of 89.1.",
            100.0 * parts.overlap(&table.galaxies)
        ),
    }];
    sentences.push("All are decimal logarithms, those of fractions too.".into());
    sentences.push("Errors are standard deviations among galaxies drawn anew.".into());
    if table.n_left_out > 0 {
        sentences.push(format!("Samples left out: {} ({}).", table.n_left_out, table.why_left_out));
    }
    paragraphs.push(sentences.join(" "));
    if !table.missing.is_empty() {
        let more: Vec<&str> = table.more.iter().map(|input| &*input.symbol).collect();
        let of_features = format!(
            "Of the ten features of the paper these are missing: {}. The rows with {} more add {}.",
            table.missing.join(", "),
            more.len(),
            more.join(", ")
        );
        paragraphs.extend([of_features, table.caveats.join(" ")]);
    }
    paragraphs.join("\n\n") + "\n"
}

fn write_importance(folder: &Path, done: &[(String, Done)]) -> Result<(), Box<dyn Error>> {
    let all = || done.iter().flat_map(|(name, done)| done.importance.iter().map(move |of| (name, of)));
    let column = |name: &str, of: fn(&booster_row::Importance) -> f64| {
        Column::floats(name, "%", all().map(|(_, importance)| of(importance)).collect())
    };
    let columns = vec![
        Column::texts("row", all().map(|(name, _)| name.clone()).collect()),
        Column::texts("feature", all().map(|(_, importance)| importance.symbol.clone()).collect()),
        column("share_of_gain", |importance| importance.gain),
        column("share_of_permutation", |importance| importance.permutation),
        column("share_of_shapley_values", |importance| importance.shapley),
    ];
    Ok(Table { columns, ..Table::default() }.write_csv(&folder.join("importance.csv"))?)
}

fn figures(table: &GalaxyTable, parts: &Parts, done: &[(String, Done)], n_kept: usize) -> serde_json::Value {
    let mut figures = serde_json::json!({
        "n_samples": table.n_samples(),
        "n_left_out": table.n_left_out,
        "are_mocks": table.are_mocks,
        "missing_features": table.missing,
        "n_shared_groups": parts.n_shared(&table.groups),
        "overlap": parts.overlap(&table.galaxies),
        "n_rows": done.len(),
        "n_kept": n_kept,
    });
    for (name, done) in done {
        figures["rows"][name] = serde_json::json!({
            "row": done.row,
            "n_training": done.n_training,
            "n_trees": done.n_trees,
            "importance": done.importance,
        });
    }
    figures
}
