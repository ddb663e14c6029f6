//! Room to work in, kept for the next time: fresh memory comes in pages that the system has to clear first.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Pieces that are kept at the most.
const N_KEPT: usize = 8;

static KEPT: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Values for the time being: whatever was there before.
pub(crate) struct Scratch(Vec<f32>);

impl Scratch {
    pub(crate) fn new(n: usize) -> Self {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest that is large enough, or else the largest.
        let best = (0..kept.len()).min_by_key(|&index| {
            let room = kept[index].capacity();
            if room >= n { (false, room) } else { (true, usize::MAX - room) }
        });
        let mut values = best.map(|index| kept.swap_remove(index)).unwrap_or_default();
        drop(kept);
        if values.capacity() < n {
            values = vec![0.0; n];
        }
        values.resize(n, 0.0);
        Self(values)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < N_KEPT {
            kept.push(mem::take(&mut self.0));
        }
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
