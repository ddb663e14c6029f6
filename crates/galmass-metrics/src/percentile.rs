//! Percentiles of a few numbers.

/// The value below which a fraction of ordered numbers lies, interpolated linearly between them: the smallest for 0, the
/// largest for 1 (definition 7 of Hyndman & Fan 1996, the default of NumPy).
///
/// `ordered` rises and is not empty; a fraction outside 0 to 1 is taken as the nearer end.
///
/// # Panics
/// If `ordered` is empty.
///
/// # Examples
/// ```
/// let ordered = [1.0, 2.0, 4.0];
/// assert_eq!(galmass_metrics::percentile(&ordered, 0.5), 2.0);
/// assert_eq!(galmass_metrics::percentile(&ordered, 0.75), 3.0);
/// ```
pub fn percentile(ordered: &[f64], fraction: f64) -> f64 {
    let position = fraction.clamp(0.0, 1.0) * (ordered.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(ordered.len() - 1);
    ordered[below] + (position - below as f64) * (ordered[above] - ordered[below])
}

/// The numbers in rising order.
pub(crate) fn ordered(values: &[f64]) -> Vec<f64> {
    let mut ordered = values.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    ordered
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
