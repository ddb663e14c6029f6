//! Each row with the same chance.

use super::{BLOCK, Bag, generators};
use crate::binning::Lcg;
use crate::config::BoosterConfig;

/// Draws rows with the same chance, anew after some rounds (Breiman 1996, without putting rows back).
#[derive(Debug)]
pub(crate) struct Bagging {
    fraction: f64,
    every: usize,
    generators: Vec<Lcg>,
    n_rows: usize,
    bag: Bag,
    is_drawn: bool,
}

impl Bagging {
    pub(super) fn new(config: &BoosterConfig, n_rows: usize) -> Self {
        Self {
            fraction: config.bagging_fraction,
            every: config.bagging_freq,
            generators: generators(config.bagging_seed, n_rows),
            n_rows,
            bag: Bag::default(),
            is_drawn: false,
        }
    }

    pub(super) fn draw(&mut self, round: usize) -> &Bag {
        // A bag of all rows is the last, as in LightGBM.
        let is_due = round.is_multiple_of(self.every) && self.bag.inside.len() < self.n_rows;
        if is_due || !self.is_drawn {
            self.is_drawn = true;
            self.bag.clear();
            for row in 0..self.n_rows {
                let is_inside = f64::from(self.generators[row / BLOCK].next_f32()) < self.fraction;
                self.bag.put(row, is_inside);
            }
        }
        &self.bag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bags_hold_their_share_and_last_as_long_as_they_should() {
        let config = BoosterConfig { bagging_fraction: 0.3, bagging_freq: 2, ..Default::default() };
        let mut bagging = Bagging::new(&config, 10_000);
        let bags = [0, 1, 2].map(|round| bagging.draw(round).inside.clone());
        assert_eq!(bags[0], bags[1]);
        assert_ne!(bags[0], bags[2]);
        for bag in &bags {
            assert!((2800..3200).contains(&bag.len()), "{}", bag.len());
        }
        let bag = bagging.draw(3);
        let mut all: Vec<u32> = bag.inside.iter().chain(&bag.outside).copied().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..10_000));
    }
}
