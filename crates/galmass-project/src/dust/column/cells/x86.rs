//! The loops over the cells of a tile, in vectors of AVX-512, and the innermost of them in those of AVX2, too.
//!
//! They do what the [plain loops](super) do, operation for operation, so that the results are the same bits as from the
//! plain loops with fused multiply-adds. Compilers do not find what makes them several times faster: a table that lies
//! in registers, or that comes four coefficients at a time, and lanes that close up.

use std::arch::x86_64::*;

use super::{Cells, LANES, NEARLY_REACHING, Ray, Sums, Tile, sum};
use crate::dust::column::kernel_table::{KernelTable, N_IN_REGISTERS, N_TOGETHER, ROUND};

const HALF: usize = N_TOGETHER;

/// What [`Cells::reaching_plainly`] finds.
#[target_feature(enable = "avx512f,popcnt")]
pub(super) fn reaching(from: &Cells, tile: &Tile) -> Cells {
    let n_lanes = from.ranks.len();
    // Whole vectors are written, from places up to the number of lanes on.
    let mut to = Cells::default();
    for column in to.singles_mut() {
        column.reserve_exact(n_lanes + LANES);
    }
    to.ranks.reserve_exact(n_lanes + LANES);
    for column in to.doubles_mut() {
        column.reserve_exact(n_lanes + LANES);
    }
    let ([low_x, low_y], [high_x, high_y]) = (splat(tile.low), splat(tile.high));
    let (end, limit) = (_mm512_set1_epi32(tile.end as i32), _mm512_set1_ps(NEARLY_REACHING));
    let mut n_kept = 0;
    for first in (0..n_lanes).step_by(LANES) {
        if from.ranks[first] >= tile.end {
            break;
        }
        // SAFETY: all columns have `n_lanes` values, which is a multiple of the lanes, and `first` is one below it.
        let (x, x_rest, y, y_rest, per_square, ranks) = unsafe {
            (
                _mm512_loadu_ps(from.x.as_ptr().add(first)),
                _mm512_loadu_ps(from.x_rest.as_ptr().add(first)),
                _mm512_loadu_ps(from.y.as_ptr().add(first)),
                _mm512_loadu_ps(from.y_rest.as_ptr().add(first)),
                _mm512_loadu_ps(from.per_square.as_ptr().add(first)),
                _mm512_loadu_si512(from.ranks.as_ptr().add(first).cast()),
            )
        };
        let dx = outside(x, x_rest, low_x, high_x);
        let dy = outside(y, y_rest, low_y, high_y);
        let square = _mm512_add_ps(_mm512_mul_ps(dx, dx), _mm512_mul_ps(dy, dy));
        let in_front = _mm512_cmplt_epu32_mask(ranks, end);
        let kept = _mm512_mask_cmp_ps_mask::<_CMP_LT_OQ>(in_front, _mm512_mul_ps(square, per_square), limit);
        // SAFETY: no more are kept than were read, and behind them is room for a vector; columns are read as above.
        unsafe {
            store_kept(kept, x, to.x.as_mut_ptr().add(n_kept));
            store_kept(kept, x_rest, to.x_rest.as_mut_ptr().add(n_kept));
            store_kept(kept, y, to.y.as_mut_ptr().add(n_kept));
            store_kept(kept, y_rest, to.y_rest.as_mut_ptr().add(n_kept));
            store_kept(kept, per_square, to.per_square.as_mut_ptr().add(n_kept));
            store_kept(kept, _mm512_castsi512_ps(ranks), to.ranks.as_mut_ptr().add(n_kept).cast());
            copy_kept(kept, from.masses.as_ptr().add(first), to.masses.as_mut_ptr().add(n_kept));
            copy_kept(kept, from.metals.as_ptr().add(first), to.metals.as_mut_ptr().add(n_kept));
        }
        n_kept += kept.count_ones() as usize;
    }
    // SAFETY: as many were written, and there is room for them.
    unsafe {
        for column in to.singles_mut() {
            column.set_len(n_kept);
        }
        to.ranks.set_len(n_kept);
        for column in to.doubles_mut() {
            column.set_len(n_kept);
        }
    }
    to.fill_up();
    to
}

/// Writes the lanes that are kept side by side.
///
/// # Safety
/// A whole vector may be written.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store_kept(kept: __mmask16, values: __m512, to: *mut f32) {
    // Not the store that compresses: it takes a hundred cycles on some processors.
    // SAFETY: the caller's.
    unsafe { _mm512_storeu_ps(to, _mm512_maskz_compress_ps(kept, values)) };
}

/// Writes those of [`LANES`] doubles that are kept side by side.
///
/// # Safety
/// `from` has as many, and as many may be written.
#[inline]
#[target_feature(enable = "avx512f,popcnt")]
unsafe fn copy_kept(kept: __mmask16, from: *const f64, to: *mut f64) {
    let [low, high] = kept.to_le_bytes();
    // SAFETY: the caller's; the second half is written behind no more than the first.
    unsafe {
        _mm512_storeu_pd(to, _mm512_maskz_compress_pd(low, _mm512_loadu_pd(from)));
        let behind = to.add(low.count_ones() as usize);
        _mm512_storeu_pd(behind, _mm512_maskz_compress_pd(high, _mm512_loadu_pd(from.add(HALF))));
    }
}

/// How far places are outside of an interval.
#[inline]
#[target_feature(enable = "avx512f")]
fn outside(from: __m512, rest: __m512, low: __m512, high: __m512) -> __m512 {
    let before = _mm512_sub_ps(_mm512_sub_ps(low, from), rest);
    let behind = _mm512_add_ps(_mm512_sub_ps(from, high), rest);
    _mm512_max_ps(_mm512_max_ps(before, behind), _mm512_setzero_ps())
}

/// What [`Look`](super::Look) finds.
#[target_feature(enable = "avx512f")]
pub(super) fn look(
    cells: &Cells,
    rays: &[Ray],
    table: &KernelTable,
    powers: &[[f32; N_IN_REGISTERS]; 4],
    sums: &mut [Sums],
) {
    let table = Registers::new(table, powers);
    for (ray, sums) in rays.iter().zip(sums) {
        *sums = look_along(cells, ray, &table);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn look_along(cells: &Cells, ray: &Ray, table: &Registers) -> Sums {
    let ([ray_x, ray_x_rest], [ray_y, ray_y_rest]) = (splat(ray.x), splat(ray.y));
    let end = _mm512_set1_epi32(ray.end as i32);
    let (mut masses, mut metals) = ([_mm512_setzero_pd(); 2], [_mm512_setzero_pd(); 2]);
    for first in (0..cells.ranks.len()).step_by(LANES) {
        if cells.ranks[first] >= ray.end {
            break;
        }
        // SAFETY: all columns have as many values as there are ranks, a multiple of the lanes, and `first` is one below.
        let (x, x_rest, y, y_rest, per_square, ranks) = unsafe {
            (
                _mm512_loadu_ps(cells.x.as_ptr().add(first)),
                _mm512_loadu_ps(cells.x_rest.as_ptr().add(first)),
                _mm512_loadu_ps(cells.y.as_ptr().add(first)),
                _mm512_loadu_ps(cells.y_rest.as_ptr().add(first)),
                _mm512_loadu_ps(cells.per_square.as_ptr().add(first)),
                _mm512_loadu_si512(cells.ranks.as_ptr().add(first).cast()),
            )
        };
        let dx = _mm512_add_ps(_mm512_sub_ps(x, ray_x), _mm512_sub_ps(x_rest, ray_x_rest));
        let dy = _mm512_add_ps(_mm512_sub_ps(y, ray_y), _mm512_sub_ps(y_rest, ray_y_rest));
        let square = _mm512_mul_ps(_mm512_fmadd_ps(dx, dx, _mm512_mul_ps(dy, dy)), per_square);
        let in_front = _mm512_cmplt_epu32_mask(ranks, end);
        let inside = _mm512_mask_cmp_ps_mask::<_CMP_LT_OQ>(in_front, square, _mm512_set1_ps(1.0));
        let shares = table.at_squares(square, inside);
        let halves = _mm512_castps_pd(shares);
        let shares = [
            _mm512_cvtps_pd(_mm512_castps512_ps256(shares)),
            _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(halves))),
        ];
        for half in 0..2 {
            // SAFETY: as above.
            let (mass, metal) = unsafe {
                (
                    _mm512_loadu_pd(cells.masses.as_ptr().add(first + half * HALF)),
                    _mm512_loadu_pd(cells.metals.as_ptr().add(first + half * HALF)),
                )
            };
            masses[half] = _mm512_fmadd_pd(mass, shares[half], masses[half]);
            metals[half] = _mm512_fmadd_pd(metal, shares[half], metals[half]);
        }
    }
    [sum(lanes(masses[0]), lanes(masses[1])), sum(lanes(metals[0]), lanes(metals[1]))]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat([first, second]: [f32; 2]) -> [__m512; 2] {
    [_mm512_set1_ps(first), _mm512_set1_ps(second)]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lanes(half: __m512d) -> [f64; HALF] {
    let mut lanes = [0.0; HALF];
    // SAFETY: an array of eight doubles may be written.
    unsafe { _mm512_storeu_pd(lanes.as_mut_ptr(), half) };
    lanes
}

/// What [`Look`](super::Look) finds, for processors without AVX-512: in vectors of half the width, and with the table in
/// memory, from where four coefficients come at a time.
#[target_feature(enable = "avx2,fma")]
pub(super) fn look_narrowly(cells: &Cells, rays: &[Ray], table: &KernelTable, sums: &mut [Sums]) {
    for (ray, sums) in rays.iter().zip(sums) {
        let mut halves = [[[0.0; HALF]; 2]; 2];
        let mut lanes = [[_mm256_setzero_pd(); 2]; 4];
        for first in (0..cells.ranks.len()).step_by(LANES) {
            if cells.ranks[first] >= ray.end {
                break;
            }
            let [low, low_high, high, high_high] = &mut lanes;
            add_narrowly(cells, first, ray, table, low, low_high);
            add_narrowly(cells, first + HALF, ray, table, high, high_high);
        }
        for (half, [masses, metals]) in halves.iter_mut().enumerate() {
            for (quarter, [mass, metal]) in lanes[2 * half..2 * half + 2].iter().enumerate() {
                // SAFETY: arrays of eight doubles, of which four are written.
                unsafe {
                    _mm256_storeu_pd(masses.as_mut_ptr().add(4 * quarter), *mass);
                    _mm256_storeu_pd(metals.as_mut_ptr().add(4 * quarter), *metal);
                }
            }
        }
        let [low, high] = halves;
        *sums = [sum(low[0], high[0]), sum(low[1], high[1])];
    }
}

/// Adds what a ray finds in eight cells: to the masses and metals of the first four and of the others.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_narrowly(
    cells: &Cells,
    first: usize,
    ray: &Ray,
    table: &KernelTable,
    [low_masses, low_metals]: &mut [__m256d; 2],
    [high_masses, high_metals]: &mut [__m256d; 2],
) {
    // SAFETY: all columns have as many values as there are ranks, a multiple of the lanes, and `first` is one or one and a
    // half below.
    let (x, x_rest, y, y_rest, per_square, ranks, masses, metals) = unsafe {
        (
            _mm256_loadu_ps(cells.x.as_ptr().add(first)),
            _mm256_loadu_ps(cells.x_rest.as_ptr().add(first)),
            _mm256_loadu_ps(cells.y.as_ptr().add(first)),
            _mm256_loadu_ps(cells.y_rest.as_ptr().add(first)),
            _mm256_loadu_ps(cells.per_square.as_ptr().add(first)),
            _mm256_loadu_si256(cells.ranks.as_ptr().add(first).cast()),
            cells.masses.as_ptr().add(first),
            cells.metals.as_ptr().add(first),
        )
    };
    let distance = |from, rest, [ray, ray_rest]: [f32; 2]| {
        let nearest = _mm256_sub_ps(from, _mm256_set1_ps(ray));
        _mm256_add_ps(nearest, _mm256_sub_ps(rest, _mm256_set1_ps(ray_rest)))
    };
    let (dx, dy) = (distance(x, x_rest, ray.x), distance(y, y_rest, ray.y));
    let squares = _mm256_mul_ps(_mm256_fmadd_ps(dx, dx, _mm256_mul_ps(dy, dy)), per_square);
    // Ranks are below 2^31, or -1 without a cell and so without mass.
    let in_front = _mm256_cmpgt_epi32(_mm256_set1_epi32(ray.end as i32), ranks);
    let shares = _mm256_and_ps(at_squares_narrowly(table, squares), _mm256_castsi256_ps(in_front));
    let low = _mm256_cvtps_pd(_mm256_castps256_ps128(shares));
    let high = _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(shares));
    // SAFETY: as above.
    unsafe {
        *low_masses = _mm256_fmadd_pd(_mm256_loadu_pd(masses), low, *low_masses);
        *low_metals = _mm256_fmadd_pd(_mm256_loadu_pd(metals), low, *low_metals);
        *high_masses = _mm256_fmadd_pd(_mm256_loadu_pd(masses.add(4)), high, *high_masses);
        *high_metals = _mm256_fmadd_pd(_mm256_loadu_pd(metals.add(4)), high, *high_metals);
    }
}

/// What [`KernelTable::at_squares`] finds.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn at_squares_narrowly(table: &KernelTable, squares: __m256) -> __m256 {
    let (last, round) = (_mm256_set1_ps(table.last), _mm256_set1_ps(ROUND));
    let argument = _mm256_fmadd_ps(_mm256_set1_ps(table.slope), squares, _mm256_set1_ps(table.start));
    let arguments = _mm256_sqrt_ps(argument);
    let rounded = _mm256_fmadd_ps(arguments, last, round);
    let ways = _mm256_fmadd_ps(arguments, last, _mm256_sub_ps(round, rounded));
    let mut pieces = [0f32; HALF];
    // SAFETY: an array of eight floats may be written.
    unsafe { _mm256_storeu_ps(pieces.as_mut_ptr(), rounded) };
    // Those of lanes 0 to 3 below those of lanes 4 to 7.
    let rows = |lane: usize| {
        let (low, high) = (table.piece(pieces[lane]), table.piece(pieces[lane + 4]));
        // SAFETY: both have four coefficients.
        unsafe { _mm256_set_m128(_mm_loadu_ps(high.as_ptr()), _mm_loadu_ps(low.as_ptr())) }
    };
    let (a, b, c, d) = (rows(0), rows(1), rows(2), rows(3));
    let (ab_low, cd_low) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
    let zeroth = _mm256_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low);
    let first = _mm256_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low);
    let second = _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high);
    let third = _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high);
    let values = _mm256_fmadd_ps(_mm256_fmadd_ps(third, ways, second), ways, first);
    let values = _mm256_fmadd_ps(values, ways, zeroth);
    let inside = _mm256_cmp_ps::<_CMP_LT_OQ>(squares, _mm256_set1_ps(1.0));
    _mm256_and_ps(inside, _mm256_max_ps(values, _mm256_setzero_ps()))
}

/// A kernel table in registers: the coefficients of each power in the pieces of both halves.
struct Registers {
    powers: [[__m512; 2]; 4],
    start: __m512,
    slope: __m512,
    last: __m512,
}

impl Registers {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(table: &KernelTable, of_powers: &[[f32; N_IN_REGISTERS]; 4]) -> Self {
        const { assert!(N_IN_REGISTERS == 2 * LANES) };
        let mut powers = [[_mm512_setzero_ps(); 2]; 4];
        for (halves, pieces) in powers.iter_mut().zip(of_powers) {
            // SAFETY: a power has a coefficient for each piece, and pieces are two vectors.
            *halves =
                unsafe { [_mm512_loadu_ps(pieces.as_ptr()), _mm512_loadu_ps(pieces.as_ptr().add(LANES))] };
        }
        let KernelTable { start, slope, last, .. } = *table;
        Self {
            powers,
            start: _mm512_set1_ps(start),
            slope: _mm512_set1_ps(slope),
            last: _mm512_set1_ps(last),
        }
    }

    /// What [`KernelTable::at_squares`] finds in the lanes that are inside, in others 0.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn at_squares(&self, squares: __m512, inside: __mmask16) -> __m512 {
        let round = _mm512_set1_ps(ROUND);
        let arguments = _mm512_sqrt_ps(_mm512_fmadd_ps(self.slope, squares, self.start));
        let rounded = _mm512_fmadd_ps(arguments, self.last, round);
        // What is above the lowest five bits is not looked at.
        let pieces = _mm512_castps_si512(rounded);
        let ways = _mm512_fmadd_ps(arguments, self.last, _mm512_sub_ps(round, rounded));
        let [zeroth, first, second, third] = &self.powers;
        let values = _mm512_fmadd_ps(pick(third, pieces), ways, pick(second, pieces));
        let values = _mm512_fmadd_ps(values, ways, pick(first, pieces));
        let values = _mm512_fmadd_ps(values, ways, pick(zeroth, pieces));
        _mm512_maskz_max_ps(inside, values, _mm512_setzero_ps())
    }
}

/// The coefficients of some pieces.
#[inline]
#[target_feature(enable = "avx512f")]
fn pick(coefficients: &[__m512; 2], pieces: __m512i) -> __m512 {
    _mm512_permutex2var_ps(coefficients[0], pieces, coefficients[1])
}
