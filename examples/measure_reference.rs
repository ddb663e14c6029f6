//! How long do statistics take, and how near are they to answers that are known?
//!
//! ```text
//! cargo run --release --example measure_reference -- REFDIR CASE THREADS
//! ```
//!
//! Speaks the protocol of `benches/peers/stats`: REFDIR/CASE holds `meta.json`, with the shapes of the arrays beside it
//! (little-endian doubles, row by row) and the true answer. The last line of standard output is JSON: the median wall
//! time `s` of a call and the smallest one, processor seconds `cpu_s` of all threads and `crit_s` of the busiest, and the
//! `result` by the names that the truth has. A
//! case that it does not know ends with an error.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
#[allow(dead_code)]
mod output;
#[path = "support/timing.rs"]
mod timing;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use galmass::core::Unit;
use galmass::core::units::GRAVITATIONAL_CONSTANT;
use galmass::prelude::*;
use galmass::project::{MomentConfig, nearest_moments};
use galmass::stats::{
    CircularityConfig, CircularityMethod, KinematicMaps, PotentialConfig, PotentialSources, Sampling,
    SersicFitConfig, SersicImage, SersicImageConfig, ShapeConfig, Sky, Softenings, SpinAxis, SpinConfig,
    fit_sersic_image, fit_sersic_profile, measure_circularity, measure_lambda_r, measure_shape,
    potentials_km2_s2,
};
use ndarray::Array2;
use serde::Deserialize;
use timing::Spent;

type Answers = BTreeMap<&'static str, f64>;

/// The field and the aperture of the cases of lambda_R \[kpc\].
const SPIN_HALF_WIDTH_KPC: f64 = 8.0;
const SPIN_RADIUS_KPC: f64 = 4.0;

/// Potentials are compared with plain sums for about so many particles.
const N_SUMMED: usize = 2000;

#[derive(Parser)]
#[command(about = "Times a statistic on a case with a known answer")]
struct Arguments {
    /// The folder that `benches/peers/stats/reference.py` has made
    folder: PathBuf,
    /// The name of a case: a folder in it
    case: String,
    threads: usize,
    /// Seconds of repetitions
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

/// What is said of a case.
#[derive(Deserialize)]
struct Meta {
    shapes: BTreeMap<String, Vec<usize>>,
    truth: serde_json::Value,
    rout: Option<f64>,
}

/// A case on disk.
struct Case {
    folder: PathBuf,
    meta: Meta,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let case = Case::open(arguments.folder.join(&arguments.case))?;
    let (answers, spent) = match arguments.case.as_str() {
        name if name.starts_with("sersic1d_") => fit_profile(&case, arguments)?,
        name if name.starts_with("sersic2d_") => fit_image(&case, arguments)?,
        name if name.starts_with("potential_") => find_potentials(&case, arguments)?,
        name if name.starts_with("shape_") => find_shape(&case, arguments)?,
        name if name.starts_with("lambdaR_") => find_spin(&case, arguments)?,
        name if name.starts_with("circularity_particles") => find_orbits(&case, arguments)?,
        name => return Err(format!("the case `{name}` is none that galmass knows").into()),
    };
    let Spent { median_s, min_s, cpu_s, busiest_s } = spent;
    let times = serde_json::json!({
        "s": median_s, "min_s": min_s, "cpu_s": cpu_s, "crit_s": busiest_s, "result": answers,
    });
    println!("{times}");
    Ok(())
}

impl Case {
    fn open(folder: PathBuf) -> Result<Self, Box<dyn Error>> {
        let path = folder.join("meta.json");
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { folder, meta: serde_json::from_str(&text)? })
    }

    /// An array, row by row.
    fn array(&self, name: &str) -> Result<Vec<f64>, Box<dyn Error>> {
        let path = self.folder.join(format!("{name}.f64"));
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let shape = self.meta.shapes.get(name).ok_or_else(|| format!("meta.json has no `{name}`"))?;
        let (numbers, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || numbers.len() != shape.iter().product::<usize>() {
            return Err(format!("{}: {} bytes are not {shape:?} doubles", path.display(), bytes.len()).into());
        }
        Ok(numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }

    fn vectors(&self, name: &str) -> Result<Vec<[f64; 3]>, Box<dyn Error>> {
        let values = self.array(name)?;
        let (vectors, rest) = values.as_chunks::<3>();
        if rest.is_empty() { Ok(vectors.to_vec()) } else { Err(format!("`{name}` is not (N, 3)").into()) }
    }

    fn image(&self, name: &str) -> Result<Array2<f64>, Box<dyn Error>> {
        let Some(&[rows, columns]) = self.meta.shapes.get(name).map(Vec::as_slice) else {
            return Err(format!("`{name}` is not an image").into());
        };
        Ok(Array2::from_shape_vec((rows, columns), self.array(name)?)?)
    }

    fn truth(&self, name: &str) -> Option<f64> {
        self.meta.truth[name].as_f64()
    }
}

fn fit_profile(case: &Case, arguments: &Arguments) -> Result<(Answers, Spent), Box<dyn Error>> {
    let (radii, light) = (case.array("r")?, case.array("I")?);
    let errors: Vec<f64> = light.iter().map(|light| 0.01 * light).collect();
    let config = SersicFitConfig::default();
    let (fit, spent) =
        timing::time(arguments.seconds, || fit_sersic_profile(&radii, &light, &errors, &config))?;
    Ok(([("n", fit.index), ("Re", fit.effective_radius), ("Ie", fit.effective_brightness)].into(), spent))
}

/// Images of pixel means and noisy ones have their kind in their names; the sky is known to the peers too.
fn fit_image(case: &Case, arguments: &Arguments) -> Result<(Answers, Spent), Box<dyn Error>> {
    let (image, noisy) = (case.image("image")?, arguments.case.ends_with("_noisy"));
    let means = noisy || arguments.case.ends_with("_pix");
    let sampling = if means { Sampling::PixelMeans } else { Sampling::PointSampled };
    let variance = if noisy { Some(case.image("expected")?) } else { None };
    let image = SersicImage {
        variance: variance.as_ref().map(|variance| variance.view()),
        ..SersicImage::new(image.view(), sampling)
    };
    let sky = Sky::Held(case.truth("sky").unwrap_or(0.0));
    let config = SersicImageConfig { sky, ..SersicImageConfig::default() };
    let (fit, spent) = timing::time(arguments.seconds, || fit_sersic_image(&image, &config))?;
    Ok(([("n", fit.index), ("Re", fit.effective_radius_px), ("q", fit.axis_ratio)].into(), spent))
}

/// The potential of the particles at each of them; its error against a plain sum, of one particle in fifty or fewer.
fn find_potentials(case: &Case, arguments: &Arguments) -> Result<(Answers, Spent), Box<dyn Error>> {
    let (positions, masses) = (case.vectors("pos")?, case.array("mass")?);
    let sources = PotentialSources::new(&positions, &masses, Softenings::Same(0.0))?;
    let config = PotentialConfig::default();
    let (found, spent) =
        timing::time(arguments.seconds, || potentials_km2_s2(&sources, &positions, &config))?;
    let stride = (positions.len() / N_SUMMED).max(1);
    let errors: Vec<f64> = (0..positions.len())
        .step_by(stride)
        .map(|target| {
            let at = positions[target];
            let others = positions.iter().zip(&masses).enumerate().filter(|(index, _)| *index != target);
            let distance = |x: &[f64; 3]| (0..3).map(|axis| (x[axis] - at[axis]).powi(2)).sum::<f64>().sqrt();
            let sum: f64 = others.map(|(_, (position, mass))| mass / distance(position)).sum();
            found[target] / (-GRAVITATIONAL_CONSTANT * sum) - 1.0
        })
        .collect();
    let rms = (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt();
    let largest = errors.iter().fold(0.0, |largest: f64, error| largest.max(error.abs()));
    Ok(([("rms_vs_direct", rms), ("max_vs_direct", largest)].into(), spent))
}

fn find_shape(case: &Case, arguments: &Arguments) -> Result<(Answers, Spent), Box<dyn Error>> {
    let positions = case.vectors("pos")?;
    let n = positions.len();
    let particles = Particles::new(positions, vec![[0.0; 3]; n], vec![1.0; n])?;
    let radius = case.meta.rout.ok_or("the case has no `rout`")?;
    let config = ShapeConfig { tolerance: 1e-4, ..ShapeConfig::default() };
    let (shape, spent) = timing::time(arguments.seconds, || measure_shape(&particles, radius, &config))?;
    let iterations = shape.n_iterations as f64;
    Ok(([("ba", shape.middle_to_major), ("ca", shape.minor_to_major), ("iter", iterations)].into(), spent))
}

/// The spin of the maps is timed; that of maps of the particles stands beside it.
fn find_spin(case: &Case, arguments: &Arguments) -> Result<(Answers, Spent), Box<dyn Error>> {
    let light = case.image("flux")?;
    let grid = PixelGrid::new(light.nrows(), SPIN_HALF_WIDTH_KPC)?;
    let map = |values| Map::new(grid, Unit::KilometrePerSecond, values);
    let (velocity, dispersion) = (map(case.image("V")?)?, map(case.image("sigma")?)?);
    let maps = KinematicMaps { light: &light, velocity: &velocity, dispersion: &dispersion, count: None };
    let config = SpinConfig::default();
    let (spin, spent) =
        timing::time(arguments.seconds, || measure_lambda_r(&maps, SPIN_RADIUS_KPC, &config))?;

    let (places, speeds) = (case.array("xy")?, case.array("vlos")?);
    let positions: Vec<[f64; 3]> = places.as_chunks::<2>().0.iter().map(|&[x, y]| [x, y, 0.0]).collect();
    let velocities: Vec<[f64; 3]> = speeds.iter().map(|&speed| [0.0, 0.0, speed]).collect();
    let (weights, view) = (vec![1.0; speeds.len()], View::along(Axis::Z));
    let moments = nearest_moments(&positions, &velocities, &weights, &view, grid, &MomentConfig::default())?;
    let maps = KinematicMaps {
        light: &moments.weight,
        velocity: &moments.mean,
        dispersion: &moments.dispersion,
        count: Some(&moments.count),
    };
    let of_particles = measure_lambda_r(&maps, SPIN_RADIUS_KPC, &config)?.value;
    let corrected = SpinConfig { correct_sparse: true, ..config };
    let corrected = measure_lambda_r(&maps, SPIN_RADIUS_KPC, &corrected)?.value;
    let truth = case.truth("lambda_R").unwrap_or(f64::NAN);
    let answers = [
        ("lambda_R", spin.value),
        ("particles", of_particles - truth),
        ("particles_corrected", corrected - truth),
    ];
    Ok((answers.into(), spent))
}

/// Circularities of particles whose potentials are given, from the curve of their spherically averaged mass.
fn find_orbits(case: &Case, arguments: &Arguments) -> Result<(Answers, Spent), Box<dyn Error>> {
    let particles = Particles::new(case.vectors("pos")?, case.vectors("vel")?, case.array("mass")?)?
        .with_potentials_km2_s2(case.array("phi")?)?;
    let galaxy = Galaxy { stars: Stars::new(particles), ..Galaxy::default() };
    let config = CircularityConfig {
        method: CircularityMethod::Spherical,
        spin_axis: SpinAxis::Given([0.0, 0.0, 1.0]),
        ..CircularityConfig::default()
    };
    let (found, spent) =
        timing::time(arguments.seconds, || measure_circularity(&galaxy, f64::INFINITY, &config))?;
    // As the peers: bound particles within 50 kpc.
    let radii = galaxy.stars.particles().positions_kpc().iter().map(|x| x[0].hypot(x[1]).hypot(x[2]));
    let mut errors: Vec<f64> = found
        .values
        .iter()
        .zip(case.array("eps")?)
        .zip(radii)
        .filter(|((_, truth), radius)| truth.is_finite() && *radius < 50.0)
        .map(|((found, truth), _)| (found - truth).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    let n = errors.len();
    let rms = (errors.iter().map(|error| error * error).sum::<f64>() / n as f64).sqrt();
    let quantile = |share: f64| errors.get((share * n as f64) as usize).copied().unwrap_or(f64::NAN);
    Ok(([("rms", rms), ("p99_abs", quantile(0.99)), ("median_abs", quantile(0.5))].into(), spent))
}
