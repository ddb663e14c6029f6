//! Plain loops, compiled once for each width of vector and chosen at run time.
//!
//! A library cannot be built for the processor that it will run on, so its hot loops would be compiled for the oldest
//! one. Here a loop is written once, as the [`Work::run`] of a struct that holds its inputs, and compiled several times
//! with what newer processors know; [`dispatch`] asks the processor which of them to call. The results depend on the
//! processor (a fused multiply-add rounds once) but never on the number of threads.

/// A hot loop with its inputs.
///
/// `run`, and whatever it calls in its loops, must be `#[inline(always)]`: only what is inlined into the versions of
/// [`dispatch`] is compiled for them.
pub trait Work {
    /// What comes of it.
    type Output;

    /// Does the work. `FMA` says whether [`fma`] may be one instruction.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// a * b + c, in one rounding where the processor has an instruction for it, in two where it has none and the library
/// function would be a hundred times slower.
#[inline(always)]
pub fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The same in single precision.
#[inline(always)]
pub fn fma_f32<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Does the work with the widest vectors that the processor has.
///
/// ```
/// use galmass_core::simd::{Work, dispatch, fma};
///
/// struct SumOfSquares<'a>(&'a [f64]);
///
/// impl Work for SumOfSquares<'_> {
///     type Output = f64;
///
///     #[inline(always)]
///     fn run<const FMA: bool>(self) -> f64 {
///         self.0.iter().fold(0.0, |sum, x| fma::<FMA>(*x, *x, sum))
///     }
/// }
/// assert_eq!(dispatch(SumOfSquares(&[1.0, 2.0, 3.0])), 14.0);
/// ```
#[inline]
pub fn dispatch<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the processor has all the features that the function is compiled for.
            return unsafe { run_avx512(work) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { run_avx2(work) };
        }
        work.run::<false>()
    }
    #[cfg(not(target_arch = "x86_64"))]
    work.run::<{ cfg!(target_arch = "aarch64") }>()
}

/// Whether the processor has the vectors of 512 bits that [`dispatch`] compiles for, those of Intel's Skylake servers and AMD's Zen 4.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512cd,fma,avx2,bmi1,bmi2,popcnt,lzcnt")]
fn run_avx512<W: Work>(work: W) -> W::Output {
    work.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "fma,avx2")]
fn run_avx2<W: Work>(work: W) -> W::Output {
    work.run::<true>()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum<'a>(&'a [f64]);

    impl Work for Sum<'_> {
        type Output = f64;

        #[inline(always)]
        fn run<const FMA: bool>(self) -> f64 {
            self.0.iter().fold(0.0, |sum, x| fma::<FMA>(*x, *x, sum))
        }
    }

    #[test]
    fn whatever_the_processor_the_work_is_done() {
        assert_eq!(dispatch(Sum(&[1.0, 2.0, 3.0])), 14.0);
        assert_eq!(Sum(&[1.0, 2.0, 3.0]).run::<false>(), 14.0);
        assert_eq!(fma_f32::<true>(2.0, 3.0, 4.0), 10.0);
    }
}
