//! Who makes which shard: the part of a run by many workers that is not about messages.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// What a worker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// It has nothing to do.
    Idle,
    /// It is at work: a galaxy is done.
    Alive,
    /// Its shard is on the disk.
    Finished,
    /// Its shard could not be made, and it makes no other.
    Broken,
}

/// What a worker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Make this shard.
    Make(u32),
    /// There is nothing left to do.
    Stop,
}

/// Deals shards out to whoever asks, and those of workers that fell silent to others.
///
/// A worker that asks when all shards are dealt out waits: it may get the shard of one that is lost.
pub(crate) struct Dispatcher {
    undealt: VecDeque<u32>,
    workers: BTreeMap<usize, Worker>,
    patience: Duration,
}

struct Worker {
    state: State,
    heard: Instant,
    /// One that cannot fall silent without this program.
    trusted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has not said anything yet.
    Starting,
    Waiting,
    Working(u32),
    Lost,
    Gone,
}

impl Dispatcher {
    /// Workers 0 to `n_workers`, of which the first is part of this program and not given up.
    pub(crate) fn new(
        shards: impl IntoIterator<Item = u32>,
        n_workers: usize,
        patience: Duration,
        now: Instant,
    ) -> Self {
        let worker = |index| Worker { state: State::Starting, heard: now, trusted: index == 0 };
        Self {
            undealt: shards.into_iter().collect(),
            workers: (0..n_workers).map(|index| (index, worker(index))).collect(),
            patience,
        }
    }

    /// Takes note of what a worker says. One that was given up and speaks again is a worker as before; what it was making
    /// may be made twice, which has the same bytes.
    pub(crate) fn hear(&mut self, index: usize, report: Report, now: Instant) {
        let Some(worker) = self.workers.get_mut(&index) else { return };
        worker.heard = now;
        match (report, worker.state) {
            (Report::Alive, _) => {}
            (Report::Idle | Report::Finished, _) => worker.state = State::Waiting,
            (Report::Broken, state) => {
                if let State::Working(shard) = state {
                    self.undealt.push_back(shard);
                }
                worker.state = State::Gone;
            }
        }
    }

    /// Gives up workers that were silent for too long, and returns each with the shard that others will make.
    pub(crate) fn give_up_silent(&mut self, now: Instant) -> Vec<(usize, Option<u32>)> {
        let mut lost = Vec::new();
        for (index, worker) in &mut self.workers {
            if worker.trusted || now.duration_since(worker.heard) < self.patience {
                continue;
            }
            match worker.state {
                State::Working(shard) => {
                    self.undealt.push_front(shard);
                    lost.push((*index, Some(shard)));
                }
                State::Starting => lost.push((*index, None)),
                State::Waiting | State::Lost | State::Gone => continue,
            }
            worker.state = State::Lost;
        }
        lost
    }

    /// What waiting workers are to do now.
    pub(crate) fn orders(&mut self, now: Instant) -> Vec<(usize, Order)> {
        let mut orders = Vec::new();
        for (index, worker) in self.workers.iter_mut().filter(|(_, worker)| worker.state == State::Waiting) {
            let Some(shard) = self.undealt.pop_front() else { break };
            (worker.state, worker.heard) = (State::Working(shard), now);
            orders.push((*index, Order::Make(shard)));
        }
        if !self.workers.values().any(|worker| matches!(worker.state, State::Working(_) | State::Starting)) {
            for (index, worker) in
                self.workers.iter_mut().filter(|(_, worker)| worker.state == State::Waiting)
            {
                worker.state = State::Gone;
                orders.push((*index, Order::Stop));
            }
        }
        orders
    }

    /// Whether no worker is left that could do anything.
    pub(crate) fn is_over(&self) -> bool {
        self.workers.values().all(|worker| matches!(worker.state, State::Lost | State::Gone))
    }

    /// The workers that are given up.
    pub(crate) fn lost(&self) -> Vec<usize> {
        let lost = self.workers.iter().filter(|(_, worker)| worker.state == State::Lost);
        lost.map(|(index, _)| *index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn begin(n_shards: u32, n_workers: usize) -> (Dispatcher, Instant) {
        let now = Instant::now();
        let mut dispatcher = Dispatcher::new(0..n_shards, n_workers, PATIENCE, now);
        for index in 0..n_workers {
            dispatcher.hear(index, Report::Idle, now);
        }
        (dispatcher, now)
    }

    #[test]
    fn whoever_is_ready_gets_the_next_shard_and_all_stop_at_the_end() {
        let (mut dispatcher, now) = begin(3, 2);
        assert_eq!(dispatcher.orders(now), [(0, Order::Make(0)), (1, Order::Make(1))]);
        dispatcher.hear(1, Report::Finished, now);
        assert_eq!(dispatcher.orders(now), [(1, Order::Make(2))]);
        dispatcher.hear(1, Report::Finished, now);
        assert_eq!(dispatcher.orders(now), []); // worker 0 may be lost, and its shard wanted
        dispatcher.hear(0, Report::Finished, now);
        assert_eq!(dispatcher.orders(now), [(0, Order::Stop), (1, Order::Stop)]);
        assert!(dispatcher.is_over() && dispatcher.lost().is_empty());
    }

    #[test]
    fn the_shard_of_a_silent_worker_goes_to_one_that_waits() {
        let (mut dispatcher, now) = begin(2, 2);
        dispatcher.orders(now);
        let later = now + PATIENCE / 2;
        dispatcher.hear(0, Report::Finished, later);
        assert_eq!(dispatcher.give_up_silent(later), []);
        let late = now + PATIENCE;
        assert_eq!(dispatcher.give_up_silent(late), [(1, Some(1))]);
        assert_eq!(dispatcher.orders(late), [(0, Order::Make(1))]);
        dispatcher.hear(0, Report::Finished, late);
        assert_eq!(dispatcher.orders(late), [(0, Order::Stop)]);
        assert!(dispatcher.is_over());
        assert_eq!(dispatcher.lost(), [1]);
    }

    #[test]
    fn signs_of_life_keep_a_slow_worker_and_the_first_is_never_given_up() {
        let (mut dispatcher, now) = begin(2, 2);
        dispatcher.orders(now);
        let mut then = now;
        for _ in 0..5 {
            then += PATIENCE / 2;
            dispatcher.hear(1, Report::Alive, then);
            assert_eq!(dispatcher.give_up_silent(then), []);
        }
    }

    #[test]
    fn a_worker_that_comes_back_works_again() {
        let (mut dispatcher, now) = begin(3, 2);
        dispatcher.orders(now);
        let late = now + PATIENCE;
        dispatcher.give_up_silent(late);
        dispatcher.hear(1, Report::Finished, late);
        assert_eq!(dispatcher.orders(late), [(1, Order::Make(1))]); // its own again: nobody knows that it is there
        assert!(dispatcher.lost().is_empty());
    }

    #[test]
    fn one_that_never_came_keeps_nobody_waiting() {
        let now = Instant::now();
        let mut dispatcher = Dispatcher::new(0..1, 2, PATIENCE, now);
        dispatcher.hear(0, Report::Idle, now);
        dispatcher.orders(now);
        dispatcher.hear(0, Report::Finished, now);
        assert_eq!(dispatcher.orders(now), []);
        assert_eq!(dispatcher.give_up_silent(now + PATIENCE), [(1, None)]);
        assert_eq!(dispatcher.orders(now + PATIENCE), [(0, Order::Stop)]);
        assert!(dispatcher.is_over());
    }

    #[test]
    fn a_broken_worker_leaves_its_shard_to_another_and_the_last_one_ends_the_run() {
        let (mut dispatcher, now) = begin(2, 2);
        dispatcher.orders(now);
        dispatcher.hear(1, Report::Broken, now);
        dispatcher.hear(0, Report::Finished, now);
        assert_eq!(dispatcher.orders(now), [(0, Order::Make(1))]);
        dispatcher.hear(0, Report::Broken, now);
        assert_eq!(dispatcher.orders(now), []);
        assert!(dispatcher.is_over() && dispatcher.lost().is_empty());
    }
}
