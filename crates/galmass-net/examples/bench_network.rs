//! How long does a training step take, and how much memory?
//!
//! ```sh
//! cargo run --release -p galmass-net --example bench_network -- 40 60 10
//! ```
//!
//! Batch, pixels a side of the first branch, steps. Trains the two-branch ResNet-18 on random maps, a branch of one
//! channel and one of two channels of 48 x 48, and prints JSON: seconds a step of the clock and of the processor, and the
//! peak of the memory. `benches/peers/net/compare.py` runs it beside PyTorch.
#![allow(clippy::print_stdout)]

use burn::backend::Autodiff;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{GradientsParams, Optimizer};
use burn::tensor::{Distribution, Tensor};
use burn_flex::Flex;
use galmass_net::{Backbone, BranchConfig, HeadConfig, NetError, Network, NetworkConfig, Stem};
use galmass_ops::FusedAdamW;
use ndarray::Array2;

#[path = "../../../examples/support/timing.rs"]
#[allow(dead_code)] // it times other examples, too
mod timing;

type B = Autodiff<Flex>;

const LEARNING_RATE: f64 = 1e-3;

fn main() -> Result<(), NetError> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|number| number.parse().ok()).collect();
    let [n_samples, n_px, n_steps] = numbers[..] else {
        println!("bench_network BATCH PIXELS STEPS");
        std::process::exit(2);
    };
    let device = Default::default();
    let branch = |name: &str, n_channels| BranchConfig { name: name.into(), n_channels };
    let config = NetworkConfig {
        branches: vec![branch("large", 1), branch("small", 2)],
        backbone: Backbone::ResNet18,
        width: 64,
        stem: Stem::ResNet,
        n_scalars: 0,
        n_outputs: 1,
        head: HeadConfig::Point,
        profiles: None,
        missing: None,
    };
    let maps = |shape: [usize; 4]| Tensor::<B, 4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let inputs = vec![maps([n_samples, 1, n_px, n_px]), maps([n_samples, 2, 48, 48])];
    let truths = Array2::from_shape_fn((n_samples, 1), |(sample, _)| (sample % 7) as f32 / 3.0 - 1.0);
    let mut network = Network::<B>::new(&config, 1, &device)?;
    let mut optimiser: OptimizerAdaptor<FusedAdamW, Network<B>, B> =
        FusedAdamW::new(0.9, 0.999, 1e-8, 0.0).into();
    let mut last = f32::NAN;
    let mut step = || {
        let loss = network.losses(network.forward(inputs.clone()), truths.view()).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        last = loss.into_scalar();
        network = optimiser.step(LEARNING_RATE, network.clone(), gradients);
    };
    // The first step makes the room that the others use.
    step();
    let (_, spent) = timing::time_once(|| {
        (0..n_steps).for_each(|_| step());
        Ok::<_, NetError>(())
    })?;
    let per_step = |seconds: f64| seconds / n_steps as f64;
    let report = serde_json::json!({
        "batch": n_samples,
        "n_px": n_px,
        "threads": rayon::current_num_threads(),
        "wall_s": per_step(spent.median_s),
        "cpu_s": per_step(spent.cpu_s),
        "peak_mib": peak_mib(),
        "loss": last,
    });
    println!("{report}");
    Ok(())
}

/// The most memory that this process has had, where the system says.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
