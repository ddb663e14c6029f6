//! The next batch is made ready while the last one is being used.

use std::sync::mpsc;
use std::thread;

use crate::NetError;

/// Calls `take` with each of `n_batches` batches in order, on this thread, while `prepare` makes the next ones ready on
/// another: one is waiting and one is in the making, at most. `prepare` is called in order too, so that what it draws at
/// random does not depend on the timing.
///
/// # Errors
/// The first of `prepare` or `take`, in the order of the batches; nothing is prepared after it but what was on its way.
pub(crate) fn prepare_ahead<T: Send>(
    n_batches: usize,
    mut prepare: impl FnMut(usize) -> Result<T, NetError> + Send,
    mut take: impl FnMut(usize, T) -> Result<(), NetError>,
) -> Result<(), NetError> {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(1);
        scope.spawn(move || {
            for batch in 0..n_batches {
                let prepared = prepare(batch);
                let has_failed = prepared.is_err();
                // Nobody takes batches any more once `take` has failed.
                if sender.send(prepared).is_err() || has_failed {
                    return;
                }
            }
        });
        // Owned by this closure: should `take` panic, it is gone before the thread is waited for.
        for (batch, prepared) in receiver.into_iter().enumerate() {
            take(batch, prepared?)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn failure(batch: usize) -> NetError {
        NetError::SampleCount { what: "test".into(), expected: 0, found: batch }
    }

    #[test]
    fn batches_come_in_order_and_no_more_than_three_exist() {
        let (n_prepared, mut n_taken) = (AtomicUsize::new(0), 0);
        let prepare = |batch| {
            n_prepared.fetch_add(1, Ordering::SeqCst);
            Ok(10 * batch)
        };
        prepare_ahead(20, prepare, |batch, prepared| {
            assert_eq!(prepared, 10 * batch);
            thread::yield_now();
            // This one, one that waits, one in the making.
            assert!(n_prepared.load(Ordering::SeqCst) <= batch + 3);
            n_taken += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(n_taken, 20);
    }

    #[test]
    fn the_first_failure_ends_it() {
        let prepare = |batch| if batch == 3 { Err(failure(batch)) } else { Ok(batch) };
        let mut taken = Vec::new();
        let ended = prepare_ahead(9, prepare, |batch, _| {
            taken.push(batch);
            Ok(())
        });
        assert!(matches!(ended, Err(NetError::SampleCount { found: 3, .. })));
        assert_eq!(taken, [0, 1, 2]);
        let ended = prepare_ahead(1000, Ok, |batch, _| if batch == 5 { Err(failure(5)) } else { Ok(()) });
        assert!(matches!(ended, Err(NetError::SampleCount { found: 5, .. })));
        assert!(std::panic::catch_unwind(|| prepare_ahead(9, Ok, |_, _| panic!("pulled the plug"))).is_err());
    }
}
