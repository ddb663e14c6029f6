//! How examples that other programs are compared with time themselves.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A call is repeated this often at least and at most.
const FEWEST: usize = 3;
const MOST: usize = 25;

/// What a call took: medians of its repetitions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// The wall time \[s\].
    pub(crate) median_s: f64,
    /// The shortest wall time \[s\].
    pub(crate) min_s: f64,
    /// The processor time of all threads \[s\].
    pub(crate) cpu_s: f64,
    /// That of the busiest thread \[s\].
    pub(crate) busiest_s: f64,
}

/// Repeats a call for some `seconds`, and returns its last result and its times. The first call, which makes tables, is
/// not timed.
pub(crate) fn time<T, E>(seconds: f64, call: impl Fn() -> Result<T, E>) -> Result<(T, Spent), E> {
    let mut result = call()?;
    let limit = Duration::from_secs_f64(seconds);
    let begin = Instant::now();
    let (mut wall, mut all, mut busiest) = (Vec::new(), Vec::new(), Vec::new());
    while wall.len() < FEWEST || wall.len() < MOST && begin.elapsed() < limit {
        let (before, start) = (thread_seconds(), Instant::now());
        result = call()?;
        wall.push(start.elapsed().as_secs_f64());
        let spent: Vec<f64> = thread_seconds()
            .into_iter()
            .map(|(thread, seconds)| {
                let earlier = before.iter().find(|(other, _)| *other == thread);
                seconds - earlier.map_or(0.0, |(_, seconds)| *seconds)
            })
            .collect();
        all.push(spent.iter().sum::<f64>());
        busiest.push(spent.iter().copied().fold(0.0, f64::max));
    }
    let min_s = wall.iter().copied().fold(f64::INFINITY, f64::min);
    Ok((result, Spent { median_s: median(wall), min_s, cpu_s: median(all), busiest_s: median(busiest) }))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The processor seconds of each thread of this process; none where the system does not say.
fn thread_seconds() -> Vec<(OsString, f64)> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let seconds = |folder: PathBuf| -> Option<f64> {
        let times = std::fs::read_to_string(folder.join("schedstat")).ok()?;
        Some(1e-9 * times.split(' ').next()?.parse::<f64>().ok()?)
    };
    threads.flatten().filter_map(|thread| Some((thread.file_name(), seconds(thread.path())?))).collect()
}
