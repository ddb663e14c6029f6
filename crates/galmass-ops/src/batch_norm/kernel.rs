//! The arithmetic, on slices `[pixel of all samples, channel]`.
//!
//! Pixels are taken in chunks that fit into the cache, each with sums of its own in `f32`; those of the chunks are put
//! together in `f64`. The shape alone decides what the chunks are, so that the number of threads does not matter.

use galmass_core::simd::{Work, dispatch};
use rayon::prelude::*;

/// Values of a chunk, as long as that is a pixel or more.
const CHUNK: usize = 1 << 14;

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

/// What a layer makes of an input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer<'a> {
    pub(super) moments: &'a Moments,
    pub(super) gamma: &'a [f32],
    pub(super) beta: &'a [f32],
    pub(super) epsilon: f64,
    /// Whether what is negative in the end becomes zero.
    pub(super) rectifies: bool,
}

impl Layer<'_> {
    fn scale(&self) -> Vec<f32> {
        let inverse = self.moments.inverse_deviation(self.epsilon);
        inverse.iter().zip(self.gamma).map(|(inverse, gamma)| inverse * gamma).collect()
    }
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`, with `scale` for `gamma / sqrt(variance + epsilon)`.
#[inline(always)]
fn normalised(x: f32, mean: f32, scale: f32, beta: f32) -> f32 {
    (x - mean) * scale + beta
}

/// 0 where a value is negative; NaN stays.
#[inline(always)]
fn rectified(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// Whole pixels that are worth a thread.
fn chunk(n_channels: usize) -> usize {
    (CHUNK / n_channels).max(1) * n_channels
}

/// Mean and biased variance of each channel.
pub(super) fn moments(input: &[f32], n_channels: usize) -> Moments {
    let chunks: Vec<Vec<[f32; 2]>> = input
        .par_chunks(chunk(n_channels))
        .map(|input| dispatch(ChunkMoments { input, n_channels }))
        .collect();
    // Chan, Golub & LeVeque (1983).
    let mut totals = vec![(0.0_f64, 0.0_f64); n_channels];
    let mut n_before = 0.0;
    for (chunk, input) in chunks.iter().zip(input.chunks(chunk(n_channels))) {
        let n = (input.len() / n_channels) as f64;
        for ((mean, squares), [of_chunk, squares_of_chunk]) in totals.iter_mut().zip(chunk) {
            let apart = f64::from(*of_chunk) - *mean;
            *mean += apart * n / (n_before + n);
            *squares += f64::from(*squares_of_chunk) + apart * apart * n_before * n / (n_before + n);
        }
        n_before += n;
    }
    let (mean, variance) =
        totals.into_iter().map(|(mean, squares)| (mean as f32, (squares / n_before).max(0.0) as f32)).unzip();
    Moments { mean, variance }
}

/// Mean and sum of squared distances from it, of each channel of some pixels.
struct ChunkMoments<'a> {
    input: &'a [f32],
    n_channels: usize,
}

impl Work for ChunkMoments<'_> {
    type Output = Vec<[f32; 2]>;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let Self { input, n_channels } = self;
        let n = (input.len() / n_channels) as f32;
        let mut sums = vec![0.0_f32; n_channels];
        for pixel in input.chunks_exact(n_channels) {
            for (sum, x) in sums.iter_mut().zip(pixel) {
                *sum += x;
            }
        }
        // The mean is rounded, and sums of so many numbers are not exact: what is left of it is taken away afterwards.
        let guess: Vec<f32> = sums.iter().map(|sum| sum / n).collect();
        let mut squares = vec![0.0_f32; n_channels];
        sums.fill(0.0);
        for pixel in input.chunks_exact(n_channels) {
            for (((sum, square), x), guess) in sums.iter_mut().zip(&mut squares).zip(pixel).zip(&guess) {
                let apart = x - guess;
                *sum += apart;
                *square += apart * apart;
            }
        }
        let exact = |((guess, sum), square): ((&f32, &f32), &f32)| {
            let apart = sum / n;
            [guess + apart, square - sum * apart]
        };
        guess.iter().zip(&sums).zip(&squares).map(exact).collect()
    }
}

/// The output of a layer, with another map added to it.
pub(super) fn normalise(input: &[f32], shortcut: Option<&[f32]>, layer: Layer<'_>, output: &mut [f32]) {
    let scale = layer.scale();
    let chunk = chunk(scale.len());
    output.par_chunks_mut(chunk).enumerate().for_each(|(index, output)| {
        let places = index * chunk..index * chunk + output.len();
        let input = Some(&input[places.clone()]);
        let shortcut = shortcut.map(|shortcut| &shortcut[places]);
        dispatch(Normalise { input, shortcut, layer, scale: &scale, output });
    });
}

/// [`normalise`], over its input.
pub(super) fn normalise_in_place(values: &mut [f32], shortcut: Option<&[f32]>, layer: Layer<'_>) {
    let scale = layer.scale();
    let chunk = chunk(scale.len());
    values.par_chunks_mut(chunk).enumerate().for_each(|(index, output)| {
        let shortcut = shortcut.map(|shortcut| &shortcut[index * chunk..][..output.len()]);
        dispatch(Normalise { input: None, shortcut, layer, scale: &scale, output });
    });
}

struct Normalise<'a> {
    /// None where it is in the output.
    input: Option<&'a [f32]>,
    shortcut: Option<&'a [f32]>,
    layer: Layer<'a>,
    scale: &'a [f32],
    output: &'a mut [f32],
}

impl Work for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { input, shortcut, layer, scale, output } = self;
        let n_channels = scale.len();
        let channels = || layer.moments.mean.iter().zip(scale).zip(layer.beta);
        // Each way has a loop of its own, so that none decides anything for each value.
        for (index, output) in output.chunks_exact_mut(n_channels).enumerate() {
            let pixel = index * n_channels..(index + 1) * n_channels;
            match input {
                Some(input) => {
                    for ((y, x), ((mean, scale), beta)) in
                        output.iter_mut().zip(&input[pixel.clone()]).zip(channels())
                    {
                        *y = normalised(*x, *mean, *scale, *beta);
                    }
                }
                None => {
                    for (y, ((mean, scale), beta)) in output.iter_mut().zip(channels()) {
                        *y = normalised(*y, *mean, *scale, *beta);
                    }
                }
            }
            if let Some(shortcut) = shortcut {
                for (y, shortcut) in output.iter_mut().zip(&shortcut[pixel]) {
                    *y += shortcut;
                }
            }
            if layer.rectifies {
                for y in output {
                    *y = rectified(*y);
                }
            }
        }
    }
}

/// Turns the gradient `g` of the output into that of the input, and returns those of gamma and beta. With
/// `z = (x - mean) / sqrt(variance + epsilon)` and means over the channel,
///
/// ```text
/// of gamma = sum(g z)     of beta = sum(g)
/// of x     = gamma / sqrt(variance + epsilon) (g - mean(g) - z mean(g z))
/// ```
///
/// where `g` counts as 0 for an output that was rectified; `output` is what says so, where there was a shortcut. The
/// gradient of that, which is `g`, goes to `of_shortcut`.
pub(super) fn gradients(
    gradient: &mut [f32],
    input: &[f32],
    output: Option<&[f32]>,
    layer: Layer<'_>,
    of_shortcut: Option<&mut [f32]>,
) -> (Vec<f32>, Vec<f32>) {
    let inverse_deviation = layer.moments.inverse_deviation(layer.epsilon);
    let scale = layer.scale();
    let n_channels = scale.len();
    let chunk = chunk(n_channels);
    let mut of_shortcut: Vec<Option<&mut [f32]>> = match of_shortcut {
        Some(of_shortcut) => of_shortcut.chunks_mut(chunk).map(Some).collect(),
        None => input.chunks(chunk).map(|_| None).collect(),
    };
    let sums: Vec<Vec<[f32; 2]>> = gradient
        .par_chunks_mut(chunk)
        .zip(input.par_chunks(chunk))
        .zip(&mut of_shortcut)
        .enumerate()
        .map(|(index, ((gradient, input), of_shortcut))| {
            let output = output.map(|output| &output[index * chunk..][..input.len()]);
            let sums = dispatch(ChunkSums { gradient: &mut *gradient, input, output, layer, scale: &scale });
            if let Some(of_shortcut) = of_shortcut {
                of_shortcut.copy_from_slice(gradient);
            }
            sums
        })
        .collect();
    let mut totals = vec![(0.0_f64, 0.0_f64); n_channels];
    for chunk in &sums {
        for ((g, gx), [of_chunk, gx_of_chunk]) in totals.iter_mut().zip(chunk) {
            *g += f64::from(*of_chunk);
            *gx += f64::from(*gx_of_chunk);
        }
    }
    let n = (input.len() / n_channels) as f64;
    let of_gamma: Vec<f32> = totals
        .iter()
        .zip(&inverse_deviation)
        .map(|((_, gx), inverse)| (gx * f64::from(*inverse)) as f32)
        .collect();
    let of_beta: Vec<f32> = totals.iter().map(|(g, _)| *g as f32).collect();
    let level: Vec<f32> = totals.iter().map(|(g, _)| (g / n) as f32).collect();
    let slope: Vec<f32> = totals
        .iter()
        .zip(&inverse_deviation)
        .map(|((_, gx), inverse)| (gx / n * f64::from(*inverse).powi(2)) as f32)
        .collect();
    gradient.par_chunks_mut(chunk).zip(input.par_chunks(chunk)).for_each(|(gradient, input)| {
        let mean = &layer.moments.mean;
        dispatch(Center { gradient, input, mean, scale: &scale, level: &level, slope: &slope });
    });
    (of_gamma, of_beta)
}

/// Sets to zero the gradient of what was rectified, and sums `g` and `g (x - mean)` of each channel of some pixels.
struct ChunkSums<'a> {
    gradient: &'a mut [f32],
    input: &'a [f32],
    output: Option<&'a [f32]>,
    layer: Layer<'a>,
    scale: &'a [f32],
}

impl Work for ChunkSums<'_> {
    type Output = Vec<[f32; 2]>;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let Self { gradient, input, output, layer, scale } = self;
        let n_channels = scale.len();
        let mean = &layer.moments.mean[..n_channels];
        let (mut sums, mut products) = (vec![0.0_f32; n_channels], vec![0.0_f32; n_channels]);
        let pixels = gradient.chunks_exact_mut(n_channels).zip(input.chunks_exact(n_channels));
        for (index, (gradient, input)) in pixels.enumerate() {
            match output {
                _ if !layer.rectifies => {}
                Some(output) => {
                    for (g, y) in gradient.iter_mut().zip(&output[index * n_channels..][..n_channels]) {
                        *g = if *y <= 0.0 { 0.0 } else { *g };
                    }
                }
                None => {
                    let channels = mean.iter().zip(scale).zip(layer.beta);
                    for ((g, x), ((mean, scale), beta)) in gradient.iter_mut().zip(input).zip(channels) {
                        *g = if normalised(*x, *mean, *scale, *beta) <= 0.0 { 0.0 } else { *g };
                    }
                }
            }
            let totals = sums.iter_mut().zip(&mut products);
            for ((g, x), ((sum, product), mean)) in gradient.iter().zip(input).zip(totals.zip(mean)) {
                *sum += g;
                *product += g * (x - mean);
            }
        }
        sums.into_iter().zip(products).map(|(sum, product)| [sum, product]).collect()
    }
}

struct Center<'a> {
    gradient: &'a mut [f32],
    input: &'a [f32],
    mean: &'a [f32],
    scale: &'a [f32],
    level: &'a [f32],
    slope: &'a [f32],
}

impl Work for Center<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { gradient, input, mean, scale, level, slope } = self;
        let n_channels = mean.len();
        let pixels = gradient.chunks_exact_mut(n_channels).zip(input.chunks_exact(n_channels));
        for (gradient, input) in pixels {
            let channels = mean.iter().zip(scale).zip(level).zip(slope);
            for ((g, x), (((mean, scale), level), slope)) in gradient.iter_mut().zip(input).zip(channels) {
                *g = scale * (*g - level - (x - mean) * slope);
            }
        }
    }
}
