//! How examples that other programs are compared with time themselves.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A call is timed this often at least and at most.
const FEWEST: usize = 3;
const MOST: usize = 25;
/// Shorter calls than this are timed several together: processor time is counted in steps of some milliseconds.
const SHORTEST: Duration = Duration::from_millis(60);
/// The most calls that are timed together.
const MOST_TOGETHER: f64 = 10_000.0;

/// What a call took: medians of its repetitions.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code)] // not all examples tell them all
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

/// Repeats a call for some `seconds`, and returns its last result and its times. The first calls, which make tables
/// and say how long they are, are not timed.
pub(crate) fn time<T, E>(seconds: f64, call: impl Fn() -> Result<T, E>) -> Result<(T, Spent), E> {
    call()?;
    let begin = Instant::now();
    let mut result = call()?;
    let needed = SHORTEST.as_secs_f64() / begin.elapsed().as_secs_f64();
    let n_together = needed.clamp(1.0, MOST_TOGETHER).ceil() as usize;
    let per_call = |seconds: f64| seconds / n_together as f64;
    let limit = Duration::from_secs_f64(seconds);
    let begin = Instant::now();
    let (mut wall, mut all, mut busiest) = (Vec::new(), Vec::new(), Vec::new());
    while wall.len() < FEWEST || wall.len() < MOST && begin.elapsed() < limit {
        let watch = Stopwatch::start();
        for _ in 0..n_together {
            result = call()?;
        }
        let [wall_s, all_s, busiest_s] = watch.stop();
        wall.push(per_call(wall_s));
        all.push(per_call(all_s));
        busiest.push(per_call(busiest_s));
    }
    let min_s = wall.iter().copied().fold(f64::INFINITY, f64::min);
    Ok((result, Spent { median_s: median(wall), min_s, cpu_s: median(all), busiest_s: median(busiest) }))
}

/// Makes a call once, and returns its result and its times.
#[allow(dead_code)] // for calls too long to repeat
pub(crate) fn time_once<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<(T, Spent), E> {
    let watch = Stopwatch::start();
    let result = call()?;
    let [wall_s, cpu_s, busiest_s] = watch.stop();
    Ok((result, Spent { median_s: wall_s, min_s: wall_s, cpu_s, busiest_s }))
}

struct Stopwatch {
    threads: Vec<(OsString, f64)>,
    start: Instant,
}

impl Stopwatch {
    fn start() -> Self {
        Self { threads: thread_seconds(), start: Instant::now() }
    }

    /// The seconds since then: of the clock, of the processor for all threads, and for the busiest.
    fn stop(self) -> [f64; 3] {
        let wall_s = self.start.elapsed().as_secs_f64();
        let spent: Vec<f64> = thread_seconds()
            .into_iter()
            .map(|(thread, seconds)| {
                let earlier = self.threads.iter().find(|(other, _)| *other == thread);
                seconds - earlier.map_or(0.0, |(_, seconds)| *seconds)
            })
            .collect();
        [wall_s, spent.iter().sum(), spent.iter().copied().fold(0.0, f64::max)]
    }
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
