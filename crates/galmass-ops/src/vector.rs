//! Vectors of the processor at hand, for products: loops over arrays do not stay in registers.

/// Some values side by side.
///
/// # Safety
/// The processor must have the instructions of the vector. [`dispatch`] sees to it.
pub(crate) unsafe trait Vector: Copy {
    /// How many values.
    const LANES: usize;

    /// # Safety
    /// As of the trait.
    unsafe fn splat(value: f32) -> Self;

    /// # Safety
    /// As of the trait; there are [`LANES`](Self::LANES) values from here.
    unsafe fn load(values: *const f32) -> Self;

    /// # Safety
    /// As of the trait; there is room for [`LANES`](Self::LANES) values from here.
    unsafe fn store(self, values: *mut f32);

    /// `self * factor + term`
    ///
    /// # Safety
    /// As of the trait.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
}

/// Work on vectors. What it calls in its loops must be `#[inline(always)]`.
pub(crate) trait Task {
    /// Does the work.
    ///
    /// # Safety
    /// As of [`Vector`].
    unsafe fn run<V: Vector>(self);
}

/// Does work with the widest vectors of the processor.
pub(crate) fn dispatch(task: impl Task) {
    #[cfg(target_arch = "x86_64")]
    {
        if galmass_core::simd::has_avx512() {
            // SAFETY: the processor has these vectors, as was just checked.
            return unsafe { x86::run_avx512(task) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { x86::run_avx2(task) };
        }
    }
    // SAFETY: plain values need nothing of the processor.
    unsafe { task.run::<Plain>() }
}

/// Values that the compiler may put into vectors of its own.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; 4]);

// SAFETY: it needs nothing of the processor.
unsafe impl Vector for Plain {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn load(values: *const f32) -> Self {
        // SAFETY: the caller says that there are as many values.
        Self(unsafe { values.cast::<[f32; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, values: *mut f32) {
        // SAFETY: the caller says that there is room.
        unsafe { values.cast::<[f32; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if cfg!(target_arch = "aarch64") {
                self.0[lane].mul_add(factor.0[lane], term.0[lane])
            } else {
                self.0[lane] * factor.0[lane] + term.0[lane]
            }
        }))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm512_fmadd_ps,
        _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
    };

    use super::{Task, Vector};

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512cd,fma,avx2,bmi1,bmi2,popcnt,lzcnt")]
    pub(super) fn run_avx512(task: impl Task) {
        // SAFETY: the function is called where the processor has these vectors.
        unsafe { task.run::<__m512>() }
    }

    #[target_feature(enable = "fma,avx2")]
    pub(super) fn run_avx2(task: impl Task) {
        // SAFETY: as above.
        unsafe { task.run::<__m256>() }
    }

    /// The same four functions for two widths.
    macro_rules! vector {
        ($vector:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $mul_add:ident) => {
            // SAFETY: it asks for no more than its instructions.
            unsafe impl Vector for $vector {
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: the caller says that the processor has the instruction.
                    unsafe { $splat(value) }
                }

                #[inline(always)]
                unsafe fn load(values: *const f32) -> Self {
                    // SAFETY: as above, and that there are as many values.
                    unsafe { $load(values) }
                }

                #[inline(always)]
                unsafe fn store(self, values: *mut f32) {
                    // SAFETY: as above, and that there is room.
                    unsafe { $store(values, self) }
                }

                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $mul_add(self, factor, term) }
                }
            }
        };
    }

    vector!(__m512, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps);
    vector!(__m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
}
