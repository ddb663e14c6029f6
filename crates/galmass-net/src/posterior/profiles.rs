//! Posteriors of free numbers as posteriors of profiles that rise.

use ndarray::{Array2, ArrayView1, aview1};

use super::Posterior;
use crate::head::ProfileConfig;

/// A posterior of the free numbers of [`ProfileConfig`] as one of the scaled targets.
///
/// Quantiles are those of draws, for want of a closed form.
#[derive(Debug)]
pub(crate) struct RisingProfiles {
    pub(crate) free: Box<dyn Posterior>,
    pub(crate) profiles: ProfileConfig,
}

impl Posterior for RisingProfiles {
    fn n_galaxies(&self) -> usize {
        self.free.n_galaxies()
    }

    fn n_dimensions(&self) -> usize {
        self.free.n_dimensions()
    }

    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64> {
        let mut draws = self.free.draw(galaxy, n_draws, seed);
        for mut draw in draws.rows_mut() {
            let scaled = self.profiles.to_scaled(&draw.to_vec());
            draw.assign(&aview1(&scaled));
        }
        draws
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        let (free, log_volume) = self.profiles.to_free(&point.to_vec());
        self.free.log_density(galaxy, aview1(&free)) + log_volume
    }
}
