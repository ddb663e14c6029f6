//! The loops over the windows of kernels, in vectors of AVX-512.
//!
//! They do what the plain loops of [`tile`](super::tile) do, operation for operation, so that the results are the same
//! bits as from the plain loops with fused multiply-adds. Compilers do not find the one thing that makes them three
//! times faster: differences of neighbouring lanes as a rotation of the vector.

use std::arch::x86_64::*;

use super::shape::Shape;
use super::tile::Splat;

/// Lanes of a vector.
const LANES: usize = 16;

/// 1, 2, ... 16 and 1, 2, ... 8 twice: the edges of a window behind its first.
const EDGES: [f32; LANES] = [1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15., 16.];
const EDGES_TWICE: [f32; LANES] = [1., 2., 3., 4., 5., 6., 7., 8., 1., 2., 3., 4., 5., 6., 7., 8.];

/// Row factors of one product, in memory, where a multiply-add finds one for all its lanes.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Factors<const N: usize>([f32; N]);

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

/// Whether the window of a kernel lies on the cells, in rows of `width`.
#[inline(always)]
fn fits(splat: &Splat, n_rows: usize, width: usize, stride: usize, n_cells: usize) -> bool {
    n_rows > 0 && splat.at as usize + (n_rows - 1) * stride + width <= n_cells
}

/// Adds windows of at most `WIDTH` cells a side, 4 or 8: both sides of the window fit into one vector.
#[target_feature(enable = "avx512f,avx512vl")]
pub(super) fn add_narrow<'a, const WIDTH: usize, const RANK: usize, const TERMS: usize>(
    splats: impl Iterator<Item = &'a Splat>,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
    stride: usize,
) -> f64 {
    const { assert!(WIDTH == 4 || WIDTH == 8) };
    let edges = load(&EDGES_TWICE);
    let mut light = 0.0;
    for splat in splats {
        let n_rows = usize::from(splat.size[1]).min(WIDTH);
        if !fits(splat, n_rows, WIDTH, stride, cells.len()) {
            continue;
        }
        light += splat.light;
        let first =
            _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(splat.first[0]), _mm512_set1_ps(splat.first[1]));
        let (u, t) = arguments(first, edges, _mm512_set1_ps(splat.per_cell));
        let mut columns = [_mm512_setzero_ps(); RANK];
        let mut rows = [Factors([0.0; LANES]); RANK];
        for r in 0..RANK {
            let ends = primitive(u, t, &shape.terms[r]);
            let begins = _mm512_mask_blend_ps(0x0101, shifted(ends, ends), _mm512_set1_ps(-shape.end[r]));
            columns[r] = _mm512_sub_ps(ends, begins);
            let factor = _mm512_set1_ps(shape.scale[r] * splat.light as f32);
            // SAFETY: the array holds 16 floats.
            unsafe { _mm512_storeu_ps(rows[r].0.as_mut_ptr(), _mm512_mul_ps(columns[r], factor)) };
        }
        let mut cell = cells[splat.at as usize..].as_mut_ptr();
        for j in 0..n_rows {
            // SAFETY: `fits` has found `WIDTH` cells from here on, in this row of the window as in all.
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
            cell = cell.wrapping_add(stride);
        }
    }
    light
}

/// Adds windows of at most `BLOCKS` times 16 cells a side.
#[target_feature(enable = "avx512f,avx512vl")]
pub(super) fn add_wide<'a, const BLOCKS: usize, const RANK: usize, const TERMS: usize>(
    splats: impl Iterator<Item = &'a Splat>,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
    stride: usize,
) -> f64 {
    let mut edges = [load(&EDGES); BLOCKS];
    for block in 1..BLOCKS {
        edges[block] = _mm512_add_ps(edges[block - 1], _mm512_set1_ps(LANES as f32));
    }
    let mut light = 0.0;
    for splat in splats {
        let n_rows = usize::from(splat.size[1]).min(BLOCKS * LANES);
        if !fits(splat, n_rows, BLOCKS * LANES, stride, cells.len()) {
            continue;
        }
        light += splat.light;
        let per_cell = _mm512_set1_ps(splat.per_cell);
        let mut columns = [[_mm512_setzero_ps(); BLOCKS]; RANK];
        let mut rows = [[Factors([0.0; LANES]); BLOCKS]; RANK];
        let first = splat.first.map(|first| _mm512_set1_ps(first));
        let mut before = [[_mm512_setzero_ps(); RANK]; 2];
        for r in 0..RANK {
            before[0][r] = _mm512_set1_ps(-shape.end[r]);
            before[1][r] = before[0][r];
        }
        for block in 0..BLOCKS {
            let (u, t) = arguments(first[0], edges[block], per_cell);
            let (v, s) = arguments(first[1], edges[block], per_cell);
            for r in 0..RANK {
                let ends = primitive(u, t, &shape.terms[r]);
                columns[r][block] = _mm512_sub_ps(ends, shifted(ends, before[0][r]));
                before[0][r] = ends;
                let ends = primitive(v, s, &shape.terms[r]);
                let shares = _mm512_sub_ps(ends, shifted(ends, before[1][r]));
                before[1][r] = ends;
                let factor = _mm512_set1_ps(shape.scale[r] * splat.light as f32);
                // SAFETY: the array holds 16 floats.
                unsafe { _mm512_storeu_ps(rows[r][block].0.as_mut_ptr(), _mm512_mul_ps(shares, factor)) };
            }
        }
        let mut cell = cells[splat.at as usize..].as_mut_ptr();
        for j in 0..n_rows {
            for block in 0..BLOCKS {
                // SAFETY: `fits` has found `BLOCKS` times 16 cells from here on, in this row of the window as in all.
                unsafe {
                    let cell = cell.add(block * LANES);
                    let mut sums = _mm512_loadu_ps(cell);
                    for r in 0..RANK {
                        let factor = _mm512_set1_ps(rows[r][j / LANES].0[j % LANES]);
                        sums = _mm512_fmadd_ps(factor, columns[r][block], sums);
                    }
                    _mm512_storeu_ps(cell, sums);
                }
            }
            cell = cell.wrapping_add(stride);
        }
    }
    light
}
