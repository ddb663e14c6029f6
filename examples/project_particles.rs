//! How long does a projection take, beside other programs on the same particles?
//!
//! ```text
//! cargo run --release --example project_particles -- FILE TASK GRID THREADS [--scheme fast]
//! ```
//!
//! Speaks the protocol of `benches/peers`: FILE is HDF5 with the datasets `pos` (N, 3), `vel` (N, 3), `mass`, `lum` and
//! `h` (the radii at which kernels reach zero) and the attribute `half_width` of the field, all in one unit of length,
//! mass and velocity. TASK is `sph` (an image of the mass), `ngp` (velocity moments by light) or `knn` (the distance
//! to the 32nd neighbour, the particle itself counted); the line of sight is z, GRID the pixels a side.
//!
//! The last line of standard output is JSON: the median and smallest wall time of a call, and processor seconds of all
//! threads and of the busiest one. Where the environment names a file in `PROJ_OUT`, the result goes there as a NumPy
//! array: surface densities `[x, y]`, (weight, mean, dispersion) or radii.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/timing.rs"]
mod timing;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::core::{PixelGrid, SupportRadius, Unit};
use galmass::project::{
    Axis, DepositConfig, MomentConfig, Scheme, View, deposit, line_of_sight_moments, support_radii,
};
use ndarray::{Array, Array1, Array2, Array3, ArrayBase, Data, Dimension, stack};
use timing::Spent;

/// A particle counts itself in the protocol, and does not in galmass.
const OTHERS_TO_THE_32ND: usize = 31;

#[derive(Parser)]
#[command(about = "Times the projection of the particles of a file")]
struct Arguments {
    /// HDF5 with pos, vel, mass, lum, h and the attribute half_width
    file: PathBuf,
    task: Task,
    /// Pixels a side; 0 for knn
    grid: usize,
    threads: usize,
    /// How sph shares mass out to pixels: nearest, scatter, exact or fast
    #[arg(long, default_value = "exact")]
    scheme: String,
    /// The kernel of sph: cubic-spline and the others of `galmass::project::kernel`
    #[arg(long, default_value = "cubic-spline")]
    kernel: String,
    /// Seconds of repetitions
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Task {
    Sph,
    Ngp,
    Knn,
}

struct ParticleFile {
    positions: Vec<[f64; 3]>,
    velocities: Vec<[f64; 3]>,
    masses: Vec<f64>,
    luminosities: Vec<f64>,
    support: Vec<SupportRadius>,
    half_width: f64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let particles = read(&arguments.file)?;
    let out = std::env::var_os("PROJ_OUT").map(PathBuf::from);
    let view = View::along(Axis::Z);
    match arguments.task {
        Task::Sph => {
            let grid = PixelGrid::new(arguments.grid, particles.half_width)?;
            let named = |name: &str| serde_json::Value::String(name.to_owned());
            let scheme: Scheme = serde_json::from_value(named(&arguments.scheme))?;
            let kernel = serde_json::from_value(named(&arguments.kernel))?;
            let config = DepositConfig { scheme, kernel, ..DepositConfig::default() };
            let ParticleFile { positions, masses, support, .. } = &particles;
            let image = time(arguments, || {
                deposit(positions, masses, support, &view, grid, Unit::SolarMass, &config)
            })?;
            let densities: Array2<f64> = image.into_values().reversed_axes() / grid.pixel_size_kpc().powi(2);
            write(out.as_deref(), &densities.as_standard_layout())
        }
        Task::Ngp => {
            let grid = PixelGrid::new(arguments.grid, particles.half_width)?;
            let ParticleFile { positions, velocities, luminosities, .. } = &particles;
            // The peers are given the component along the line of sight as well.
            let velocities: Vec<f64> = velocities.iter().map(|velocity| view.depth(*velocity)).collect();
            let config = MomentConfig::default();
            let moments = time(arguments, || {
                line_of_sight_moments(positions, &velocities, luminosities, &view, grid, &config)
            })?;
            let maps =
                [moments.weight.view(), moments.mean.values().view(), moments.dispersion.values().view()];
            let maps: Array3<f64> = stack(ndarray::Axis(0), &maps.map(|map| map.reversed_axes()))?;
            write(out.as_deref(), &maps.as_standard_layout())
        }
        Task::Knn => {
            let radii = time(arguments, || support_radii(&particles.positions, OTHERS_TO_THE_32ND))?;
            let radii: Array1<f64> = radii.iter().map(|radius| radius.kpc()).collect();
            write(out.as_deref(), &radii)
        }
    }
}

fn read(path: &Path) -> Result<ParticleFile, Box<dyn Error>> {
    let file = hdf5_metno::File::open(path)?;
    let scalars = |name: &str| -> hdf5_metno::Result<Vec<f64>> { file.dataset(name)?.read_raw() };
    let vectors = |name: &str| -> Result<Vec<[f64; 3]>, Box<dyn Error>> {
        let values = scalars(name)?;
        let (vectors, rest) = values.as_chunks::<3>();
        if rest.is_empty() { Ok(vectors.to_vec()) } else { Err(format!("`{name}` is not (N, 3)").into()) }
    };
    Ok(ParticleFile {
        positions: vectors("pos")?,
        velocities: vectors("vel")?,
        masses: scalars("mass")?,
        luminosities: scalars("lum")?,
        support: scalars("h")?.into_iter().map(SupportRadius::from_nth_neighbour).collect(),
        half_width: file.attr("half_width")?.read_scalar()?,
    })
}

/// Repeats a call, prints its times and returns its last result.
fn time<T, E: Error + 'static>(
    arguments: &Arguments,
    call: impl Fn() -> Result<T, E>,
) -> Result<T, Box<dyn Error>> {
    let (result, spent) = timing::time(arguments.seconds, call)?;
    let Spent { median_s, min_s, cpu_s, busiest_s } = spent;
    let times =
        serde_json::json!({ "median_s": median_s, "min_s": min_s, "cpu_s": cpu_s, "crit_s": busiest_s });
    println!("{times}");
    Ok(result)
}

fn write<S: Data<Elem = f64>, D: Dimension>(
    path: Option<&Path>,
    values: &ArrayBase<S, D>,
) -> Result<(), Box<dyn Error>> {
    let Some(path) = path else { return Ok(()) };
    let values: Array<f64, D> = values.to_owned();
    Ok(ndarray_npy::write_npy(path, &values)?)
}
