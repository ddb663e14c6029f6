use super::*;
use crate::kernel::Kernel;
use crate::testing::{ball, uniform};

fn random_cells(n_cells: usize) -> Cells {
    let sizes = uniform(n_cells, 0.2..2.0, 1);
    let cells = ball(n_cells, 5.0, 2).into_iter().zip(sizes);
    let cell = |([x, y, depth], support): ([f64; 3], f64)| Cell {
        x,
        y,
        depth,
        support,
        mass: 1e5 * support,
        metals: 2e3,
    };
    Cells::new(&cells.map(cell).collect::<Vec<_>>())
}

fn random_rays(n_rays: usize, n_cells: usize) -> Vec<Ray> {
    let ends = uniform(n_rays, 0.0..n_cells as f64 + 0.5, 3);
    let rays = ball(n_rays, 5.0, 4).into_iter().zip(ends);
    rays.map(|([x, y, _], end)| Ray { x: in_singles(x), y: in_singles(y), end: end as u32 }).collect()
}

fn plain_sums<const FMA: bool>(cells: &Cells, rays: &[Ray], table: &KernelTable) -> Vec<Sums> {
    let mut sums = vec![[0.0; 2]; rays.len()];
    Look { cells, rays, table, sums: &mut sums }.run::<FMA>();
    sums
}

const TILE: Tile = Tile { low: [-1.0, 0.5], high: [0.25, 2.0], end: 300 };

#[test]
fn two_singles_hold_what_one_leaves() {
    for value in [0.0, 1.0 / 3.0, -1e-20, 123_456.789, 1e30] {
        let [nearest, rest] = in_singles(value);
        assert_eq!(nearest, value as f32);
        assert!((f64::from(nearest) + f64::from(rest) - value).abs() <= 1e-14 * value.abs());
    }
}

#[test]
fn cells_are_kept_where_they_reach_and_in_order() {
    let cells = random_cells(500);
    let found = cells.reaching(&TILE);
    let lies_in = |value: f32, axis: usize| (TILE.low[axis]..TILE.high[axis]).contains(&value);
    let n_kept = found.ranks.partition_point(|&rank| rank != NO_CELL);
    assert!((20..300).contains(&n_kept), "{n_kept}");
    assert!(found.ranks[..n_kept].is_sorted() && found.ranks[n_kept - 1] < TILE.end);
    for cell in 0..TILE.end as usize {
        // What has its middle in the tile reaches it, what is farther from all of it than its support does not.
        let is_kept = found.ranks.contains(&(cell as u32));
        assert!(is_kept || !(lies_in(cells.x[cell], 0) && lies_in(cells.y[cell], 1)));
        let away = (cells.x[cell] - TILE.high[0]).max(TILE.low[1] - cells.y[cell]);
        assert!(!is_kept || away * away * cells.per_square[cell] < 1.001 || away < 0.0);
    }
    let from_far = Tile { low: [90.0; 2], high: [91.0; 2], end: 300 };
    assert!(cells.reaching(&from_far).is_empty() && Cells::default().reaching(&TILE).is_empty());
}

#[test]
fn rays_that_look_at_what_reaches_their_tile_miss_nothing() {
    let (cells, table) = (random_cells(500), KernelTable::new(Kernel::default()));
    let in_tile =
        |ray: &Ray| (-1.0..0.25).contains(&ray.x[0]) && (0.5..2.0).contains(&ray.y[0]) && ray.end <= 300;
    let rays: Vec<Ray> = random_rays(5000, 500).into_iter().filter(in_tile).collect();
    let (few, all) = (cells.reaching(&TILE), &cells);
    assert!(rays.len() > 50);
    let (few, all) = (plain_sums::<false>(&few, &rays, &table), plain_sums::<false>(all, &rays, &table));
    assert!(all.iter().any(|sums| sums[0] > 0.0));
    for (few, all) in few.iter().zip(&all) {
        assert!((few[0] - all[0]).abs() <= 1e-13 * all[0], "{few:?}, {all:?}");
    }
}

#[test]
fn a_star_in_the_middle_of_the_smallest_cell_has_a_column() {
    let cell = Cell { x: 0.0, y: 0.0, depth: 0.0, support: 1e-30, mass: 1.0, metals: 0.5 };
    let (cells, table) = (Cells::new(&[cell]), KernelTable::new(Kernel::default()));
    let ray = Ray { x: [0.0; 2], y: [0.0; 2], end: 1 };
    let mut sums = [[0.0; 2]];
    cells.look(&[ray], &table, &mut sums);
    assert!(
        (sums[0][0] / 1e60 * std::f64::consts::PI / 6.0 - 1.0).abs() < 1e-6 && sums[0][1] == 0.5 * sums[0][0]
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn vectors_and_plain_loops_do_the_same() {
    if !galmass_core::simd::has_avx512() {
        return;
    }
    for n_cells in [0, 1, 15, 16, 17, 500] {
        let (cells, rays) = (random_cells(n_cells), random_rays(100, n_cells));
        for end in [0, 1, 16, 300, 1000] {
            assert_eq!(cells.reaching(&Tile { end, ..TILE }), cells.reaching_plainly(&Tile { end, ..TILE }));
        }
        for kernel in Kernel::ALL {
            let table = KernelTable::new(kernel);
            let mut sums = vec![[0.0; 2]; rays.len()];
            cells.look(&rays, &table, &mut sums);
            let expected = plain_sums::<true>(&cells, &rays, &table);
            assert_eq!(sums, expected, "{kernel:?}");
            // SAFETY: what has AVX-512 has AVX2, too.
            unsafe { x86::look_narrowly(&cells, &rays, &table, &mut sums) };
            assert_eq!(sums, expected, "{kernel:?}");
        }
    }
}
