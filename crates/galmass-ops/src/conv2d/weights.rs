//! Weights in the order in which products take them, and back.

use rayon::prelude::*;

use super::grid::Tap;
use super::product::{CHANNELS, PANEL};
use super::shape::Shape;

/// Panels of weights to the channels of the output: `[panel of n_out, tap, n_in, PANEL]`.
pub(super) fn forward(weight: &[f32], shape: Shape, panels: &mut [f32]) {
    let (n_in, n_taps) = (shape.n_in, shape.n_taps());
    let of_panel = n_taps * n_in * PANEL;
    panels.par_chunks_exact_mut(of_panel).enumerate().for_each(|(panel, to)| {
        let (to, _) = to.as_chunks_mut::<PANEL>();
        let from = &weight[panel * of_panel..weight.len().min((panel + 1) * of_panel)];
        let rows = from.chunks_exact(n_in * n_taps);
        if rows.len() < PANEL {
            to.fill([0.0; PANEL]);
        }
        // A few channels at a time, so that what is read stays at hand.
        for first in (0..n_in).step_by(CHANNELS) {
            let last = n_in.min(first + CHANNELS);
            for (column, row) in rows.clone().enumerate() {
                for (channel, taps) in (first..last).zip(row[first * n_taps..].chunks_exact(n_taps)) {
                    for (tap, value) in taps.iter().enumerate() {
                        to[tap * n_in + channel][column] = *value;
                    }
                }
            }
        }
    });
}

/// Panels of weights to the channels of the input, for some taps: `[panel of n_in, tap, n_out, PANEL]`.
pub(super) fn backward(weight: &[f32], shape: Shape, taps: &[Tap], panels: &mut [f32]) {
    let (n_in, n_out, n_taps) = (shape.n_in, shape.n_out, shape.n_taps());
    panels.par_chunks_exact_mut((taps.len() * n_out * PANEL).max(1)).enumerate().for_each(|(panel, to)| {
        let (to, _) = to.as_chunks_mut::<PANEL>();
        let columns = panel * PANEL..n_in.min((panel + 1) * PANEL);
        for (channel, row) in weight.chunks_exact(n_in * n_taps).enumerate() {
            let from = &row[columns.start * n_taps..columns.end * n_taps];
            for (place, tap) in taps.iter().enumerate() {
                let to = &mut to[place * n_out + channel];
                to[columns.len()..].fill(0.0);
                for (value, from) in to.iter_mut().zip(from.chunks_exact(n_taps)) {
                    *value = from[tap.index];
                }
            }
        }
    });
}

/// Sums of the gradient of weights in the order of the weights, from parts
/// `[panel of n_in, panel of n_out, tap, CHANNELS, PANEL]`, where `n_in` counts what `n_channels` does: channels, or
/// channels of all taps.
pub(super) fn gather(parts: &[f32], of_part: usize, shape: Shape, is_patched: bool, weight: &mut [f32]) {
    let (n_in, n_taps) = (shape.n_in, shape.n_taps());
    let (n_channels, n_own_taps) = if is_patched { (n_in * n_taps, 1) } else { (n_in, n_taps) };
    let n_panels = shape.n_out.div_ceil(PANEL);
    let of_tile = n_own_taps * CHANNELS;
    weight.par_chunks_mut(PANEL * n_in * n_taps).enumerate().for_each(|(panel, weight)| {
        let mut sums = vec![[0.0_f32; PANEL]; of_tile];
        for group in 0..n_channels.div_ceil(CHANNELS) {
            sums.fill([0.0; PANEL]);
            let start = (group * n_panels + panel) * of_tile;
            for part in parts.chunks_exact(of_part) {
                let (part, _) = part.as_chunks::<PANEL>();
                for (sums, part) in sums.iter_mut().zip(&part[start..start + of_tile]) {
                    for (sum, value) in sums.iter_mut().zip(part) {
                        *sum += value;
                    }
                }
            }
            let channels = group * CHANNELS..n_channels.min((group + 1) * CHANNELS);
            for (column, row) in weight.chunks_exact_mut(n_in * n_taps).enumerate() {
                for (own, channel) in channels.clone().enumerate() {
                    if is_patched {
                        let (tap, channel) = (channel / n_in, channel % n_in);
                        row[channel * n_taps + tap] = sums[own][column];
                        continue;
                    }
                    for (tap, value) in row[channel * n_taps..][..n_taps].iter_mut().enumerate() {
                        *value = sums[tap * CHANNELS + own][column];
                    }
                }
            }
        }
    });
}
