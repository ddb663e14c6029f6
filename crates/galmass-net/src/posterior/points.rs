//! Predictions that are one point.

use ndarray::{Array2, ArrayView1};

use super::Posterior;

/// What a network without uncertainties says: all of the density at one point of each galaxy.
///
/// Every draw and every quantile is that point. The density is infinite there and zero elsewhere. An
/// [`Ensemble`](crate::Ensemble) of points scatters as its members do.
///
/// # Examples
/// ```
/// use galmass_net::{Points, Posterior};
/// use ndarray::array;
///
/// let points = Points::new(array![[9.5, 11.0]]);
/// assert_eq!(points.draw(0, 2, 1), array![[9.5, 11.0], [9.5, 11.0]]);
/// assert_eq!(points.log_density(0, array![9.5, 11.1].view()), f64::NEG_INFINITY);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Points(Array2<f64>);

impl Points {
    /// Takes the points `[galaxy, dimension]`.
    pub fn new(points: Array2<f64>) -> Self {
        Self(points)
    }
}

impl Posterior for Points {
    fn n_galaxies(&self) -> usize {
        self.0.nrows()
    }

    fn n_dimensions(&self) -> usize {
        self.0.ncols()
    }

    fn draw(&self, galaxy: usize, n_draws: usize, _seed: u64) -> Array2<f64> {
        let point = self.0.row(galaxy);
        Array2::from_shape_fn((n_draws, point.len()), |(_, dimension)| point[dimension])
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        if self.0.row(galaxy) == point { f64::INFINITY } else { f64::NEG_INFINITY }
    }

    fn quantiles(&self, galaxy: usize, levels: &[f64]) -> Array2<f64> {
        self.draw(galaxy, levels.len(), 0)
    }
}
