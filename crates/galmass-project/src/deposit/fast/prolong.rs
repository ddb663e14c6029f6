//! From a mesh to the one of half its cells, light for light.

use super::level::MARGIN;

/// How the light of a cell is parted between its halves: half of it, less and more the sum of these times the
/// differences of its neighbours on both sides. It is the midpoint of the polynomial of degree 7 through the
/// cumulative light at 8 edges, so that densities up to the sixth power are parted exactly.
const PARTING: [f64; 3] = [201.0 / 2048.0, -44.0 / 2048.0, 5.0 / 2048.0];

/// The neighbours on each side that a cell is parted by.
const REACH: usize = PARTING.len();

/// The coarse cell that holds a fine one, and whether it is its upper half. Both are counted from [`MARGIN`] cells below
/// the image.
#[inline(always)]
fn parent(fine: usize) -> (usize, bool) {
    ((fine + MARGIN) / 2, (fine + MARGIN) % 2 == 1)
}

/// Parts the cells of a coarse row, with its margins, into the fine ones from `first` on.
#[inline(always)]
pub(super) fn part_row(coarse: &[f64], first: usize, fine: &mut [f64]) {
    let [c1, c2, c3] = PARTING;
    // Both halves of a cell at once: `first` is even.
    let (first_parent, _) = parent(first);
    let n_pairs = fine.len() / 2;
    let cells = &coarse[first_parent - REACH..];
    let (pairs, last) = fine.as_chunks_mut::<2>();
    let around = |k: usize| -> (f64, f64) {
        let tilt = c1 * (cells[k + 4] - cells[k + 2])
            + (c2 * (cells[k + 5] - cells[k + 1]) + c3 * (cells[k + 6] - cells[k]));
        (0.5 * cells[k + 3], tilt)
    };
    for (k, halves) in pairs.iter_mut().enumerate() {
        let (half, tilt) = around(k);
        *halves = [half - tilt, half + tilt];
    }
    for cell in last {
        let (half, tilt) = around(n_pairs);
        *cell = half - tilt;
    }
}

/// Writes the fine row of an index: the halves of coarse rows whose cells are [parted](part_row) already, `n_columns` to
/// each.
#[inline(always)]
pub(super) fn part_rows(parted: &[f64], n_columns: usize, fine_row: usize, fine: &mut [f64]) {
    let (parent, is_upper) = parent(fine_row);
    let [c1, c2, c3] = PARTING.map(|c| if is_upper { c } else { -c });
    let row = |k: usize| &parted[k * n_columns..(k + 1) * n_columns];
    let (a, b, c) = (row(parent - 3), row(parent - 2), row(parent - 1));
    let (d, e, f) = (row(parent + 1), row(parent + 2), row(parent + 3));
    let own = row(parent);
    for k in 0..fine.len().min(n_columns) {
        let tilt = c1 * (d[k] - c[k]) + (c2 * (e[k] - b[k]) + c3 * (f[k] - a[k]));
        fine[k] = 0.5 * own[k] + tilt;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deposit::fast::level::{Level, levels};

    fn prolonged(coarse: &[f64], from: &Level, to: &Level) -> Vec<f64> {
        let (n_from, n_to) = (from.n_with_margins(), to.n_with_margins());
        let mut parted = vec![0.0; n_from * n_to];
        for (row, parted) in coarse.chunks_exact(n_from).zip(parted.chunks_exact_mut(n_to)) {
            part_row(row, 0, parted);
        }
        let mut fine = vec![0.0; n_to * n_to];
        for (row, cells) in fine.chunks_exact_mut(n_to).enumerate() {
            part_rows(&parted, n_to, row, cells);
        }
        fine
    }

    /// A mesh with margins whose cells hold the integral of a product of polynomials.
    fn mesh(level: &Level, primitive: impl Fn(f64) -> f64) -> Vec<f64> {
        let n = level.n_with_margins();
        let edge = |k: usize| (k as f64 - MARGIN as f64) * level.cell_px / 40.0;
        let cells: Vec<f64> = (0..n).map(|k| primitive(edge(k + 1)) - primitive(edge(k))).collect();
        cells.iter().flat_map(|y| cells.iter().map(move |x| x * y)).collect()
    }

    #[test]
    fn a_density_of_the_sixth_power_is_parted_exactly() {
        let levels = levels(40);
        let primitive = |x: f64| x.powi(7) - 2.0 * x.powi(4) + x;
        let coarse = mesh(&levels[1], primitive);
        let expected = mesh(&levels[0], primitive);
        let n = levels[0].n_with_margins();
        let fine = prolonged(&coarse, &levels[1], &levels[0]);
        for row in 0..n {
            for column in 0..n {
                let k = row * n + column;
                assert!((fine[k] - expected[k]).abs() < 1e-14, "{row} {column}: {} {}", fine[k], expected[k]);
            }
        }
    }

    #[test]
    fn each_cell_keeps_its_light() {
        let levels = levels(41);
        let n_coarse = levels[1].n_with_margins();
        let n = levels[0].n_with_margins();
        let coarse: Vec<f64> = (0..n_coarse * n_coarse).map(|k| ((k * 7919) % 1013) as f64).collect();
        let fine = prolonged(&coarse, &levels[1], &levels[0]);
        for row in 0..20 {
            for column in 0..20 {
                let first = (2 * row + MARGIN) * n + 2 * column + MARGIN;
                let children = fine[first] + fine[first + 1] + fine[first + n] + fine[first + n + 1];
                let parent = coarse[(row + MARGIN) * n_coarse + column + MARGIN];
                assert!((children - parent).abs() < 1e-10, "{children} {parent}");
            }
        }
    }
}
