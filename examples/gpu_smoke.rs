//! Does a GPU train as the processor does, and how much faster?
//!
//! ```text
//! cargo run --release --features cuda --example gpu_smoke
//! ```
//!
//! Trains the two-branch network of Chu et al. (2024) for one epoch from the same first weights on the same samples, on the
//! processor and on the GPU (`--device` takes any other), compares the loss of each step and that of the validation part,
//! and prints how many samples a second each has taken. The maps are smooth noise whose level is the target: what counts
//! here is their size. Fails where two losses differ by more than `--tolerance`, relative to the larger.
//!
//! The first batch is left out of the speed: a GPU compiles and tunes its kernels then.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
#[allow(dead_code, reason = "it leaves no folder")]
mod output;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use galmass::core::seed;
use galmass::dataset::{BranchLayout, Inputs, ScaledSamples};
use galmass::device::Device;
use galmass::net::{
    Backbone, BranchConfig, Engine, HeadConfig, NetworkConfig, Progress, Stem, TrainingConfig, TrainingTask,
};
use ndarray::{Array2, Array4, Axis};
use rand::RngExt;

#[derive(Parser)]
#[command(about = "Trains one epoch on the processor and on a GPU, and compares losses and speed")]
struct Arguments {
    /// What is compared with the processor: cuda, cuda:N, cuda:all, ndarray or cpu
    #[arg(long, default_value = "cuda")]
    device: String,
    /// Samples to train on
    #[arg(long, default_value_t = 400)]
    samples: usize,
    /// Samples a step
    #[arg(long, default_value_t = 40)]
    batch: usize,
    /// Pixels a side of the image; the kinematic maps have 48
    #[arg(long, default_value_t = 60)]
    pixels: usize,
    /// Features of the first stage of the network; the paper's has 64
    #[arg(long, default_value_t = 64)]
    width: usize,
    /// The largest relative difference of two losses
    #[arg(long, default_value_t = 1e-3)]
    tolerance: f64,
    /// Print the figures as one line of JSON at the end
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let device: Device = arguments.device.parse()?;
    // Whether it is there is found out before the processor begins to work.
    let other = device.open()?;
    let processor = Device::Cpu.open()?;
    let parts = [arguments.samples, arguments.batch].map(|n_samples| noise(n_samples, arguments.pixels));

    let expected = train(&*processor, arguments, &parts)?;
    let found = train(&*other, arguments, &parts)?;
    for (engine, epoch) in [(&processor, &expected), (&other, &found)] {
        println!("{:<24}{:>10.1} samples/s", engine.describe(), epoch.samples_per_second);
    }
    let differences = expected.losses.iter().zip(&found.losses).map(|(a, b)| (a - b).abs() / a.max(*b));
    let largest = differences.fold(0.0, f64::max);
    println!(
        "losses of {} steps and the validation part differ by at most {largest:.1e}",
        found.losses.len() - 1
    );
    if arguments.json {
        output::print_json(&serde_json::json!({
            "device": other.describe(),
            "largest_difference": largest,
            "n_steps": found.losses.len() - 1,
            "cpu_samples_per_second": expected.samples_per_second,
            "device_samples_per_second": found.samples_per_second,
        }));
    }
    // Also where one of them is no number.
    if largest.is_nan() || largest > arguments.tolerance {
        return Err(format!(
            "{device} and cpu differ by {largest:.1e}, more than {:.1e}",
            arguments.tolerance
        )
        .into());
    }
    Ok(())
}

/// Losses of all steps and of the validation part, and the speed after the first step.
struct Epoch {
    losses: Vec<f64>,
    samples_per_second: f64,
}

fn train(
    engine: &dyn Engine,
    arguments: &Arguments,
    [training_samples, validation_samples]: &[ScaledSamples; 2],
) -> Result<Epoch, Box<dyn Error>> {
    let branch = |name: &str, n_channels| BranchConfig { name: name.into(), n_channels };
    let network = NetworkConfig {
        branches: vec![branch("image", 1), branch("kinematics", 2)],
        backbone: Backbone::ResNet18,
        width: arguments.width,
        stem: Stem::ResNet,
        n_scalars: 0,
        n_outputs: 1,
        head: HeadConfig::Point,
        profiles: None,
        missing: None,
    };
    let training = TrainingConfig { n_epochs: 1, batch_size: arguments.batch, ..TrainingConfig::chu2024() };
    let task = TrainingTask {
        network: &network,
        training: &training,
        layout: &BranchLayout::image_and_kinematics(),
        training_samples,
        validation_samples,
        unlabelled_samples: None,
        checkpoint: None,
        log: None,
    };
    let (mut losses, mut first_step) = (Vec::new(), None);
    let mut samples_per_second = f64::NAN;
    let trained = engine.train(&task, &mut |progress| {
        if let Progress::Batch { n_samples_done, loss, .. } = progress {
            losses.push(loss);
            let (began, n_before) = *first_step.get_or_insert((Instant::now(), n_samples_done));
            samples_per_second = (n_samples_done - n_before) as f64 / began.elapsed().as_secs_f64();
        }
    })?;
    losses.extend(trained.history.iter().map(|epoch| epoch.validation_loss));
    Ok(Epoch { losses, samples_per_second })
}

/// Maps of noise about a level, which is the target.
fn noise(n_samples: usize, n_px: usize) -> ScaledSamples {
    let generator = &mut seed::generator(seed::derive(1, n_samples as u64));
    let targets = Array2::from_shape_fn((n_samples, 1), |_| generator.random_range(-1.0..1.0_f32));
    let branches = [(1, n_px), (2, 48)].map(|(n_channels, n_px)| {
        let mut maps = Array4::from_shape_fn((n_samples, n_channels, n_px, n_px), |_| {
            generator.random_range(0.0..0.5_f32)
        });
        for (mut maps, level) in maps.axis_iter_mut(Axis(0)).zip(&targets) {
            maps += 0.25 * (level + 1.0);
        }
        maps
    });
    ScaledSamples { inputs: Inputs { branches: branches.into() }, targets }
}
