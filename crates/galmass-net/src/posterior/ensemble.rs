//! Several networks as one.

use galmass_core::seed;
use ndarray::{Array2, ArrayView1, s};

use super::{Posterior, log_sum_exp};
use crate::NetError;

/// A deep ensemble: the mean of the densities of networks that were trained from different seeds.
///
/// Its spread is what each network is unsure of and what they disagree on (Lakshminarayanan, Pritzel & Blundell 2017).
/// Members may have different heads; an ensemble of [`Points`](crate::Points) is spread by disagreement alone. Draws
/// are taken from the members in turn.
///
/// # Examples
/// ```
/// use galmass_net::{Ensemble, Points, Posterior};
/// use ndarray::array;
///
/// let members = [1.0, 3.0].map(|mass| Box::new(Points::new(array![[mass]])) as Box<dyn Posterior>);
/// let ensemble = Ensemble::new(members.into())?;
/// assert_eq!(ensemble.draw(0, 4, 1), array![[1.0], [3.0], [1.0], [3.0]]);
/// assert_eq!(ensemble.quantiles(0, &[0.25, 0.75]), array![[1.0], [3.0]]);
/// # Ok::<(), galmass_net::NetError>(())
/// ```
///
/// # References
/// Lakshminarayanan, Pritzel & Blundell (2017), "Simple and Scalable Predictive Uncertainty Estimation using Deep
/// Ensembles", NeurIPS.
#[derive(Debug)]
pub struct Ensemble {
    members: Vec<Box<dyn Posterior>>,
}

impl Ensemble {
    /// Puts members together that speak of the same galaxies and targets, in the same units.
    ///
    /// # Errors
    /// [`NetError::NoMembers`] without any; [`NetError::SampleCount`] or [`NetError::TargetCount`] where one has
    /// another number of galaxies or targets than the first.
    pub fn new(members: Vec<Box<dyn Posterior>>) -> Result<Self, NetError> {
        let first = members.first().ok_or(NetError::NoMembers)?;
        for (index, member) in members.iter().enumerate() {
            let (expected, found) = (first.n_galaxies(), member.n_galaxies());
            if expected != found {
                return Err(NetError::SampleCount { what: format!("member {index}"), expected, found });
            }
            let (expected, found) = (first.n_dimensions(), member.n_dimensions());
            if expected != found {
                return Err(NetError::TargetCount { expected, found });
            }
        }
        Ok(Self { members })
    }
}

impl Posterior for Ensemble {
    fn n_galaxies(&self) -> usize {
        self.members[0].n_galaxies()
    }

    fn n_dimensions(&self) -> usize {
        self.members[0].n_dimensions()
    }

    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64> {
        let n_members = self.members.len();
        let mut draws = Array2::zeros((n_draws, self.n_dimensions()));
        for (index, member) in self.members.iter().enumerate().take(n_draws) {
            let of_member = (n_draws - index).div_ceil(n_members);
            let own = member.draw(galaxy, of_member, seed::derive(seed, index as u64));
            draws.slice_mut(s![index..;n_members, ..]).assign(&own);
        }
        draws
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        let densities: Vec<f64> =
            self.members.iter().map(|member| member.log_density(galaxy, point)).collect();
        log_sum_exp(densities.iter().copied()) - (densities.len() as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::{Mixtures, Points};
    use super::*;

    fn gaussian(mean: f64) -> Box<dyn Posterior> {
        Box::new(Mixtures::gaussian(&[mean], &[1.0]))
    }

    #[test]
    fn the_density_is_the_mean_of_the_members() {
        let ensemble = Ensemble::new(vec![gaussian(-1.0), gaussian(2.0)]).unwrap();
        let density = |mean: f64, x: f64| (-0.5 * (x - mean).powi(2)).exp() / std::f64::consts::TAU.sqrt();
        for x in [-3.0, 0.0, 1.0, 4.0] {
            let expected = 0.5 * (density(-1.0, x) + density(2.0, x));
            assert!((ensemble.log_density(0, array![x].view()).exp() - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn draws_come_from_each_member_alike_and_keep_their_bits() {
        let ensemble = Ensemble::new(vec![gaussian(-50.0), gaussian(0.0), gaussian(50.0)]).unwrap();
        let draws = ensemble.draw(0, 7, 3);
        let member = |draw: &f64| ((draw + 75.0) / 50.0) as usize;
        assert_eq!(draws.iter().map(member).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(draws, ensemble.draw(0, 7, 3));
        assert_eq!(draws, ensemble.draw(0, 20, 3).slice(s![..7, ..]));
        assert_ne!(draws, ensemble.draw(0, 7, 4));
        assert_eq!(ensemble.draw(0, 2, 3), draws.slice(s![..2, ..]));
    }

    #[test]
    fn members_that_do_not_fit_are_refused() {
        assert!(matches!(Ensemble::new(vec![]), Err(NetError::NoMembers)));
        let points = |n, d| Box::new(Points::new(Array2::zeros((n, d)))) as Box<dyn Posterior>;
        assert!(matches!(Ensemble::new(vec![points(2, 1), points(3, 1)]), Err(NetError::SampleCount { .. })));
        assert!(matches!(Ensemble::new(vec![points(2, 1), points(2, 2)]), Err(NetError::TargetCount { .. })));
    }
}
