//! A survey by the ranks of an MPI run (feature `mpi`).

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use mpi::environment::{Threading, Universe};
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::{Destination, Source};

use crate::SurveyConfig;
use crate::build::{Built, Progress, SurveyBuild};
use crate::dispatch::{Dispatcher, Order, Report};
use crate::error::SurveyError;
use crate::source::GalaxySource;

/// How ranks make a survey together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankOptions {
    /// Keep the shards that are there; without it, one that is there already is an error.
    pub resume: bool,
    /// Galaxies at a time in each rank, each in a thread; 1, the default, where every core has a rank; 0 for as many as
    /// the machine has cores.
    pub n_threads: usize,
    /// A rank that has finished no galaxy for so long is given up, and others make its shard; default ten minutes. Above
    /// the time that the largest galaxy takes.
    pub patience: Duration,
}

impl Default for RankOptions {
    fn default() -> Self {
        Self { resume: false, n_threads: 1, patience: Duration::from_secs(600) }
    }
}

/// What rank 0 hears on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RankProgress {
    /// So many galaxies are in shards that are there already.
    Kept {
        /// Galaxies.
        n_galaxies: usize,
    },
    /// A rank is done with a galaxy; whether it is in the set stands in the shard's list of failures.
    Galaxy {
        /// Who.
        rank: usize,
    },
    /// A rank has put a shard on the disk.
    Shard {
        /// Who.
        rank: usize,
    },
    /// A rank was silent for too long: its shard, where it had one, goes to another.
    Lost {
        /// Who.
        rank: usize,
        /// What it was making.
        shard: Option<u32>,
    },
}

/// The ranks of an MPI run, of which this process is one.
///
/// Rank 0 deals out shards one by one, to itself too; every rank writes those it is given into the same folder, which all
/// of them must see. A rank that dies costs its unfinished shard, which another makes again: run with
/// `mpirun --enable-recovery`, or the others are ended with it, and `resume` makes what is missing.
///
/// ```text
/// mpirun --enable-recovery -n 64 target/release/examples/build_dataset --out set
/// ```
pub struct Ranks {
    universe: Option<Universe>,
    world: SimpleCommunicator,
}

/// What rank 0 sends for no more shards: where all ranks are alive, and where one is lost.
const STOP: u64 = u64::MAX;
const STOP_ONE_LOST: u64 = u64::MAX - 1;

/// How long rank 0 sleeps where nobody says anything.
const PAUSE: Duration = Duration::from_millis(2);

impl Ranks {
    /// Joins the run; a process that no `mpirun` has started is the only rank of its own. `None` where MPI is at work in
    /// this process already.
    pub fn join() -> Option<Self> {
        let (universe, _) = mpi::initialize_with_threading(Threading::Funneled)?;
        let world = universe.world();
        Some(Self { universe: Some(universe), world })
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.world.rank().unsigned_abs() as usize
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.world.size().unsigned_abs() as usize
    }

    /// Builds a set as [`build`](crate::build) does, with the same bytes; to be called by every rank with the same source,
    /// settings and folder. `progress` is called in rank 0, which returns how the set stands; other ranks return `None`.
    ///
    /// # Errors
    /// [`SurveyError`] as of [`build`](crate::build), in the rank that meets it: a rank that cannot write a shard makes no
    /// other, and leaves this one to another rank. Where all have left, the set that rank 0 returns has no manifest.
    pub fn build(
        &mut self,
        source: &dyn GalaxySource,
        config: &SurveyConfig,
        folder: &Path,
        options: &RankOptions,
        progress: impl FnMut(RankProgress),
    ) -> Result<Option<Built>, SurveyError> {
        if self.rank() == 0 {
            self.deal(source, config, folder, options, progress).map(Some)
        } else {
            self.work(source, config, folder, options).map(|()| None)
        }
    }

    /// Rank 0: deals shards out, and makes some in a thread of its own.
    fn deal(
        &mut self,
        source: &dyn GalaxySource,
        config: &SurveyConfig,
        folder: &Path,
        options: &RankOptions,
        mut progress: impl FnMut(RankProgress),
    ) -> Result<Built, SurveyError> {
        let begun = SurveyBuild::new(source, config, folder).and_then(|survey| {
            let (n_kept, missing) = survey.kept_and_missing(0..survey.n_shards(), options.resume)?;
            Ok((survey, n_kept, missing))
        });
        let (survey, n_kept, missing) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.send_all_home(options.patience);
                return Err(error);
            }
        };
        progress(RankProgress::Kept { n_galaxies: n_kept });
        let mut dispatcher = Dispatcher::new(missing, self.size(), options.patience, Instant::now());

        let own = thread::scope(|scope| {
            let (orders, own_orders) = mpsc::channel();
            let (own_reports, reports) = mpsc::channel();
            let survey = &survey;
            let own = scope.spawn(move || {
                make_ordered(
                    survey,
                    options.n_threads,
                    &mut Thread { orders: own_orders, reports: own_reports },
                )
            });
            self.attend(&mut dispatcher, &reports, &orders, &mut progress);
            own.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if !dispatcher.lost().is_empty() {
            self.leave_without_farewell();
        }
        let built = survey.finish_if_complete()?;
        if built.manifest.is_none() {
            own?; // why it is not complete, if this rank knows
        }
        Ok(built)
    }

    /// Listens and gives orders until nobody is left that could do anything.
    fn attend(
        &self,
        dispatcher: &mut Dispatcher,
        reports: &Receiver<Report>,
        orders: &Sender<Order>,
        progress: &mut impl FnMut(RankProgress),
    ) {
        while !dispatcher.is_over() {
            let heard = self.hear_all(reports, dispatcher, progress);
            for (rank, shard) in dispatcher.give_up_silent(Instant::now()) {
                progress(RankProgress::Lost { rank, shard });
            }
            let dealt = dispatcher.orders(Instant::now());
            if !heard && dealt.is_empty() {
                thread::sleep(PAUSE);
            }
            for (rank, order) in dealt {
                self.tell(rank, order, orders, !dispatcher.lost().is_empty());
            }
        }
    }

    /// Takes note of all that was said, and returns whether anything was.
    fn hear_all(
        &self,
        own: &Receiver<Report>,
        dispatcher: &mut Dispatcher,
        progress: &mut impl FnMut(RankProgress),
    ) -> bool {
        let mut heard = false;
        let mut note = |rank: usize, report: Report| {
            heard = true;
            dispatcher.hear(rank, report, Instant::now());
            match report {
                Report::Alive => progress(RankProgress::Galaxy { rank }),
                Report::Finished => progress(RankProgress::Shard { rank }),
                Report::Idle | Report::Broken => {}
            }
        };
        own.try_iter().for_each(|report| note(0, report));
        while let Some((message, _)) = self.world.any_process().immediate_matched_probe() {
            let (code, status) = message.matched_receive::<u64>();
            if let Some(report) = report_of(code) {
                note(status.source_rank().unsigned_abs() as usize, report);
            }
        }
        heard
    }

    fn tell(&self, rank: usize, order: Order, own: &Sender<Order>, one_is_lost: bool) {
        if rank == 0 {
            // A thread that is gone has said so, or will when it is joined.
            let _ = own.send(order);
            return;
        }
        let code = match order {
            Order::Make(shard) => u64::from(shard),
            Order::Stop if one_is_lost => STOP_ONE_LOST,
            Order::Stop => STOP,
        };
        self.world.process_at_rank(rank as i32).send(&code);
    }

    /// Where rank 0 cannot begin: whoever asks is told to stop, until all have or patience ends.
    fn send_all_home(&mut self, patience: Duration) {
        let mut dispatcher = Dispatcher::new([], self.size(), patience, Instant::now());
        dispatcher.hear(0, Report::Broken, Instant::now());
        let ((orders, _no_worker), (_no_reports, reports)) = (mpsc::channel(), mpsc::channel());
        self.attend(&mut dispatcher, &reports, &orders, &mut |_| ());
        if !dispatcher.lost().is_empty() {
            self.leave_without_farewell();
        }
    }

    /// Another rank: makes what it is told to.
    fn work(
        &mut self,
        source: &dyn GalaxySource,
        config: &SurveyConfig,
        folder: &Path,
        options: &RankOptions,
    ) -> Result<(), SurveyError> {
        let mut messages = Messages { world: &self.world, one_is_lost: false };
        let made = match SurveyBuild::new(source, config, folder) {
            Ok(survey) => make_ordered(&survey, options.n_threads, &mut messages),
            Err(error) => {
                messages.report(Report::Broken);
                Err(error)
            }
        };
        if messages.one_is_lost {
            self.leave_without_farewell();
        }
        made
    }

    /// Ends MPI's part in this process without the meeting of all ranks that a lost one would never come to.
    fn leave_without_farewell(&mut self) {
        std::mem::forget(self.universe.take());
    }
}

/// A way between rank 0 and one that makes shards.
trait Line {
    fn report(&mut self, report: Report);
    fn order(&mut self) -> Order;
}

/// Makes shards until told to stop, or until one cannot be made.
fn make_ordered(survey: &SurveyBuild<'_>, n_threads: usize, line: &mut impl Line) -> Result<(), SurveyError> {
    line.report(Report::Idle);
    while let Order::Make(shard) = line.order() {
        let made = survey.make(&[shard], n_threads, |event| {
            if matches!(event, Progress::Observed { .. } | Progress::Failed { .. }) {
                line.report(Report::Alive);
            }
        });
        line.report(if made.is_ok() { Report::Finished } else { Report::Broken });
        made?;
    }
    Ok(())
}

/// The line of rank 0's own thread.
struct Thread {
    orders: Receiver<Order>,
    reports: Sender<Report>,
}

impl Line for Thread {
    fn report(&mut self, report: Report) {
        let _ = self.reports.send(report); // the other end is dropped only after the last order
    }

    fn order(&mut self) -> Order {
        self.orders.recv().unwrap_or(Order::Stop)
    }
}

/// The line of another rank.
struct Messages<'a> {
    world: &'a SimpleCommunicator,
    one_is_lost: bool,
}

impl Line for Messages<'_> {
    fn report(&mut self, report: Report) {
        self.world.process_at_rank(0).send(&code_of(report));
    }

    fn order(&mut self) -> Order {
        let (code, _) = self.world.process_at_rank(0).receive::<u64>();
        self.one_is_lost = code == STOP_ONE_LOST;
        u32::try_from(code).map_or(Order::Stop, Order::Make)
    }
}

fn code_of(report: Report) -> u64 {
    match report {
        Report::Idle => 0,
        Report::Alive => 1,
        Report::Finished => 2,
        Report::Broken => 3,
    }
}

fn report_of(code: u64) -> Option<Report> {
    [Report::Idle, Report::Alive, Report::Finished, Report::Broken]
        .into_iter()
        .find(|report| code_of(*report) == code)
}
