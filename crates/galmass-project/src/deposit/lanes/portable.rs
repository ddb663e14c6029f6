//! Lanes for any processor, as plain loops.

use super::rings::{self, Rings};
use super::{Lanes, N_LANES};

/// Eight numbers.
#[derive(Clone, Copy)]
pub(in crate::deposit) struct Portable([f64; N_LANES]);

impl Portable {
    #[inline(always)]
    fn each(self, other: Self, operation: impl Fn(f64, f64) -> f64) -> Self {
        let mut values = self.0;
        for lane in 0..N_LANES {
            values[lane] = operation(values[lane], other.0[lane]);
        }
        Self(values)
    }
}

impl Portable {
    #[inline(always)]
    fn each_single(a: [f32; 16], b: [f32; 16], operation: impl Fn(f32, f32) -> f32) -> [f32; 16] {
        let mut values = a;
        for lane in 0..2 * N_LANES {
            values[lane] = operation(a[lane], b[lane]);
        }
        values
    }
}

impl Lanes for Portable {
    type Singles = [f32; 2 * N_LANES];
    type InRings = [u32; 2 * N_LANES];
    type Table<'a> = &'a Rings;

    #[inline(always)]
    fn splat_pair([first, second]: [f32; 2]) -> Self::Singles {
        let mut values = [first; 2 * N_LANES];
        for lane in 0..N_LANES {
            values[2 * lane + 1] = second;
        }
        values
    }

    #[inline(always)]
    fn minus_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles {
        Self::each_single(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn transpose_pairs(rows: [Self::Singles; N_LANES]) -> [Self::Singles; N_LANES] {
        let mut columns = rows;
        for row in 0..N_LANES {
            for column in 0..N_LANES {
                columns[column][2 * row] = rows[row][2 * column];
                columns[column][2 * row + 1] = rows[row][2 * column + 1];
            }
        }
        columns
    }

    #[inline(always)]
    fn add_up(pairs: [Self::Singles; 2]) -> [Self; 2] {
        let mut values = [Self([0.0; N_LANES]); 2];
        for index in 0..2 {
            for lane in 0..N_LANES {
                values[index].0[lane] = f64::from(pairs[index][2 * lane] + pairs[index][2 * lane + 1]);
            }
        }
        values
    }

    #[inline(always)]
    fn plus_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles {
        Self::each_single(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn about_inverse(a: Self::Singles) -> Self::Singles {
        Self::each_single(a, a, |a, _| 1.0 / a)
    }

    #[inline(always)]
    fn positive_where_less_singles(
        values: Self::Singles,
        a: Self::Singles,
        b: Self::Singles,
    ) -> Self::Singles {
        let mut result = values;
        for lane in 0..2 * N_LANES {
            let holds = values[lane] > 0.0 && a[lane] < b[lane];
            result[lane] = if holds { values[lane] } else { 0.0 };
        }
        result
    }

    #[inline(always)]
    fn widen(values: Self::Singles) -> [Self; 2] {
        let mut halves = [Self([0.0; N_LANES]); 2];
        for lane in 0..N_LANES {
            halves[0].0[lane] = f64::from(values[lane]);
            halves[1].0[lane] = f64::from(values[N_LANES + lane]);
        }
        halves
    }

    #[inline(always)]
    fn table(values: &Rings) -> Self::Table<'_> {
        values
    }

    #[inline(always)]
    fn find(values: Self::Singles) -> (Self::InRings, Self::Singles) {
        let mut rings = [0; 2 * N_LANES];
        let mut places = values;
        for lane in 0..2 * N_LANES {
            let bits = values[lane].to_bits();
            rings[lane] = bits >> rings::BITS;
            let along = bits & ((1 << rings::BITS) - 1) | 1f32.to_bits();
            places[lane] = f32::from_bits(along) - rings::MIDDLE;
        }
        (rings, places)
    }

    #[inline(always)]
    fn look_up(table: Self::Table<'_>, rings: Self::InRings) -> Self::Singles {
        let mut values = [0.0; 2 * N_LANES];
        for lane in 0..2 * N_LANES {
            values[lane] = table.get(rings[lane]);
        }
        values
    }

    #[inline(always)]
    fn splat_single(value: f32) -> Self::Singles {
        [value; 2 * N_LANES]
    }

    #[inline(always)]
    fn load_singles(values: &[f32; 2 * N_LANES]) -> Self::Singles {
        *values
    }

    #[inline(always)]
    fn store_singles(singles: Self::Singles, values: &mut [f32; 2 * N_LANES]) {
        *values = singles;
    }

    #[inline(always)]
    fn times_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles {
        Self::each_single(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn fma_singles(a: Self::Singles, b: Self::Singles, c: Self::Singles) -> Self::Singles {
        let mut values = a;
        for lane in 0..2 * N_LANES {
            values[lane] =
                galmass_core::simd::fma_f32::<{ cfg!(target_arch = "aarch64") }>(a[lane], b[lane], c[lane]);
        }
        values
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; N_LANES])
    }

    #[inline(always)]
    fn load(values: &[f64; N_LANES]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    fn store(self, values: &mut [f64; N_LANES]) {
        *values = self.0;
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.each(other, |a, b| a * b)
    }

    #[inline(always)]
    fn fma(self, factor: Self, summand: Self) -> Self {
        let mut values = self.0;
        for lane in 0..N_LANES {
            values[lane] = galmass_core::simd::fma::<{ cfg!(target_arch = "aarch64") }>(
                values[lane],
                factor.0[lane],
                summand.0[lane],
            );
        }
        Self(values)
    }

    #[inline(always)]
    fn positive_where_less(self, a: Self, b: Self) -> Self {
        let mut values = self.0;
        for lane in 0..N_LANES {
            let holds = values[lane] > 0.0 && a.0[lane] < b.0[lane];
            values[lane] = if holds { values[lane] } else { 0.0 };
        }
        Self(values)
    }

    #[inline(always)]
    fn transpose(rows: [Self; N_LANES]) -> [Self; N_LANES] {
        let mut columns = rows;
        for row in 0..N_LANES {
            for column in 0..N_LANES {
                columns[column].0[row] = rows[row].0[column];
            }
        }
        columns
    }
}
