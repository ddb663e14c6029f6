//! Bands of rows of an image, which threads fill side by side.
//!
//! Each band goes through all particles in their order. A pixel so receives the same numbers in the same order wherever
//! the cuts are, and the image has the same bits for any number of threads, without an image for each of them.

use std::ops::Range;

/// Bands for each thread, so that a thread that is done early finds another one to do.
const PER_THREAD: usize = 4;

/// Cuts an image into bands that take about equally long, and gives their rows and pixels. `costs` are ranges of rows
/// and what each of their rows takes.
pub(super) fn bands(
    image: &mut [f64],
    n_px: usize,
    costs: impl Iterator<Item = (Range<usize>, f64)>,
) -> Vec<(Range<usize>, &mut [f64])> {
    let mut steps = vec![0.0; n_px + 1];
    for (rows, cost) in costs {
        steps[rows.start] += cost;
        steps[rows.end] -= cost;
    }
    let rows = steps[..n_px].iter().scan(0.0, |cost, step| {
        *cost += step;
        Some(*cost)
    });
    let rows: Vec<f64> = rows.collect();
    let share = rows.iter().sum::<f64>() / (PER_THREAD * rayon::current_num_threads()) as f64;

    let (mut start, mut cost, mut rest) = (0, 0.0, image);
    let mut bands = Vec::new();
    for (row, cost_of_row) in rows.into_iter().enumerate() {
        cost += cost_of_row;
        if cost >= share || row + 1 == n_px {
            let (band, after) = rest.split_at_mut((row + 1 - start) * n_px);
            bands.push((start..row + 1, band));
            (start, cost, rest) = (row + 1, 0.0, after);
        }
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::in_threads;

    #[test]
    fn bands_tile_the_image_whatever_the_costs() {
        for costs in [vec![], vec![(0..7, 1.0)], vec![(2..3, 1e9), (0..7, 1.0)], vec![(6..7, f64::INFINITY)]]
        {
            for n_threads in [1, 3] {
                let mut image = vec![0.0; 49];
                let rows: Vec<_> = in_threads(n_threads, || {
                    let bands = bands(&mut image, 7, costs.iter().cloned());
                    assert!(bands.iter().all(|(rows, pixels)| pixels.len() == 7 * rows.len()));
                    bands.into_iter().flat_map(|(rows, _)| rows).collect()
                });
                assert_eq!(rows, (0..7).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn equal_rows_are_shared_out_equally() {
        let mut image = vec![0.0; 64];
        let n_rows: Vec<_> = in_threads(2, || {
            bands(&mut image, 8, [(0..8, 1.0)].into_iter()).iter().map(|band| band.0.len()).collect()
        });
        assert_eq!(n_rows, [1; 8]);
    }
}
