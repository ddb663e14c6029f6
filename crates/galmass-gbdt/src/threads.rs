//! When work is shared among threads.

/// Values below which one thread is faster than several.
const WORTH: usize = 1 << 15;

/// Whether several threads do work on so many values faster than one, if there are several: to hand over even a little
/// to a pool of one costs time.
pub(crate) fn are_worth(n_values: usize) -> bool {
    n_values >= WORTH && rayon::current_num_threads() > 1
}
