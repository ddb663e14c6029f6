//! Damaged files of every suite: reading them returns, with a galaxy or an error, in little time and memory.

mod children;
mod damage;
#[path = "../it/fixture.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod fixture;
mod memory;
mod specimen;
mod suites;

use std::fs;
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use galmass_snapshot::SnapshotError;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use damage::{Case, Damage};
use specimen::{Part, Specimen};

/// The seed of the random damage.
const SEED: [u8; 32] = *b"galmass: damaged files, any byte";

/// How many times a file is damaged at random.
const N_CASES: u32 = 1200;

/// How long a file of a few kB may take to read, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most memory that reading may take: numbers become double precision, and lie in a few places at a time.
const BYTES_PER_BYTE: usize = 64;

/// What reading takes whatever the size of the file: names, messages, buffers.
const BYTES_AT_LEAST: usize = 1 << 20;

/// Puts `bytes` in the place of a part of a specimen, reads it, and puts the part back.
fn check(specimen: &Specimen, part: &Part, bytes: &[u8], case: &Case) {
    fs::write(&part.path, bytes).unwrap();
    let taken = memory::most_taken(|| _ = specimen.read());
    let bound = BYTES_AT_LEAST + BYTES_PER_BYTE * specimen.n_bytes();
    assert!(taken <= bound, "{taken} bytes were taken where {bound} should do: {case}");
    fs::write(&part.path, &part.bytes).unwrap();
}

/// Runs `cases`, which says before each case what it is about to do; fails if one of them takes too long.
fn with_patience(cases: impl FnOnce(&dyn Fn(&Case)) + Send + 'static) {
    let (tell, hear) = mpsc::channel();
    let worker = thread::spawn(move || cases(&|case| tell.send(case.clone()).unwrap()));
    let mut last = Case::default();
    loop {
        match hear.recv_timeout(PATIENCE) {
            Ok(case) => last = case,
            Err(RecvTimeoutError::Timeout) => panic!("reading takes more than {PATIENCE:?}: {last}"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
}

fn describe(specimen: &Specimen, part: &Part, damage: String) -> Case {
    let file = part.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Case { name: specimen.name.to_owned(), file, damage }
}

/// Held while memory is counted, which is counted for the whole process.
static COUNTING: Mutex<()> = Mutex::new(());

/// A table of two rows, stored in one piece, of which the file says that there are a million.
#[test]
fn a_length_that_the_file_cannot_hold_takes_no_memory() {
    let _counting = COUNTING.lock();
    let whole = fixture::particle_table();
    let mut bytes = fs::read(&whole.path).unwrap();
    // The extent and the largest extent of `/stars`: no other dataset has two rows.
    let [found, claimed] = [2u64, 1 << 20].map(|n_rows| [n_rows.to_le_bytes(); 2].concat());
    let at = bytes.windows(16).position(|window| window == found).unwrap();
    bytes[at..at + 16].copy_from_slice(&claimed);
    let damaged = fixture::Fixture::bytes("galaxy.hdf5", &bytes);
    let mut result = None;
    let taken = memory::most_taken(|| result = Some(damaged.read()));
    assert!(matches!(result, Some(Err(SnapshotError::TooLarge { .. }))), "{result:?}");
    assert!(taken < BYTES_AT_LEAST, "{taken} bytes were taken");
}

#[test]
fn damaged_files_return_an_error_or_a_galaxy() {
    let _counting = COUNTING.lock();
    with_patience(|tell| {
        let specimens = specimen::all();
        for specimen in &specimens {
            for part in &specimen.parts {
                cut_all_along(specimen, part, tell);
            }
        }
        damage_at_random(&specimens, tell);
    });
}

/// Cuts a file within its first words and all along.
fn cut_all_along(specimen: &Specimen, part: &Part, tell: &dyn Fn(&Case)) {
    let n_bytes = part.bytes.len();
    let steps = (0..30).map(|step| n_bytes * step / 30);
    for length in (0..n_bytes.min(20)).chain(steps).chain([n_bytes - 1]) {
        let case = describe(specimen, part, format!("cut after {length} bytes"));
        tell(&case);
        check(specimen, part, &part.bytes[..length], &case);
    }
}

fn damage_at_random(specimens: &[Specimen], tell: &dyn Fn(&Case)) {
    let config = Config { cases: N_CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let cases = (0..specimens.len(), any::<Index>(), Damage::any());
    let result = runner.run(&cases, |(specimen, part, damage)| {
        let specimen = &specimens[specimen];
        let part = part.get(&specimen.parts);
        let case = describe(specimen, part, format!("{damage:?}"));
        tell(&case);
        check(specimen, part, &damage.apply(part), &case);
        Ok(())
    });
    if let Err(error) = result {
        panic!("seed {:?}: {error}", SEED.escape_ascii().to_string());
    }
}
