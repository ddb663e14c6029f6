//! The arithmetic, on slices `[sample, row, column, channel]`, channels last.
//!
//! A convolution is a matrix product: patches of the input, one for each pixel of the output, times the weights. The
//! patches are never written down: where channels lie side by side a patch is a few runs of them, and products take each
//! run where it lies (Dukhan 2019). Pixels of all samples follow each other, so that small maps are no worse than large
//! ones. Gradients of the input are the same product backwards, those of the weights the product of patches and gradients
//! over all pixels.
//!
//! What is summed in which order depends on the shape alone, not on the number of threads, so that neither do the results.

use std::ops::Range;

use rayon::prelude::*;

use super::grid::{Grid, NOWHERE};
use super::product::{self, CHANNELS, Maps, PANEL, TILE};
use super::shape::Shape;
use super::weights;
use crate::memory::Scratch;
use crate::sink::Sink;
use crate::vector::{Task, Vector, dispatch};

/// Pixels that are worth a thread: their patches stay in the cache while panels of weights pass by.
const BLOCK: usize = 16 * TILE;

/// Pieces of work at the least, for as many threads.
const N_TASKS: usize = 16;

/// Values of partial sums of the gradient of weights, all together, at the most.
const LARGEST_SUMS: usize = 1 << 22;

/// Channels below which patches are written down, with all taps in a row, after all.
const FEW_CHANNELS: usize = 16;

impl Shape {
    fn is_patched(self) -> bool {
        self.n_in < FEW_CHANNELS && self.n_taps() > 1
    }
}

/// The output.
pub(super) fn convolve(input: &[f32], weight: &[f32], shape: Shape, output: &mut [f32]) {
    let mut panels = Scratch::new(shape.n_out.div_ceil(PANEL) * PANEL * shape.n_in * shape.n_taps());
    weights::forward(weight, shape, &mut panels);
    multiply(input, shape.n_in, &Grid::forward(shape), &panels, shape.n_out, shape.is_patched(), output);
}

/// The gradient of the input.
pub(super) fn input_gradient(gradient: &[f32], weight: &[f32], shape: Shape, of_input: &mut [f32]) {
    for grid in Grid::backward(shape) {
        let mut panels = Scratch::new(shape.n_in.div_ceil(PANEL) * PANEL * shape.n_out * grid.taps.len());
        weights::backward(weight, shape, &grid.taps, &mut panels);
        multiply(gradient, shape.n_out, &grid, &panels, shape.n_in, false, of_input);
    }
}

/// Multiplies patches of an input of some channels with panels of weights, for all pixels of a grid.
fn multiply(
    input: &[f32],
    n_channels: usize,
    grid: &Grid,
    panels: &[f32],
    n_columns: usize,
    is_patched: bool,
    output: &mut [f32],
) {
    let n_pixels = grid.n_pixels();
    let n_panels = n_columns.div_ceil(PANEL);
    let n_blocks = n_pixels.div_ceil(BLOCK);
    if n_blocks == 0 {
        return;
    }
    let n_groups = N_TASKS.div_ceil(n_blocks).min(n_panels);
    let in_group = n_panels.div_ceil(n_groups);
    let zeros = vec![0.0; n_channels.max(grid.taps.len() * n_channels)];
    let output = Sink::new(output);
    (0..n_blocks * n_groups).into_par_iter().for_each_init(Default::default, |lists, task| {
        let (block, group) = (task / n_groups, task % n_groups);
        dispatch(MultiplyBlock {
            input: Maps { values: input, zeros: &zeros[..n_channels] },
            grid,
            pixels: block * BLOCK..n_pixels.min((block + 1) * BLOCK),
            panels,
            of_panels: group * in_group..n_panels.min((group + 1) * in_group),
            n_columns,
            zeros: &zeros,
            is_patched,
            lists,
            output: &output,
        });
    });
}

/// Pixels, their sources, and their patches, where they are written down.
#[derive(Default)]
struct Lists {
    places: Vec<u32>,
    sources: Vec<u32>,
    patches: Vec<f32>,
}

impl Lists {
    /// Writes down patches `[pixel, tap channel]`.
    fn gather(&mut self, input: Maps<'_>) {
        let n_channels = input.zeros.len();
        let n = self.places.len();
        let of_patch = self.sources.len() / n * n_channels;
        self.patches.resize(n * of_patch, 0.0);
        for (tap, sources) in self.sources.chunks_exact(n).enumerate() {
            for (source, patch) in sources.iter().zip(self.patches.chunks_exact_mut(of_patch)) {
                // A call to copy so few values would take longer.
                for (to, from) in patch[tap * n_channels..].iter_mut().zip(input.pixel(*source)) {
                    *to = *from;
                }
            }
        }
        self.sources.clear();
        self.sources.extend(0..n as u32);
    }
}

struct MultiplyBlock<'a> {
    input: Maps<'a>,
    grid: &'a Grid,
    pixels: Range<usize>,
    panels: &'a [f32],
    of_panels: Range<usize>,
    n_columns: usize,
    zeros: &'a [f32],
    is_patched: bool,
    lists: &'a mut Lists,
    output: &'a Sink<'a>,
}

impl Task for MultiplyBlock<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Self { mut input, grid, pixels, panels, of_panels, n_columns, zeros, is_patched, lists, output } =
            self;
        grid.list(pixels, &mut lists.places, &mut lists.sources);
        let n_taps = grid.taps.len();
        if is_patched {
            lists.gather(input);
            input = Maps { values: &lists.patches, zeros: &zeros[..n_taps * input.zeros.len()] };
        }
        let n = lists.places.len();
        let of_panel = panels.len() / n_columns.div_ceil(PANEL);
        let mut sources: Vec<&[u32]> = Vec::with_capacity(n_taps);
        let mut sums = [[0.0; PANEL]; TILE];
        for panel in of_panels {
            let columns = panel * PANEL..n_columns.min((panel + 1) * PANEL);
            let weights = &panels[panel * of_panel..(panel + 1) * of_panel];
            for (tile, places) in lists.places.chunks(TILE).enumerate() {
                let first = tile * TILE;
                sources.clear();
                sources.extend(lists.sources.chunks_exact(n).map(|all| &all[first..first + places.len()]));
                let sums = &mut sums[..places.len()];
                // SAFETY: the caller says that the processor has these vectors.
                unsafe { product::multiply::<V>(input, &sources, weights, columns.len(), sums) };
                for (place, sums) in places.iter().zip(sums) {
                    let start = *place as usize * n_columns + columns.start;
                    // SAFETY: no pixel is in two grids or twice in one, and no column in two panels.
                    unsafe { output.write(start, &sums[..columns.len()]) };
                }
            }
        }
    }
}

/// The gradient of the weights.
pub(super) fn weight_gradient(gradient: &[f32], input: &[f32], shape: Shape, of_weight: &mut [f32]) {
    let grid = Grid::forward(shape);
    let is_patched = shape.is_patched();
    let (n_channels, n_taps) =
        if is_patched { (shape.n_in * shape.n_taps(), 1) } else { (shape.n_in, shape.n_taps()) };
    let n_pixels = grid.n_pixels();
    let n_groups = n_channels.div_ceil(CHANNELS);
    let of_group = shape.n_out.div_ceil(PANEL) * n_taps * CHANNELS * PANEL;
    let of_part = n_groups * of_group;
    let n_parts = (n_pixels / (8 * BLOCK)).min(N_TASKS).min(LARGEST_SUMS / of_part).max(1);
    let in_part = n_pixels.div_ceil(n_parts).next_multiple_of(BLOCK);
    let n_parts = n_pixels.div_ceil(in_part);
    let groups_of_task = n_groups.div_ceil(N_TASKS.div_ceil(n_parts));
    let mut parts = Scratch::new(n_parts * of_part);
    parts.fill(0.0);
    let tasks: Vec<(usize, usize, &mut [f32])> = parts
        .chunks_exact_mut(of_part)
        .enumerate()
        .flat_map(|(part, sums)| {
            let tasks = sums.chunks_mut(groups_of_task * of_group).enumerate();
            tasks.map(move |(task, sums)| (part, task * groups_of_task, sums))
        })
        .collect();
    let zeros = vec![0.0; n_channels];
    tasks.into_par_iter().for_each_init(Default::default, |lists, (part, first_group, sums)| {
        dispatch(CorrelatePart {
            gradient,
            input: Maps { values: input, zeros: &zeros[..shape.n_in] },
            shape,
            is_patched,
            grid: &grid,
            pixels: part * in_part..n_pixels.min((part + 1) * in_part),
            channels: first_group * CHANNELS..n_channels.min((first_group + groups_of_task) * CHANNELS),
            zeros: &zeros,
            lists,
            sums,
        });
    });
    weights::gather(&parts, of_part, shape, is_patched, of_weight);
}

/// [`Lists`], and blocks in the order in which products take them.
#[derive(Default)]
struct BlockLists {
    lists: Lists,
    /// `[panel, pixel]`
    gradient: Vec<[f32; PANEL]>,
    /// `[group of channels, pixel]`
    input: Vec<[f32; CHANNELS]>,
}

struct CorrelatePart<'a> {
    gradient: &'a [f32],
    input: Maps<'a>,
    shape: Shape,
    is_patched: bool,
    grid: &'a Grid,
    pixels: Range<usize>,
    channels: Range<usize>,
    zeros: &'a [f32],
    lists: &'a mut BlockLists,
    /// `[group of channels, panel, tap, channel, PANEL]`
    sums: &'a mut [f32],
}

impl Task for CorrelatePart<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Self { gradient, input, shape, is_patched, grid, pixels, channels, zeros, lists, sums } = self;
        let BlockLists { lists, gradient: panels, input: groups } = lists;
        let n_out = shape.n_out;
        let (sums, _) = sums.as_chunks_mut::<PANEL>();
        let (sums, _) = sums.as_chunks_mut::<CHANNELS>();
        for start in pixels.clone().step_by(BLOCK) {
            let pixels = start..pixels.end.min(start + BLOCK);
            let n = pixels.len();
            grid.list(pixels.clone(), &mut lists.places, &mut lists.sources);
            let mut input = input;
            if is_patched {
                lists.gather(input);
                input = Maps { values: &lists.patches, zeros };
            }
            order_gradient(&gradient[pixels.start * n_out..pixels.end * n_out], n_out, panels);
            let n_places = order_input(input, &mut lists.sources, n, channels.clone(), groups);
            let n_taps = lists.sources.len() / n;
            let n_panels = n_out.div_ceil(PANEL);
            for (panel, gradient) in panels.chunks_exact(n).enumerate() {
                let n_columns = n_out - panel * PANEL;
                for (group, input) in groups.chunks_exact(n_places).enumerate() {
                    let sums = &mut sums[(group * n_panels + panel) * n_taps..][..n_taps];
                    for (sources, sums) in lists.sources.chunks_exact(n).zip(sums) {
                        // SAFETY: the caller says that the processor has these vectors.
                        unsafe { product::correlate::<V>(input, sources, gradient, n_columns, sums) };
                    }
                }
            }
        }
    }
}

/// Gradients `[pixel, channel]` as `[panel, pixel, PANEL]`.
#[inline(always)]
fn order_gradient(gradient: &[f32], n_out: usize, panels: &mut Vec<[f32; PANEL]>) {
    let n = gradient.len() / n_out;
    panels.resize(n_out.div_ceil(PANEL) * n, [0.0; PANEL]);
    for (index, panel) in panels.chunks_exact_mut(n).enumerate() {
        let columns = index * PANEL..n_out.min((index + 1) * PANEL);
        for (to, pixel) in panel.iter_mut().zip(gradient.chunks_exact(n_out)) {
            *to = padded(&pixel[columns.clone()]);
        }
    }
}

/// Values, and zeros behind them.
#[inline(always)]
fn padded<const N: usize>(values: &[f32]) -> [f32; N] {
    // A copy of known length is an instruction or two.
    values.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0.0; N];
        padded[..values.len()].copy_from_slice(values);
        padded
    })
}

/// Pixels of an input that are sources as `[group of channels, place, CHANNELS]`, the last place one of zeros, and the
/// sources as such places. Returns how many places there are.
#[inline(always)]
fn order_input(
    input: Maps<'_>,
    sources: &mut [u32],
    n: usize,
    channels: Range<usize>,
    groups: &mut Vec<[f32; CHANNELS]>,
) -> usize {
    // A single tap sees each pixel once, and maybe few of them; more see most of those between the first and the last.
    let is_single = sources.len() == n;
    let seen = sources.iter().filter(|source| **source != NOWHERE);
    let (first, last) =
        seen.fold((NOWHERE, 0), |(first, last), &source| (first.min(source), last.max(source)));
    let range = if first == NOWHERE { 0..0 } else { first..last + 1 };
    let n_places = if is_single { n } else { range.len() };
    groups.resize(channels.len().div_ceil(CHANNELS) * (n_places + 1), [0.0; CHANNELS]);
    for (group, places) in groups.chunks_exact_mut(n_places + 1).enumerate() {
        let first = channels.start + group * CHANNELS;
        let own = first..channels.end.min(first + CHANNELS);
        let (zeros, places) = places.split_last_mut().expect("one place more than there are pixels");
        *zeros = [0.0; CHANNELS];
        if is_single {
            for (to, source) in places.iter_mut().zip(&*sources) {
                *to = padded(&input.pixel(*source)[own.clone()]);
            }
        } else {
            for (to, source) in places.iter_mut().zip(range.clone()) {
                *to = padded(&input.pixel(source)[own.clone()]);
            }
        }
    }
    for (index, source) in sources.iter_mut().enumerate() {
        *source = match *source {
            _ if is_single => index as u32,
            NOWHERE => n_places as u32,
            source => source - range.start,
        };
    }
    n_places + 1
}
