//! The bins of many values at once.

use pulp::{Arch, Simd, WithSimd};

use super::BinMapper;
use crate::Bin;

/// Values that are looked up side by side.
const LANES: usize = 16;

/// A search among the upper bounds of a feature that takes the same steps for each value, so that there is no guess to be
/// wrong and many go side by side.
pub(crate) struct Lookup<'a> {
    mapper: &'a BinMapper,
    /// All but the last, which is infinite, and more infinite ones up to a power of two less one.
    bounds: Vec<f64>,
    /// The bin of NaN.
    of_missing: u32,
}

impl<'a> Lookup<'a> {
    pub(crate) fn of(mapper: &'a BinMapper) -> Self {
        let (_, below) = mapper.upper_bounds.split_last().unwrap_or((&f64::INFINITY, &[]));
        let mut bounds = below.to_vec();
        bounds.resize((below.len() + 1).next_power_of_two() - 1, f64::INFINITY);
        let of_missing = if mapper.has_missing() { mapper.n_bins() - 1 } else { mapper.default_bin() };
        Self { mapper, bounds, of_missing: of_missing as u32 }
    }

    /// Puts values into bins.
    pub(crate) fn fill<B: Bin>(&self, values: &[f64], bins: &mut [B]) {
        if self.mapper.is_categorical() {
            bins.iter_mut()
                .zip(values)
                .for_each(|(bin, &value)| *bin = B::from_index(self.mapper.bin(value)));
        } else {
            Arch::new().dispatch(Fill { lookup: self, values, bins });
        }
    }

    /// The number of bounds below each value.
    #[inline(always)]
    fn find(&self, values: [f64; LANES]) -> [u32; LANES] {
        let mut found = [0; LANES];
        let mut half = self.bounds.len().div_ceil(2);
        while half > 0 {
            for k in 0..LANES {
                // SAFETY: `found` is a sum of different ones of the halves before, all of which are powers of two, so
                // that with this half it is at most the number of bounds.
                let bound = unsafe { *self.bounds.get_unchecked(found[k] as usize + half - 1) };
                found[k] += if bound < values[k] { half as u32 } else { 0 };
            }
            half /= 2;
        }
        for k in 0..LANES {
            found[k] = if values[k].is_nan() { self.of_missing } else { found[k] };
        }
        found
    }
}

struct Fill<'a, B> {
    lookup: &'a Lookup<'a>,
    values: &'a [f64],
    bins: &'a mut [B],
}

impl<B: Bin> WithSimd for Fill<'_, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (values, bins) in self.values.chunks(LANES).zip(self.bins.chunks_mut(LANES)) {
            let mut lanes = [0.0; LANES];
            lanes[..values.len()].copy_from_slice(values);
            let found = self.lookup.find(lanes);
            bins.iter_mut().zip(found).for_each(|(bin, found)| *bin = B::from_index(found as usize));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BinningConfig;

    #[test]
    fn values_have_the_bins_that_they_have_one_by_one() {
        for (n_values, max_bin, is_missing) in
            [(0, 255, false), (1, 255, true), (9, 4, true), (2000, 1000, false)]
        {
            let mut values: Vec<f64> =
                (0..n_values).map(|k| f64::from(k * 37 % 101) - 50.0 + 1e-3 * f64::from(k)).collect();
            values.extend(is_missing.then_some(f64::NAN));
            let config = BinningConfig { max_bin, min_data_in_bin: 1, ..BinningConfig::default() };
            let mapper = BinMapper::find(values.clone(), values.len(), &config);
            values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e-40, 3.5]);
            values.extend(
                mapper.upper_bounds().iter().flat_map(|&bound| [bound, bound.next_up(), bound.next_down()]),
            );
            let mut bins = vec![0u16; values.len()];
            Lookup::of(&mapper).fill(&values, &mut bins);
            let one_by_one: Vec<u16> = values.iter().map(|&value| mapper.bin(value) as u16).collect();
            assert_eq!(bins, one_by_one, "{n_values} {max_bin}");
        }
    }
}
