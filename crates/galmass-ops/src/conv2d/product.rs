//! Sums of products of rows that lie anywhere with a matrix of weights.

use std::array;

use super::grid::NOWHERE;
use crate::vector::Vector;

/// Columns of weights side by side.
pub(super) const PANEL: usize = 32;

/// Rows in a tile: with one panel their sums fill the registers of the widest vectors.
pub(super) const TILE: usize = 12;

/// Products after which sums in registers join those in memory: short sums round less than long ones.
const RUN: usize = 256;

/// Channels in a tile of the gradient of weights.
pub(super) const CHANNELS: usize = 8;

/// Maps `[pixel, channel]`.
#[derive(Clone, Copy)]
pub(super) struct Maps<'a> {
    pub(super) values: &'a [f32],
    /// What pixels that are nowhere have: as many as there are channels.
    pub(super) zeros: &'a [f32],
}

impl<'a> Maps<'a> {
    #[inline(always)]
    pub(super) fn pixel(self, pixel: u32) -> &'a [f32] {
        let n_channels = self.zeros.len();
        let start = pixel as usize * n_channels;
        self.values.get(start..start + n_channels).unwrap_or(self.zeros)
    }
}

/// Sums over taps and channels of pixel times weight, for up to [`TILE`] pixels: `sources` `[pixel]` for each tap, `panel`
/// `[tap, channel, PANEL]`, of which `n_columns` are wanted.
///
/// # Safety
/// As of [`Vector`].
#[inline(always)]
pub(super) unsafe fn multiply<V: Vector>(
    input: Maps<'_>,
    sources: &[&[u32]],
    panel: &[f32],
    n_columns: usize,
    sums: &mut [[f32; PANEL]],
) {
    // As many sums as there are registers for, beside those of weights.
    // SAFETY: the caller says that the processor has these vectors, and as many fill a panel, or half of it.
    unsafe {
        match (V::LANES, n_columns <= PANEL / 2) {
            (16, false) => multiply_tiles::<V, TILE, 2>(input, sources, panel, sums),
            (16, true) => multiply_tiles::<V, TILE, 1>(input, sources, panel, sums),
            (8, false) => multiply_tiles::<V, 3, 4>(input, sources, panel, sums),
            (8, true) => multiply_tiles::<V, 6, 2>(input, sources, panel, sums),
            (_, false) => multiply_tiles::<V, 2, 8>(input, sources, panel, sums),
            (_, true) => multiply_tiles::<V, 4, 4>(input, sources, panel, sums),
        }
    }
}

/// # Safety
/// As of [`Vector`], and the vectors are no longer than a panel.
#[inline(always)]
unsafe fn multiply_tiles<V: Vector, const ROWS: usize, const VECTORS: usize>(
    input: Maps<'_>,
    sources: &[&[u32]],
    panel: &[f32],
    sums: &mut [[f32; PANEL]],
) {
    assert!(V::LANES * VECTORS <= PANEL);
    let n_channels = input.zeros.len();
    let taps_of_run = RUN.div_ceil(n_channels);
    for (tile, sums) in sums.chunks_mut(ROWS).enumerate() {
        sums.fill([0.0; PANEL]);
        let panels = panel.chunks(taps_of_run * n_channels * PANEL);
        for (sources, panel) in sources.chunks(taps_of_run).zip(panels) {
            // SAFETY: for all calls of `V`: the caller says that the processor has its instructions, and all vectors are
            // within the panel, as was just checked.
            let mut totals = [[unsafe { V::splat(0.0) }; VECTORS]; ROWS];
            for (sources, weights) in sources.iter().zip(panel.chunks_exact(n_channels * PANEL)) {
                let rows: [&[f32]; ROWS] = array::from_fn(|row| {
                    &input.pixel(*sources.get(tile * ROWS + row).unwrap_or(&NOWHERE))[..n_channels]
                });
                for (channel, weights) in weights.as_chunks::<PANEL>().0.iter().enumerate() {
                    // SAFETY: as above.
                    let weights: [V; VECTORS] =
                        array::from_fn(|at| unsafe { V::load(weights.as_ptr().add(at * V::LANES)) });
                    for (row, totals) in rows.iter().zip(&mut totals) {
                        // SAFETY: as above.
                        let value = unsafe { V::splat(row[channel]) };
                        for (total, weight) in totals.iter_mut().zip(weights) {
                            // SAFETY: as above.
                            *total = unsafe { value.mul_add(weight, *total) };
                        }
                    }
                }
            }
            // SAFETY: as above.
            unsafe { add_to(sums, totals) };
        }
    }
}

/// Adds sums to those in memory.
///
/// # Safety
/// As of [`Vector`], and the vectors are no longer than a panel.
#[inline(always)]
unsafe fn add_to<V: Vector, const VECTORS: usize, const ROWS: usize>(
    sums: &mut [[f32; PANEL]],
    totals: [[V; VECTORS]; ROWS],
) {
    for (sums, totals) in sums.iter_mut().zip(totals) {
        for (at, total) in totals.into_iter().enumerate() {
            // SAFETY: the caller says that the processor has these instructions, and that the vector is within the panel.
            unsafe {
                let place = sums.as_mut_ptr().add(at * V::LANES);
                V::splat(1.0).mul_add(total, V::load(place)).store(place);
            }
        }
    }
}

/// Adds, for [`CHANNELS`] channels and a panel of others, the sum over pixels of their products: `sources` are places in
/// `input`.
///
/// # Safety
/// As of [`Vector`].
#[inline(always)]
pub(super) unsafe fn correlate<V: Vector>(
    input: &[[f32; CHANNELS]],
    sources: &[u32],
    gradient: &[[f32; PANEL]],
    n_columns: usize,
    sums: &mut [[f32; PANEL]; CHANNELS],
) {
    // SAFETY: the caller says that the processor has these vectors, and as many fill a panel, or half of it.
    unsafe {
        match (V::LANES, n_columns <= PANEL / 2) {
            (16, false) => correlate_tiles::<V, CHANNELS, 2>(input, sources, gradient, sums),
            (16, true) => correlate_tiles::<V, CHANNELS, 1>(input, sources, gradient, sums),
            (8, false) => correlate_tiles::<V, 2, 4>(input, sources, gradient, sums),
            (8, true) => correlate_tiles::<V, 4, 2>(input, sources, gradient, sums),
            (_, false) => correlate_tiles::<V, 2, 8>(input, sources, gradient, sums),
            (_, true) => correlate_tiles::<V, 4, 4>(input, sources, gradient, sums),
        }
    }
}

/// # Safety
/// As of [`Vector`], and the vectors are no longer than a panel.
#[inline(always)]
unsafe fn correlate_tiles<V: Vector, const ROWS: usize, const VECTORS: usize>(
    input: &[[f32; CHANNELS]],
    sources: &[u32],
    gradient: &[[f32; PANEL]],
    sums: &mut [[f32; PANEL]; CHANNELS],
) {
    assert!(V::LANES * VECTORS <= PANEL);
    for (tile, sums) in sums.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
        // SAFETY: for all calls of `V`: the caller says that the processor has its instructions, and all vectors are within
        // the panel, as was just checked.
        let mut totals = [[unsafe { V::splat(0.0) }; VECTORS]; ROWS];
        for (source, gradient) in sources.iter().zip(gradient) {
            let values = &input[*source as usize];
            // SAFETY: as above.
            let gradient: [V; VECTORS] =
                array::from_fn(|at| unsafe { V::load(gradient.as_ptr().add(at * V::LANES)) });
            for (row, totals) in totals.iter_mut().enumerate() {
                // SAFETY: as above.
                let value = unsafe { V::splat(values[tile * ROWS + row]) };
                for (total, gradient) in totals.iter_mut().zip(gradient) {
                    // SAFETY: as above.
                    *total = unsafe { value.mul_add(gradient, *total) };
                }
            }
        }
        // SAFETY: as above.
        unsafe { add_to(sums, totals) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{Plain, Task, dispatch};

    const N_PIXELS: usize = 17;

    fn numbers(n: usize, step: usize) -> Vec<f32> {
        (0..n).map(|i| (i * step % 23) as f32 / 23.0 - 0.5).collect()
    }

    /// Both products of one panel.
    struct Both<'a> {
        n_channels: usize,
        n_columns: usize,
        sums: &'a mut [[f32; PANEL]; TILE],
        gradients: &'a mut [[f32; PANEL]; CHANNELS],
    }

    impl Task for Both<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            let values = numbers(N_PIXELS * self.n_channels, 7);
            let zeros = vec![0.0; self.n_channels];
            let (panel, sources) = (numbers(2 * self.n_channels * PANEL, 5), [3, NOWHERE, 16, 5, 0, 9, 8]);
            let input = Maps { values: &values, zeros: &zeros };
            // SAFETY: the caller says that the processor has these vectors.
            unsafe {
                let sources = [&sources[..], &sources[1..]].map(|tap| &tap[..6]);
                multiply::<V>(input, &sources, &panel, self.n_columns, &mut self.sums[..6]);
                let (groups, panels) = (numbers(N_PIXELS * CHANNELS, 3), numbers(7 * PANEL, 11));
                let (groups, panels) = (groups.as_chunks().0, panels.as_chunks().0);
                correlate::<V>(groups, &[1, 4, 4, 0, 16, 2, 7], panels, self.n_columns, self.gradients);
            }
        }
    }

    #[test]
    fn vectors_of_any_width_give_the_same_sums() {
        for (n_channels, n_columns) in [(1, 32), (5, 17), (40, 16), (3, 1)] {
            let mut found = ([[0.25; PANEL]; TILE], [[0.25; PANEL]; CHANNELS]);
            let mut plain = found;
            let task = |(sums, gradients)| Both { n_channels, n_columns, sums, gradients };
            dispatch(task((&mut found.0, &mut found.1)));
            // SAFETY: plain values need nothing of the processor.
            unsafe { task((&mut plain.0, &mut plain.1)).run::<Plain>() };
            let rows = |sums: &([[f32; PANEL]; TILE], [[f32; PANEL]; CHANNELS])| {
                let rows = sums.0[..6].iter().chain(&sums.1);
                rows.flat_map(|row| row[..n_columns].to_vec()).collect::<Vec<_>>()
            };
            for (found, plain) in rows(&found).into_iter().zip(rows(&plain)) {
                assert!((found - plain).abs() < 1e-5, "{n_channels} {n_columns}: {found} {plain}");
                assert_ne!(found, 0.25);
            }
        }
    }
}
