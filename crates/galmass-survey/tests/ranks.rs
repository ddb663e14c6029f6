//! Ranks of an MPI run make the set that one process makes, and one that is killed costs its shard alone.
//!
//! Needs `mpirun`, of Open MPI: `cargo test -p galmass-survey --features mpi --test ranks`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs};

use galmass_mock::{Population, PopulationConfig};
use galmass_survey::{
    BuildOptions, GalaxyError, GalaxySource, MockSource, RankOptions, RankProgress, Ranks, SurveyConfig,
    SurveyGalaxy, build,
};

/// Where the ranks make their set; without it nobody is a rank.
const FOLDER: &str = "GALMASS_TEST_RANKS_FOLDER";
/// The rank that dies on its second galaxy.
const VICTIM: &str = "GALMASS_TEST_RANKS_VICTIM";

const N_GALAXIES: usize = 13;

fn source() -> MockSource {
    let config = PopulationConfig {
        n_galaxies: N_GALAXIES,
        n_stars: 400,
        n_dark_matter: 100,
        ..PopulationConfig::default()
    };
    MockSource::new(Population::new(config).unwrap(), "mock")
}

fn config() -> SurveyConfig {
    SurveyConfig { galaxies_per_shard: 2, ..SurveyConfig::small() }
}

/// Every file of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect()
}

fn made_by_one_process() -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    build(&source(), &config(), folder.path(), &BuildOptions::default(), |_| ()).unwrap();
    files(folder.path())
}

/// Runs [`rank`] in so many processes.
fn run_ranks(n_ranks: usize, folder: &Path, victim: Option<usize>) {
    let mut mpirun = Command::new("mpirun");
    mpirun
        .args(["--oversubscribe", "--enable-recovery", "-n", &n_ranks.to_string()])
        .arg(env::current_exe().unwrap())
        .args(["rank", "--exact", "--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder)
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    if let Some(victim) = victim {
        mpirun.env(VICTIM, victim.to_string());
    }
    let output = mpirun.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A source that ends its process at the second galaxy.
struct Deadly {
    source: MockSource,
    n_asked: AtomicUsize,
    deadly: bool,
}

impl GalaxySource for Deadly {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn suites(&self) -> Vec<String> {
        self.source.suites()
    }

    fn description(&self) -> serde_json::Value {
        self.source.description()
    }

    fn galaxy_id(&self, index: usize) -> u64 {
        self.source.galaxy_id(index)
    }

    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError> {
        if self.deadly && self.n_asked.fetch_add(1, Ordering::SeqCst) == 1 {
            Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();
        }
        self.source.galaxy(index)
    }
}

/// What each process of `mpirun` does; no test of its own.
#[test]
fn rank() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let mut ranks = Ranks::join().unwrap();
    let deadly = env::var(VICTIM).is_ok_and(|victim| victim == ranks.rank().to_string());
    let source = Deadly { source: source(), n_asked: AtomicUsize::new(0), deadly };
    let options = RankOptions { patience: Duration::from_secs(10), ..RankOptions::default() };
    let (mut n_galaxies, mut lost) = (0, Vec::new());
    let built = ranks
        .build(&source, &config(), Path::new(&folder), &options, |event| match event {
            RankProgress::Galaxy { .. } => n_galaxies += 1,
            RankProgress::Lost { rank, shard } => lost.push((rank, shard.is_some())),
            _ => {}
        })
        .unwrap();
    assert_eq!(built.is_some(), ranks.rank() == 0);
    if let Some(built) = built {
        assert!(built.manifest.is_some() && built.failures.is_empty());
        match env::var(VICTIM) {
            Ok(victim) => assert_eq!(lost, [(victim.parse().unwrap(), true)]),
            Err(_) => assert_eq!((n_galaxies, lost.len()), (N_GALAXIES, 0)),
        }
    }
}

#[test]
fn one_two_and_three_ranks_make_the_same_bytes() {
    let expected = made_by_one_process();
    for n_ranks in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        run_ranks(n_ranks, folder.path(), None);
        assert!(files(folder.path()) == expected, "{n_ranks} ranks");
    }
}

#[test]
fn a_rank_that_is_killed_costs_its_shard_which_another_makes() {
    let folder = tempfile::tempdir().unwrap();
    run_ranks(3, folder.path(), Some(2));
    assert!(files(folder.path()) == made_by_one_process());
}
