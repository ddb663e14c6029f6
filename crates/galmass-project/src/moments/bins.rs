//! The weighted sums of velocities in each pixel, gathered in one pass over the particles.

use super::field::{BLOCK, Field, N_OUTSIDE, Placed};
use crate::compensated;
use crate::simd::{Work, dispatch};

/// The particles of a call or of a chunk of it: rows that belong together.
#[derive(Clone, Copy)]
pub(super) struct Particles<'a> {
    pub(super) positions_kpc: &'a [[f64; 3]],
    pub(super) velocities_km_s: &'a [[f64; 3]],
    pub(super) weights: &'a [f64],
}

impl Particles<'_> {
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    pub(super) fn range(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            positions_kpc: &self.positions_kpc[range.clone()],
            velocities_km_s: &self.velocities_km_s[range.clone()],
            weights: &self.weights[range],
        }
    }
}

/// The sums of one pixel, on one line of the cache: w, w d, w d^2 and 1 over its particles, where w is the weight and d
/// the velocity relative to the reference of the pixel, and what earlier additions to each rounded away.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bin {
    pub(super) sums: [f64; 4],
    lost: [f64; 4],
}

impl Bin {
    const EMPTY: Self = Self { sums: [0.0; 4], lost: [0.0; 4] };

    #[inline(always)]
    pub(super) fn add(&mut self, terms: [f64; 4]) {
        let Self { mut sums, mut lost } = *self;
        for k in 0..4 {
            compensated::add(&mut sums[k], &mut lost[k], terms[k]);
        }
        *self = Self { sums, lost };
    }
}

/// The reference of a pixel without particles.
pub(super) const UNSEEN: f64 = f64::NAN;

/// The sums of all pixels.
pub(super) struct Bins {
    pub(super) bins: Vec<Bin>,
    /// The velocity \[km/s\] to which those of a pixel are relative: of its first particle, or what it was given.
    pub(super) references: Vec<f64>,
    /// Whether a particle may be bad; see [`Placed::is_suspect`].
    pub(super) is_suspect: bool,
}

impl Bins {
    /// Empty bins, with the references of the pixels where they are given.
    pub(super) fn new(n_px: usize, references: Option<&[f64]>) -> Self {
        let n_bins = n_px * n_px + N_OUTSIDE;
        let mut bins =
            Self { bins: vec![Bin::EMPTY; n_bins], references: vec![UNSEEN; n_bins], is_suspect: false };
        bins.set_references(references);
        bins
    }

    /// Forgets all particles.
    pub(super) fn clear(&mut self, references: Option<&[f64]>) {
        self.bins.fill(Bin::EMPTY);
        self.references.fill(UNSEEN);
        self.is_suspect = false;
        self.set_references(references);
    }

    fn set_references(&mut self, references: Option<&[f64]>) {
        if let Some(references) = references {
            self.references[..references.len()].copy_from_slice(references);
        }
    }

    /// Adds the particles in their order.
    pub(super) fn add(&mut self, field: &Field, particles: Particles) {
        assert!(self.bins.len() == field.n_px() * field.n_px() + N_OUTSIDE);
        assert!(self.references.len() == self.bins.len());
        if field.is_limited() {
            dispatch(Add::<true> { field, particles, bins: self });
        } else {
            dispatch(Add::<false> { field, particles, bins: self });
        }
    }
}

#[cfg(test)]
impl Bins {
    /// [`Bins::add`] as an old processor does it.
    pub(super) fn add_portably(&mut self, field: &Field, particles: Particles) {
        if field.is_limited() {
            Add::<true> { field, particles, bins: self }.run::<false>();
        } else {
            Add::<false> { field, particles, bins: self }.run::<false>();
        }
    }
}

/// The loop of [`Bins::add`], for fields with limits or without.
struct Add<'a, const LIMITED: bool> {
    field: &'a Field,
    particles: Particles<'a>,
    bins: &'a mut Bins,
}

impl<const LIMITED: bool> Work for Add<'_, LIMITED> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { field, particles, bins } = self;
        // A copy that nothing else can point at, so that it stays in registers over the loop.
        let field = *field;
        let mut placed = Placed::new();
        let (positions, last_positions) = particles.positions_kpc.as_chunks::<BLOCK>();
        let (velocities, last_velocities) = particles.velocities_km_s.as_chunks::<BLOCK>();
        let (weights, last_weights) = particles.weights.as_chunks::<BLOCK>();
        for ((positions, velocities), weights) in positions.iter().zip(velocities).zip(weights) {
            field.place::<FMA, LIMITED>(positions, velocities, weights, &mut placed);
            count(bins, &placed, positions, velocities, weights);
        }
        field.place::<FMA, LIMITED>(last_positions, last_velocities, last_weights, &mut placed);
        count(bins, &placed, last_positions, last_velocities, last_weights);
        bins.is_suspect |= placed.is_suspect();
    }
}

/// Adds the particles of a block that have been placed to the bins of their pixels, and asks for the blocks to come.
#[inline(always)]
fn count(bins: &mut Bins, placed: &Placed, positions: &[[f64; 3]], velocities: &[[f64; 3]], weights: &[f64]) {
    let len = weights.len().min(BLOCK);
    for start in (0..len).step_by(8) {
        // Eight particles fill three lines of the cache with positions, three with velocities and one with weights.
        // The hardware would ask for them in bursts, block by block, and the sums would wait; so they trickle in.
        for line in 0..3 {
            prefetch(positions.as_ptr(), start + AHEAD, line);
            prefetch(velocities.as_ptr(), start + AHEAD, line);
        }
        prefetch(weights.as_ptr(), start + AHEAD, 0);
        let end = (start + 8).min(len);
        let group =
            placed.pixels[start..end].iter().zip(&placed.velocities[start..end]).zip(&weights[start..end]);
        for ((&pixel, &velocity), &weight) in group {
            let pixel = pixel as usize;
            // SAFETY: `Bins::add` has made sure that there is a bin and a reference for each pixel and each number
            // outside that `Field::place` gives out.
            let (bin, reference) =
                unsafe { (bins.bins.get_unchecked_mut(pixel), bins.references.get_unchecked_mut(pixel)) };
            // As integers, which leaves the units for floating point to the sums.
            if reference.to_bits() == UNSEEN.to_bits() {
                *reference = velocity;
            }
            let relative = velocity - *reference;
            let weighted = weight * relative;
            bin.add([weight, weighted, weighted * relative, 1.0]);
        }
    }
}

/// How many particles ahead memory is asked for.
const AHEAD: usize = 2 * BLOCK;

/// Asks for a line of the cache, counted from element `index` of an array, which may end before it.
#[inline(always)]
fn prefetch<T>(array: *const T, index: usize, line: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = array.wrapping_add(index).cast::<i8>().wrapping_add(64 * line);
        // SAFETY: a hint; it reads nothing, and no address is wrong.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (array, index, line);
}
