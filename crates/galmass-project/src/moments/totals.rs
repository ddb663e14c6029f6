//! The sums of chunks of particles, put together in the order of the chunks, and the moments that follow from them.

use std::ops::Range;

use rayon::prelude::*;

use super::PixelMoments;
use super::bins::{Bins, Particles, UNSEEN};
use super::field::Field;
use super::velocity::Velocity;

/// The fewest particles in a chunk: a millisecond of work. Chunks are cut by number only, never by thread, so that the
/// same sums are rounded in the same places whoever does them.
const MIN_CHUNK: usize = 1 << 18;

/// The fewest particles in a chunk for each pixel of the map, so that bins take less memory than particles.
const MIN_CHUNK_PER_PIXEL: usize = 4;

/// How many times smaller a variance may be than the sums that it is the difference of, before it is measured again.
/// Ten of 53 bits are lost there, and less than 1e-12 of the dispersion.
const MAX_CANCELLATION: f64 = 1024.0;

/// The sums over all particles.
struct Totals {
    bins: Bins,
    /// Of w d^2 over the chunks and of what was added when they were put on one reference: what rounding errors of the
    /// variance are relative to.
    scale: Vec<f64>,
}

/// Measures the moments of each pixel, row by row, and says whether a particle may be bad.
pub(super) fn measure<V: Velocity>(field: &Field, particles: Particles<V>) -> (Vec<PixelMoments>, bool) {
    let totals = Totals::gather(field, particles, None);
    let is_suspect = totals.bins.is_suspect;
    let n_pixels = field.n_px() * field.n_px();
    let mut moments: Vec<PixelMoments> = (0..n_pixels).map(|pixel| totals.moments(pixel)).collect();

    let cancelled: Vec<usize> = (0..n_pixels).filter(|&pixel| totals.has_cancelled(pixel)).collect();
    if !cancelled.is_empty() {
        // The first particle of these pixels was no good reference for the others. Their mean is.
        let mut references = vec![UNSEEN; n_pixels];
        cancelled.iter().for_each(|&pixel| references[pixel] = moments[pixel].mean);
        let totals = Totals::gather(field, particles, Some(&references));
        cancelled.iter().for_each(|&pixel| moments[pixel] = totals.moments(pixel));
    }
    (moments, is_suspect)
}

impl Totals {
    /// Adds up all particles, with the references of the pixels where they are given.
    fn gather<V: Velocity>(field: &Field, particles: Particles<V>, references: Option<&[f64]>) -> Self {
        let n_px = field.n_px();
        let chunks = chunks(particles.len(), n_px);
        let of_chunk =
            |bins: &mut Bins, chunk: &Range<usize>| bins.add(field, particles.range(chunk.clone()));

        // A wave of chunks at a time, one a thread, and each wave is put to those before it in order.
        let n_workers = rayon::current_num_threads().clamp(1, chunks.len().max(1));
        let (first_wave, others) = chunks.split_at(n_workers.min(chunks.len()));
        let mut workers: Vec<Bins> = (0..n_workers).map(|_| Bins::new(n_px, references)).collect();
        for_each(&mut workers, first_wave, of_chunk);
        let mut totals = Self::of_first(workers.remove(0));
        workers.iter().for_each(|bins| totals.merge(bins));
        for wave in others.chunks(n_workers) {
            workers.iter_mut().for_each(|bins| bins.clear(references));
            workers.resize_with(n_workers, || Bins::new(n_px, references));
            for_each(&mut workers, wave, of_chunk);
            workers[..wave.len()].iter().for_each(|bins| totals.merge(bins));
        }
        totals
    }

    fn of_first(bins: Bins) -> Self {
        let scale = bins.bins.iter().map(|bin| bin.sums()[2]).collect();
        Self { bins, scale }
    }

    /// Adds a chunk, in each pixel moved to the reference that the chunks before it have (Chan, Golub & LeVeque 1983).
    fn merge(&mut self, chunk: &Bins) {
        self.bins.is_suspect |= chunk.is_suspect;
        let into = self.bins.bins.iter_mut().zip(&mut self.bins.references).zip(&mut self.scale);
        let from = chunk.bins.iter().zip(&chunk.references);
        for (((bin, reference), scale), (added, &added_reference)) in into.zip(from) {
            let [weight, first, second, count] = added.sums();
            if count == 0.0 {
                continue;
            }
            if reference.to_bits() == UNSEEN.to_bits() {
                *reference = added_reference;
            }
            let shift = added_reference - *reference;
            *scale += second + shift * shift * weight;
            bin.add([weight, first + shift * weight, second + shift * (2.0 * first + shift * weight), count]);
        }
    }

    fn moments(&self, pixel: usize) -> PixelMoments {
        let [weight, first, _, count] = self.bins.bins[pixel].sums();
        let variance = self.variance(pixel);
        PixelMoments {
            count: count as u64,
            weight,
            mean: self.bins.references[pixel] + first / weight,
            // Rounding may leave it below zero, and only then is it mended: what is not a number stays so.
            dispersion: if variance < 0.0 { 0.0 } else { (variance / weight).sqrt() },
        }
    }

    /// The sum of w (v - V)^2 over the particles of a pixel, with their mean velocity V.
    fn variance(&self, pixel: usize) -> f64 {
        let [weight, first, second, _] = self.bins.bins[pixel].sums();
        second - first * (first / weight)
    }

    /// Whether the dispersion of a pixel has lost digits because it is far smaller than the mean is from the reference.
    fn has_cancelled(&self, pixel: usize) -> bool {
        self.scale[pixel].is_finite() && self.scale[pixel] > MAX_CANCELLATION * self.variance(pixel)
    }
}

/// Does the work of each chunk with a worker of its own, at once where there is more than one.
fn for_each(workers: &mut [Bins], chunks: &[Range<usize>], work: impl Fn(&mut Bins, &Range<usize>) + Sync) {
    match (workers, chunks) {
        ([worker, ..], [chunk]) => work(worker, chunk),
        (workers, chunks) => {
            workers.par_iter_mut().zip(chunks).for_each(|(worker, chunk)| work(worker, chunk))
        }
    }
}

/// The chunks of so many particles for a map of so many pixels a side, in order.
fn chunks(n_particles: usize, n_px: usize) -> Vec<Range<usize>> {
    let chunk = MIN_CHUNK.max(MIN_CHUNK_PER_PIXEL * n_px * n_px);
    (0..n_particles).step_by(chunk).map(|start| start..(start + chunk).min(n_particles)).collect()
}
