//! Work shared among threads, with results in order and no more of it in memory than there are threads, or little more.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

/// What the threads share.
struct State<T> {
    /// The next piece that nobody works on.
    next: usize,
    /// The pieces that the sink has had, in order.
    n_taken: usize,
    /// Results that wait for those before them.
    done: BTreeMap<usize, T>,
    /// The sink wants no more, or a thread is gone.
    is_over: bool,
}

/// Works on pieces `0..n` in `n_threads` threads and hands each result to `sink` in the order of the pieces, on the calling
/// thread, until the sink refuses.
///
/// Each thread works on one piece at a time and finds its own single thread when the piece asks rayon for more: a thread
/// that helped with the loops of another piece could begin a third meanwhile, and memory would have no bound. No thread runs
/// ahead of the sink by more than twice the number of threads.
pub(crate) fn in_order<T: Send, E: From<ThreadPoolBuildError> + Send>(
    n: usize,
    n_threads: usize,
    work: impl Fn(usize) -> T + Sync,
    mut sink: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let n_threads = n_threads.clamp(1, n.max(1));
    let state = Mutex::new(State { next: 0, n_taken: 0, done: BTreeMap::new(), is_over: false });
    let changed = Condvar::new();
    // A thread that panics ends the scope with its panic; till then the others must not wait for it.
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let wait = |guard| changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
    let may_begin = |state: &State<T>| state.next < n && state.next < state.n_taken + 2 * n_threads;
    let begin = || -> Option<usize> {
        let mut state: MutexGuard<'_, State<T>> = lock();
        while !state.is_over && state.next < n && !may_begin(&state) {
            state = wait(state);
        }
        if state.is_over || state.next >= n {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    };
    let end = || {
        lock().is_over = true;
        changed.notify_all();
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads)
            .map(|_| {
                scope.spawn(|| {
                    let guard = OnDrop(&end);
                    let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build()?;
                    while let Some(piece) = begin() {
                        let result = pool.install(|| work(piece));
                        lock().done.insert(piece, result);
                        changed.notify_all();
                    }
                    // Nothing was wrong: the others go on.
                    std::mem::forget(guard);
                    Ok::<(), ThreadPoolBuildError>(())
                })
            })
            .collect();
        let guard = OnDrop(&end);
        let mut sunk = Ok(());
        for piece in 0..n {
            let mut state = lock();
            let result = loop {
                if let Some(result) = state.done.remove(&piece) {
                    break Some(result);
                }
                if state.is_over {
                    break None;
                }
                state = wait(state);
            };
            let Some(result) = result else { break };
            state.n_taken += 1;
            drop(state);
            changed.notify_all();
            sunk = sink(piece, result);
            if sunk.is_err() {
                break;
            }
        }
        drop(guard);
        for thread in threads {
            match thread.join() {
                Ok(started) => started?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sunk
    })
}

/// Calls a function when it goes, a panic included.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Debug)]
    enum Ended {
        At(usize),
        #[allow(dead_code, reason = "shown by a failing test")]
        Threads(ThreadPoolBuildError),
    }

    impl From<ThreadPoolBuildError> for Ended {
        fn from(error: ThreadPoolBuildError) -> Self {
            Self::Threads(error)
        }
    }

    #[test]
    fn results_come_in_order_and_no_thread_runs_ahead() {
        for n_threads in [1, 2, 5] {
            let (begun, ahead, mut taken) = (AtomicUsize::new(0), AtomicUsize::new(0), Vec::new());
            let n_taken = AtomicUsize::new(0);
            let work = |piece: usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                let lead = piece.saturating_sub(n_taken.load(Ordering::SeqCst));
                ahead.fetch_max(lead, Ordering::SeqCst);
                // The first of all is the slowest.
                std::thread::sleep(std::time::Duration::from_millis(if piece == 0 { 30 } else { 0 }));
                piece * piece
            };
            let sink = |piece, result| {
                n_taken.fetch_add(1, Ordering::SeqCst);
                taken.push((piece, result));
                Ok::<(), Ended>(())
            };
            in_order(100, n_threads, work, sink).unwrap();
            assert!(taken.into_iter().enumerate().all(|(i, pair)| pair == (i, i * i)));
            assert_eq!(begun.into_inner(), 100);
            assert!(ahead.into_inner() <= 2 * n_threads);
        }
    }

    #[test]
    fn a_sink_that_refuses_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let work = |_: usize| begun.fetch_add(1, Ordering::SeqCst);
        let ended = in_order(1000, 3, work, |piece, _| if piece == 4 { Err(Ended::At(4)) } else { Ok(()) });
        assert!(matches!(ended, Err(Ended::At(4))));
        assert!(begun.into_inner() <= 5 + 6 + 3);
        in_order(0, 3, |_: usize| (), |_, ()| Err(Ended::At(0))).unwrap();
    }

    #[test]
    #[should_panic(expected = "piece 7")]
    fn a_panic_is_passed_on_and_leaves_nobody_waiting() {
        let work = |piece: usize| assert!(piece != 7, "piece 7");
        let _ = in_order(100, 3, work, |_, ()| Ok::<(), Ended>(()));
    }

    #[test]
    fn a_piece_that_asks_for_threads_has_one() {
        let work = |_: usize| rayon::current_num_threads();
        let sink = |_, n_threads: usize| {
            assert_eq!(n_threads, 1);
            Ok::<(), Ended>(())
        };
        in_order(8, 2, work, sink).unwrap();
    }
}
