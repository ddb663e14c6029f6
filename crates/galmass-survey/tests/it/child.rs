//! A process of its own that makes a set: this very test program, asked for the one test below.

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use galmass_survey::BuildOptions;

use crate::small_set::make;

const FOLDER: &str = "GALMASS_SURVEY_TEST_FOLDER";
const PART: &str = "GALMASS_SURVEY_TEST_PART";

/// Starts a process that makes part `i` of `n` of the small set, or goes on with it.
pub(crate) fn start(folder: &Path, (i, n): (usize, usize)) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "child::makes_the_small_set", "--ignored", "--test-threads", "1"])
        .env(FOLDER, folder)
        .env(PART, format!("{i}/{n}"))
        // A process that another test starts while a file is being written inherits it, and its lock.
        .env("HDF5_USE_FILE_LOCKING", "FALSE")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "other tests run it as a process of its own"]
fn makes_the_small_set() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let part = env::var(PART).unwrap();
    let (i, n) = part.split_once('/').unwrap();
    let part = (i.parse().unwrap(), n.parse().unwrap());
    make(Path::new(&folder), &BuildOptions { resume: true, part, n_threads: 2 }).unwrap();
}
