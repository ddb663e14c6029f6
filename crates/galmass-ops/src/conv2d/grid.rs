//! Which pixels of one map each pixel of another comes from.

use std::ops::Range;

use super::shape::Shape;

/// What is no pixel: padding.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Pixels of a result in rows and columns at equal steps, and where their sources lie: one for each tap of the kernel.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    n_samples: usize,
    /// Pixels of one sample: rows, columns.
    pixels: [usize; 2],
    /// The first of them in the map of the result, their distance, and the size of that map.
    first: [usize; 2],
    step: [usize; 2],
    map: [usize; 2],
    /// How far the sources move with each pixel, and the size of their map.
    source_step: [usize; 2],
    source_map: [usize; 2],
    pub(super) taps: Vec<Tap>,
}

/// A weight of the kernel, and where the source of the first pixel lies for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    /// In the kernel, row by row.
    pub(super) index: usize,
    source: [isize; 2],
}

impl Grid {
    /// Pixels of the output from pixels of the input.
    pub(super) fn forward(shape: Shape) -> Self {
        let [top, left] = shape.padding;
        let taps = taps(shape.kernel)
            .map(|(index, [y, x])| Tap {
                index,
                source: [y as isize - top as isize, x as isize - left as isize],
            })
            .collect();
        Self {
            n_samples: shape.n_samples,
            pixels: shape.output,
            first: [0; 2],
            step: [1; 2],
            map: shape.output,
            source_step: shape.stride,
            source_map: shape.input,
            taps,
        }
    }

    /// Pixels of the input from those of the output that they went into: one grid for each remainder of the stride, since
    /// its pixels have the same taps.
    pub(super) fn backward(shape: Shape) -> Vec<Self> {
        let [vertical, horizontal] = shape.stride;
        let remainders = (0..vertical).flat_map(|y| (0..horizontal).map(move |x| [y, x]));
        let of_remainder = |remainder: [usize; 2]| {
            // The pixel `i` of the input is under tap `k` for output `(i + padding - k) / stride`.
            let along = |axis: usize| {
                let (stride, padding) = (shape.stride[axis], shape.padding[axis]);
                let first = (remainder[axis] + stride - padding % stride) % stride;
                let n = shape.input[axis].saturating_sub(first).div_ceil(stride);
                (first, n)
            };
            let source = |axis: usize, tap: usize| {
                let reached = along(axis).0 + shape.padding[axis];
                let stride = shape.stride[axis];
                (reached % stride == tap % stride)
                    .then(|| (reached as isize - tap as isize).div_euclid(stride as isize))
            };
            let taps = taps(shape.kernel)
                .filter_map(|(index, [y, x])| Some(Tap { index, source: [source(0, y)?, source(1, x)?] }))
                .collect();
            Self {
                n_samples: shape.n_samples,
                pixels: [along(0).1, along(1).1],
                first: [along(0).0, along(1).0],
                step: shape.stride,
                map: shape.input,
                source_step: [1; 2],
                source_map: shape.output,
                taps,
            }
        };
        remainders.map(of_remainder).collect()
    }

    pub(super) fn n_pixels(&self) -> usize {
        self.n_samples * self.pixels[0] * self.pixels[1]
    }

    /// Lists some pixels, as places in the maps of the result, and their sources in the maps that they come from, tap after
    /// tap.
    pub(super) fn list(&self, pixels: Range<usize>, places: &mut Vec<u32>, sources: &mut Vec<u32>) {
        let n = pixels.len();
        places.clear();
        sources.clear();
        sources.resize(self.taps.len() * n, NOWHERE);
        let [_, n_columns] = self.pixels;
        let mut at = pixels.start;
        while at < pixels.end {
            let (line, column) = (at / n_columns, at % n_columns);
            let (sample, row) = (line / self.pixels[0], line % self.pixels[0]);
            let columns = column..n_columns.min(column + pixels.end - at);
            let place = (sample * self.map[0] + self.first[0] + row * self.step[0]) * self.map[1];
            places.extend(columns.clone().map(|x| (place + self.first[1] + x * self.step[1]) as u32));
            let [height, width] = self.source_map;
            let first = at - pixels.start;
            for (tap, sources) in self.taps.iter().zip(sources.chunks_exact_mut(n)) {
                let y = tap.source[0] + (row * self.source_step[0]) as isize;
                if !(0..height as isize).contains(&y) {
                    continue;
                }
                let start = ((sample * height + y as usize) * width) as u32;
                let (origin, step) = (tap.source[1] as i32, self.source_step[1] as i32);
                for (source, x) in sources[first..].iter_mut().zip(columns.clone()) {
                    // Negative ones are beyond the width as well.
                    let x = (origin + x as i32 * step) as u32;
                    *source = if x < width as u32 { start + x } else { NOWHERE };
                }
            }
            at += columns.len();
        }
    }
}

fn taps([height, width]: [usize; 2]) -> impl Iterator<Item = (usize, [usize; 2])> {
    (0..height * width).map(move |index| (index, [index / width, index % width]))
}
