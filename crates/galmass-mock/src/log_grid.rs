//! Radii in equal steps of their logarithm, and functions tabulated there.

/// The step in the natural logarithm of the radius.
pub(crate) const LOG_STEP: f64 = 0.025;

/// A smooth function is never this small, so its logarithm can be taken.
const SMALLEST: f64 = 1e-300;

/// Radii `first * exp(k * LOG_STEP)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogGrid {
    first_log_radius: f64,
    radii: Vec<f64>,
}

impl LogGrid {
    /// The radii from `innermost_kpc` to `outermost_kpc` or just beyond.
    pub(crate) fn new(innermost_kpc: f64, outermost_kpc: f64) -> Self {
        let n_steps = ((outermost_kpc / innermost_kpc).ln() / LOG_STEP).ceil().max(4.0) as usize;
        let radii = (0..=n_steps).map(|k| innermost_kpc * (LOG_STEP * k as f64).exp()).collect();
        Self { first_log_radius: innermost_kpc.ln(), radii }
    }

    pub(crate) fn radii(&self) -> &[f64] {
        &self.radii
    }

    pub(crate) fn innermost(&self) -> f64 {
        self.radii[0]
    }

    pub(crate) fn outermost(&self) -> f64 {
        self.radii[self.radii.len() - 1]
    }

    /// The cell of a radius and where in it that lies, 0 to 1; radii outside belong to the ends.
    pub(crate) fn cell(&self, r_kpc: f64) -> (usize, f64) {
        let place = ((r_kpc.ln() - self.first_log_radius) / LOG_STEP).max(0.0);
        let cell = (place as usize).min(self.radii.len() - 2);
        (cell, (place - cell as f64).min(1.0))
    }

    /// A function between its nodes by a cubic through values and derivatives by `ln r` (Hermite).
    pub(crate) fn interpolate(&self, values: &[f64], derivatives: &[f64], r_kpc: f64) -> f64 {
        let (k, t) = self.cell(r_kpc);
        let (rise, s) = (values[k + 1] - values[k], 1.0 - t);
        let [left, right] = [LOG_STEP * derivatives[k] - rise, rise - LOG_STEP * derivatives[k + 1]];
        values[k] + t * (rise + s * (s * left + t * right))
    }

    /// A function between its nodes by straight lines in `ln r`.
    pub(crate) fn interpolate_linearly(&self, values: &[f64], r_kpc: f64) -> f64 {
        let (k, t) = self.cell(r_kpc);
        values[k] + t * (values[k + 1] - values[k])
    }

    /// The integral over `ln r` from the first node to each node, of a function of which the derivatives are known:
    /// the trapezium rule with the correction of Euler and Maclaurin at both ends of each cell.
    pub(crate) fn integrate(values: &[f64], derivatives: &[f64]) -> Vec<f64> {
        let mut sum = 0.0;
        let mut integral = Vec::with_capacity(values.len());
        integral.push(0.0);
        for (value, derivative) in values.windows(2).zip(derivatives.windows(2)) {
            sum += 0.5 * LOG_STEP * (value[0] + value[1])
                + LOG_STEP * LOG_STEP / 12.0 * (derivative[0] - derivative[1]);
            integral.push(sum);
        }
        integral
    }

    /// The logarithmic slope `d ln f / d ln r` of a positive, smooth function at each node, by differences of the
    /// fourth order, of the second next to the ends.
    pub(crate) fn log_slopes(values: &[f64]) -> Vec<f64> {
        let logs: Vec<f64> = values.iter().map(|value| value.max(SMALLEST).ln()).collect();
        let n = logs.len();
        (0..n)
            .map(|k| match k {
                _ if k >= 2 && k + 2 < n => {
                    let (near, far) = (logs[k + 1] - logs[k - 1], logs[k + 2] - logs[k - 2]);
                    (8.0 * near - far) / (12.0 * LOG_STEP)
                }
                0 => (4.0 * logs[1] - 3.0 * logs[0] - logs[2]) / (2.0 * LOG_STEP),
                _ if k + 1 == n => (3.0 * logs[k] - 4.0 * logs[k - 1] + logs[k - 2]) / (2.0 * LOG_STEP),
                _ => (logs[k + 1] - logs[k - 1]) / (2.0 * LOG_STEP),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_in_the_logarithm_is_interpolated_and_integrated_exactly() {
        let grid = LogGrid::new(0.5, 40.0);
        let cubic = |u: f64| 1.0 + u - 2.0 * u * u + 0.5 * u * u * u;
        let by_u = |u: f64| 1.0 - 4.0 * u + 1.5 * u * u;
        let integral = |u: f64| u + 0.5 * u * u - 2.0 / 3.0 * u * u * u + 0.125 * u.powi(4);
        let at = |f: &dyn Fn(f64) -> f64| grid.radii().iter().map(|r| f(r.ln())).collect::<Vec<_>>();
        let (values, derivatives) = (at(&cubic), at(&by_u));
        for r in [0.5, 0.51, 3.3, 39.9] {
            let found = grid.interpolate(&values, &derivatives, r);
            assert!((found - cubic(r.ln())).abs() < 1e-12, "{r}");
        }
        let sums = LogGrid::integrate(&values, &derivatives);
        let (first, last) = (grid.innermost().ln(), grid.outermost().ln());
        let expected = integral(last) - integral(first);
        assert!((sums[sums.len() - 1] - expected).abs() < 1e-12);
    }

    #[test]
    fn slopes_of_power_laws_are_their_powers() {
        let grid = LogGrid::new(1e-3, 1e2);
        let values: Vec<f64> = grid.radii().iter().map(|r| 5.0 * r.powf(-2.3)).collect();
        assert!(LogGrid::log_slopes(&values).iter().all(|slope| (slope + 2.3).abs() < 1e-9));
    }

    #[test]
    fn radii_outside_belong_to_the_ends() {
        let grid = LogGrid::new(1.0, 2.0);
        assert_eq!(grid.cell(0.1), (0, 0.0));
        assert_eq!(grid.cell(1e9), (grid.radii().len() - 2, 1.0));
    }
}
