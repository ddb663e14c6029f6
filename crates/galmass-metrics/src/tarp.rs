//! Whether joint posteriors are as wide as they should be, in all dimensions at once.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::percentile::{ordered, percentile};
use crate::{MetricsError, Posteriors};

/// How the coverage of joint posteriors is tested.
///
/// # Examples
/// ```
/// let config = galmass_metrics::TarpConfig { n_resamples: 200, ..Default::default() };
/// assert_eq!((config.n_levels, config.seed), (20, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TarpConfig {
    /// The number of levels above 0: the curve has one point more; 1 or more, default 20.
    pub n_levels: usize,
    /// The number of times that the galaxies are drawn anew for the band; default 100. None leaves the band at NaN.
    pub n_resamples: usize,
    /// The seed of the reference points and of the band; default 0.
    pub seed: u64,
}

impl Default for TarpConfig {
    fn default() -> Self {
        Self { n_levels: 20, n_resamples: 100, seed: 0 }
    }
}

/// Expected coverage against credibility: a straight line for posteriors that are as wide as they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Tarp {
    /// Credibilities from 0 to 1, evenly.
    pub credibility: Vec<f64>,
    /// The part of the galaxies whose truth lies inside the region of that credibility, at each.
    pub expected_coverage: Vec<f64>,
    /// The 2.5th and 97.5th percentile of the coverage among galaxies drawn anew, at each.
    pub band: Vec<[f64; 2]>,
    /// The share of each galaxy: the part of its samples nearer to its reference point than its truth is.
    pub nearer: Vec<f64>,
}

impl Tarp {
    /// The largest distance of the curve from the straight line.
    pub fn largest_deviation(&self) -> f64 {
        self.credibility
            .iter()
            .zip(&self.expected_coverage)
            .fold(0.0, |largest, (level, coverage)| largest.max((level - coverage).abs()))
    }
}

/// Tests the coverage of joint posteriors with random points (TARP; Lemos et al. 2023).
///
/// Dimensions are first brought to the unit cube by the range of the truths. For each galaxy a reference point `r` is
/// drawn uniformly in it; `f` is the part of the samples `s` with `|s - r| < |t - r|`, `t` the truth (samples as far as
/// the truth count half); the expected coverage at a credibility `a` is the part of the galaxies with `f < a`, that at 1
/// is 1.
///
/// Exact posteriors give the straight line, to the noise that the band shows: it comes from galaxies drawn anew with
/// replacement. To pass is necessary and not sufficient: with reference points that know nothing of the data a
/// posterior that is the prior passes too. A dimension whose truths are all equal has no range and is left out.
///
/// The same seed gives the same points. Cost: `O(galaxies x samples x dimensions)`.
///
/// # Errors
/// [`MetricsError::OutOfRange`] for no level.
///
/// # References
/// Lemos, Coogan, Hezaveh & Perreault-Levasseur (2023), arXiv:2302.03026.
///
/// # Examples
/// ```
/// use galmass_metrics::{Posteriors, TarpConfig, measure_joint_coverage};
///
/// // Posteriors that all are one point, far from the truth, cover nothing until the end.
/// let samples: Vec<f64> = (0..50).flat_map(|galaxy| [f64::from(galaxy) + 100.0; 4]).collect();
/// let truths: Vec<f64> = (0..50).map(f64::from).collect();
/// let posteriors = Posteriors::new(&samples, &truths, 4, 1)?;
/// let tarp = measure_joint_coverage(&posteriors, &TarpConfig::default())?;
/// assert_eq!(tarp.expected_coverage[10], 1.0); // every truth is nearer to its reference point than any sample
/// assert!(tarp.largest_deviation() > 0.9);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn measure_joint_coverage(
    posteriors: &Posteriors<'_>,
    config: &TarpConfig,
) -> Result<Tarp, MetricsError> {
    if config.n_levels == 0 {
        return Err(MetricsError::OutOfRange { name: "n_levels", value: 0.0, range: "1 or more" });
    }
    let generator = &mut ChaCha8Rng::seed_from_u64(config.seed);
    let scales = unit_scales(posteriors);
    let nearer: Vec<f64> = (0..posteriors.n_galaxies())
        .map(|galaxy| part_nearer(posteriors, galaxy, &scales, generator))
        .collect();
    let credibility: Vec<f64> =
        (0..=config.n_levels).map(|level| level as f64 / config.n_levels as f64).collect();
    let expected_coverage = coverage(&ordered(&nearer), &credibility);
    let resampled: Vec<Vec<f64>> = (0..config.n_resamples)
        .map(|_| {
            let drawn: Vec<f64> =
                (0..nearer.len()).map(|_| nearer[generator.random_range(0..nearer.len())]).collect();
            coverage(&ordered(&drawn), &credibility)
        })
        .collect();
    let band = (0..credibility.len()).map(|level| band_at(&resampled, level)).collect();
    Ok(Tarp { credibility, expected_coverage, band, nearer })
}

/// The lowest truth of each dimension and one over their range, 0 where there is none.
fn unit_scales(posteriors: &Posteriors<'_>) -> Vec<[f64; 2]> {
    let range = |dimension: usize| {
        let truths = (0..posteriors.n_galaxies()).map(|galaxy| posteriors.truth(galaxy)[dimension]);
        let (lowest, highest) = truths
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), truth| (low.min(truth), high.max(truth)));
        [lowest, if highest > lowest { (highest - lowest).recip() } else { 0.0 }]
    };
    (0..posteriors.n_dimensions()).map(range).collect()
}

fn part_nearer(
    posteriors: &Posteriors<'_>,
    galaxy: usize,
    scales: &[[f64; 2]],
    generator: &mut ChaCha8Rng,
) -> f64 {
    let reference: Vec<f64> = scales.iter().map(|_| generator.random()).collect();
    let distance_squared = |point: &[f64]| -> f64 {
        let axes = point.iter().zip(scales).zip(&reference);
        axes.map(
            |((x, [lowest, scale]), r)| if *scale > 0.0 { ((x - lowest) * scale - r).powi(2) } else { 0.0 },
        )
        .sum()
    };
    let of_truth = distance_squared(posteriors.truth(galaxy));
    let nearer: f64 = posteriors
        .samples(galaxy)
        .map(|sample| {
            let of_sample = distance_squared(sample);
            if of_sample < of_truth { 1.0 } else { 0.5 * f64::from(u8::from(of_sample == of_truth)) }
        })
        .sum();
    nearer / posteriors.n_samples() as f64
}

/// The part of the ordered numbers below each level, all at 1.
fn coverage(ordered: &[f64], levels: &[f64]) -> Vec<f64> {
    let below = |level: f64| {
        if level >= 1.0 { ordered.len() } else { ordered.partition_point(|nearer| *nearer < level) }
    };
    levels.iter().map(|level| below(*level) as f64 / ordered.len() as f64).collect()
}

fn band_at(resampled: &[Vec<f64>], level: usize) -> [f64; 2] {
    if resampled.is_empty() {
        return [f64::NAN; 2];
    }
    let at_level = ordered(&resampled.iter().map(|curve| curve[level]).collect::<Vec<_>>());
    [0.025, 0.975].map(|fraction| percentile(&at_level, fraction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussians::Gaussians;

    /// How many levels of the curve have the line inside the band.
    fn levels_inside(narrowed: f64) -> (usize, Tarp) {
        let gaussians = Gaussians::draw(1000, 200, 10, narrowed, 0.0);
        let tarp = measure_joint_coverage(&gaussians.posteriors(), &TarpConfig::default()).unwrap();
        let inside = tarp
            .credibility
            .iter()
            .zip(&tarp.band)
            .filter(|(level, [low, high])| (low - 0.01..=high + 0.01).contains(level));
        (inside.count(), tarp)
    }

    #[test]
    fn exact_posteriors_stay_in_the_band_and_narrowed_ones_leave_it() {
        let (inside, exact) = levels_inside(1.0);
        assert!(inside >= 20 && exact.largest_deviation() < 0.05, "{inside} {exact:?}");
        let (inside, narrow) = levels_inside(0.5);
        assert!(inside < 15 && narrow.largest_deviation() > 0.1, "{inside} {narrow:?}");
    }

    #[test]
    fn the_curve_begins_at_none_and_ends_at_all() {
        let (_, tarp) = levels_inside(1.0);
        assert_eq!((tarp.expected_coverage[0], tarp.expected_coverage[20]), (0.0, 1.0));
        assert!(tarp.expected_coverage.is_sorted());
        assert_eq!(tarp.nearer.len(), 1000);
    }

    #[test]
    fn a_seed_decides_all_and_no_level_is_refused() {
        let gaussians = Gaussians::draw(50, 20, 3, 1.0, 0.0);
        let posteriors = gaussians.posteriors();
        let at = |seed| {
            measure_joint_coverage(&posteriors, &TarpConfig { seed, ..TarpConfig::default() }).unwrap()
        };
        assert_eq!(at(1), at(1));
        assert_ne!(at(1), at(2));
        assert!(
            measure_joint_coverage(&posteriors, &TarpConfig { n_levels: 0, ..TarpConfig::default() })
                .is_err()
        );
        let bare =
            measure_joint_coverage(&posteriors, &TarpConfig { n_resamples: 0, ..TarpConfig::default() })
                .unwrap();
        assert!(bare.band.iter().flatten().all(|end| end.is_nan()));
    }

    #[test]
    fn a_dimension_without_range_says_nothing() {
        let samples = [0.0, 7.0, 1.0, 7.0, 2.0, 9.0, 3.0, 9.0];
        let posteriors = Posteriors::new(&samples, &[0.5, 7.0, 2.5, 7.0], 2, 2).unwrap();
        let tarp = measure_joint_coverage(&posteriors, &TarpConfig::default()).unwrap();
        assert!(tarp.nearer.iter().all(|nearer| [0.0, 0.5, 1.0].contains(nearer)));
    }
}
