//! Processes that are killed, at instants nobody chose.

use std::path::Path;
use std::time::{Duration, Instant};

use galmass_core::seed;
use galmass_dataset::SampleSet;
use galmass_survey::{BuildOptions, read_failures};
use rand::RngExt;

use crate::child::start;
use crate::small_set::{N_GALAXIES, N_VIEWS, STARLESS, assert_same, make};

/// Every galaxy is in the set with all its views, once, or among the failures.
fn assert_complete(folder: &Path) {
    let set = SampleSet::open(folder).unwrap();
    assert!(set.verify().is_empty());
    let failed: Vec<usize> =
        read_failures(folder).unwrap().iter().map(|failure| failure.index as usize).collect();
    assert_eq!(failed, STARLESS);
    let expected = (0..N_GALAXIES).filter(|galaxy| !STARLESS.contains(galaxy));
    let expected: Vec<_> =
        expected.flat_map(|galaxy| (0..N_VIEWS).map(move |view| (galaxy as u64, view as u32))).collect();
    let keys = set.keys();
    let found: Vec<_> = keys.galaxy_id.iter().copied().zip(keys.line_of_sight.iter().copied()).collect();
    assert_eq!(found, expected);
}

/// Kills a run `n_kills` times, each in a folder of its own, and lets it go on.
fn kill_and_resume(n_kills: usize, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    make(&whole, &BuildOptions { n_threads: 1, ..BuildOptions::default() }).unwrap();
    assert_complete(&whole);

    // How long a process takes here and now, by one that is left alone.
    let begin = Instant::now();
    assert!(start(&folder.path().join("timed"), (0, 1)).wait().unwrap().success());
    let takes = begin.elapsed();
    assert_same(&folder.path().join("timed"), &whole);

    let mut random = seed::generator(seed);
    let mut n_killed_at_work = 0;
    for kill in 0..n_kills {
        let killed = folder.path().join(format!("killed-{kill}"));
        let after: f64 = random.random_range(0.05..0.95);
        let mut child = start(&killed, (0, 1));
        std::thread::sleep(Duration::from_secs_f64(after * takes.as_secs_f64()));
        // SIGKILL: nothing of the process runs after it.
        child.kill().unwrap();
        let at_work = !child.wait().unwrap().success();
        n_killed_at_work += usize::from(at_work);
        assert!(start(&killed, (0, 1)).wait().unwrap().success(), "seed {seed}, kill {kill}");
        assert_complete(&killed);
        assert_same(&killed, &whole);
    }
    // On a machine that is suddenly faster a process may be done before its end comes.
    assert!(2 * n_killed_at_work >= n_kills, "{n_killed_at_work} of {n_kills} were killed at work");
}

#[test]
fn a_process_that_is_killed_loses_nothing_and_doubles_nothing() {
    kill_and_resume(4, 11);
}

#[test]
#[ignore = "a study: some minutes in a debug build"]
fn twenty_processes_that_are_killed_lose_nothing_and_double_nothing() {
    kill_and_resume(20, 12);
}

#[test]
fn two_processes_make_the_set_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, halves) = (folder.path().join("whole"), folder.path().join("halves"));
    make(&whole, &BuildOptions::default()).unwrap();
    let children = [start(&halves, (0, 2)), start(&halves, (1, 2))];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_complete(&halves);
    assert_same(&halves, &whole);
}
