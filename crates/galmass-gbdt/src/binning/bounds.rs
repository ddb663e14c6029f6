//! The bounds between bins, as LightGBM finds them.
//!
//! A value that is frequent enough has a bin of its own, and the others share what bins are left, about equally many
//! rows to each. Bounds are half-way between neighbours.

use super::ZERO;

/// Distinct values in their order, each with its number of rows. Neighbours among floating-point numbers count as
/// one. Zero is there if any row has it or values of both signs are.
pub(super) fn distinct(sorted: &[f64], n_zeros: usize) -> Vec<(f64, usize)> {
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    if sorted.first().is_none_or(|&first| first > 0.0 && n_zeros > 0) {
        distinct.push((0.0, n_zeros));
    }
    let mut last: Option<f64> = None;
    for &value in sorted {
        match last {
            Some(last) if value <= last.next_up() => {
                if let Some(entry) = distinct.last_mut() {
                    *entry = (value, entry.1 + 1);
                }
            }
            _ => {
                if last.is_some_and(|last| last < 0.0 && value > 0.0) {
                    distinct.push((0.0, n_zeros));
                }
                distinct.push((value, 1));
            }
        }
        last = Some(value);
    }
    if sorted.last().is_some_and(|&last| last < 0.0) && n_zeros > 0 {
        distinct.push((0.0, n_zeros));
    }
    distinct
}

/// The upper bounds of the bins: those of negative values, that of zero, those of positive values.
pub(super) fn find(distinct: &[(f64, usize)], max_bin: usize, min_in_bin: usize) -> Vec<f64> {
    let n_negative = distinct.iter().take_while(|(value, _)| *value <= -ZERO).count();
    let n_positive = distinct.iter().rev().take_while(|(value, _)| *value > ZERO).count();
    let (negative, positive) = (&distinct[..n_negative], &distinct[distinct.len() - n_positive..]);
    let rows = |part: &[(f64, usize)]| part.iter().map(|(_, count)| count).sum::<usize>();
    let (rows_below, rows_above) = (rows(negative), rows(positive));

    let mut bounds = Vec::new();
    if n_negative > 0 && max_bin > 1 {
        let share = rows_below as f64 / (rows_below + rows_above) as f64;
        let most = ((share * (max_bin - 1) as f64) as usize).max(1);
        bounds = share_out(negative, most, rows_below, min_in_bin);
        if let Some(last) = bounds.last_mut() {
            *last = -ZERO;
        }
    }
    let most = (max_bin - 1).saturating_sub(bounds.len());
    if n_positive > 0 && most > 0 {
        bounds.push(ZERO);
        bounds.extend(share_out(positive, most, rows_above, min_in_bin));
    } else {
        bounds.push(f64::INFINITY);
    }
    bounds
}

/// The bounds of at most `max_bin` bins of values of one sign; the last is infinite.
fn share_out(distinct: &[(f64, usize)], max_bin: usize, n_rows: usize, min_in_bin: usize) -> Vec<f64> {
    let mut bounds = Vec::new();
    let n = distinct.len();
    if n <= max_bin {
        let mut rows = 0;
        for pair in distinct.windows(2) {
            rows += pair[0].1;
            if rows >= min_in_bin && push_between(&mut bounds, pair[0].0, pair[1].0) {
                rows = 0;
            }
        }
        bounds.push(f64::INFINITY);
        return bounds;
    }
    let max_bin = n_rows.checked_div(min_in_bin).map_or(max_bin, |most| max_bin.min(most).max(1));
    let mean = n_rows as f64 / max_bin as f64;
    let is_big: Vec<bool> = distinct.iter().map(|&(_, count)| count as f64 >= mean).collect();
    let (mut bins_left, mut rows_left) = (max_bin as i64, n_rows as i64);
    for (&(_, count), _) in distinct.iter().zip(&is_big).filter(|(_, is_big)| **is_big) {
        bins_left -= 1;
        rows_left -= count as i64;
    }
    let mut mean = rows_left as f64 / bins_left as f64;
    let (mut n_found, mut rows) = (0, 0);
    for (index, pair) in distinct.windows(2).enumerate() {
        if !is_big[index] {
            rows_left -= pair[0].1 as i64;
        }
        rows += pair[0].1;
        let next_is_big_and_this_is_full = is_big[index + 1] && rows as f64 >= (mean * 0.5).max(1.0);
        if is_big[index] || rows as f64 >= mean || next_is_big_and_this_is_full {
            push_between(&mut bounds, pair[0].0, pair[1].0);
            n_found += 1;
            if n_found >= max_bin - 1 {
                break;
            }
            rows = 0;
            if !is_big[index] {
                bins_left -= 1;
                mean = rows_left as f64 / bins_left as f64;
            }
        }
    }
    bounds.push(f64::INFINITY);
    bounds
}

/// Adds the bound between two values, if it is above the last one.
fn push_between(bounds: &mut Vec<f64>, low: f64, high: f64) -> bool {
    let bound = ((low + high) / 2.0).next_up();
    let is_new = bounds.last().is_none_or(|&last: &f64| bound > last.next_up());
    if is_new {
        bounds.push(bound);
    }
    is_new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_value_and_zero_is_between_signs() {
        let next = 1.0f64.next_up();
        assert_eq!(distinct(&[-1.0, 1.0, next, 2.0], 0), [(-1.0, 1), (0.0, 0), (next, 2), (2.0, 1)]);
        assert_eq!(distinct(&[1.0, 2.0], 3), [(0.0, 3), (1.0, 1), (2.0, 1)]);
        assert_eq!(distinct(&[-1.0], 2), [(-1.0, 1), (0.0, 2)]);
        assert_eq!(distinct(&[], 2), [(0.0, 2)]);
    }

    #[test]
    fn a_frequent_value_has_its_own_bin() {
        let mut values: Vec<(f64, usize)> = (1..100).map(|k| (f64::from(k), 1)).collect();
        values[50].1 = 1000;
        let bounds = share_out(&values, 6, 1098, 1);
        let bin = |value: f64| bounds.partition_point(|&bound| bound < value);
        assert!(bin(50.0) < bin(51.0) && bin(51.0) < bin(52.0), "{bounds:?}");
    }
}
