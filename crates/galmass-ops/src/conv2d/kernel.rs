//! The arithmetic, on slices `[sample, channel, pixel]`.
//!
//! A convolution is a matrix product: the weights `[n_out, n_in kernel]` times the patches of the input that the kernel
//! sees, one column for each pixel of the output. Columns of several samples go into one product, which is much faster
//! than one product a sample where the maps are small. How samples are taken together depends on the shape alone, not on
//! the number of threads, so that neither do the results.

use rayon::prelude::*;

use super::Geometry;

/// Columns that a matrix product likes to have.
const N_COLUMNS: usize = 1024;

/// Pieces that a batch is cut into at the least, for as many threads; sums of the gradient of the weights.
const N_PARTS: usize = 4;

/// What is convolved with what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    n_samples: usize,
    n_in: usize,
    input: [usize; 2],
    n_out: usize,
    kernel: [usize; 2],
    output: [usize; 2],
    stride: [usize; 2],
    /// Top and left.
    padding: [usize; 2],
}

impl Shape {
    /// The convolution of an input and weights of these shapes, if it has any output.
    pub(super) fn new(
        [n_samples, n_in, height, width]: [usize; 4],
        [n_out, n_weighted, kernel_height, kernel_width]: [usize; 4],
        geometry: Geometry,
    ) -> Option<Self> {
        let [top, left, bottom, right] = geometry.padding;
        let along = |size: usize, kernel: usize, stride: usize| Some(size.checked_sub(kernel)? / stride + 1);
        let [vertical, horizontal] = geometry.stride;
        let output = [
            along(top + height + bottom, kernel_height, vertical)?,
            along(left + width + right, kernel_width, horizontal)?,
        ];
        let shape = Self {
            n_samples,
            n_in,
            input: [height, width],
            n_out,
            kernel: [kernel_height, kernel_width],
            output,
            stride: geometry.stride,
            padding: [top, left],
        };
        let n_values = n_samples * n_in * height * width * n_out * kernel_height * kernel_width;
        (n_in == n_weighted && n_values > 0).then_some(shape)
    }

    /// `[n, n_out, height, width]` of the output.
    pub(super) fn output(self) -> [usize; 4] {
        [self.n_samples, self.n_out, self.output[0], self.output[1]]
    }

    /// Pixels of one map of the output.
    fn n_pixels(self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Values of one sample of the input.
    fn sample_in(self) -> usize {
        self.n_in * self.input[0] * self.input[1]
    }

    /// Values of one sample of the output.
    fn sample_out(self) -> usize {
        self.n_out * self.n_pixels()
    }

    /// Values of one patch.
    fn patch(self) -> usize {
        self.n_in * self.kernel[0] * self.kernel[1]
    }

    /// Samples in one matrix product.
    fn together(self) -> usize {
        N_COLUMNS.div_ceil(self.n_pixels()).min(self.n_samples.div_ceil(N_PARTS))
    }

    /// Visits the matrix of patches of some samples, `[n_in kernel, sample pixel]`, run by run along the rows of the
    /// output: `visit(start in the matrix, start in the input, length)`, the input in steps of the horizontal stride;
    /// none for padding.
    #[inline(always)]
    fn for_each_run(self, n_samples: usize, mut visit: impl FnMut(usize, Option<usize>, usize)) {
        let [height, width] = self.input;
        let [n_rows, n_columns] = self.output;
        let [vertical, horizontal] = self.stride;
        let [top, left] = self.padding;
        let mut start = 0;
        for channel in 0..self.n_in {
            for (y, x) in (0..self.kernel[0]).flat_map(|y| (0..self.kernel[1]).map(move |x| (y, x))) {
                // Columns `first..end` of the output see the input: 0 <= column horizontal + x - left < width.
                let first = left.saturating_sub(x).div_ceil(horizontal).min(n_columns);
                let end = (width + left).saturating_sub(x).div_ceil(horizontal).clamp(first, n_columns);
                for sample in 0..n_samples {
                    let map = (sample * self.n_in + channel) * height * width;
                    for row in 0..n_rows {
                        let row_in = (row * vertical + y).wrapping_sub(top);
                        if row_in < height && first < end {
                            let from = map + row_in * width + (first * horizontal + x - left);
                            visit(start, None, first);
                            visit(start + first, Some(from), end - first);
                            visit(start + end, None, n_columns - end);
                        } else {
                            visit(start, None, n_columns);
                        }
                        start += n_columns;
                    }
                }
            }
        }
    }

    /// Gathers the patches of some samples.
    fn gather(self, input: &[f32], patches: &mut [f32]) {
        let stride = self.stride[1];
        self.for_each_run(input.len() / self.sample_in(), |start, from, length| {
            let run = &mut patches[start..start + length];
            match from {
                None => run.fill(0.0),
                Some(from) if stride == 1 => run.copy_from_slice(&input[from..from + length]),
                Some(from) => {
                    for (value, input) in run.iter_mut().zip(input[from..].iter().step_by(stride)) {
                        *value = *input;
                    }
                }
            }
        });
    }

    /// Adds patches to the samples that they came from.
    fn scatter(self, patches: &[f32], samples: &mut [f32]) {
        let stride = self.stride[1];
        self.for_each_run(samples.len() / self.sample_in(), |start, to, length| {
            let Some(to) = to else { return };
            let run = &patches[start..start + length];
            if stride == 1 {
                for (sum, value) in samples[to..to + length].iter_mut().zip(run) {
                    *sum += value;
                }
            } else {
                for (sum, value) in samples[to..].iter_mut().step_by(stride).zip(run) {
                    *sum += value;
                }
            }
        });
    }

    /// Starts of the maps of some samples: as maps of the output, and as pieces of `[n_out, sample pixel]`.
    fn maps(self, n_samples: usize) -> impl Iterator<Item = (usize, usize)> {
        let n_pixels = self.n_pixels();
        (0..n_samples).flat_map(move |sample| {
            (0..self.n_out).map(move |map| {
                ((sample * self.n_out + map) * n_pixels, (map * n_samples + sample) * n_pixels)
            })
        })
    }
}

/// The output.
pub(super) fn convolve(input: &[f32], weight: &[f32], shape: Shape) -> Vec<f32> {
    let together = shape.together();
    let n_pixels = shape.n_pixels();
    let mut output = vec![0.0; shape.n_samples * shape.sample_out()];
    let chunks = output
        .par_chunks_mut(together * shape.sample_out())
        .zip(input.par_chunks(together * shape.sample_in()));
    chunks.for_each_init(Default::default, |(patches, maps): &mut (Vec<f32>, Vec<f32>), (output, input)| {
        let n_samples = input.len() / shape.sample_in();
        let n_columns = n_samples * n_pixels;
        patches.resize(shape.patch() * n_columns, 0.0);
        shape.gather(input, patches);
        let weight = Matrix::rows(weight, shape.n_out, shape.patch());
        let patches = Matrix::rows(patches, shape.patch(), n_columns);
        if n_samples == 1 {
            multiply(weight, patches, output, false);
            return;
        }
        maps.resize(shape.n_out * n_columns, 0.0);
        multiply(weight, patches, maps, false);
        for (to, from) in shape.maps(n_samples) {
            output[to..to + n_pixels].copy_from_slice(&maps[from..from + n_pixels]);
        }
    });
    output
}

/// Gradients of the input, where wanted, and of the weights.
pub(super) fn gradients(
    gradient: &[f32],
    input: &[f32],
    weight: &[f32],
    shape: Shape,
    wants_input: bool,
) -> (Option<Vec<f32>>, Vec<f32>) {
    let together = shape.together();
    let part = together * shape.n_samples.div_ceil(together).div_ceil(N_PARTS);
    let mut of_input = vec![0.0; if wants_input { input.len() } else { 0 }];
    let mut parts_of_input: Vec<&mut [f32]> = of_input.chunks_mut(part * shape.sample_in()).collect();
    let n_parts = shape.n_samples.div_ceil(part);
    parts_of_input.resize_with(n_parts, Default::default);
    let sums: Vec<Vec<f32>> = parts_of_input
        .into_par_iter()
        .zip(gradient.par_chunks(part * shape.sample_out()))
        .zip(input.par_chunks(part * shape.sample_in()))
        .map(|((of_input, gradient), input)| gradients_of_part(gradient, input, weight, shape, of_input))
        .collect();
    let of_weight = sums.into_iter().reduce(|mut sum, part| {
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += part;
        }
        sum
    });
    (wants_input.then_some(of_input), of_weight.unwrap_or_default())
}

/// Adds the gradient of the input to `of_input`, unless that is empty, and returns that of the weights.
fn gradients_of_part(
    gradient: &[f32],
    input: &[f32],
    weight: &[f32],
    shape: Shape,
    of_input: &mut [f32],
) -> Vec<f32> {
    let together = shape.together();
    let n_pixels = shape.n_pixels();
    let mut of_weight = vec![0.0; weight.len()];
    let (mut patches, mut maps) = (Vec::new(), Vec::new());
    let mut of_input = of_input.chunks_mut(together * shape.sample_in());
    let chunks =
        gradient.chunks(together * shape.sample_out()).zip(input.chunks(together * shape.sample_in()));
    for (gradient, input) in chunks {
        let n_samples = input.len() / shape.sample_in();
        let n_columns = n_samples * n_pixels;
        patches.resize(shape.patch() * n_columns, 0.0);
        shape.gather(input, &mut patches);
        maps.resize(shape.n_out * n_columns, 0.0);
        for (from, to) in shape.maps(n_samples) {
            maps[to..to + n_pixels].copy_from_slice(&gradient[from..from + n_pixels]);
        }
        let maps = Matrix::rows(&maps, shape.n_out, n_columns);
        let transposed = Matrix::rows(&patches, shape.patch(), n_columns).transposed();
        multiply(maps, transposed, &mut of_weight, true);
        if let Some(of_input) = of_input.next() {
            let weight = Matrix::rows(weight, shape.n_out, shape.patch()).transposed();
            multiply(weight, maps, &mut patches, false);
            shape.scatter(&patches, of_input);
        }
    }
    of_weight
}

/// A matrix in a slice.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    n_rows: usize,
    n_columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Row after row.
    fn rows(values: &'a [f32], n_rows: usize, n_columns: usize) -> Self {
        assert_eq!(values.len(), n_rows * n_columns);
        Self { values, n_rows, n_columns, row_stride: n_columns, column_stride: 1 }
    }

    fn transposed(self) -> Self {
        Self {
            values: self.values,
            n_rows: self.n_columns,
            n_columns: self.n_rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Writes the product of two matrices, row after row, or adds it.
fn multiply(left: Matrix<'_>, right: Matrix<'_>, product: &mut [f32], adds: bool) {
    assert_eq!(left.n_columns, right.n_rows);
    assert_eq!(product.len(), left.n_rows * right.n_columns);
    // SAFETY: a `Matrix` holds as many values as it has rows and columns, with strides that reach exactly these; the
    // product has room for as many, as was just checked, and is borrowed mutably, so it overlaps neither.
    unsafe {
        gemm::gemm(
            left.n_rows,
            right.n_columns,
            left.n_columns,
            product.as_mut_ptr(),
            1,
            right.n_columns as isize,
            adds,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
