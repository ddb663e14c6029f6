//! Tables of 32 numbers, one for each of the rings around the centre of a kernel.
//!
//! A processor that has the instruction takes sixteen numbers at a time from such a table, without a way to memory.

use super::N_LANES;

/// Rings around a centre.
pub(crate) const N_RINGS: usize = 32;

/// What is added to the square of a distance, so that its bits name its ring.
pub(crate) const START: f64 = 0.09375;

/// How far the place in a ring goes to both sides of 0.
pub(crate) const REACH: f64 = 0.0625;

/// The lowest bits of a number of single precision that say where in its ring it is; those above them, modulo 32, say
/// which ring.
pub(super) const BITS: u32 = 20;

/// The number that has the lowest bits of the middle of a ring, and the upper ones of 1.
pub(super) const MIDDLE: f32 = 1.0625;

/// One number for each ring, in the order of their bits modulo 32.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(crate) struct Rings {
    pub(crate) halves: [[f32; 2 * N_LANES]; 2],
}

impl Rings {
    pub(crate) fn set(&mut self, ring: usize, value: f32) {
        let slot = (first_bits() as usize + ring) % N_RINGS;
        self.halves[slot / (2 * N_LANES)][slot % (2 * N_LANES)] = value;
    }

    #[inline(always)]
    pub(super) fn get(&self, bits: u32) -> f32 {
        let slot = bits as usize % N_RINGS;
        self.halves[slot / (2 * N_LANES)][slot % (2 * N_LANES)]
    }
}

fn first_bits() -> u32 {
    (START as f32).to_bits() >> BITS
}

/// Where a ring begins and ends; [`START`] is where the first does.
pub(crate) fn bounds(ring: usize) -> [f64; 2] {
    [ring, ring + 1].map(|ring| f64::from(f32::from_bits((first_bits() + ring as u32) << BITS)))
}
