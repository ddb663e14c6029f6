//! Whether posteriors are as wide as they should be, one dimension at a time.

use libm::exp;

use crate::percentile::ordered;
use crate::{MetricsError, Posteriors};

/// The probability integral transform of each galaxy: the part of its posterior below the truth, from 0 to 1.
///
/// Samples equal to the truth count half. Posteriors that are as wide as they should be have transforms spread evenly;
/// a hump in the middle says that they are too wide, horns at the ends that they are too narrow, a slope that they are
/// biased.
///
/// # Errors
/// [`MetricsError::NoSuchDimension`].
///
/// # References
/// Dawid (1984); Gneiting, Balabdaoui & Raftery (2007).
///
/// # Examples
/// ```
/// use galmass_metrics::{Posteriors, probability_integral_transforms};
///
/// let samples = [1.0, 2.0, 3.0, 4.0];
/// let posteriors = Posteriors::new(&samples, &[3.5], 4, 1)?;
/// assert_eq!(probability_integral_transforms(&posteriors, 0)?, [0.75]);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn probability_integral_transforms(
    posteriors: &Posteriors<'_>,
    dimension: usize,
) -> Result<Vec<f64>, MetricsError> {
    posteriors.check_dimension(dimension)?;
    let transform = |galaxy: usize| {
        let truth = posteriors.truth(galaxy)[dimension];
        let below: f64 = posteriors
            .marginal(galaxy, dimension)
            .map(|value| if value < truth { 1.0 } else { 0.5 * f64::from(u8::from(value == truth)) })
            .sum();
        below / posteriors.n_samples() as f64
    };
    Ok((0..posteriors.n_galaxies()).map(transform).collect())
}

/// The part of the truths that lie inside the central interval of their posterior that should hold `level` of them.
///
/// `transforms` are [probability integral transforms](probability_integral_transforms); the interval of a level is that
/// between the transforms `(1 - level) / 2` and `(1 + level) / 2`, its ends included. A network that is well calibrated
/// has a coverage of `level`, within the shot noise `sqrt(level (1 - level) / n)`.
///
/// # Errors
/// [`MetricsError::Empty`] without transforms, [`MetricsError::OutOfRange`] for a level or a transform outside 0 to 1.
///
/// # Examples
/// ```
/// use galmass_metrics::central_coverage;
///
/// assert_eq!(central_coverage(&[0.05, 0.2, 0.5, 0.95], 0.68)?, 0.5);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn central_coverage(transforms: &[f64], level: f64) -> Result<f64, MetricsError> {
    check_transforms(transforms)?;
    check_unit("level", level)?;
    let inside = transforms.iter().filter(|transform| (2.0 * **transform - 1.0).abs() <= level).count();
    Ok(inside as f64 / transforms.len() as f64)
}

/// How far transforms are from being spread evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The largest distance between the cumulative distribution of the transforms and a straight line, 0 to 1.
    pub distance: f64,
    /// How often evenly spread transforms would be that far from it by chance: below 0.01, say, the posteriors are not
    /// calibrated.
    pub probability: f64,
}

/// The test of Kolmogorov and Smirnov that transforms are spread evenly from 0 to 1.
///
/// The probability is that of the asymptotic distribution at `(sqrt(n) + 0.12 + 0.11 / sqrt(n)) D` (Stephens 1970),
/// good from four galaxies on. It takes the transforms as independent, so several lines of sight of one galaxy make it
/// too small; and transforms from few samples are steps, which count as a distance of up to half a step.
///
/// # Errors
/// As [`central_coverage`].
///
/// # Examples
/// ```
/// use galmass_metrics::kolmogorov_smirnov;
///
/// let even: Vec<f64> = (0..100).map(|i| (f64::from(i) + 0.5) / 100.0).collect();
/// assert!((kolmogorov_smirnov(&even)?.distance - 0.005).abs() < 1e-12);
/// assert!(kolmogorov_smirnov(&even)?.probability > 0.999);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn kolmogorov_smirnov(transforms: &[f64]) -> Result<KolmogorovSmirnov, MetricsError> {
    check_transforms(transforms)?;
    let n = transforms.len() as f64;
    let distance = ordered(transforms).iter().enumerate().fold(0.0_f64, |largest, (index, transform)| {
        largest.max(transform - index as f64 / n).max((index + 1) as f64 / n - transform)
    });
    let x = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance;
    Ok(KolmogorovSmirnov { distance, probability: kolmogorov_tail(x) })
}

/// Kolmogorov's `Q(x) = 2 sum_(k>=1) (-1)^(k-1) exp(-2 k^2 x^2)`.
fn kolmogorov_tail(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0; // to 1e-11, where the series converges no more
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * exp(-2.0 * f64::from(k * k) * x * x)
    };
    (1..=40).map(term).sum::<f64>().clamp(0.0, 1.0)
}

fn check_transforms(transforms: &[f64]) -> Result<(), MetricsError> {
    if transforms.is_empty() {
        return Err(MetricsError::Empty);
    }
    transforms.iter().try_for_each(|transform| check_unit("transform", *transform))
}

fn check_unit(name: &'static str, value: f64) -> Result<(), MetricsError> {
    let range = "between 0 and 1";
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(MetricsError::OutOfRange { name, value, range }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussians::Gaussians;

    fn transforms(narrowed: f64, shift: f64) -> Vec<f64> {
        let gaussians = Gaussians::draw(2000, 400, 1, narrowed, shift);
        probability_integral_transforms(&gaussians.posteriors(), 0).unwrap()
    }

    #[test]
    fn exact_posteriors_cover_what_they_say() {
        let exact = transforms(1.0, 0.0);
        for level in [0.05, 0.5, 0.68, 0.95] {
            let noise = (level * (1.0 - level) / 2000.0_f64).sqrt();
            assert!((central_coverage(&exact, level).unwrap() - level).abs() < 3.5 * noise, "{level}");
        }
        assert!(kolmogorov_smirnov(&exact).unwrap().probability > 0.05);
    }

    #[test]
    fn narrowed_posteriors_cover_the_part_of_a_normal_within_half_its_width() {
        let narrow = transforms(0.5, 0.0);
        // Of a normal, 0.3829 lies within half a standard deviation and 0.6729 within 0.97998.
        assert!((central_coverage(&narrow, 0.682_689).unwrap() - 0.3829).abs() < 0.035);
        assert!((central_coverage(&narrow, 0.95).unwrap() - 0.6729).abs() < 0.035);
        assert!(kolmogorov_smirnov(&narrow).unwrap().probability < 1e-6);
    }

    #[test]
    fn shifted_posteriors_are_seen_too() {
        assert!(kolmogorov_smirnov(&transforms(1.0, 0.3)).unwrap().probability < 1e-6);
    }

    #[test]
    fn the_tail_has_its_tabulated_values() {
        // The critical values at 10, 5 and 1 per cent.
        for (x, tail) in [(1.223_85, 0.1), (1.358_10, 0.05), (1.627_62, 0.01)] {
            assert!((kolmogorov_tail(x) - tail).abs() < 5e-6, "{x}");
        }
        assert!((kolmogorov_tail(0.2) - 1.0).abs() < 1e-10);
    }

    #[test]
    fn ties_count_half_and_bad_numbers_are_refused() {
        let posteriors = Posteriors::new(&[1.0, 1.0, 1.0, 2.0], &[1.0], 4, 1).unwrap();
        assert_eq!(probability_integral_transforms(&posteriors, 0).unwrap(), [0.375]);
        let error = probability_integral_transforms(&posteriors, 1).unwrap_err();
        assert_eq!(error, MetricsError::NoSuchDimension { dimension: 1, n_dimensions: 1 });
        assert_eq!(central_coverage(&[], 0.5), Err(MetricsError::Empty));
        let error = central_coverage(&[0.5], 1.5).unwrap_err();
        assert_eq!(error.to_string(), "`level` is 1.5, not between 0 and 1");
        assert!(kolmogorov_smirnov(&[f64::NAN]).is_err());
    }
}
