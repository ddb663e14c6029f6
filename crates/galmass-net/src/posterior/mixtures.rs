//! Mixtures of Gaussians with any covariance.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use galmass_core::seed;
use ndarray::{Array2, ArrayView1};
use rand::RngExt;

use super::{Posterior, choose, log_sum_exp, normal};

/// One Gaussian of a mixture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Component {
    /// The logarithm of its weight; the weights of a mixture sum to 1.
    pub(crate) log_weight: f64,
    /// Its mean.
    pub(crate) mean: Vec<f64>,
    /// The lower triangle of the factor `L` of its covariance `L L^T`, row by row, with a positive diagonal.
    pub(crate) factor: Vec<f64>,
}

impl Component {
    fn row(&self, row: usize) -> &[f64] {
        &self.factor[row * (row + 1) / 2..(row + 1) * (row + 2) / 2]
    }

    /// `ln N(point; mean, L L^T)`, by solving `L z = point - mean`.
    fn log_density(&self, point: ArrayView1<'_, f64>) -> f64 {
        let mut z: Vec<f64> = Vec::with_capacity(point.len());
        let mut log_density = -0.5 * point.len() as f64 * TAU.ln();
        for (index, (x, mean)) in point.iter().zip(&self.mean).enumerate() {
            let (diagonal, before) = (self.row(index)[index], &self.row(index)[..index]);
            let known: f64 = before.iter().zip(&z).map(|(l, z)| l * z).sum();
            let own = (x - mean - known) / diagonal;
            log_density -= 0.5 * own * own + diagonal.ln();
            z.push(own);
        }
        log_density
    }

    /// The standard deviation of one dimension alone.
    fn width(&self, dimension: usize) -> f64 {
        self.row(dimension).iter().map(|l| l * l).sum::<f64>().sqrt()
    }
}

/// A mixture for each galaxy, all with the same number of components.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixtures {
    n_dimensions: usize,
    galaxies: Vec<Vec<Component>>,
}

impl Mixtures {
    pub(crate) fn new(n_dimensions: usize, galaxies: Vec<Vec<Component>>) -> Self {
        Self { n_dimensions, galaxies }
    }

    /// One galaxy with one Gaussian.
    #[cfg(test)]
    pub(crate) fn gaussian(mean: &[f64], factor: &[f64]) -> Self {
        let component = Component { log_weight: 0.0, mean: mean.to_vec(), factor: factor.to_vec() };
        Self::new(mean.len(), vec![vec![component]])
    }

    /// Where the distribution of one dimension reaches `level`, by bisection to the last digits.
    fn quantile(&self, galaxy: usize, dimension: usize, level: f64) -> f64 {
        let components = &self.galaxies[galaxy];
        let below = |x: f64| -> f64 {
            let part = |c: &Component| {
                let z = (x - c.mean[dimension]) / c.width(dimension);
                c.log_weight.exp() * 0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
            };
            components.iter().map(part).sum()
        };
        // Beyond 38 widths a Gaussian holds less than the smallest number.
        let edge =
            |sign: f64| components.iter().map(move |c| c.mean[dimension] + sign * 38.5 * c.width(dimension));
        let mut low = edge(-1.0).fold(f64::INFINITY, f64::min);
        let mut high = edge(1.0).fold(f64::NEG_INFINITY, f64::max);
        loop {
            let middle = 0.5 * (low + high);
            // Also ends where a number is none: nothing lies between NaN.
            if !(low < middle && middle < high) {
                return middle;
            }
            if below(middle) < level {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
}

impl Posterior for Mixtures {
    fn n_galaxies(&self) -> usize {
        self.galaxies.len()
    }

    fn n_dimensions(&self) -> usize {
        self.n_dimensions
    }

    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64> {
        let components = &self.galaxies[galaxy];
        let generator = &mut seed::generator(seed);
        let mut draws = Array2::zeros((n_draws, self.n_dimensions));
        for mut draw in draws.rows_mut() {
            let weights = components.iter().map(|component| component.log_weight.exp());
            let component = &components[choose(weights, generator.random())];
            let z: Vec<f64> = (0..self.n_dimensions).map(|_| normal(generator)).collect();
            for (dimension, value) in draw.iter_mut().enumerate() {
                let terms = component.row(dimension).iter().zip(&z);
                *value = component.mean[dimension] + terms.map(|(l, z)| l * z).sum::<f64>();
            }
        }
        draws
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        assert_eq!(point.len(), self.n_dimensions, "the dimensions of a point");
        let weighted: Vec<f64> =
            self.galaxies[galaxy].iter().map(|c| c.log_weight + c.log_density(point)).collect();
        log_sum_exp(weighted.iter().copied())
    }

    fn quantiles(&self, galaxy: usize, levels: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((levels.len(), self.n_dimensions), |(row, dimension)| {
            self.quantile(galaxy, dimension, levels[row])
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, array};

    use super::*;

    fn correlated() -> Mixtures {
        Mixtures::gaussian(&[1.0, -2.0], &[2.0, 0.9, 0.5])
    }

    fn bimodal() -> Mixtures {
        let component = |weight: f64, mean: f64, l10: f64| Component {
            log_weight: weight.ln(),
            mean: vec![mean, 0.5 * mean],
            factor: vec![0.5, l10, 0.3],
        };
        Mixtures::new(2, vec![vec![component(0.3, -1.5, 0.4), component(0.7, 1.0, -0.2)]])
    }

    #[test]
    fn the_density_is_the_closed_form() {
        // Covariance [[4, 1.8], [1.8, 1.06]], determinant 1.
        let at = |x: f64, y: f64| {
            let (x, y) = (x - 1.0, y + 2.0);
            -0.5 * (1.06 * x * x - 2.0 * 1.8 * x * y + 4.0 * y * y) - TAU.ln()
        };
        for (x, y) in [(1.0, -2.0), (0.0, 0.0), (3.0, -2.5)] {
            assert!((correlated().log_density(0, array![x, y].view()) - at(x, y)).abs() < 1e-12);
        }
    }

    #[test]
    fn densities_integrate_to_one() {
        for posterior in [correlated(), bimodal()] {
            // The trapezoidal rule converges faster than any power on a Gaussian: cells of a quarter of the least
            // width.
            let cell = 0.06;
            let axis = |centre: f64| (-250..250).map(move |i| centre + cell * f64::from(i));
            let sum: f64 = axis(1.0)
                .flat_map(|x| axis(-1.0).map(move |y| (x, y)))
                .map(|(x, y)| posterior.log_density(0, array![x, y].view()).exp())
                .sum();
            assert!((sum * cell * cell - 1.0).abs() < 1e-6, "{}", sum * cell * cell);
        }
    }

    #[test]
    fn draws_have_the_moments_of_the_density() {
        let draws = bimodal().draw(0, 40_000, 9);
        let mean = draws.mean_axis(Axis(0)).unwrap();
        let covariance = |a: usize, b: usize| {
            let product = |draw: ArrayView1<'_, f64>| (draw[a] - mean[a]) * (draw[b] - mean[b]);
            draws.rows().into_iter().map(product).sum::<f64>() / 40_000.0
        };
        // Mean 0.25; between the modes 0.3 * 1.75^2 + 0.7 * 0.75^2 = 1.3125.
        let expected = [
            0.25 + 1.3125,
            0.5 * 1.3125 + 0.3 * 0.2 - 0.7 * 0.1,
            0.25 * 1.3125 + 0.09 + 0.3 * 0.16 + 0.7 * 0.04,
        ];
        assert!((mean[0] - 0.25).abs() < 0.03 && (mean[1] - 0.125).abs() < 0.02, "{mean}");
        for (found, expected) in [covariance(0, 0), covariance(0, 1), covariance(1, 1)].iter().zip(expected) {
            assert!((found - expected).abs() < 0.03, "{found} {expected}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_normal_distribution_and_of_draws() {
        let quantiles = correlated().quantiles(0, &[0.025, 0.5, 0.975]);
        assert!((quantiles[[0, 0]] - (1.0 - 2.0 * 1.959_963_984_540_054)).abs() < 1e-12);
        assert!((quantiles[[1, 1]] + 2.0).abs() < 1e-12);
        assert!((quantiles[[2, 1]] - (-2.0 + 1.06_f64.sqrt() * 1.959_963_984_540_054)).abs() < 1e-12);
        let draws = bimodal().draw(0, 40_000, 4);
        let (exact, drawn) = (
            bimodal().quantiles(0, &[0.16, 0.84]),
            super::super::empirical_quantiles(draws.view(), &[0.16, 0.84]),
        );
        assert!((&exact - &drawn).iter().all(|difference| difference.abs() < 0.03), "{exact} {drawn}");
    }

    #[test]
    fn numbers_that_are_none_give_none_and_end() {
        let posterior = Mixtures::gaussian(&[f64::NAN], &[1.0]);
        assert!(posterior.quantiles(0, &[0.5])[[0, 0]].is_nan());
        assert!(posterior.log_density(0, array![1.0].view()).is_nan());
    }
}
