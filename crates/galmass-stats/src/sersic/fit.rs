//! A Sersic profile through a measured brightness profile.

use serde::{Deserialize, Serialize};

use super::SersicProfile;
use super::levenberg_marquardt::{Minimum, Normal, Search, invert, minimise};
use super::profile::LogBrightness;
use super::scale::{SERSIC_INDEX_RANGE, solve};
use crate::StatsError;

/// The indices from which the search starts: cores, discs, ellipticals and all but power laws.
const STARTS: [f64; 8] = [0.3, 0.7, 1.0, 2.0, 4.0, 8.0, 30.0, 120.0];

/// The effective radius is sought within the radii of the data, widened by this factor at both ends.
const RADIUS_MARGIN: f64 = 1e3;

/// As many points as parameters.
const FEWEST_POINTS: usize = 3;

/// How a profile is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SersicFitConfig {
    /// The least index allowed, at least 0.05, the default.
    pub min_index: f64,
    /// The largest index allowed, at most 200, the default: Chu et al. (2024) drop galaxies above 100 afterwards, so
    /// that their fits were not held to the usual 8.
    pub max_index: f64,
    /// The most steps from each start, 300 by default.
    pub max_iterations: usize,
}

impl Default for SersicFitConfig {
    fn default() -> Self {
        let (min_index, max_index) = SERSIC_INDEX_RANGE.into_inner();
        Self { min_index, max_index, max_iterations: 300 }
    }
}

/// What went wrong in a fit that the galaxy is to blame for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SersicFitFlags {
    /// Fewer than three usable points at different radii: no fit, all values are NaN.
    pub too_few_points: bool,
    /// No usable point is bright: no fit, all values are NaN.
    pub no_light: bool,
    /// The search from the best start did not end in a minimum.
    pub not_converged: bool,
    /// The index lies at an end of its range; it has no error then, and the others' are those for that index.
    pub index_at_bound: bool,
    /// The effective radius lies a thousand times inside or outside the data; it has no error then.
    pub radius_at_bound: bool,
    /// The data do not tell the parameters apart: errors are NaN.
    pub no_covariance: bool,
}

impl SersicFitFlags {
    /// Whether any is set.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// The best Sersic profile through a measured one.
#[derive(Clone, Debug, PartialEq)]
pub struct SersicFit {
    /// The index n.
    pub index: f64,
    /// Its standard error.
    pub index_error: f64,
    /// The effective radius, in the unit of the radii.
    pub effective_radius: f64,
    /// Its standard error.
    pub effective_radius_error: f64,
    /// The brightness at the effective radius, in the unit of the brightnesses.
    pub effective_brightness: f64,
    /// Its standard error.
    pub effective_brightness_error: f64,
    /// The covariance of (ln I_e, ln R_e, ln n).
    pub log_covariance: [[f64; 3]; 3],
    /// The sum of `((I - model) / error)^2`.
    pub chi_squared: f64,
    /// Points fitted less the three parameters.
    pub degrees_of_freedom: usize,
    /// Points left out: a radius below zero, an error not above zero, or something not finite.
    pub n_ignored: usize,
    /// Steps from the best start.
    pub n_iterations: usize,
    /// What went wrong.
    pub flags: SersicFitFlags,
}

impl SersicFit {
    /// The fitted profile; `None` where there is none.
    pub fn profile(&self) -> Option<SersicProfile> {
        SersicProfile::new(self.index, self.effective_radius, self.effective_brightness).ok()
    }

    fn failed(n_ignored: usize, flags: SersicFitFlags) -> Self {
        Self {
            index: f64::NAN,
            index_error: f64::NAN,
            effective_radius: f64::NAN,
            effective_radius_error: f64::NAN,
            effective_brightness: f64::NAN,
            effective_brightness_error: f64::NAN,
            log_covariance: [[f64::NAN; 3]; 3],
            chi_squared: f64::NAN,
            degrees_of_freedom: 0,
            n_ignored,
            n_iterations: 0,
            flags,
        }
    }
}

/// `(ln I_e, ln R_e, ln n)`.
type Three = [f64; 3];

/// One usable point: ln R, I and 1 / error.
type Point = (f64, f64, f64);

/// Fits a Sersic profile to brightnesses at radii: the `(I_e, R_e, n)` of the least
/// `chi^2 = sum ((I_i - I(R_i)) / error_i)^2`, by Levenberg-Marquardt in their logarithms with analytic derivatives,
/// from several indices; at each start the other two are those of a straight line in (R^(1/n), ln I).
///
/// `radii` (kpc, pixels), `brightnesses` (Lsun/kpc^2, counts per pixel) and their standard `errors` are of one length,
/// in any order. Errors should be those expected, not those of the data: 1/data as weights biases the index. For a
/// profile of particles take `I (1/sqrt(N) + floor)` of a smooth I. Where only the ratios of the errors are known,
/// scale the errors of the result by the root of chi^2 per degree of freedom.
///
/// The brightness is that at the radius: average narrow annuli. A radius of 0 and brightnesses of 0 or below are data
/// like any other. Unusable points are left out and counted; too few of them, no light, a bound that was hit, no
/// convergence and parameters that cannot be told apart are [flags](SersicFitFlags), with NaN where there is no value.
///
/// # Errors
/// [`StatsError::LengthMismatch`] for columns of different lengths, [`StatsError::OutOfRange`] for a
/// configuration out of its ranges.
///
/// # Examples
/// ```
/// use galmass_stats::{SersicFitConfig, SersicProfile, fit_sersic_profile};
///
/// let truth = SersicProfile::new(2.5, 3.0, 1.0e8)?;
/// let radii: Vec<f64> = (1..40).map(|i| 0.3 * f64::from(i)).collect();
/// let brightnesses: Vec<f64> = radii.iter().map(|&r| truth.brightness(r)).collect();
/// let errors: Vec<f64> = brightnesses.iter().map(|i| 0.05 * i).collect();
/// let fit = fit_sersic_profile(&radii, &brightnesses, &errors, &SersicFitConfig::default())?;
/// assert!(!fit.flags.any());
/// assert!((fit.index - 2.5).abs() < 1e-8);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
///
/// # References
/// Chu et al. (2024), Table 1, whose n_Ser it is; Marquardt (1963), SIAM J. Appl. Math. 11, 431.
pub fn fit_sersic_profile(
    radii: &[f64],
    brightnesses: &[f64],
    errors: &[f64],
    config: &SersicFitConfig,
) -> Result<SersicFit, StatsError> {
    check(config)?;
    for (what, column) in [("brightnesses", brightnesses), ("errors", errors)] {
        if column.len() != radii.len() {
            return Err(StatsError::LengthMismatch {
                column: what,
                expected: radii.len(),
                found: column.len(),
            });
        }
    }
    let rows = radii.iter().zip(brightnesses).zip(errors);
    let usable = rows.filter(|((radius, brightness), error)| {
        let finite = radius.is_finite() && brightness.is_finite() && error.recip().is_finite();
        finite && **radius >= 0.0 && **error > 0.0 && error.is_finite()
    });
    let points: Vec<Point> =
        usable.map(|((radius, brightness), error)| (radius.ln(), *brightness, error.recip())).collect();
    let n_ignored = radii.len() - points.len();

    let mut logs: Vec<f64> = points.iter().map(|point| point.0).collect();
    logs.sort_unstable_by(f64::total_cmp);
    logs.dedup();
    let too_few_points = logs.len() < FEWEST_POINTS;
    let no_light = !points.iter().any(|point| point.1 > 0.0);
    if too_few_points || no_light {
        let flags = SersicFitFlags { too_few_points, no_light, ..SersicFitFlags::default() };
        return Ok(SersicFit::failed(n_ignored, flags));
    }
    logs.retain(|log| log.is_finite());
    let (inner, outer) = (logs[0], logs[logs.len() - 1]);

    let margin = RADIUS_MARGIN.ln();
    let lower = [-700.0, inner - margin, config.min_index.ln()];
    let upper = [700.0, outer + margin, config.max_index.ln()];
    // What rounding of the model leaves of chi squared where the fit is exact.
    let noise = points.iter().map(|(_, i, w)| (i * w * f64::EPSILON).powi(2)).sum::<f64>();

    let search = Search::between(lower, upper, noise, config.max_iterations);
    let best = STARTS
        .iter()
        .filter_map(|index| {
            let index = index.clamp(config.min_index, config.max_index);
            let start = start_at(&points, index, &lower, &upper);
            minimise(|p| normal_of(&points, p), start, &search)
        })
        .min_by(|a, b| a.normal.chi_squared.total_cmp(&b.normal.chi_squared));
    let Some(best) = best else {
        let flags = SersicFitFlags { not_converged: true, ..SersicFitFlags::default() };
        return Ok(SersicFit::failed(n_ignored, flags));
    };
    Ok(report(&best, &lower, &upper, points.len(), n_ignored, config))
}

fn check(config: &SersicFitConfig) -> Result<(), StatsError> {
    let bad =
        |parameter, value, expected| Err(StatsError::OutOfRange { name: parameter, value, range: expected });
    if !SERSIC_INDEX_RANGE.contains(&config.min_index) {
        return bad("min_index", config.min_index, "from 0.05 to 200");
    }
    if !SERSIC_INDEX_RANGE.contains(&config.max_index) || config.max_index <= config.min_index {
        return bad("max_index", config.max_index, "above min_index and at most 200");
    }
    if config.max_iterations == 0 {
        return bad("max_iterations", 0.0, "at least 1");
    }
    Ok(())
}

/// `(ln I_e, ln R_e, ln n)` for a start of this index: a line through (R^(1/n), ln I) of the bright points gives R_e,
/// and the best scale of that shape I_e.
fn start_at(points: &[Point], index: f64, lower: &Three, upper: &Three) -> Three {
    // Radii in units of the outermost, so that no power overflows.
    let outer = points.iter().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut u_sum, mut y_sum) = (0.0, 0.0, 0.0);
    let bright = || {
        points.iter().filter(|point| point.1 > 0.0).map(|(log_radius, brightness, weight)| {
            // The error of ln I is that of I over I.
            let weight = (brightness * weight).powi(2);
            (((log_radius - outer) / index).exp(), brightness.ln(), weight)
        })
    };
    for (u, y, w) in bright() {
        sum += w;
        u_sum += w * u;
        y_sum += w * y;
    }
    let (u_mean, y_mean) = (u_sum / sum, y_sum / sum);
    let (mut spread, mut both) = (0.0, 0.0);
    for (u, y, w) in bright() {
        spread += w * (u - u_mean).powi(2);
        both += w * (u - u_mean) * (y - y_mean);
    }
    let steep = -both / spread;
    let found = outer + index * (solve(index) / steep).ln();
    // A profile that rises outwards has no such line.
    let log_radius = if found.is_finite() { found.clamp(lower[1], upper[1]) } else { outer };

    let shape = LogBrightness::new(index, log_radius);
    let logs: Vec<f64> = points.iter().map(|point| shape.at(point.0).0).collect();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut with_data, mut with_self) = (0.0, 0.0);
    for (log, (_, brightness, weight)) in logs.iter().zip(points) {
        let model = (log - largest).exp() * weight;
        with_data += model * brightness * weight;
        with_self += model * model;
    }
    let scale = (with_data / with_self).ln() - largest;
    let log_brightness = if scale.is_finite() { scale } else { y_mean };
    [log_brightness.clamp(lower[0], upper[0]), log_radius, index.ln().clamp(lower[2], upper[2])]
}

/// The sums of least squares at `(ln I_e, ln R_e, ln n)`.
fn normal_of(points: &[Point], parameters: &Three) -> Normal<3> {
    let [log_brightness, log_radius, log_index] = *parameters;
    let shape = LogBrightness::new(log_index.exp(), log_radius);
    let mut normal = Normal { chi_squared: 0.0, descent: [0.0; 3], curvature: [[0.0; 3]; 3] };
    for &(log, brightness, weight) in points {
        let (log_model, [by_radius, by_index]) = shape.at(log);
        let model = (log_brightness + log_model).exp();
        let residual = (brightness - model) * weight;
        // Far out the model is 0 and its logarithm's derivatives infinite: the product is 0.
        let by = if model > 0.0 { [1.0, by_radius, by_index].map(|d| d * model * weight) } else { [0.0; 3] };
        normal.chi_squared += residual * residual;
        for i in 0..3 {
            normal.descent[i] += by[i] * residual;
            for j in 0..3 {
                normal.curvature[i][j] += by[i] * by[j];
            }
        }
    }
    normal
}

fn report(
    best: &Minimum<3>,
    lower: &Three,
    upper: &Three,
    n_points: usize,
    n_ignored: usize,
    config: &SersicFitConfig,
) -> SersicFit {
    let free = std::array::from_fn(|i| best.parameters[i] > lower[i] && best.parameters[i] < upper[i]);
    let covariance = invert(&best.normal.curvature, free);
    let log_covariance = covariance.unwrap_or([[f64::NAN; 3]; 3]);
    let [brightness, radius, index] = best.parameters.map(f64::exp);
    // The exponential of the logarithm of a bound is not always the bound.
    let index = match best.parameters[2] {
        log if log <= lower[2] => config.min_index,
        log if log >= upper[2] => config.max_index,
        _ => index.clamp(config.min_index, config.max_index),
    };
    let error = |i: usize, value: f64| value * log_covariance[i][i].sqrt();
    SersicFit {
        index,
        index_error: error(2, index),
        effective_radius: radius,
        effective_radius_error: error(1, radius),
        effective_brightness: brightness,
        effective_brightness_error: error(0, brightness),
        log_covariance,
        chi_squared: best.normal.chi_squared,
        degrees_of_freedom: n_points.saturating_sub(3),
        n_ignored,
        n_iterations: best.n_iterations,
        flags: SersicFitFlags {
            not_converged: !best.converged,
            index_at_bound: !free[2],
            radius_at_bound: !free[1],
            no_covariance: covariance.is_none(),
            ..SersicFitFlags::default()
        },
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
