//! The relation of mass and luminosity as a power law: the baseline that every method has to beat.

/// A power law `log10 y = slope log10 x + intercept`, as [`fit_power_law`] finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// The exponent alpha.
    pub slope: f64,
    /// Its standard error, from the scatter; NaN of two points.
    pub slope_error: f64,
    /// beta \[dex\]: log10 y at x = 1.
    pub intercept: f64,
    /// Its standard error \[dex\], from the scatter; NaN of two points.
    pub intercept_error: f64,
    /// The root mean square of log10 y about the line \[dex\], over the points fitted.
    pub scatter_dex: f64,
    n_points: usize,
    n_ignored: usize,
}

impl PowerLaw {
    /// Points that the line was fitted to.
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// Points left out because one of their values is not positive and finite.
    pub fn n_ignored(&self) -> usize {
        self.n_ignored
    }

    /// The y at x, or NaN where x is not positive.
    pub fn predict(&self, x: f64) -> f64 {
        10f64.powf(self.slope * x.log10() + self.intercept)
    }

    /// The root mean square \[dex\] of `log10 y - log10 predict(x)` of other points, such as those of a test set; an
    /// offset of theirs counts. Pairs that are not positive and finite are left out; `None` if no pair is left.
    pub fn scatter_of(&self, x: &[f64], y: &[f64]) -> Option<f64> {
        let points = logarithms(x, y);
        let sum: f64 = points.iter().map(|(u, v)| (v - self.slope * u - self.intercept).powi(2)).sum();
        (!points.is_empty()).then(|| (sum / points.len() as f64).sqrt())
    }
}

/// Fits a power law by unweighted least squares in the logarithms: `log10 M = alpha log10 L + beta`, the
/// mass-luminosity baseline of Chu et al. (2024), section 4.1.
///
/// `x` and `y` are pairs in any units, luminosities \[Lsun\] and masses \[Msun\] there; of slices of different lengths
/// the surplus is left out. All residuals are taken in y: a fit of x by y is not its inverse.
///
/// Pairs of which a value is zero, negative or not finite have no logarithm; they are left out and
/// [counted](PowerLaw::n_ignored). `None` of fewer than two pairs, or of one x alone. The scatter is the root mean
/// square without a correction for the two parameters; the errors of the parameters have that correction.
///
/// # Examples
/// ```
/// use galmass_stats::fit_power_law;
///
/// let luminosities = [1.0e9, 1.0e10, 1.0e11];
/// let masses = [2.0e9, 2.0e10, 2.0e11];
/// let law = fit_power_law(&luminosities, &masses).unwrap();
/// assert!((law.slope - 1.0).abs() < 1e-12 && law.scatter_dex < 1e-12);
/// assert!((law.predict(5.0e9) / 1.0e10 - 1.0).abs() < 1e-12);
/// ```
pub fn fit_power_law(x: &[f64], y: &[f64]) -> Option<PowerLaw> {
    let points = logarithms(x, y);
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (mean_u, mean_v) = (mean(|p| p.0), mean(|p| p.1));

    // About the means, so that nothing cancels.
    let spread: f64 = points.iter().map(|(u, _)| (u - mean_u).powi(2)).sum();
    let both: f64 = points.iter().map(|(u, v)| (u - mean_u) * (v - mean_v)).sum();
    // The mean of equal numbers may be off by a rounding: that is not a spread.
    let distinct = points.iter().any(|(u, _)| *u != points[0].0);
    if !distinct || spread <= 0.0 {
        return None;
    }
    let slope = both / spread;
    let intercept = mean_v - slope * mean_u;
    let squares: f64 = points.iter().map(|(u, v)| (v - mean_v - slope * (u - mean_u)).powi(2)).sum();
    let variance = if points.len() > 2 { squares / (n - 2.0) } else { f64::NAN };
    Some(PowerLaw {
        slope,
        slope_error: (variance / spread).sqrt(),
        intercept,
        intercept_error: (variance * (1.0 / n + mean_u * mean_u / spread)).sqrt(),
        scatter_dex: (squares / n).sqrt(),
        n_points: points.len(),
        n_ignored: x.len().max(y.len()) - points.len(),
    })
}

fn logarithms(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let usable = |value: f64| value > 0.0 && value.is_finite();
    let pairs = x.iter().zip(y).filter(|(x, y)| usable(**x) && usable(**y));
    pairs.map(|(x, y)| (x.log10(), y.log10())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_with_its_errors() {
        // u = 0, 1, 2, 3 and v = 1, 3, 2, 4: slope 0.8, intercept 1.3, squares 1.8, by hand.
        let x = [1.0, 10.0, 100.0, 1000.0];
        let y = [1.0e1, 1.0e3, 1.0e2, 1.0e4];
        let law = fit_power_law(&x, &y).unwrap();
        let expected = [
            (law.slope, 0.8),
            (law.intercept, 1.3),
            (law.scatter_dex, 0.45_f64.sqrt()),
            (law.slope_error, (0.9_f64 / 5.0).sqrt()),
            (law.intercept_error, (0.9_f64 * (0.25 + 2.25 / 5.0)).sqrt()),
        ];
        for (found, expected) in expected {
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
        assert_eq!((law.n_points(), law.n_ignored()), (4, 0));
        assert!((law.scatter_of(&x, &y).unwrap() - law.scatter_dex).abs() < 1e-14);
    }

    #[test]
    fn the_order_and_the_units_do_not_matter() {
        let x: Vec<f64> = (1..50).map(|i| 1.0e8 * 1.3_f64.powi(i)).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 * x.powf(1.1) * (1.0 + 0.3 * (x * 7.0).sin())).collect();
        let law = fit_power_law(&x, &y).unwrap();
        let backwards = |values: &[f64]| values.iter().rev().map(|v| v * 1e3).collect::<Vec<_>>();
        let other = fit_power_law(&backwards(&x), &backwards(&y)).unwrap();
        assert!((law.slope - 1.1).abs() < 0.05 && law.scatter_dex > 0.05);
        assert!((law.slope - other.slope).abs() < 1e-12);
        assert!((law.scatter_dex - other.scatter_dex).abs() < 1e-12);
    }

    #[test]
    fn an_offset_of_other_points_counts_as_scatter() {
        let x = [1.0, 10.0, 100.0];
        let law = fit_power_law(&x, &x).unwrap();
        let brighter = x.map(|x| 10.0 * x);
        assert!((law.scatter_of(&x, &brighter).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(law.scatter_of(&[0.0], &[1.0]), None);
    }

    #[test]
    fn what_has_no_logarithm_is_left_out_and_counted() {
        let x = [1.0, 10.0, 0.0, -1.0, f64::NAN, 100.0, 7.0];
        let y = [2.0, 20.0, 1.0, 1.0, 1.0, f64::INFINITY];
        let law = fit_power_law(&x, &y).unwrap();
        assert_eq!((law.n_points(), law.n_ignored()), (2, 5));
        assert!((law.slope - 1.0).abs() < 1e-12 && law.slope_error.is_nan());
        assert!(law.predict(-1.0).is_nan());
    }

    #[test]
    fn a_point_makes_no_line() {
        assert_eq!(fit_power_law(&[], &[]), None);
        assert_eq!(fit_power_law(&[3.0], &[4.0]), None);
        assert_eq!(fit_power_law(&[0.3; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
    }
}
