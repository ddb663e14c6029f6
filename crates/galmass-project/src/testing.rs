//! What the tests of several modules share.

use galmass_core::seed::generator;
use rand::RngExt;

/// Points spread evenly over a ball, from a seed.
pub(crate) fn ball(n_particles: usize, radius_kpc: f64, seed: u64) -> Vec<[f64; 3]> {
    let mut random = generator(seed);
    let mut in_ball = || loop {
        let point: [f64; 3] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
        if point.iter().map(|x| x * x).sum::<f64>() < 1.0 {
            return point.map(|x| x * radius_kpc);
        }
    };
    (0..n_particles).map(|_| in_ball()).collect()
}

/// Numbers spread evenly over a range, from a seed.
pub(crate) fn uniform(n: usize, range: std::ops::Range<f64>, seed: u64) -> Vec<f64> {
    let mut random = generator(seed);
    (0..n).map(|_| random.random_range(range.clone())).collect()
}

/// Runs something in a thread pool of its own.
pub(crate) fn in_threads<T: Send>(n_threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(run)
}
