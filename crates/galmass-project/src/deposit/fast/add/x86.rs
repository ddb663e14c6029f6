//! The loops over the windows of kernels, in vectors of AVX-512.
//!
//! They do what the [plain loops](super) do, operation for operation, so that the results are the same
//! bits as from the plain loops with fused multiply-adds. Compilers do not find the one thing that makes them three
//! times faster: differences of neighbouring lanes as a rotation of the vector.

use std::arch::x86_64::*;

use super::super::block::{Block, Class, Window};
use super::super::grade::Grade;
use super::super::shape::{Shape, Shapes};

/// Lanes of a vector.
const LANES: usize = 16;

/// 1, 2, ... 16 and 1, 2, ... 8 twice: the edges of a window behind its first.
const EDGES: [f32; LANES] = [1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15., 16.];
const EDGES_TWICE: [f32; LANES] = [1., 2., 3., 4., 5., 6., 7., 8., 1., 2., 3., 4., 5., 6., 7., 8.];

/// 17, 18, ... 24 twice: those behind the first 16, for both sides of a window.
const LAST_EDGES_TWICE: [f32; LANES] =
    [17., 18., 19., 20., 21., 22., 23., 24., 17., 18., 19., 20., 21., 22., 23., 24.];

/// Row factors of one product, in memory, where a multiply-add finds one for all its lanes.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Factors([f32; LANES]);

impl Factors {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(&mut self, factors: __m512) {
        // SAFETY: an array of 16 floats may be written.
        unsafe { _mm512_storeu_ps(self.0.as_mut_ptr(), factors) }
    }
}

/// The edges `first + edges * per_cell`, not beyond the support, and the argument of the polynomials.
#[inline]
#[target_feature(enable = "avx512f")]
fn arguments(first: __m512, edges: __m512, per_cell: __m512) -> (__m512, __m512) {
    let one = _mm512_set1_ps(1.0);
    let u = _mm512_fmadd_ps(edges, per_cell, first);
    let u = _mm512_max_ps(_mm512_min_ps(u, one), _mm512_set1_ps(-1.0));
    let t = _mm512_fmsub_ps(_mm512_add_ps(u, u), u, one);
    (u, t)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn primitive<const TERMS: usize>(u: __m512, t: __m512, terms: &[f32; TERMS]) -> __m512 {
    let mut sum = _mm512_set1_ps(terms[TERMS - 1]);
    for term in terms[..TERMS - 1].iter().rev() {
        sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(*term));
    }
    _mm512_mul_ps(sum, u)
}

/// The lanes one to the right, the last of `before` in front.
#[inline]
#[target_feature(enable = "avx512f")]
fn shifted(lanes: __m512, before: __m512) -> __m512 {
    _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(lanes), _mm512_castps_si512(before), 15))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(values: &[f32; LANES]) -> __m512 {
    // SAFETY: an array of 16 floats may be read.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

/// Adds all windows of a block but the special ones, class by class.
#[target_feature(enable = "avx512f,avx512vl")]
pub(super) fn add(block: &Block, shapes: &Shapes, grade: Grade, cells: &mut [f32]) {
    let Shapes { short, medium, large, .. } = shapes;
    add_narrow::<4, 3, 7>(block.windows(Class::Tiny), short, cells);
    add_narrow::<8, 3, 7>(block.windows(Class::Small), short, cells);
    match grade {
        Grade::OneByOne => add_medium(block.windows(Class::Medium), medium, cells),
        Grade::Together => add_medium(block.windows(Class::Medium), short, cells),
    }
    add_large(block.windows(Class::Large), large, cells);
}

/// The first cell of a window of `WIDTH` columns, and its rows in fours, if they lie on the cells.
///
/// A number of rows that is hard to guess costs more than some rows without light.
#[inline(always)]
fn first_cell<const WIDTH: usize>(window: &Window, cells: &mut [f32]) -> Option<(*mut f32, usize)> {
    let at = window.at as usize;
    let n_fours = WIDTH.min(window.n_rows as usize).div_ceil(4);
    let end = at + (WIDTH - 1) * window.stride as usize + WIDTH;
    (end <= cells.len()).then(|| (cells[at..].as_mut_ptr(), n_fours))
}

/// Adds windows of at most `WIDTH` cells a side, 4 or 8: both sides of the window fit into one vector.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn add_narrow<const WIDTH: usize, const RANK: usize, const TERMS: usize>(
    windows: impl Iterator<Item = Window>,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
) {
    const { assert!(WIDTH == 4 || WIDTH == 8) };
    let edges = load(&EDGES_TWICE);
    for window in windows {
        let Some((mut cell, _)) = first_cell::<WIDTH>(&window, cells) else { continue };
        let first =
            _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(window.first[0]), _mm512_set1_ps(window.first[1]));
        let (u, t) = arguments(first, edges, _mm512_set1_ps(window.per_cell));
        let mut columns = [_mm512_setzero_ps(); RANK];
        let mut rows = [Factors([0.0; LANES]); RANK];
        for r in 0..RANK {
            let ends = primitive(u, t, &shape.terms[r]);
            let begins = _mm512_mask_blend_ps(0x0101, shifted(ends, ends), _mm512_set1_ps(-shape.end[r]));
            columns[r] = _mm512_sub_ps(ends, begins);
            rows[r].store(_mm512_mul_ps(columns[r], _mm512_set1_ps(shape.scale[r] * window.light)));
        }
        for j in 0..WIDTH {
            // SAFETY: `first_cell` has found `WIDTH` cells from here on, in this row as in all of the window and in as
            // many more as there can be.
            unsafe {
                if WIDTH == 4 {
                    let mut sums = _mm_loadu_ps(cell);
                    for r in 0..RANK {
                        let factor = _mm_set1_ps(rows[r].0[LANES / 2 + j]);
                        sums = _mm_fmadd_ps(factor, _mm512_castps512_ps128(columns[r]), sums);
                    }
                    _mm_storeu_ps(cell, sums);
                } else {
                    let mut sums = _mm256_loadu_ps(cell);
                    for r in 0..RANK {
                        let factor = _mm256_set1_ps(rows[r].0[LANES / 2 + j]);
                        sums = _mm256_fmadd_ps(factor, _mm512_castps512_ps256(columns[r]), sums);
                    }
                    _mm256_storeu_ps(cell, sums);
                }
            }
            cell = cell.wrapping_add(window.stride as usize);
        }
    }
}

/// Adds windows of at most 16 cells a side: a vector a side.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn add_medium<const RANK: usize, const TERMS: usize>(
    windows: impl Iterator<Item = Window>,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
) {
    let edges = load(&EDGES);
    for window in windows {
        let Some((mut cell, n_fours)) = first_cell::<LANES>(&window, cells) else { continue };
        let per_cell = _mm512_set1_ps(window.per_cell);
        let [(u, t), (v, s)] = window.first.map(|first| arguments(_mm512_set1_ps(first), edges, per_cell));
        let mut columns = [_mm512_setzero_ps(); RANK];
        let mut rows = [Factors([0.0; LANES]); RANK];
        for r in 0..RANK {
            let before = _mm512_set1_ps(-shape.end[r]);
            let ends = primitive(u, t, &shape.terms[r]);
            columns[r] = _mm512_sub_ps(ends, shifted(ends, before));
            let ends = primitive(v, s, &shape.terms[r]);
            let shares = _mm512_sub_ps(ends, shifted(ends, before));
            rows[r].store(_mm512_mul_ps(shares, _mm512_set1_ps(shape.scale[r] * window.light)));
        }
        for four in 0..n_fours {
            for j in 4 * four..4 * four + 4 {
                // SAFETY: `first_cell` has found 16 cells from here on, in this row of the window as in all.
                unsafe {
                    let mut sums = _mm512_loadu_ps(cell);
                    for r in 0..RANK {
                        sums = _mm512_fmadd_ps(_mm512_set1_ps(rows[r].0[j]), columns[r], sums);
                    }
                    _mm512_storeu_ps(cell, sums);
                }
                cell = cell.wrapping_add(window.stride as usize);
            }
        }
    }
}

/// Adds windows of at most 24 cells a side: a vector a side, and one for the last 8 cells of both.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn add_large<const RANK: usize, const TERMS: usize>(
    windows: impl Iterator<Item = Window>,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
) {
    const WIDTH: usize = LANES + LANES / 2;
    let (edges, last_edges) = (load(&EDGES), load(&LAST_EDGES_TWICE));
    for window in windows {
        let Some((mut cell, n_fours)) = first_cell::<WIDTH>(&window, cells) else { continue };
        let per_cell = _mm512_set1_ps(window.per_cell);
        let [x, y] = window.first.map(|first| _mm512_set1_ps(first));
        let [(u, t), (v, s)] = [x, y].map(|first| arguments(first, edges, per_cell));
        let (w, q) = arguments(_mm512_mask_blend_ps(0xff00, x, y), last_edges, per_cell);
        let mut columns = [_mm512_setzero_ps(); RANK];
        let mut last_columns = [_mm512_setzero_ps(); RANK];
        let mut rows = [[Factors([0.0; LANES]); 2]; RANK];
        for r in 0..RANK {
            let before = _mm512_set1_ps(-shape.end[r]);
            let factor = _mm512_set1_ps(shape.scale[r] * window.light);
            let along_x = primitive(u, t, &shape.terms[r]);
            columns[r] = _mm512_sub_ps(along_x, shifted(along_x, before));
            let along_y = primitive(v, s, &shape.terms[r]);
            rows[r][0].store(_mm512_mul_ps(_mm512_sub_ps(along_y, shifted(along_y, before)), factor));
            let last = primitive(w, q, &shape.terms[r]);
            // In front of the last 8 along x and along y come the 16th of each.
            let sixteenth_of_y = _mm512_permutexvar_ps(_mm512_set1_epi32(15), along_y);
            let before = _mm512_mask_mov_ps(shifted(last, along_x), 0x0100, sixteenth_of_y);
            let shares = _mm512_sub_ps(last, before);
            last_columns[r] = shares;
            rows[r][1].store(_mm512_mul_ps(shares, factor));
        }
        for four in 0..n_fours {
            // The last rows are the upper half of the second factors.
            let (part, first_lane) = if four < 4 { (0, 4 * four) } else { (1, 4 * four - LANES / 2) };
            for lane in first_lane..first_lane + 4 {
                // SAFETY: `first_cell` has found 24 cells from here on, in this row of the window as in all.
                unsafe {
                    let mut sums = _mm512_loadu_ps(cell);
                    let mut last_sums = _mm256_loadu_ps(cell.add(LANES));
                    for r in 0..RANK {
                        let factor = _mm512_set1_ps(rows[r][part].0[lane]);
                        sums = _mm512_fmadd_ps(factor, columns[r], sums);
                        let factor = _mm512_castps512_ps256(factor);
                        last_sums =
                            _mm256_fmadd_ps(factor, _mm512_castps512_ps256(last_columns[r]), last_sums);
                    }
                    _mm512_storeu_ps(cell, sums);
                    _mm256_storeu_ps(cell.add(LANES), last_sums);
                }
                cell = cell.wrapping_add(window.stride as usize);
            }
        }
    }
}
