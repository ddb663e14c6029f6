//! The numbers that the light of a mesh is counted in.

use std::ops::{Add, Mul, Sub};

use super::scratch::Scratch;

/// Single or double precision.
pub(super) trait Precision:
    Copy
    + Default
    + Send
    + Sync
    + From<f32>
    + Into<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
{
    /// The nearest number.
    fn of(value: f64) -> Self;

    /// `n` numbers, whatever they are, from memory that is used again.
    fn take(n: usize) -> Vec<Self>;

    /// Takes numbers back, to use their memory again.
    fn give_back(numbers: Vec<Self>);
}

macro_rules! precision {
    ($float:ty, $memory:ident) => {
        static $memory: Scratch<$float> = Scratch::new();

        impl Precision for $float {
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }

            fn take(n: usize) -> Vec<Self> {
                $memory.take(n)
            }

            fn give_back(numbers: Vec<Self>) {
                $memory.give_back(numbers);
            }
        }
    };
}

precision!(f32, SINGLE);
precision!(f64, DOUBLE);
