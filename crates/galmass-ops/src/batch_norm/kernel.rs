//! The arithmetic, on slices `[sample, channel, pixel]`.
//!
//! Sums run over one channel in a fixed order: lanes of `f32`, as wide as vector registers like, gathered in `f64` every
//! [`GATHER`] values.

use std::array;
use std::ops::Range;

use rayon::prelude::*;

/// Partial sums side by side.
const LANES: usize = 16;

/// Values of a channel after which lanes are gathered in `f64`.
const GATHER: usize = 128 * LANES;

/// Values that are worth a thread.
const GRAIN: usize = 1 << 14;

/// The shape of an input that is not empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    n_samples: usize,
    n_channels: usize,
    n_pixels: usize,
}

impl From<[usize; 4]> for Shape {
    fn from([n_samples, n_channels, height, width]: [usize; 4]) -> Self {
        Self { n_samples, n_channels, n_pixels: height * width }
    }
}

impl Shape {
    /// Values of one sample.
    fn sample(self) -> usize {
        self.n_channels * self.n_pixels
    }

    /// Values of one channel.
    fn channel(self) -> usize {
        self.n_samples * self.n_pixels
    }

    fn plane(self, sample: usize, channel: usize) -> Range<usize> {
        let start = sample * self.sample() + channel * self.n_pixels;
        start..start + self.n_pixels
    }
}

/// Mean and biased variance of each channel.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) mean: Vec<f32>,
    pub(super) variance: Vec<f32>,
}

impl Moments {
    /// `1 / sqrt(variance + epsilon)` of each channel.
    fn inverse_deviation(&self, epsilon: f64) -> Vec<f32> {
        self.variance.iter().map(|&variance| (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32).collect()
    }
}

/// Mean and biased variance of each channel, in two passes.
pub(super) fn moments(input: &[f32], shape: Shape) -> Moments {
    let n = shape.channel() as f64;
    let (mean, variance) = over_channels(shape, |channel| {
        let [sum] = sums(input, input, shape, channel, |x, _| [x]);
        let mean = sum / n;
        // The second pass is about the rounded mean, since that is what the values will be compared with.
        let rounded = mean as f32;
        let [squares] = sums(input, input, shape, channel, |x, _| [(x - rounded) * (x - rounded)]);
        (rounded, (squares / n - (mean - f64::from(rounded)).powi(2)).max(0.0) as f32)
    });
    Moments { mean, variance }
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`.
pub(super) fn normalise(
    input: &[f32],
    shape: Shape,
    moments: &Moments,
    gamma: &[f32],
    beta: &[f32],
    epsilon: f64,
) -> Vec<f32> {
    let scale = scale(moments, gamma, epsilon);
    let mut output = vec![0.0; input.len()];
    let chunk = chunk(shape);
    output.par_chunks_mut(chunk).zip(input.par_chunks(chunk)).for_each(|(output, input)| {
        let planes = output.chunks_exact_mut(shape.n_pixels).zip(input.chunks_exact(shape.n_pixels));
        for ((output, input), channel) in planes.zip((0..shape.n_channels).cycle()) {
            let (mean, scale, beta) = (moments.mean[channel], scale[channel], beta[channel]);
            for (y, x) in output.iter_mut().zip(input) {
                *y = (x - mean) * scale + beta;
            }
        }
    });
    output
}

/// [`normalise`], over its input.
pub(super) fn normalise_in_place(
    values: &mut [f32],
    shape: Shape,
    moments: &Moments,
    gamma: &[f32],
    beta: &[f32],
    epsilon: f64,
) {
    let scale = scale(moments, gamma, epsilon);
    values.par_chunks_mut(chunk(shape)).for_each(|values| {
        let planes = values.chunks_exact_mut(shape.n_pixels);
        for (plane, channel) in planes.zip((0..shape.n_channels).cycle()) {
            let (mean, scale, beta) = (moments.mean[channel], scale[channel], beta[channel]);
            for x in plane {
                *x = (*x - mean) * scale + beta;
            }
        }
    });
}

/// Turns the gradient `g` of the output into that of the input, and returns those of gamma and beta. With
/// `z = (x - mean) / sqrt(variance + epsilon)` and means over the channel,
///
/// ```text
/// of gamma = sum(g z)     of beta = sum(g)
/// of x     = gamma / sqrt(variance + epsilon) (g - mean(g) - z mean(g z))
/// ```
pub(super) fn gradients(
    gradient: &mut [f32],
    input: &[f32],
    shape: Shape,
    moments: &Moments,
    gamma: &[f32],
    epsilon: f64,
) -> (Vec<f32>, Vec<f32>) {
    let inverse_deviation = moments.inverse_deviation(epsilon);
    let of_output = &*gradient;
    let (of_gamma, of_beta) = over_channels(shape, |channel| {
        let mean = moments.mean[channel];
        let [g, gx] = sums(of_output, input, shape, channel, |g, x| [g, g * (x - mean)]);
        ((gx * f64::from(inverse_deviation[channel])) as f32, g as f32)
    });

    let n = shape.channel() as f32;
    let chunk = chunk(shape);
    gradient.par_chunks_mut(chunk).zip(input.par_chunks(chunk)).for_each(|(gradient, input)| {
        let planes = gradient.chunks_exact_mut(shape.n_pixels).zip(input.chunks_exact(shape.n_pixels));
        for ((gradient, input), channel) in planes.zip((0..shape.n_channels).cycle()) {
            let mean = moments.mean[channel];
            let scale = gamma[channel] * inverse_deviation[channel];
            let level = of_beta[channel] / n;
            let slope = of_gamma[channel] / n * inverse_deviation[channel];
            for (g, x) in gradient.iter_mut().zip(input) {
                *g = scale * (*g - level - (x - mean) * slope);
            }
        }
    });
    (of_gamma, of_beta)
}

fn scale(moments: &Moments, gamma: &[f32], epsilon: f64) -> Vec<f32> {
    moments.inverse_deviation(epsilon).iter().zip(gamma).map(|(inverse, gamma)| inverse * gamma).collect()
}

/// Whole samples that are worth a thread.
fn chunk(shape: Shape) -> usize {
    GRAIN.div_ceil(shape.sample()) * shape.sample()
}

fn over_channels(
    shape: Shape,
    of_channel: impl Fn(usize) -> (f32, f32) + Sync + Send,
) -> (Vec<f32>, Vec<f32>) {
    let grain = GRAIN.div_ceil(shape.channel());
    (0..shape.n_channels).into_par_iter().with_min_len(grain).map(of_channel).unzip()
}

/// Sums of `K` functions of two values over a channel of both slices.
fn sums<const K: usize>(
    a: &[f32],
    b: &[f32],
    shape: Shape,
    channel: usize,
    f: impl Fn(f32, f32) -> [f32; K],
) -> [f64; K] {
    let mut totals = [0.0; K];
    let mut lanes = [[0.0_f32; LANES]; K];
    let mut n_in_lanes = 0;
    for sample in 0..shape.n_samples {
        let plane = shape.plane(sample, channel);
        for (a, b) in a[plane.clone()].chunks(GATHER).zip(b[plane].chunks(GATHER)) {
            if n_in_lanes + a.len() > GATHER {
                gather(&mut totals, &mut lanes);
                n_in_lanes = 0;
            }
            n_in_lanes += a.len();
            add(&mut lanes, a, b, &f);
        }
    }
    gather(&mut totals, &mut lanes);
    totals
}

#[inline(always)]
fn add<const K: usize>(
    lanes: &mut [[f32; LANES]; K],
    a: &[f32],
    b: &[f32],
    f: &impl Fn(f32, f32) -> [f32; K],
) {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    // Small maps have only a rest, and many of them: they spare the copy that keeps the lanes in registers.
    if !a.is_empty() {
        let mut local = *lanes;
        for (a, b) in a.iter().zip(b) {
            let terms: [[f32; K]; LANES] = array::from_fn(|lane| f(a[lane], b[lane]));
            for k in 0..K {
                for lane in 0..LANES {
                    local[k][lane] += terms[lane][k];
                }
            }
        }
        *lanes = local;
    }
    for (lane, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
        for (k, term) in f(a, b).into_iter().enumerate() {
            lanes[k][lane] += term;
        }
    }
}

fn gather<const K: usize>(totals: &mut [f64; K], lanes: &mut [[f32; LANES]; K]) {
    for (total, lanes) in totals.iter_mut().zip(lanes) {
        *total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        *lanes = [0.0; LANES];
    }
}
