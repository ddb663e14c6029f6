//! Memory that is used again.
//!
//! Pages that are new to a program cost more than the kernels of ten thousand particles that are added on them.

use std::sync::{Mutex, PoisonError};

/// What is kept between images: at most so many bytes of each type.
const MOST_BYTES: usize = 1 << 24;

/// Buffers of one type that are used again.
pub(super) struct Scratch<T>(Mutex<Vec<Vec<T>>>);

impl<T: Copy + Default> Scratch<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// `n` zeros.
    pub(super) fn take_zeros(&self, n: usize) -> Vec<T> {
        let Some(mut buffer) = self.find(n) else { return vec![T::default(); n] };
        buffer.clear();
        buffer.resize(n, T::default());
        buffer
    }

    /// `n` values, whatever they are.
    pub(super) fn take(&self, n: usize) -> Vec<T> {
        let Some(mut buffer) = self.find(n) else { return vec![T::default(); n] };
        buffer.resize(n, T::default());
        buffer
    }

    fn find(&self, n: usize) -> Option<Vec<T>> {
        // What is in the list is whole, even if a thread has panicked beside it.
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = buffers.iter().position(|buffer| buffer.capacity() >= n && buffer.capacity() <= 2 * n);
        fits.map(|index| buffers.swap_remove(index))
    }

    /// Takes a buffer back, to keep it or to free it.
    pub(super) fn give_back(&self, buffer: Vec<T>) {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.push(buffer);
        // The oldest goes first.
        while buffers.iter().map(|buffer| buffer.capacity() * size_of::<T>()).sum::<usize>() > MOST_BYTES {
            buffers.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_again_is_zero() {
        let scratch = Scratch::new();
        let mut first: Vec<f32> = scratch.take_zeros(100);
        first.fill(7.0);
        let place = first.as_ptr();
        scratch.give_back(first);
        let again = scratch.take_zeros(60);
        assert_eq!((again.as_ptr(), &again), (place, &vec![0.0; 60]));
        scratch.give_back(again);
        assert_eq!(scratch.take(80).len(), 80);
    }

    #[test]
    fn little_is_kept() {
        let scratch: Scratch<f64> = Scratch::new();
        scratch.give_back(vec![0.0; MOST_BYTES / 8 + 1]);
        assert!(scratch.0.lock().unwrap().is_empty());
        (0..9).for_each(|_| scratch.give_back(vec![0.0; MOST_BYTES / 64]));
        assert_eq!(scratch.0.lock().unwrap().len(), 8);
    }
}
