//! Sorts numbers digit by digit.

/// Numbers below which comparing them is faster.
const FEW: usize = 1 << 9;

/// Bits of a digit.
const BITS: usize = 11;

const DIGITS: usize = (u64::BITS as usize).div_ceil(BITS);

/// Sorts numbers as [`f64::total_cmp`] has them, from the last digit of their bits to the first (LSD radix sort).
///
/// There may be at most 2^32 - 1 of them.
pub(super) fn sort(values: &mut [f64]) {
    if values.len() < FEW {
        return values.sort_unstable_by(f64::total_cmp);
    }
    let mut keys: Vec<u64> = values.iter().map(|value| key(value.to_bits())).collect();
    let mut counts = vec![[0u32; 1 << BITS]; DIGITS];
    for &key in &keys {
        for (digit, counts) in counts.iter_mut().enumerate() {
            counts[digit_of(key, digit)] += 1;
        }
    }
    let mut sorted = vec![0; keys.len()];
    for (digit, places) in counts.iter_mut().enumerate() {
        if places.iter().any(|&count| count as usize == keys.len()) {
            continue;
        }
        let mut start = 0;
        for place in places.iter_mut() {
            start += std::mem::replace(place, start);
        }
        for &key in &keys {
            let place = &mut places[digit_of(key, digit)];
            sorted[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut sorted);
    }
    values.iter_mut().zip(keys).for_each(|(value, key)| *value = f64::from_bits(bits(key)));
}

#[inline(always)]
fn digit_of(key: u64, digit: usize) -> usize {
    (key >> (digit * BITS)) as usize % (1 << BITS)
}

/// An integer in the order of the number with these bits.
#[inline(always)]
fn key(bits: u64) -> u64 {
    bits ^ (((bits as i64) >> 63) as u64 | 1 << 63)
}

/// The bits of the number of a key.
#[inline(always)]
fn bits(key: u64) -> u64 {
    key ^ (((!key as i64) >> 63) as u64 | 1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_order() {
        let mut values =
            vec![f64::INFINITY, -0.0, f64::NEG_INFINITY, 0.0, f64::MIN_POSITIVE, f64::NAN, -f64::NAN];
        values.extend((0..2000u64).map(|k| f64::from_bits(k.wrapping_mul(0x9e37_79b9_7f4a_7c15))));
        values.extend((0..100).map(f64::from));
        for n in [0, 1, 7, FEW - 1, FEW, values.len()] {
            let mut sorted = values[..n].to_vec();
            sort(&mut sorted);
            let mut expected = values[..n].to_vec();
            expected.sort_by(f64::total_cmp);
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&sorted), bits(&expected), "{n}");
        }
    }
}
