//! Sums that do not forget.

/// Adds `value` to a sum of which `lost` holds what earlier additions rounded away (Kahan 1965).
///
/// A hundred thousand equal particles in one pixel, summed plainly, drift by 1e-12 of their light; with this the
/// error stays at the rounding of the result, whatever their number and order.
#[inline(always)]
pub(crate) fn add(sum: &mut f64, lost: &mut f64, value: f64) {
    let value = value - *lost;
    let total = *sum + value;
    *lost = (total - *sum) - value;
    *sum = total;
}

/// Adds `value` to a sum, and what that rounds away to `remainder`, which is to be added to the sum in the end (Ogita,
/// Rump & Oishi 2005).
///
/// As precise as [`add`], but an addition waits for one before it and not for four: for sums that are added to again
/// and again while memory holds other things up.
#[inline(always)]
pub(crate) fn add_aside(sum: &mut f64, remainder: &mut f64, value: f64) {
    let total = *sum + value;
    *remainder += value - (total - *sum);
    *sum = total;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_added_a_million_times_is_a_hundred_thousand() {
        let (mut sum, mut lost) = (0.0, 0.0);
        for _ in 0..1_000_000 {
            add(&mut sum, &mut lost, 0.1);
        }
        assert_eq!(sum, 100_000.0);
        assert_ne!((0..1_000_000).map(|_| 0.1).sum::<f64>(), 100_000.0);
        let (mut sum, mut remainder) = (0.0, 0.0);
        for _ in 0..1_000_000 {
            add_aside(&mut sum, &mut remainder, 0.1);
        }
        assert_ne!(sum, 100_000.0);
        assert_eq!(sum + remainder, 100_000.0);
    }
}
