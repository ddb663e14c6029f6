//! Many rays through many kernels.
//!
//! The image plane is cut into tiles of few stars, each time in two along the longer side. A list of the cells in front
//! of a tile goes down with it, and every second time each part keeps those whose kernels reach it, so that in the end the
//! stars of a tile look at little more than what their rays cross. Lists keep their order of depth: what is in front of
//! a star is the beginning of its list.
//!
//! How the plane is cut depends on the stars alone, and each star adds up its own list: the same bits come out for any
//! number of threads.

use std::array::from_fn;

use super::cells::{Cells, Ray, Sums, Tile, in_singles};
use super::cloud::{Cell, Cloud, Depths};
use super::column_of;
use super::kernel_table::KernelTable;
use crate::View;
use crate::dust::GasColumn;
use crate::kernel::Kernel;
use galmass_core::simd::{Work, dispatch};

/// Stars in a tile that is not cut further: enough to make up for finding its cells, few enough that their rays cross
/// about the same ones.
const STARS_PER_TILE: usize = 128;

/// A list of cells is made anew for so small a part of the stars of the last one.
const STARS_PER_LIST: usize = 3;

/// The fewest stars that are worth handing to another thread.
const STARS_PER_TASK: usize = 1024;

/// Stars and cells at a time, so that 32 bits number them, whether there is a sign or not.
const AT_ONCE: usize = 1 << 30;

/// A star as it is sorted into tiles.
#[derive(Clone, Copy, Debug)]
struct Star {
    /// Together, so that the bounds of all four are found at a time.
    numbers: [u32; 4],
    /// What the singles leave of the coordinates.
    rest: [f32; 2],
}

/// The nearest singles to its coordinates, as numbers of the same order.
const X: usize = 0;
const Y: usize = 1;
/// The number of cells in front of it.
const END: usize = 2;
const INDEX: usize = 3;

/// The columns in front of all stars, in their order.
pub(super) fn columns(
    positions_kpc: &[[f64; 3]],
    cloud: &Cloud,
    view: &View,
    kernel: Kernel,
) -> Vec<GasColumn> {
    let sums = sums(positions_kpc, cloud, view, kernel, AT_ONCE);
    sums.into_iter().map(|[mass, metals]| column_of(mass, metals)).collect()
}

fn sums(positions_kpc: &[[f64; 3]], cloud: &Cloud, view: &View, kernel: Kernel, at_once: usize) -> Vec<Sums> {
    let mut sums = vec![[0.0; 2]; positions_kpc.len()];
    let table = KernelTable::new(kernel);
    for cells in cloud.cells.chunks(at_once) {
        for (positions, sums) in positions_kpc.chunks(at_once).zip(sums.chunks_mut(at_once)) {
            add(positions, cells, view, &table, sums);
        }
    }
    sums
}

/// Adds what stars find in some of the cells.
fn add(positions_kpc: &[[f64; 3]], cells: &[Cell], view: &View, table: &KernelTable, sums: &mut [Sums]) {
    let depths = Depths::new(cells);
    let mut stars = Vec::with_capacity(positions_kpc.len());
    for (index, &position) in (0..).zip(positions_kpc) {
        let ([x, y], end) = (view.plane(position), depths.n_in_front_of(view.depth(position)));
        // So far away that its coordinates overflow, a star has nothing in front.
        if end > 0 && x.is_finite() && y.is_finite() {
            let ([x, x_rest], [y, y_rest]) = (in_singles(x), in_singles(y));
            stars.push(Star { numbers: [in_order(x), in_order(y), end, index], rest: [x_rest, y_rest] });
        }
    }
    let mut found = vec![[0.0; 2]; stars.len()];
    let n_stars = stars.len();
    cut(&mut stars, &Cells::new(cells), n_stars, table, &mut found);
    for (star, [mass, metals]) in stars.iter().zip(found) {
        let sums = &mut sums[star.numbers[INDEX] as usize];
        *sums = [sums[0] + mass, sums[1] + metals];
    }
}

/// Puts the stars of a tile into an order of its own and finds the sums of each, given cells among which are all that
/// reach the tile: the list of a tile of `n_listed` stars, of which this is a part.
fn cut(stars: &mut [Star], listed: &Cells, n_listed: usize, table: &KernelTable, sums: &mut [Sums]) {
    let (tile, is_last) = (tile_around(stars), stars.len() <= STARS_PER_TILE);
    let is_due = is_last || stars.len() * STARS_PER_LIST <= n_listed;
    let found = is_due.then(|| listed.reaching(&tile));
    let (reaching, n_listed) = found.as_ref().map_or((listed, n_listed), |found| (found, stars.len()));
    if reaching.is_empty() {
        return;
    }
    if is_last {
        let rays: Vec<Ray> = stars.iter().map(Star::ray).collect();
        reaching.look(&rays, table, sums);
        return;
    }
    let middle = halve(stars, tile.longer_side());
    let is_large = stars.len() >= STARS_PER_TASK;
    let (stars, other_stars) = stars.split_at_mut(middle);
    let (sums, other_sums) = sums.split_at_mut(middle);
    let mut one = || cut(stars, reaching, n_listed, table, sums);
    let mut other = || cut(other_stars, reaching, n_listed, table, other_sums);
    if is_large {
        rayon::join(one, other);
    } else {
        one();
        other();
    }
}

impl Star {
    fn ray(&self) -> Ray {
        let [x, y, end, _] = self.numbers;
        let [x_rest, y_rest] = self.rest;
        Ray { x: [out_of_order(x), x_rest], y: [out_of_order(y), y_rest], end }
    }
}

fn tile_around(stars: &[Star]) -> Tile {
    let [low, high] = dispatch(Bounds(stars));
    // Of what singles leave of the coordinates, no more than that to the next one.
    Tile {
        low: [low[X], low[Y]].map(|bound| out_of_order(bound).next_down()),
        high: [high[X], high[Y]].map(|bound| out_of_order(bound).next_up()),
        end: high[END],
    }
}

/// The least and the largest of each number.
struct Bounds<'a>(&'a [Star]);

impl Work for Bounds<'_> {
    type Output = [[u32; 4]; 2];

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let (mut low, mut high) = ([u32::MAX; 4], [u32::MIN; 4]);
        for Star { numbers, .. } in self.0 {
            low = from_fn(|k| low[k].min(numbers[k]));
            high = from_fn(|k| high[k].max(numbers[k]));
        }
        [low, high]
    }
}

/// Stars of which the one in the middle parts a tile.
const SAMPLE: usize = 31;

/// Puts the stars of the lower half along an axis first; the result is how many of more than [`SAMPLE`] they are: not
/// always half, but never next to none or all.
fn halve(stars: &mut [Star], axis: usize) -> usize {
    // The index decides between equals, so that halves are never empty.
    let place =
        |Star { numbers, .. }: &Star| u64::from(numbers[axis]) << u32::BITS | u64::from(numbers[INDEX]);
    let mut sample: [u64; SAMPLE] = from_fn(|k| place(&stars[k * (stars.len() - 1) / (SAMPLE - 1)]));
    sample.sort_unstable();
    let middle = sample[SAMPLE / 2];
    let mut n_below = 0;
    for next in 0..stars.len() {
        let is_below = place(&stars[next]) < middle;
        // Whatever it is, so that no branch must be foreseen.
        stars.swap(n_below, next);
        n_below += usize::from(is_below);
    }
    if n_below.min(stars.len() - n_below) >= stars.len() / 8 {
        return n_below;
    }
    // Not a fair sample. This takes longer.
    let middle = stars.len() / 2;
    stars.select_nth_unstable_by_key(middle, place);
    middle
}

/// The sign of singles.
const SIGN: u32 = 1 << 31;

/// A number that is above another one where a single is.
fn in_order(single: f32) -> u32 {
    let bits = single.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The single back from its number.
fn out_of_order(number: u32) -> f32 {
    f32::from_bits(if number & SIGN == 0 { !number } else { number & !SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Axis;
    use crate::testing::{ball, uniform};

    #[test]
    fn numbers_are_in_the_order_of_their_singles() {
        let singles =
            [f32::NEG_INFINITY, f32::MIN, -1.5, -1e-40, -0.0, 0.0, 1e-40, 2.5, f32::MAX, f32::INFINITY];
        assert!(singles.windows(2).all(|pair| in_order(pair[0]) < in_order(pair[1])));
        assert_eq!(singles.map(|single| out_of_order(in_order(single)).to_bits()), singles.map(f32::to_bits));
    }

    /// Halves some stars along an axis, and looks whether they are on their sides.
    #[track_caller]
    fn n_below(places: &[[f64; 3]], axis: usize) -> usize {
        let star = |(index, place): (u32, &[f64; 3])| Star {
            numbers: [in_order(place[0] as f32), 7, 1, index],
            rest: [0.0; 2],
        };
        let mut stars: Vec<Star> = (0..).zip(places).map(star).collect();
        let n_below = halve(&mut stars, axis);
        let place = |star: &Star| [star.numbers[axis], star.numbers[INDEX]];
        let (below, above) = stars.split_at(n_below);
        assert!(below.iter().map(place).max() < above.iter().map(place).min());
        let mut indices: Vec<u32> = stars.iter().map(|star| star.numbers[INDEX]).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..places.len() as u32));
        n_below
    }

    #[test]
    fn halves_are_about_equal_whatever_the_sample_is() {
        let mut places = ball(3001, 5.0, 1);
        for axis in [X, Y] {
            assert!((1000..2000).contains(&n_below(&places, axis)));
        }
        for k in 0..SAMPLE {
            places[k * 3000 / (SAMPLE - 1)][0] = -9.0 - k as f64;
        }
        assert_eq!(n_below(&places, X), 1500);
    }

    #[test]
    fn what_is_too_much_at_once_is_done_piece_by_piece() {
        let gas: Vec<_> = ball(700, 5.0, 1).into_iter().zip(uniform(700, 0.5..2.0, 2)).collect();
        let cell =
            |([x, y, depth], support): ([f64; 3], f64)| Cell { x, y, depth, support, mass: 1e5, metals: 1e3 };
        let mut cells: Vec<Cell> = gas.into_iter().map(cell).collect();
        cells.sort_by(|a, b| a.depth.total_cmp(&b.depth));
        let (stars, cloud, view) = (ball(900, 5.0, 3), Cloud { cells }, View::along(Axis::Z));
        let whole = sums(&stars, &cloud, &view, Kernel::default(), AT_ONCE);
        let pieces = sums(&stars, &cloud, &view, Kernel::default(), 100);
        assert!(whole.iter().filter(|sums| sums[0] > 0.0).count() > 500);
        for (whole, pieces) in whole.iter().zip(&pieces) {
            assert!(
                (0..2).all(|k| (whole[k] - pieces[k]).abs() <= 1e-12 * whole[k]),
                "{whole:?}, {pieces:?}"
            );
        }
    }
}
