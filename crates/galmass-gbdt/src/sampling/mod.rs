//! What a tree is grown on: some of the rows, some of the features.

mod bagging;
mod features;
mod goss;

pub(crate) use features::FeatureSampler;

use crate::binning::Lcg;
use crate::config::{BoosterConfig, DataSampleStrategy};
use bagging::Bagging;
use goss::Goss;

/// Rows that draw from one generator.
const BLOCK: usize = 1024;

/// The rows that a tree is grown on, and the others, both in their order.
#[derive(Debug, Default)]
pub(crate) struct Bag {
    pub(crate) inside: Vec<u32>,
    pub(crate) outside: Vec<u32>,
}

impl Bag {
    fn clear(&mut self) {
        self.inside.clear();
        self.outside.clear();
    }

    #[inline(always)]
    fn put(&mut self, row: usize, is_inside: bool) {
        if is_inside { self.inside.push(row as u32) } else { self.outside.push(row as u32) }
    }
}

/// Draws rows.
#[derive(Debug)]
pub(crate) enum RowSampler {
    All,
    Bagging(Bagging),
    Goss(Goss),
}

impl RowSampler {
    pub(crate) fn new(config: &BoosterConfig, n_rows: usize) -> Self {
        match config.data_sample_strategy {
            DataSampleStrategy::Goss => Self::Goss(Goss::new(config, n_rows)),
            DataSampleStrategy::Bagging if config.bagging_freq > 0 && config.bagging_fraction < 1.0 => {
                Self::Bagging(Bagging::new(config, n_rows))
            }
            DataSampleStrategy::Bagging => Self::All,
        }
    }

    /// Whether hessians are not what the objective says any more.
    pub(crate) fn changes_hessians(&self) -> bool {
        matches!(self, Self::Goss(_))
    }

    /// Whether the next round can be unlike this one.
    pub(crate) fn is_random(&self) -> bool {
        !matches!(self, Self::All)
    }

    /// Draws the rows of a round; slopes, those of all rows for each output, change with what a row stands for.
    /// `None` for all rows.
    pub(crate) fn draw(&mut self, round: usize, gradients: &mut [f32], hessians: &mut [f32]) -> Option<&Bag> {
        match self {
            Self::All => None,
            Self::Bagging(bagging) => Some(bagging.draw(round)),
            Self::Goss(goss) => goss.draw(round, gradients, hessians),
        }
    }
}

/// A generator for each block of rows.
fn generators(seed: u32, n_rows: usize) -> Vec<Lcg> {
    (0..n_rows.div_ceil(BLOCK) as u32).map(|block| Lcg::new(seed.wrapping_add(block))).collect()
}
