//! Gradient-based one-side sampling.

use super::{BLOCK, Bag, generators};
use crate::binning::Lcg;
use crate::config::BoosterConfig;

/// Keeps the rows with the largest gradients and draws from the others (Ke et al. 2017, algorithm 2). The slopes of
/// those drawn are multiplied by the number of rows that each of them stands for.
#[derive(Debug)]
pub(crate) struct Goss {
    top_rate: f64,
    other_rate: f64,
    /// The first round that draws.
    first: usize,
    generators: Vec<Lcg>,
    n_rows: usize,
    bag: Bag,
    sizes: Vec<f32>,
    sorted: Vec<f32>,
}

impl Goss {
    pub(super) fn new(config: &BoosterConfig, n_rows: usize) -> Self {
        Self {
            top_rate: config.top_rate,
            other_rate: config.other_rate,
            first: (1.0 / config.learning_rate) as usize,
            generators: generators(config.bagging_seed, n_rows),
            n_rows,
            bag: Bag::default(),
            sizes: Vec::new(),
            sorted: Vec::new(),
        }
    }

    pub(super) fn draw(&mut self, round: usize, gradients: &mut [f32], hessians: &mut [f32]) -> Option<&Bag> {
        let n_rows = self.n_rows;
        if round < self.first || n_rows == 0 {
            return None;
        }
        self.sizes.clear();
        self.sizes.resize(n_rows, 0.0);
        for (gradients, hessians) in gradients.chunks_exact(n_rows).zip(hessians.chunks_exact(n_rows)) {
            for ((size, gradient), hessian) in self.sizes.iter_mut().zip(gradients).zip(hessians) {
                *size += (gradient * hessian).abs();
            }
        }
        let n_top = ((n_rows as f64 * self.top_rate) as usize).max(1);
        let n_other = (n_rows as f64 * self.other_rate) as usize;
        self.sorted.clone_from(&self.sizes);
        let (_, &mut least, _) =
            self.sorted.select_nth_unstable_by(n_top - 1, |left, right| right.total_cmp(left));
        // In single precision: the weights of rows hang on the last digit.
        let stands_for = (n_rows - n_top) as f32 / n_other as f32;
        self.bag.clear();
        let mut n_kept = 0;
        for row in 0..n_rows {
            if self.sizes[row] >= least {
                n_kept += 1;
                self.bag.put(row, true);
                continue;
            }
            let n_drawn = self.bag.inside.len() - n_kept;
            let n_wanted = n_other as f64 - n_drawn as f64;
            // Ties can make more rows large than were asked for.
            let n_left = (n_rows - row) as f64 - (n_top as f64 - n_kept as f64);
            let is_drawn = f64::from(self.generators[row / BLOCK].next_f32()) < n_wanted / n_left;
            self.bag.put(row, is_drawn);
            if is_drawn {
                for index in (row..gradients.len()).step_by(n_rows) {
                    gradients[index] *= stands_for;
                    hessians[index] *= stands_for;
                }
            }
        }
        Some(&self.bag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_gradients_are_kept_and_the_others_stand_for_those_that_are_not() {
        let n_rows = 5000;
        let mut goss = Goss::new(&BoosterConfig::default(), n_rows);
        let mut gradients: Vec<f32> = (0..n_rows).map(|row| (row % 100) as f32 - 30.5).collect();
        let mut hessians = vec![1.0; n_rows];
        assert!(goss.draw(9, &mut gradients, &mut hessians).is_none());
        let before: f32 = hessians.iter().sum();
        let bag = goss.draw(10, &mut gradients, &mut hessians).unwrap();
        assert_eq!(bag.inside.len(), 1500);
        assert_eq!(bag.outside.len(), 3500);
        let is_large = |row: &&u32| (**row % 100) as f32 - 30.5 >= 49.5;
        assert_eq!(bag.inside.iter().filter(is_large).count(), 1000);
        let after: f32 = bag.inside.iter().map(|&row| hessians[row as usize]).sum();
        assert!((after / before - 1.0).abs() < 1e-5, "{before} {after}");
    }
}
