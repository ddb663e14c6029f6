//! Which samples go together.

use galmass_core::seed;
use rand::seq::SliceRandom;

/// The batches of one epoch: all samples once, shuffled by seed and epoch, cut into the fewest batches no larger
/// than `batch_size`, whose sizes differ by one at most.
pub(crate) fn batches_of_epoch(
    n_samples: usize,
    batch_size: usize,
    seed: u64,
    epoch: usize,
) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..n_samples).collect();
    order.shuffle(&mut seed::generator(seed::derive(seed, epoch as u64)));
    equal_parts(&order, n_samples.div_ceil(batch_size))
}

pub(crate) fn equal_parts(order: &[usize], n_parts: usize) -> Vec<Vec<usize>> {
    let start = |part: usize| part * order.len() / n_parts;
    (0..n_parts).map(|part| order[start(part)..start(part + 1)].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_holds_each_sample_once_in_batches_of_like_size() {
        for n_samples in [1, 2, 39, 40, 41, 997] {
            let batches = batches_of_epoch(n_samples, 40, 1, 0);
            assert_eq!(batches.len(), n_samples.div_ceil(40));
            let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
            let mut all = batches.concat();
            all.sort_unstable();
            assert_eq!(all, (0..n_samples).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_epoch_has_its_own_order_and_keeps_it() {
        assert_eq!(batches_of_epoch(100, 10, 1, 3), batches_of_epoch(100, 10, 1, 3));
        assert_ne!(batches_of_epoch(100, 10, 1, 3), batches_of_epoch(100, 10, 1, 4));
        assert_ne!(batches_of_epoch(100, 10, 1, 3), batches_of_epoch(100, 10, 2, 3));
    }
}
