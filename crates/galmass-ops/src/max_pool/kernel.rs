//! The arithmetic, on slices `[sample, row, column, channel]`.

use std::ops::Range;

use galmass_core::simd::{Work, dispatch};
use rayon::prelude::*;

use super::Window;

/// Sizes of maps before and after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    n_channels: usize,
    input: [usize; 2],
    output: [usize; 2],
    window: Window,
}

/// What comes of an input `[n, channels, height, width]`, if there is any output.
pub(super) fn shape([n_samples, n_channels, height, width]: [usize; 4], window: Window) -> Option<Shape> {
    let [top, left, bottom, right] = window.geometry.padding;
    let [vertical, horizontal] = window.geometry.stride;
    let along = |size: usize, kernel: usize, stride: usize| Some(size.checked_sub(kernel)? / stride + 1);
    let output = [
        along(top + height + bottom, window.size[0], vertical)?,
        along(left + width + right, window.size[1], horizontal)?,
    ];
    let is_empty = n_samples * n_channels * height * width * window.size[0] * window.size[1] == 0;
    (!is_empty).then_some(Shape { n_channels, input: [height, width], output, window })
}

impl Shape {
    pub(super) fn output(self, [n_samples, n_channels, ..]: [usize; 4]) -> [usize; 4] {
        [n_samples, n_channels, self.output[0], self.output[1]]
    }

    fn sample_in(self) -> usize {
        self.n_channels * self.input[0] * self.input[1]
    }

    fn row_out(self) -> usize {
        self.n_channels * self.output[1]
    }

    fn sample_out(self) -> usize {
        self.output[0] * self.row_out()
    }

    /// Rows or columns of the input under the window at some place.
    #[inline(always)]
    fn under(self, axis: usize, place: usize) -> Range<usize> {
        let start = place * self.window.geometry.stride[axis];
        let padding = self.window.geometry.padding[axis];
        let last = (start + self.window.size[axis]).saturating_sub(padding).min(self.input[axis]);
        start.saturating_sub(padding).min(last)..last
    }

    /// Visits the pixels of the input under the window, as starts in a sample.
    #[inline(always)]
    fn for_each_under(self, row: usize, column: usize, mut visit: impl FnMut(usize)) {
        for y in self.under(0, row) {
            for x in self.under(1, column) {
                visit((y * self.input[1] + x) * self.n_channels);
            }
        }
    }
}

/// The output.
pub(super) fn pool(input: &[f32], shape: Shape, output: &mut [f32]) {
    output.par_chunks_mut(shape.row_out()).enumerate().for_each(|(line, output)| {
        let (sample, row) = (line / shape.output[0], line % shape.output[0]);
        let input = &input[sample * shape.sample_in()..][..shape.sample_in()];
        dispatch(PoolRow { input, shape, row, output });
    });
}

struct PoolRow<'a> {
    input: &'a [f32],
    shape: Shape,
    row: usize,
    output: &'a mut [f32],
}

impl Work for PoolRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { input, shape, row, output } = self;
        for (column, output) in output.chunks_exact_mut(shape.n_channels).enumerate() {
            output.fill(f32::NEG_INFINITY);
            shape.for_each_under(row, column, |start| {
                for (largest, x) in output.iter_mut().zip(&input[start..start + shape.n_channels]) {
                    // What is not smaller or equal is larger or NaN; a NaN stays.
                    *largest = if *x <= *largest || largest.is_nan() { *largest } else { *x };
                }
            });
        }
    }
}

/// The gradient of the input, added to zeros.
pub(super) fn gradient(gradient: &[f32], input: &[f32], output: &[f32], shape: Shape, of_input: &mut [f32]) {
    of_input
        .par_chunks_mut(shape.sample_in())
        .zip(input.par_chunks(shape.sample_in()))
        .zip(gradient.par_chunks(shape.sample_out()).zip(output.par_chunks(shape.sample_out())))
        .for_each_init(Vec::new, |rest, ((of_input, input), (gradient, output))| {
            dispatch(GradientOfSample { gradient, input, output, shape, of_input, rest });
        });
}

struct GradientOfSample<'a> {
    gradient: &'a [f32],
    input: &'a [f32],
    output: &'a [f32],
    shape: Shape,
    of_input: &'a mut [f32],
    rest: &'a mut Vec<f32>,
}

impl Work for GradientOfSample<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { gradient, input, output, shape, of_input, rest } = self;
        let n_channels = shape.n_channels;
        let pixels = gradient.chunks_exact(n_channels).zip(output.chunks_exact(n_channels));
        for (place, (gradient, output)) in pixels.enumerate() {
            // What no pixel has been given yet.
            rest.clear();
            rest.extend_from_slice(gradient);
            shape.for_each_under(place / shape.output[1], place % shape.output[1], |start| {
                let pixel = start..start + n_channels;
                let to = of_input[pixel.clone()].iter_mut().zip(&input[pixel]);
                for ((of_input, x), (y, rest)) in to.zip(output.iter().zip(&mut *rest)) {
                    let is_largest = x == y || (x.is_nan() && y.is_nan());
                    *of_input += if is_largest { *rest } else { 0.0 };
                    *rest = if is_largest { 0.0 } else { *rest };
                }
            });
        }
    }
}
