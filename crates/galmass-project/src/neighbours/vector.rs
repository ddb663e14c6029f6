//! Eight numbers at once: in words that every processor knows, and in those of AVX-512.

/// How many numbers a vector holds.
pub(super) const WIDTH: usize = 8;

/// Eight numbers, and what can be done with all of them together.
pub(super) trait Vector: Copy {
    /// A yes or no for each of them.
    type Mask: Copy;

    fn splat(value: f64) -> Self;
    fn load(values: &[f64; WIDTH]) -> Self;
    /// Loads the first numbers, at most as many as a vector holds; the others are anything.
    fn load_some(values: &[f64]) -> Self;
    fn store(self) -> [f64; WIDTH];
    /// Puts the chosen numbers beside each other from the start of `values`, and anything behind them.
    fn store_chosen(self, chosen: Self::Mask, values: &mut [f64; WIDTH]);

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// The larger of two numbers, neither of them NaN.
    fn max(self, other: Self) -> Self;
    /// The smaller of two numbers, neither of them NaN.
    fn min(self, other: Self) -> Self;
    /// Half way between the bits of numbers that are not negative.
    fn midpoint_of_bits(self, other: Self) -> Self;

    fn is_at_most(self, other: Self) -> Self::Mask;
    fn is_below(self, other: Self) -> Self::Mask;
    fn equals(self, other: Self) -> Self::Mask;
    fn both(one: Self::Mask, other: Self::Mask) -> Self::Mask;
    /// `one` without `other`.
    fn without(one: Self::Mask, other: Self::Mask) -> Self::Mask;
    /// One bit for each.
    fn bits(mask: Self::Mask) -> u32;
    /// The other number where `mask` says yes, else this one.
    fn or_where(self, mask: Self::Mask, other: Self) -> Self;
    /// The sum where `mask` says yes, else this number.
    fn add_where(self, mask: Self::Mask, other: Self) -> Self;
    fn max_where(self, mask: Self::Mask, other: Self) -> Self;
    fn min_where(self, mask: Self::Mask, other: Self) -> Self;
}

/// dx^2 + dy^2 + dz^2, operation for operation as [`square_length`](super::square_length).
#[inline(always)]
pub(super) fn square_length<V: Vector>(dx: V, dy: V, dz: V) -> V {
    dx.mul(dx).add(dy.mul(dy)).add(dz.mul(dz))
}

/// For any processor: plain loops, which the compiler turns into the vectors that it may use.
#[derive(Clone, Copy)]
pub(super) struct Plain([f64; WIDTH]);

#[inline(always)]
fn map(a: Plain, b: Plain, operation: impl Fn(f64, f64) -> f64) -> Plain {
    let mut result = [0.0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = operation(a.0[lane], b.0[lane]);
    }
    Plain(result)
}

#[inline(always)]
fn compare(a: Plain, b: Plain, is: impl Fn(f64, f64) -> bool) -> [u64; WIDTH] {
    let mut result = [0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = if is(a.0[lane], b.0[lane]) { u64::MAX } else { 0 };
    }
    result
}

#[inline(always)]
fn combine(a: [u64; WIDTH], b: [u64; WIDTH], operation: impl Fn(u64, u64) -> u64) -> [u64; WIDTH] {
    let mut result = [0; WIDTH];
    for lane in 0..WIDTH {
        result[lane] = operation(a[lane], b[lane]);
    }
    result
}

impl Vector for Plain {
    type Mask = [u64; WIDTH];

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; WIDTH])
    }

    #[inline(always)]
    fn load(values: &[f64; WIDTH]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    fn load_some(values: &[f64]) -> Self {
        let mut some = [0.0; WIDTH];
        some[..values.len()].copy_from_slice(values);
        Self(some)
    }

    #[inline(always)]
    fn store(self) -> [f64; WIDTH] {
        self.0
    }

    #[inline(always)]
    fn store_chosen(self, chosen: Self::Mask, values: &mut [f64; WIDTH]) {
        let mut n = 0;
        for lane in 0..WIDTH {
            // Written in any case and counted if chosen: there is no branch to guess.
            values[n % WIDTH] = self.0[lane];
            n += (chosen[lane] & 1) as usize;
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        map(self, other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        map(self, other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        map(self, other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        map(self, other, |a, b| a / b)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        map(self, other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        map(self, other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn midpoint_of_bits(self, other: Self) -> Self {
        map(self, other, |a, b| f64::from_bits((a.to_bits() + b.to_bits()) >> 1))
    }

    #[inline(always)]
    fn is_at_most(self, other: Self) -> Self::Mask {
        compare(self, other, |a, b| a <= b)
    }

    #[inline(always)]
    fn is_below(self, other: Self) -> Self::Mask {
        compare(self, other, |a, b| a < b)
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self::Mask {
        compare(self, other, |a, b| a == b)
    }

    #[inline(always)]
    fn both(one: Self::Mask, other: Self::Mask) -> Self::Mask {
        combine(one, other, |a, b| a & b)
    }

    #[inline(always)]
    fn without(one: Self::Mask, other: Self::Mask) -> Self::Mask {
        combine(one, other, |a, b| a & !b)
    }

    #[inline(always)]
    fn bits(mask: Self::Mask) -> u32 {
        (0..WIDTH).fold(0, |bits, lane| bits | ((mask[lane] & 1) as u32) << lane)
    }

    #[inline(always)]
    fn or_where(self, mask: Self::Mask, other: Self) -> Self {
        let mut result = [0.0; WIDTH];
        for lane in 0..WIDTH {
            let (no, yes) = (self.0[lane].to_bits(), other.0[lane].to_bits());
            result[lane] = f64::from_bits((yes & mask[lane]) | (no & !mask[lane]));
        }
        Self(result)
    }

    #[inline(always)]
    fn add_where(self, mask: Self::Mask, other: Self) -> Self {
        self.or_where(mask, self.add(other))
    }

    #[inline(always)]
    fn max_where(self, mask: Self::Mask, other: Self) -> Self {
        self.or_where(mask, self.max(other))
    }

    #[inline(always)]
    fn min_where(self, mask: Self::Mask, other: Self) -> Self {
        self.or_where(mask, self.min(other))
    }
}

/// For processors with AVX-512. To be used only where [`has_avx512`](galmass_core::simd::has_avx512) says so.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512(std::arch::x86_64::__m512d);

// SAFETY of every block: only the search names this type, where the processor has AVX-512, and references to arrays of
// the length of a vector are read and written.
#[cfg(target_arch = "x86_64")]
#[allow(clippy::undocumented_unsafe_blocks, reason = "one reason for all, above")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::{Avx512, Vector, WIDTH};

    impl Vector for Avx512 {
        type Mask = u8;

        #[inline(always)]
        fn splat(value: f64) -> Self {
            Self(unsafe { _mm512_set1_pd(value) })
        }

        #[inline(always)]
        fn load(values: &[f64; WIDTH]) -> Self {
            Self(unsafe { _mm512_loadu_pd(values.as_ptr()) })
        }

        #[inline(always)]
        fn load_some(values: &[f64]) -> Self {
            let present = if values.len() < WIDTH { (1u8 << values.len()) - 1 } else { u8::MAX };
            Self(unsafe { _mm512_maskz_loadu_pd(present, values.as_ptr()) })
        }

        #[inline(always)]
        fn store(self) -> [f64; WIDTH] {
            let mut values = [0.0; WIDTH];
            unsafe { _mm512_storeu_pd(values.as_mut_ptr(), self.0) };
            values
        }

        #[inline(always)]
        fn store_chosen(self, chosen: u8, values: &mut [f64; WIDTH]) {
            // Not the store that compresses: it takes a hundred cycles on some processors.
            unsafe { _mm512_storeu_pd(values.as_mut_ptr(), _mm512_maskz_compress_pd(chosen, self.0)) };
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(unsafe { _mm512_add_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(unsafe { _mm512_sub_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(unsafe { _mm512_mul_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            Self(unsafe { _mm512_div_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            Self(unsafe { _mm512_max_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            Self(unsafe { _mm512_min_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn midpoint_of_bits(self, other: Self) -> Self {
            Self(unsafe {
                let sum = _mm512_add_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0));
                _mm512_castsi512_pd(_mm512_srli_epi64::<1>(sum))
            })
        }

        #[inline(always)]
        fn is_at_most(self, other: Self) -> u8 {
            unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0) }
        }

        #[inline(always)]
        fn is_below(self, other: Self) -> u8 {
            unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
        }

        #[inline(always)]
        fn equals(self, other: Self) -> u8 {
            unsafe { _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(self.0, other.0) }
        }

        #[inline(always)]
        fn both(one: u8, other: u8) -> u8 {
            one & other
        }

        #[inline(always)]
        fn without(one: u8, other: u8) -> u8 {
            one & !other
        }

        #[inline(always)]
        fn bits(mask: u8) -> u32 {
            mask.into()
        }

        #[inline(always)]
        fn or_where(self, mask: u8, other: Self) -> Self {
            Self(unsafe { _mm512_mask_mov_pd(self.0, mask, other.0) })
        }

        #[inline(always)]
        fn add_where(self, mask: u8, other: Self) -> Self {
            Self(unsafe { _mm512_mask_add_pd(self.0, mask, self.0, other.0) })
        }

        #[inline(always)]
        fn max_where(self, mask: u8, other: Self) -> Self {
            Self(unsafe { _mm512_mask_max_pd(self.0, mask, self.0, other.0) })
        }

        #[inline(always)]
        fn min_where(self, mask: u8, other: Self) -> Self {
            Self(unsafe { _mm512_mask_min_pd(self.0, mask, self.0, other.0) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All operations on pairs of awkward numbers, as bits.
    fn all<V: Vector>() -> Vec<[u64; WIDTH]> {
        let a = [0.0, 1.0, 2.5, f64::INFINITY, 1e300, 5e-324, 3.0, f64::MAX];
        let b = [0.0, 2.0, 2.5, 1.0, f64::INFINITY, 1e-310, -1.0, f64::MAX];
        let (va, vb) = (V::load(&a), V::load(&b));
        let mut results = vec![va.add(vb), va.sub(vb), va.mul(vb), va.div(vb), va.max(vb), va.min(vb)];
        results.extend([
            va.max(V::splat(0.0)).midpoint_of_bits(vb.max(V::splat(0.0))),
            square_length(va, vb, va),
        ]);
        let masks = [va.is_at_most(vb), va.is_below(vb), va.equals(vb)];
        for mask in
            [masks[0], masks[1], masks[2], V::both(masks[0], masks[1]), V::without(masks[0], masks[2])]
        {
            results.extend([va.or_where(mask, vb), va.add_where(mask, vb)]);
            results.extend([va.max_where(mask, vb), va.min_where(mask, vb)]);
            let mut chosen = [0.0; WIDTH];
            va.store_chosen(mask, &mut chosen);
            let n_chosen = V::bits(mask).count_ones() as usize;
            chosen[n_chosen..].fill(0.0);
            results.extend([V::load(&chosen), V::splat(f64::from(V::bits(mask)))]);
        }
        let mut some = V::load_some(&a[..5]).store();
        some[5..].fill(0.0);
        results.push(V::load(&some));
        // Which NaN it is does not matter.
        results
            .into_iter()
            .map(|v| v.store().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }))
            .collect()
    }

    #[test]
    fn plain_words_say_what_they_should() {
        let (a, b) = (Plain([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), Plain::splat(4.5));
        assert_eq!(Plain::bits(a.is_at_most(b)), 0b1111);
        assert_eq!(Plain::bits(Plain::without(a.is_at_most(b), a.equals(Plain::splat(2.0)))), 0b1101);
        assert_eq!(a.add_where(a.is_below(b), b).store(), [5.5, 6.5, 7.5, 8.5, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(a.max_where(a.is_below(b), b).min(b).store(), [4.5; WIDTH]);
        let mut chosen = [0.0; WIDTH];
        a.store_chosen(b.is_below(a), &mut chosen);
        assert_eq!(chosen[..4], [5.0, 6.0, 7.0, 8.0]);
        assert_eq!(square_length(a, b, a).store()[0], super::super::square_length(1.0, 4.5, 1.0));
        let half_way = Plain::splat(1.0).midpoint_of_bits(Plain::splat(2.0)).store()[0];
        assert_eq!(half_way, 1.5);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn avx512_says_the_same() {
        if galmass_core::simd::has_avx512() {
            assert_eq!(all::<Avx512>(), all::<Plain>());
        }
    }
}
