//! What is convolved with what.

use super::Geometry;

/// The sizes of a convolution that has an output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(super) n_samples: usize,
    pub(super) n_in: usize,
    pub(super) input: [usize; 2],
    pub(super) n_out: usize,
    pub(super) kernel: [usize; 2],
    pub(super) output: [usize; 2],
    pub(super) stride: [usize; 2],
    /// Top and left.
    pub(super) padding: [usize; 2],
}

impl Shape {
    /// The convolution of an input and weights of these shapes, if it has any output, and no more pixels than can be counted.
    pub(crate) fn new(
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
        let n_pixels = n_samples * (top + height + bottom) * (left + width + right);
        (n_in == n_weighted && n_values > 0 && n_pixels < i32::MAX as usize).then_some(shape)
    }

    /// `[n, n_out, height, width]` of the output.
    pub(crate) fn output(self) -> [usize; 4] {
        [self.n_samples, self.n_out, self.output[0], self.output[1]]
    }

    /// Weights from one channel to another.
    pub(super) fn n_taps(self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}
