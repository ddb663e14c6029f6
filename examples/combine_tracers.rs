//! Do gas and stars together tell mass profiles better than either, and from one simulation to another?
//!
//! ```text
//! cargo run --release --example combine_tracers -- [--preset recommended] [--head gaussian] [--out DIR] [--resume]
//! cargo run --release --example combine_tracers -- --set out/build_dataset --device cuda
//! ```
//!
//! The questions of Exposito-Marquez et al. (2026): networks that see velocity maps of gas alone, of stars alone and of
//! both, on the same galaxies and lines of sight, say how the total mass rises through ten radii, as a posterior. Separate
//! networks are the fair comparison; one network that learns to do without either tracer stands beside them. Then networks
//! for both tracers learn from one suite and are carried to the others, once as they are and once with their features
//! aligned by the maximum mean discrepancy, beside the network that has learnt from all suites.
//!
//! Without `--set` the data are mock galaxies of two suites, made on the fly (and a set that `reproduce_table4` has made
//! serves, too). A set of `build_dataset` needs the channels `velocity`, `dispersion`, `gas_velocity` and
//! `gas_dispersion`, and for transfers two suites. Galaxies with fewer than `--least-px` pixels of gas or stars on any
//! line of sight are left out for all.
//!
//! Leaves in its folder: `settings.json`, `set/`, `trainings/NAME/` (model, loss curve, what it says of each test
//! sample), `tracers.md`, `tracers.json`, `gains.png`, `posteriors.png`, `calibration.png` and `transfer.png`. Stopped
//! at any instant, it goes on with `--resume --out FOLDER`. With the default settings it takes hours on two cores.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/learning.rs"]
#[allow(dead_code, reason = "profiles have a report of their own")]
mod learning;
#[path = "support/mock_set.rs"]
mod mock_set;
#[path = "support/mock_survey.rs"]
mod mock_survey;
#[path = "support/output.rs"]
#[allow(dead_code, reason = "settings are kept with those of the networks that were trained")]
mod output;
#[path = "support/paper_table.rs"]
#[allow(dead_code, reason = "this paper has no table")]
mod paper_table;
#[path = "support/resumable.rs"]
mod resumable;
#[path = "support/set_learning.rs"]
#[allow(dead_code, reason = "profiles are told by posteriors")]
mod set_learning;
#[path = "support/tracers.rs"]
mod tracers;
#[path = "support/tracers_figures.rs"]
mod tracers_figures;
#[path = "support/tracers_report.rs"]
mod tracers_report;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::dataset::{Fractions, SampleSet, Split};
use galmass::device::Device;
use galmass::net::{AlignmentConfig, HeadConfig, TrainingConfig};
use mock_survey::MockSurvey;
use tracers::{Evaluation, Experiment, Plan, Tracers};
use tracers_report::{AtRadius, Calibration, Carried, Errors, Verdict, calibration, gains, ratio, verdict};

#[derive(Parser)]
#[command(about = "Mass profiles from gas, stars and both, and from suite to suite")]
struct Arguments {
    /// The folder of a set of samples [default: mock galaxies made on the fly]
    #[arg(long, conflicts_with_all = ["galaxies", "stars", "map_px"])]
    set: Option<PathBuf>,
    /// Networks, training and mock galaxies to start from
    #[arg(long, value_enum, default_value = "recommended")]
    preset: Preset,
    /// What the networks say of a profile
    #[arg(long, value_enum, default_value = "gaussian")]
    head: Head,
    /// Passes over the training part [default: the preset's]
    #[arg(long)]
    epochs: Option<usize>,
    /// Features of the first stage of each branch [default: the preset's]
    #[arg(long)]
    width: Option<usize>,
    /// What a discrepancy of 1 adds to the loss where features are aligned
    #[arg(long, default_value_t = 5.0)]
    alignment: f64,
    /// The fewest pixels with gas, and with stars, of a map [default: the preset's]
    #[arg(long)]
    least_px: Option<usize>,
    /// Mock galaxies [default: the preset's]
    #[arg(long)]
    galaxies: Option<usize>,
    /// Stars of each mock galaxy [default: the preset's]
    #[arg(long)]
    stars: Option<usize>,
    /// Pixels of a velocity map of mock galaxies [default: the preset's]
    #[arg(long)]
    map_px: Option<usize>,
    /// Decides mock galaxies, split, first weights and the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// cpu, ndarray, cuda or cuda:N
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Where the results go: a new folder [default: out/combine_tracers]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Go on with the run in --out
    #[arg(long)]
    resume: bool,
    /// Print the figures as one line of JSON at the end
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// ResNet-18 branches a quarter as wide as Chu et al. (2024) have them, 30 epochs, 3000 mock galaxies
    Recommended,
    /// A few galaxies and epochs, to see that it runs
    Tiny,
}

impl Preset {
    fn training(self) -> TrainingConfig {
        // Ten radii of one galaxy all but determine each other: a density that begins too wide or too narrow for them has
        // gradients that would throw the network far off.
        let steady = TrainingConfig { largest_gradient: Some(1.0), ..TrainingConfig::recommended() };
        match self {
            Self::Recommended => steady,
            Self::Tiny => TrainingConfig { n_epochs: 2, batch_size: 16, ..steady },
        }
    }

    fn width(self) -> usize {
        match self {
            Self::Recommended => 16,
            Self::Tiny => 2,
        }
    }

    fn least_px(self) -> usize {
        match self {
            Self::Recommended => 20,
            Self::Tiny => 3,
        }
    }

    fn survey(self, arguments: &Arguments) -> MockSurvey {
        let (n_galaxies, n_stars, map_px) = match self {
            Self::Recommended => (3000, 6000, 48),
            Self::Tiny => (24, 400, 12),
        };
        MockSurvey {
            n_galaxies: arguments.galaxies.unwrap_or(n_galaxies),
            n_stars: arguments.stars.unwrap_or(n_stars),
            image_px: 20,
            map_px: arguments.map_px.unwrap_or(map_px),
            seed: arguments.seed,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Head {
    /// A Gaussian
    Gaussian,
    /// A mixture of four Gaussians
    Mixture,
    /// An autoregressive flow of four layers
    Flow,
}

impl Head {
    fn config(self) -> HeadConfig {
        match self {
            Self::Gaussian => HeadConfig::Gaussian,
            Self::Mixture => HeadConfig::Mixture { n_components: 4 },
            Self::Flow => HeadConfig::Flow { n_layers: 4, n_hidden: 64, n_components: 4 },
        }
    }
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let engine = arguments.device.parse::<Device>()?.open()?;
    let preset = arguments.preset.training();
    let training = TrainingConfig {
        n_epochs: arguments.epochs.unwrap_or(preset.n_epochs),
        seed: arguments.seed,
        ..preset
    };
    let alignment = AlignmentConfig { weight: arguments.alignment };
    TrainingConfig { alignment: Some(alignment), ..training.clone() }.check()?;
    let (width, head) = (arguments.width.unwrap_or(arguments.preset.width()), arguments.head.config());
    // A set that is not there is found out before there is a folder.
    let given = arguments.set.as_deref().map(SampleSet::open).transpose()?;
    let folder = output::folder(arguments.out.as_deref(), "combine_tracers", arguments.resume)?;
    let set = match given {
        Some(set) => set,
        None => mock_survey::mock_set(&arguments.preset.survey(arguments), &folder.join("set"))?,
    };
    let radii = tracers::radii(&set)?;
    let least_px = arguments.least_px.unwrap_or(arguments.preset.least_px());
    let traced = tracers::traced(&set, least_px)?;
    let split = split(&set, &traced, arguments.seed)?;
    resumable::keep_settings(
        &folder,
        &serde_json::json!({
            "set": set.manifest().checksum(), "seed": arguments.seed, "least_px": least_px,
            "training": training, "alignment": alignment, "width": width, "head": head,
        }),
    )?;
    eprintln!(
        "{} of {} samples have gas and stars: {} to train on, {} to validate, {} to test",
        traced.len(),
        set.n_samples(),
        split.training.len(),
        split.validation.len(),
        split.test.len(),
    );
    let targets: Vec<String> = (0..radii.len()).map(|at| format!("{}[{at}]", tracers::PROFILE)).collect();
    let experiment = Experiment {
        engine: &*engine,
        set: &set,
        split: &split,
        targets: &targets,
        head,
        width,
        training,
        alignment,
        folder: &folder,
    };
    report(&experiment, &radii, arguments)
}

/// Splits the galaxies that have both tracers, suite by suite, so that each part has some of all.
fn split(set: &SampleSet, traced: &[usize], seed: u64) -> Result<Split, Box<dyn Error>> {
    if traced.is_empty() {
        return Err("no galaxy has gas and stars enough on all lines of sight: lower --least-px".into());
    }
    let keys = set.keys();
    // A number that two suites give to a galaxy each counts as one galaxy, that of the first.
    let mut suite_of: BTreeMap<u64, u16> = BTreeMap::new();
    for &sample in traced {
        suite_of.entry(keys.galaxy_id[sample]).or_insert(keys.suite[sample]);
    }
    let mut parts = Split { training: vec![], validation: vec![], test: vec![] };
    for suite in suite_of.values().copied().collect::<BTreeSet<u16>>() {
        let is_of = |sample: &usize| suite_of[&keys.galaxy_id[*sample]] == suite;
        let own: Vec<usize> = traced.iter().copied().filter(is_of).collect();
        let galaxies: Vec<u64> = own.iter().map(|&sample| keys.galaxy_id[sample]).collect();
        let of_suite = Split::grouped(&galaxies, Fractions::default(), seed)?;
        let samples = |part: Vec<usize>| part.into_iter().map(|place| own[place]).collect::<Vec<_>>();
        parts.training.extend(samples(of_suite.training));
        parts.validation.extend(samples(of_suite.validation));
        parts.test.extend(samples(of_suite.test));
    }
    Ok(parts)
}

fn report(experiment: &Experiment<'_>, radii: &[f64], arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (set, folder) = (experiment.set, experiment.folder);
    let separate = Tracers::ALL.map(|tracers| experiment.evaluate(&Plan::separate(tracers), tracers));
    let separate = separate.into_iter().collect::<Result<Vec<_>, _>>()?;
    let one = Tracers::ALL.map(|tracers| experiment.evaluate(&Plan::one_for_all(), tracers));
    let one = one.into_iter().collect::<Result<Vec<_>, _>>()?;

    let truths = experiment.truths()?;
    let galaxies = tracers::test_galaxies(set, experiment.split);
    let all: Vec<usize> = (0..galaxies.len()).collect();
    let errors = |said: &Evaluation| Errors::of(said, &truths, &galaxies, &all);
    let (of_separate, of_one): (Vec<_>, Vec<_>) =
        (separate.iter().map(errors).collect(), one.iter().map(errors).collect());
    let gained = gains([&of_separate[0], &of_separate[1], &of_separate[2]], radii)?;
    let calibrated = separate.iter().map(|said| calibration(said, &all)).collect::<Result<Vec<_>, _>>()?;

    let mut verdicts = Vec::new();
    for (kind, of) in [("separate networks", &of_separate), ("one network for all", &of_one)] {
        for single in [0, 1] {
            let what = format!("{} over both, {kind}, mean dispersion", Tracers::ALL[single].name());
            verdicts.push(verdict(&what, ratio(&of[single], &of[2], Errors::dispersion)?));
        }
    }
    let carried = carry(experiment, &separate[2], &mut verdicts)?;

    let text = tracers_report::markdown(&gained, &calibrated, &carried, &verdicts, is_mock(set));
    println!("{text}");
    resumable::write(&folder.join("tracers.md"), &text)?;
    draw(experiment, &gained, &calibrated, &carried, &separate, radii)?;
    let figures = serde_json::json!({
        "n_samples": set.n_samples(),
        "n_test": galaxies.len(),
        "radii_rhsm": radii,
        "gains": gained,
        "calibration": Tracers::ALL.iter().zip(&calibrated).map(|(tracers, calibration)| {
            serde_json::json!({ "tracers": tracers.name(), "calibration": calibration })
        }).collect::<Vec<_>>(),
        "transfer": carried,
        "verdicts": verdicts,
    });
    resumable::write(&folder.join("tracers.json"), &format!("{figures:#}\n"))?;
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&figures);
    }
    Ok(())
}

/// Networks of one suite at home, abroad, and abroad with aligned features; and the one of all suites.
fn carry(
    experiment: &Experiment<'_>,
    pooled: &Evaluation,
    verdicts: &mut Vec<Verdict>,
) -> Result<Vec<Carried>, Box<dyn Error>> {
    let set = experiment.set;
    let suites = &set.manifest().description.suites;
    let truths = experiment.truths()?;
    let galaxies = tracers::test_galaxies(set, experiment.split);
    let of_suite = |suite: u16| -> Vec<usize> {
        let is_of = |place: &usize| set.keys().suite[experiment.split.test[*place]] == suite;
        (0..galaxies.len()).filter(is_of).collect()
    };
    let numbers: Vec<u16> = (0..).take(suites.len()).filter(|&suite| !of_suite(suite).is_empty()).collect();
    let mut carried = Vec::new();
    if numbers.len() < 2 {
        return Ok(carried);
    }
    let mut add = |trained_on: String, said: &Evaluation, suite: u16| -> Result<Errors, Box<dyn Error>> {
        let keep = of_suite(suite);
        let errors = Errors::of(said, &truths, &galaxies, &keep);
        carried.push(Carried {
            trained_on,
            tested_on: suites[usize::from(suite)].clone(),
            bias: errors.estimate(Errors::bias)?,
            dispersion: errors.estimate(Errors::dispersion)?,
            rms: errors.estimate(Errors::rms)?,
            calibration: calibration(said, &keep)?,
        });
        Ok(errors)
    };
    let mut plain: BTreeMap<[u16; 2], Errors> = BTreeMap::new();
    for &own in &numbers {
        let said = experiment.evaluate(&Plan::of_suite(own, None), Tracers::Both)?;
        for &suite in &numbers {
            plain.insert([own, suite], add(suites[usize::from(own)].clone(), &said, suite)?);
        }
    }
    for &suite in &numbers {
        add("all".into(), pooled, suite)?;
    }
    for &own in &numbers {
        for &other in numbers.iter().filter(|&&other| other != own) {
            let said = experiment.evaluate(&Plan::of_suite(own, Some(other)), Tracers::Both)?;
            let [from, to] = [own, other].map(|suite| &suites[usize::from(suite)]);
            let trained_on = format!("{from}, aligned to {to}");
            add(trained_on.clone(), &said, own)?;
            let aligned = add(trained_on, &said, other)?;
            let (abroad, home) = (&plain[&[own, other]], &plain[&[other, other]]);
            let way = format!("{from} to {to}");
            verdicts.push(verdict(
                &format!("{way}, carried over at home, rms error"),
                ratio(abroad, home, Errors::rms)?,
            ));
            verdicts.push(verdict(
                &format!("{way}, carried over aligned, rms error"),
                ratio(abroad, &aligned, Errors::rms)?,
            ));
        }
    }
    Ok(carried)
}

fn is_mock(set: &SampleSet) -> bool {
    set.manifest().description.suites.iter().all(|suite| mock_survey::is_mock(suite))
}

fn draw(
    experiment: &Experiment<'_>,
    gained: &[AtRadius],
    calibrated: &[Calibration],
    carried: &[Carried],
    separate: &[Evaluation],
    radii: &[f64],
) -> Result<(), Box<dyn Error>> {
    let folder: &Path = experiment.folder;
    let truths = experiment.truths()?;
    let n_test = truths.nrows();
    tracers_figures::draw_gains(gained, n_test, &folder.join("gains.png"))?;
    let said: Vec<_> = Tracers::ALL.into_iter().zip(separate).collect();
    // The lightest, the middle and the heaviest of the test samples.
    let mut by_mass: Vec<usize> = (0..n_test).collect();
    by_mass.sort_by(|&a, &b| truths[[a, 0]].total_cmp(&truths[[b, 0]]));
    let chosen = [by_mass[0], by_mass[n_test / 2], by_mass[n_test - 1]];
    tracers_figures::draw_posteriors(&said, &truths, radii, &chosen, &folder.join("posteriors.png"))?;
    let of: Vec<_> = Tracers::ALL.into_iter().zip(calibrated).collect();
    tracers_figures::draw_calibration(&of, &folder.join("calibration.png"))?;
    if !carried.is_empty() {
        tracers_figures::draw_transfer(carried, &folder.join("transfer.png"))?;
    }
    Ok(())
}
