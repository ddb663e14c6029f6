//! The weighted sums of velocities in each pixel, gathered in one pass over the particles.

#[cfg(target_arch = "x86_64")]
use super::count::Avx512;
use super::count::{Count, GROUP, Plain};
use super::field::{BLOCK, Field, N_OUTSIDE, Placed};
use super::velocity::Velocity;
use crate::compensated;
use galmass_core::simd::{Work, dispatch};

/// The particles of a call or of a chunk of it: rows that belong together.
#[derive(Clone, Copy)]
pub(super) struct Particles<'a, V> {
    pub(super) positions_kpc: &'a [[f64; 3]],
    pub(super) velocities_km_s: &'a [V],
    pub(super) weights: &'a [f64],
}

impl<V: Velocity> Particles<'_, V> {
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
/// the velocity relative to the reference of the pixel, and what the additions to each rounded away.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bin {
    pub(super) sums: [f64; 4],
    pub(super) remainders: [f64; 4],
}

impl Bin {
    const EMPTY: Self = Self { sums: [0.0; 4], remainders: [0.0; 4] };

    #[inline(always)]
    pub(super) fn add(&mut self, terms: [f64; 4]) {
        for k in 0..4 {
            compensated::add_aside(&mut self.sums[k], &mut self.remainders[k], terms[k]);
        }
    }

    /// The sums, rounded once.
    pub(super) fn sums(&self) -> [f64; 4] {
        std::array::from_fn(|k| self.sums[k] + self.remainders[k])
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
    pub(super) fn add<V: Velocity>(&mut self, field: &Field, particles: Particles<V>) {
        if field.is_limited() {
            Add::<V, true>::new(self, field, particles).dispatch();
        } else {
            Add::<V, false>::new(self, field, particles).dispatch();
        }
    }

    /// Adds one particle.
    ///
    /// # Safety
    /// There must be a bin for the pixel.
    #[inline(always)]
    pub(super) unsafe fn add_one(&mut self, pixel: u32, velocity: f64, weight: f64) {
        let pixel = pixel as usize;
        // SAFETY: asked of the caller; there is a reference for each bin.
        let (bin, reference) =
            unsafe { (self.bins.get_unchecked_mut(pixel), self.references.get_unchecked_mut(pixel)) };
        // As integers, which leaves the units for floating point to the sums.
        if reference.to_bits() == UNSEEN.to_bits() {
            *reference = velocity;
        }
        let relative = velocity - *reference;
        let weighted = weight * relative;
        bin.add([weight, weighted, weighted * relative, 1.0]);
    }
}

#[cfg(test)]
impl Bins {
    /// [`Bins::add`] as an old processor does it.
    pub(super) fn add_portably<V: Velocity>(&mut self, field: &Field, particles: Particles<V>) {
        if field.is_limited() {
            Add::<V, true>::new(self, field, particles).run::<false>();
        } else {
            Add::<V, false>::new(self, field, particles).run::<false>();
        }
    }
}

/// The loop of [`Bins::add`], for fields with limits or without. Bins and references are as many as the field wants.
struct Add<'a, V, const LIMITED: bool> {
    bins: &'a mut Bins,
    field: &'a Field,
    particles: Particles<'a, V>,
}

impl<'a, V: Velocity, const LIMITED: bool> Add<'a, V, LIMITED> {
    fn new(bins: &'a mut Bins, field: &'a Field, particles: Particles<'a, V>) -> Self {
        assert!(bins.bins.len() == field.n_px() * field.n_px() + N_OUTSIDE);
        assert!(bins.references.len() == bins.bins.len());
        Self { bins, field, particles }
    }

    fn dispatch(self) {
        #[cfg(target_arch = "x86_64")]
        if galmass_core::simd::has_avx512() {
            // SAFETY: the processor has all the features that the function is compiled for.
            return unsafe { self.add_avx512() };
        }
        dispatch(self);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512cd,fma,avx2,bmi1,bmi2,popcnt,lzcnt")]
    fn add_avx512(self) {
        self.add::<Avx512, true>();
    }

    #[inline(always)]
    fn add<C: Count, const FMA: bool>(self) {
        let Self { bins, field, particles } = self;
        // A copy that nothing else can point at, so that it stays in registers over the loop.
        let field = *field;
        let mut placed = Placed::new();
        let (positions, last_positions) = particles.positions_kpc.as_chunks::<BLOCK>();
        let (velocities, last_velocities) = particles.velocities_km_s.as_chunks::<BLOCK>();
        let (weights, last_weights) = particles.weights.as_chunks::<BLOCK>();
        for ((positions, velocities), weights) in positions.iter().zip(velocities).zip(weights) {
            field.place::<V, FMA, LIMITED>(positions, velocities, weights, &mut placed);
            for group in 0..BLOCK / GROUP {
                let start = group * GROUP;
                prefetch(positions.as_ptr(), start + AHEAD);
                prefetch(velocities.as_ptr(), start + AHEAD);
                prefetch(weights.as_ptr(), start + AHEAD);
                // SAFETY: `Field::place` gives out numbers of pixels and of places outside for which there are bins.
                unsafe {
                    C::count(
                        bins,
                        &placed.pixels.as_chunks().0[group],
                        &placed.velocities.as_chunks().0[group],
                        &weights.as_chunks().0[group],
                    );
                }
            }
        }
        field.place::<V, FMA, LIMITED>(last_positions, last_velocities, last_weights, &mut placed);
        for ((&pixel, &velocity), &weight) in placed.pixels.iter().zip(&placed.velocities).zip(last_weights) {
            // SAFETY: as above.
            unsafe { bins.add_one(pixel, velocity, weight) };
        }
        bins.is_suspect |= placed.is_suspect();
    }
}

impl<V: Velocity, const LIMITED: bool> Work for Add<'_, V, LIMITED> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        self.add::<Plain, FMA>();
    }
}

/// How many particles ahead memory is asked for.
const AHEAD: usize = 8 * BLOCK;

/// Asks for the lines of the cache that hold a group of an array, which may end before it.
///
/// Eight particles fill three lines with positions and one with weights. The hardware would ask for them in bursts,
/// block by block, and the sums would wait; so they trickle in.
#[inline(always)]
fn prefetch<T>(array: *const T, start: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..GROUP * size_of::<T>() / 64 {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = array.wrapping_add(start).cast::<i8>().wrapping_add(64 * line);
        // SAFETY: a hint; it reads nothing, and no address is wrong.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (array, start);
}
