//! From scaled targets to targets in their own units.

use galmass_dataset::Normalisation;
use ndarray::{Array2, ArrayView1, Axis};

use super::Posterior;

/// A posterior of z-scored targets `z` as one of the targets `t = mean + s z` themselves.
///
/// The density of `t` is that of `z` over the product of all `s`: this is where the Jacobian of the scaling goes,
/// `ln p(t) = ln p(z) - sum ln s`. Losses of training and validation are of `z`, without it.
///
/// # Examples
/// ```
/// use galmass_net::{Points, Posterior, Rescaled};
/// use ndarray::array;
///
/// let scaled = Box::new(Points::new(array![[2.0]]));
/// let masses = Rescaled::with(scaled, vec![10.0], vec![0.5]);
/// assert_eq!(masses.draw(0, 1, 1), array![[11.0]]);
/// ```
#[derive(Debug)]
pub struct Rescaled {
    scaled: Box<dyn Posterior>,
    means: Vec<f64>,
    standard_deviations: Vec<f64>,
}

impl Rescaled {
    /// Takes the targets that `normalisation` scaled back to their units.
    pub fn new(scaled: Box<dyn Posterior>, normalisation: &Normalisation) -> Self {
        let targets = &normalisation.targets;
        let means = targets.iter().map(|target| target.mean).collect();
        Self::with(scaled, means, targets.iter().map(|target| target.standard_deviation).collect())
    }

    /// As [`Rescaled::new`], with the mean and standard deviation of each target.
    pub fn with(scaled: Box<dyn Posterior>, means: Vec<f64>, standard_deviations: Vec<f64>) -> Self {
        Self { scaled, means, standard_deviations }
    }

    fn unscale(&self, mut values: Array2<f64>) -> Array2<f64> {
        let targets = self.means.iter().zip(&self.standard_deviations);
        for (mut column, (mean, width)) in values.axis_iter_mut(Axis(1)).zip(targets) {
            column.mapv_inplace(|z| z * width + mean);
        }
        values
    }
}

impl Posterior for Rescaled {
    fn n_galaxies(&self) -> usize {
        self.scaled.n_galaxies()
    }

    fn n_dimensions(&self) -> usize {
        self.scaled.n_dimensions()
    }

    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64> {
        self.unscale(self.scaled.draw(galaxy, n_draws, seed))
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        let targets = point.iter().zip(&self.means).zip(&self.standard_deviations);
        let scaled = targets.map(|((t, mean), width)| (t - mean) / width).collect();
        let log_volume: f64 = self.standard_deviations.iter().map(|width| width.ln()).sum();
        self.scaled.log_density(galaxy, ndarray::Array1::<f64>::from_vec(scaled).view()) - log_volume
    }

    fn quantiles(&self, galaxy: usize, levels: &[f64]) -> Array2<f64> {
        self.unscale(self.scaled.quantiles(galaxy, levels))
    }
}
