//! Posteriors made as wide as they should be.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, aview1};

use super::Posterior;

/// Fewer galaxies than this tell no width: the factor is 1 then.
const FEWEST: usize = 20;
/// The narrowest and the widest that a posterior is made.
const FACTORS: [f64; 2] = [0.1, 10.0];
/// Levels from 1/200 to 199/200 stand for the whole distribution of a target.
const N_LEVELS: usize = 199;

/// A posterior spread about its medians `m`, each dimension by a factor of its own:
///
/// ```text
/// t' = m + s (t - m),   ln p'(t') = ln p(t) - sum ln s
/// ```
#[derive(Debug)]
pub(crate) struct Widened {
    given: Box<dyn Posterior>,
    medians: Array2<f64>,
    factors: Vec<f64>,
}

impl Widened {
    pub(crate) fn new(given: Box<dyn Posterior>, factors: Vec<f64>) -> Self {
        let medians = (*given).medians();
        Self { given, medians, factors }
    }

    fn spread(&self, galaxy: usize, mut values: Array2<f64>) -> Array2<f64> {
        let targets = self.medians.row(galaxy).into_iter().zip(&self.factors);
        for (mut column, (median, factor)) in values.axis_iter_mut(Axis(1)).zip(targets) {
            column.mapv_inplace(|value| median + factor * (value - median));
        }
        values
    }
}

impl Posterior for Widened {
    fn n_galaxies(&self) -> usize {
        self.given.n_galaxies()
    }

    fn n_dimensions(&self) -> usize {
        self.given.n_dimensions()
    }

    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64> {
        self.spread(galaxy, self.given.draw(galaxy, n_draws, seed))
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        let medians = self.medians.row(galaxy);
        let targets = point.iter().zip(medians).zip(&self.factors);
        let given: Vec<f64> =
            targets.map(|((value, median), factor)| median + (value - median) / factor).collect();
        let log_volume: f64 = self.factors.iter().map(|factor| factor.ln()).sum();
        self.given.log_density(galaxy, aview1(&given)) - log_volume
    }

    fn quantiles(&self, galaxy: usize, levels: &[f64]) -> Array2<f64> {
        self.spread(galaxy, self.given.quantiles(galaxy, levels))
    }
}

/// The factor of each dimension with which central intervals hold as many truths as they should, on average over all their
/// levels: where `|2 u - 1|`, the level of the smallest central interval that holds the truth, has the mean 1/2 over the
/// galaxies. Unlike the factor of the highest likelihood it does not hang on the few galaxies that are far off.
///
/// # Shapes
/// truths `[galaxy, dimension]`
pub(crate) fn width_factors(given: &dyn Posterior, truths: ArrayView2<'_, f64>) -> Vec<f64> {
    if given.n_galaxies() < FEWEST {
        return vec![1.0; given.n_dimensions()];
    }
    let levels: Vec<f64> = (1..=N_LEVELS).map(|level| level as f64 / (N_LEVELS + 1) as f64).collect();
    let quantiles = given.all_quantiles(&levels).unwrap_or_default();
    let factor = |dimension: usize| {
        let mean_level = |factor: f64| {
            let truths = truths.column(dimension);
            let of_galaxies = quantiles.outer_iter().zip(truths).map(|(quantiles, truth)| {
                let quantiles = quantiles.index_axis_move(Axis(1), dimension);
                let median = quantiles[N_LEVELS / 2];
                central_level(quantiles.view(), median + (truth - median) / factor)
            });
            of_galaxies.sum::<f64>() / truths.len() as f64
        };
        let [mut narrow, mut wide] = FACTORS;
        // Thirty halvings of the logarithm leave nine digits.
        for _ in 0..30 {
            let middle = (narrow * wide).sqrt();
            *(if mean_level(middle) > 0.5 { &mut narrow } else { &mut wide }) = middle;
        }
        (narrow * wide).sqrt()
    };
    (0..given.n_dimensions()).map(factor).collect()
}

/// The level of the central interval that ends at `value`, given quantiles of equal steps in level.
fn central_level(quantiles: ArrayView1<'_, f64>, value: f64) -> f64 {
    // Equal ones, of a step of the distribution, count half.
    let below = quantiles.iter().filter(|&&quantile| quantile < value).count();
    let not_above = quantiles.iter().filter(|&&quantile| quantile <= value).count();
    let place = match below {
        0 => 0.0,
        _ if not_above > below => 0.5 * (below + not_above + 1) as f64,
        N_LEVELS => N_LEVELS as f64 + 1.0,
        _ => {
            let (low, high) = (quantiles[below - 1], quantiles[below]);
            below as f64 + (value - low) / (high - low)
        }
    };
    (2.0 * place / (N_LEVELS + 1) as f64 - 1.0).abs()
}

#[cfg(test)]
mod tests {
    use galmass_core::seed;
    use ndarray::{Array2, array};

    use super::*;
    use crate::posterior::{Component, Mixtures, normal};

    /// Gaussians of width 1 and 3 for truths that scatter by `widths` about their means.
    fn believed(n_galaxies: usize, widths: [f64; 2]) -> (Mixtures, Array2<f64>) {
        let generator = &mut seed::generator(3);
        let mut truths = Array2::zeros((n_galaxies, 2));
        let galaxies = (0..n_galaxies).map(|galaxy| {
            let mean = vec![galaxy as f64, -2.0 * galaxy as f64];
            for dimension in 0..2 {
                truths[[galaxy, dimension]] = mean[dimension] + widths[dimension] * normal(generator);
            }
            vec![Component { log_weight: 0.0, mean, factor: vec![1.0, 0.0, 3.0] }]
        });
        (Mixtures::new(2, galaxies.collect()), truths)
    }

    #[test]
    fn widths_that_were_wrong_are_set_right() {
        let (given, truths) = believed(2000, [0.5, 6.0]);
        let factors = width_factors(&given, truths.view());
        // 2000 galaxies tell a width to 2 per cent.
        assert!(
            (factors[0] / 0.5 - 1.0).abs() < 0.06 && (factors[1] / 2.0 - 1.0).abs() < 0.06,
            "{factors:?}"
        );
        let right: Box<dyn Posterior> = Box::new(Widened::new(Box::new(given), factors));
        let again = width_factors(&*right, truths.view());
        assert!(again.iter().all(|factor| (factor - 1.0).abs() < 1e-3), "{again:?}");
        let ends = right.all_quantiles(&[0.16, 0.84]).unwrap();
        let within = ends
            .outer_iter()
            .zip(truths.rows())
            .filter(|(ends, truth)| ends[[0, 0]] <= truth[0] && truth[0] <= ends[[1, 0]]);
        assert!((within.count() as f64 / 2000.0 - 0.68).abs() < 0.03);
    }

    #[test]
    fn a_few_that_are_far_off_do_not_decide() {
        let (given, mut truths) = believed(1000, [1.0, 3.0]);
        for galaxy in 0..20 {
            truths[[50 * galaxy, 0]] += 100.0;
        }
        let factors = width_factors(&given, truths.view());
        assert!((factors[0] - 1.0).abs() < 0.1, "{factors:?}");
        let (few, truths) = believed(FEWEST - 1, [0.1, 0.1]);
        assert_eq!(width_factors(&few, truths.view()), [1.0, 1.0]);
    }

    /// A skewed posterior stays a density, and its quantiles and draws are those of that density.
    #[test]
    fn the_density_has_the_jacobian_of_the_spread() {
        let component = |weight: f64, mean: f64, width: f64| Component {
            log_weight: weight.ln(),
            mean: vec![mean],
            factor: vec![width],
        };
        let given = Mixtures::new(1, vec![vec![component(0.7, 0.0, 0.3), component(0.3, 1.0, 0.8)]]);
        let median = given.quantiles(0, &[0.5])[[0, 0]];
        let wider = Widened::new(Box::new(given), vec![2.5]);
        let (step, mut below, mut whole) = (1e-3, 0.0, 0.0);
        let quantile = wider.quantiles(0, &[0.2])[[0, 0]];
        for index in -20_000..20_000 {
            let value = (f64::from(index) + 0.5) * step;
            let density = wider.log_density(0, aview1(&[value])).exp();
            whole += density * step;
            below += if value < quantile { density * step } else { 0.0 };
        }
        assert!((whole - 1.0).abs() < 1e-6 && (below - 0.2).abs() < 1e-3, "{whole} {below}");
        assert_eq!(wider.quantiles(0, &[0.5]), array![[median]]);
        let draws = wider.draw(0, 4000, 1);
        let share = draws.iter().filter(|&&value| value < quantile).count() as f64 / 4000.0;
        assert!((share - 0.2).abs() < 0.02, "{share}");
    }
}
