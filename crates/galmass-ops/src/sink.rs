//! A slice that several threads write to, each its own places.

use std::marker::PhantomData;

/// A slice whose places are written by whoever says that they are his.
pub(crate) struct Sink<'a> {
    start: *mut f32,
    length: usize,
    slice: PhantomData<&'a mut [f32]>,
}

// SAFETY: it only writes, and `write` asks its callers to keep their places apart.
unsafe impl Sync for Sink<'_> {}

impl<'a> Sink<'a> {
    pub(crate) fn new(slice: &'a mut [f32]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len(), slice: PhantomData }
    }

    /// Writes some values.
    ///
    /// # Safety
    /// No other thread writes to the same places.
    #[inline(always)]
    pub(crate) unsafe fn write(&self, start: usize, values: &[f32]) {
        assert!(start <= self.length && values.len() <= self.length - start);
        // SAFETY: the places are within the slice, as was just checked, which is borrowed mutably for as long as this
        // lives, and nobody else writes to them.
        unsafe {
            self.start.add(start).copy_from_nonoverlapping(values.as_ptr(), values.len());
        }
    }
}
