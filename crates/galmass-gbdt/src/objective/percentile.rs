//! The value below which a share of others lies, as LightGBM reckons it.

use super::Targets;

/// The percentile of the labels: a share `alpha` of them is below.
pub(super) fn of_labels(targets: Targets<'_>, alpha: f64) -> f64 {
    // The labels are in single precision, and so is what is reckoned of them.
    let difference = |left: f64, right: f64| f64::from(left as f32 - right as f32);
    let values: Vec<f64> = targets.labels.iter().map(|&label| f64::from(label)).collect();
    let percentile = match targets.weights {
        None => plain(values, alpha, difference),
        Some(weights) => {
            weighted(&values, weights.iter().map(|&weight| f64::from(weight)), alpha, difference)
        }
    };
    f64::from(percentile as f32)
}

/// The percentile of what the scores of the rows of a leaf leave of their labels.
pub(super) fn of_leaf(rows: &[u32], scores: &[f64], targets: Targets<'_>, alpha: f64) -> f64 {
    let residual = |&row: &u32| f64::from(targets.labels[row as usize]) - scores[row as usize];
    let values: Vec<f64> = rows.iter().map(residual).collect();
    match targets.weights {
        None => plain(values, alpha, |left, right| left - right),
        Some(_) => {
            let weights = rows.iter().map(|&row| targets.weight(row as usize));
            weighted(&values, weights, alpha, |left, right| left - right)
        }
    }
}

fn plain(mut values: Vec<f64>, alpha: f64, difference: impl Fn(f64, f64) -> f64) -> f64 {
    let n = values.len();
    if n <= 1 {
        return values.first().copied().unwrap_or(0.0);
    }
    // From the largest down.
    let place = (n - 1) as f64 * (1.0 - alpha);
    let position = place as usize + 1;
    if position >= n {
        return values.into_iter().fold(f64::INFINITY, f64::min);
    }
    let (above, &mut below, _) = values.select_nth_unstable_by(position, |left, right| right.total_cmp(left));
    let above = above.iter().copied().fold(f64::INFINITY, f64::min);
    above - difference(above, below) * (place - (position - 1) as f64)
}

fn weighted(
    values: &[f64],
    weights: impl Iterator<Item = f64>,
    alpha: f64,
    difference: impl Fn(f64, f64) -> f64,
) -> f64 {
    let n = values.len();
    if n <= 1 {
        return values.first().copied().unwrap_or(0.0);
    }
    let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(weights).collect();
    // Stable: which of two rows with one value comes first moves the sums.
    pairs.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut total = 0.0;
    for pair in &mut pairs {
        total += pair.1;
        pair.1 = total;
    }
    let threshold = total * alpha;
    let position = pairs.partition_point(|pair| pair.1 <= threshold).min(n - 1);
    if position == 0 || position == n - 1 {
        return pairs[position].0;
    }
    let [(below, sum_below), (above, sum)] = [pairs[position - 1], pairs[position]];
    // Between rows of little weight there is nothing to be found.
    if sum - sum_below >= 1.0 {
        (threshold - sum_below) / (sum - sum_below) * difference(above, below) + below
    } else {
        below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let labels = [5.0, 1.0, 2.0, 9.0];
        let targets = Targets { labels: &labels, weights: None };
        assert_eq!([0.0, 0.5, 1.0].map(|alpha| of_labels(targets, alpha)), [1.0, 3.5, 9.0]);
        let scores = [0.0, 1.0, 0.0, 0.0];
        assert_eq!(of_leaf(&[0, 1, 2], &scores, targets, 0.5), 2.0);
        assert_eq!(of_leaf(&[3], &scores, targets, 0.5), 9.0);
        assert_eq!(of_leaf(&[], &scores, targets, 0.5), 0.0);
    }

    #[test]
    fn weights_move_the_median() {
        let labels = [1.0, 2.0, 3.0, 4.0];
        let median = |weights: &[f32]| of_labels(Targets { labels: &labels, weights: Some(weights) }, 0.5);
        // Sums 1, 2, 4, 8: half of the whole is 4, where the last row begins.
        assert_eq!(median(&[1.0, 1.0, 2.0, 4.0]), 4.0);
        // Sums 1, 2, 6, 8: the threshold 4 is half-way through the third row.
        assert_eq!(median(&[1.0, 1.0, 4.0, 2.0]), 2.5);
    }
}
