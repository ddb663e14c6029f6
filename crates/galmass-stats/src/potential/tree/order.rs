//! Bodies along Morton's curve, and the cells of the octree as runs of them.

use std::cmp::Ordering;

use rayon::prelude::*;

/// Bits of a key for each of the three directions.
const BITS: u32 = 21;

/// Bits that one pass of the radix sort looks at.
const DIGIT: u32 = 11;

/// Fewer bodies than this are sorted by comparison.
const FEW: usize = 4096;

/// A body that is not in the tree.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A cell: the bodies in the run `begin..end`. Cells are stored in the order of a walk that opens each of them; the
/// next one that is not inside this one is at `skip`, so a leaf is a cell with `skip` right behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) begin: u32,
    pub(super) end: u32,
    pub(super) skip: u32,
}

impl Cell {
    pub(super) fn range(self) -> std::ops::Range<usize> {
        self.begin as usize..self.end as usize
    }
}

/// Bodies in the order of the tree.
pub(super) struct Order {
    /// Of each body in the tree the one in the input; of several alike, the first.
    pub(super) bodies: Vec<u32>,
    /// Of each body in the input the one in the tree, or [`NOWHERE`].
    pub(super) places: Vec<u32>,
    /// The cells, the root first; none without bodies.
    pub(super) cells: Vec<Cell>,
}

impl Order {
    /// Sorts the bodies for which `counts` holds, and divides them until no cell has more than `leaf` of them. Those
    /// that are alike in position and `label` become one.
    pub(super) fn new(
        positions: &[[f64; 3]],
        counts: impl Fn(usize) -> bool + Sync,
        label: impl Fn(u32) -> f64,
        leaf: usize,
    ) -> Self {
        let mut keyed: Vec<(u64, u32)> =
            (0..positions.len()).filter(|&k| counts(k)).map(|k| (0, k as u32)).collect();
        assign_keys(&mut keyed, positions);
        sort(&mut keyed);
        let order = |a: u32, b: u32| {
            let (p, q) = (positions[a as usize], positions[b as usize]);
            (p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])).then(p[2].total_cmp(&q[2])))
                .then(label(a).total_cmp(&label(b)))
        };
        let twins = merge_twins(&mut keyed, order);
        let mut cells = Vec::with_capacity(2 * keyed.len() / leaf + 1);
        if !keyed.is_empty() {
            divide(&mut keyed, 0, positions, leaf, &mut cells);
        }
        let bodies: Vec<u32> = keyed.iter().map(|(_, body)| *body).collect();
        let mut places = vec![NOWHERE; positions.len()];
        for (place, body) in bodies.iter().enumerate() {
            places[*body as usize] = place as u32;
        }
        for (twin, first) in twins {
            places[twin as usize] = places[first as usize];
        }
        Self { bodies, places, cells }
    }

    /// The largest cells of at most `n_bodies` bodies, and leaves with more: together they hold each body once.
    pub(super) fn groups(&self, n_bodies: usize) -> Vec<std::ops::Range<usize>> {
        let (mut groups, mut k) = (Vec::with_capacity(4 * self.bodies.len() / n_bodies + 1), 0);
        while let Some(cell) = self.cells.get(k) {
            let is_leaf = cell.skip as usize == k + 1;
            if is_leaf || cell.range().len() <= n_bodies {
                groups.push(cell.range());
                k = cell.skip as usize;
            } else {
                k += 1;
            }
        }
        groups
    }
}

/// Gives each body its place on the curve that fills the cube about them.
fn assign_keys(keyed: &mut [(u64, u32)], positions: &[[f64; 3]]) {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for (_, body) in keyed.iter() {
        for (axis, x) in positions[*body as usize].into_iter().enumerate() {
            low[axis] = low[axis].min(x);
            high[axis] = high[axis].max(x);
        }
    }
    let side = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
    let cells = f64::from(1u32 << BITS);
    let number = |body: u32| {
        let spread = |axis: usize| {
            let x = (positions[body as usize][axis] - low[axis]) / side * cells;
            // NaN, where there is no side, becomes 0.
            spread_bits((x as u64).min((1 << BITS) - 1))
        };
        spread(0) << 2 | spread(1) << 1 | spread(2)
    };
    if keyed.len() > FEW {
        keyed.par_iter_mut().for_each(|(key, body)| *key = number(*body));
    } else {
        keyed.iter_mut().for_each(|(key, body)| *key = number(*body));
    }
}

/// Puts two zeros between each two of the lowest 21 bits.
fn spread_bits(mut x: u64) -> u64 {
    x = (x | x << 32) & 0x1f_0000_0000_ffff;
    x = (x | x << 16) & 0x1f_0000_ff00_00ff;
    x = (x | x << 8) & 0x100f_00f0_0f00_f00f;
    x = (x | x << 4) & 0x10c3_0c30_c30c_30c3;
    (x | x << 2) & 0x1249_2492_4924_9249
}

/// Sorts by key, and by number where the keys are alike.
fn sort(keyed: &mut Vec<(u64, u32)>) {
    if keyed.len() < FEW {
        keyed.sort_unstable();
        return;
    }
    const N_DIGITS: usize = (3 * BITS).div_ceil(DIGIT) as usize;
    let digit = |key: u64, pass: usize| (key >> (DIGIT * pass as u32)) as usize & ((1 << DIGIT) - 1);
    let mut numbers = vec![[0u32; 1 << DIGIT]; N_DIGITS];
    for (key, _) in keyed.iter() {
        for (pass, number) in numbers.iter_mut().enumerate() {
            number[digit(*key, pass)] += 1;
        }
    }
    let mut sorted = vec![(0, 0); keyed.len()];
    for (pass, number) in numbers.iter_mut().enumerate() {
        if number.iter().any(|n| *n as usize == keyed.len()) {
            continue;
        }
        let mut begin = 0;
        for n in number.iter_mut() {
            begin += std::mem::replace(n, begin);
        }
        for entry in keyed.iter() {
            let place = &mut number[digit(entry.0, pass)];
            sorted[*place as usize] = *entry;
            *place += 1;
        }
        std::mem::swap(keyed, &mut sorted);
    }
}

/// Leaves one of each set of bodies that are alike, and returns the others, each with the one that stays.
fn merge_twins(keyed: &mut Vec<(u64, u32)>, order: impl Fn(u32, u32) -> Ordering) -> Vec<(u32, u32)> {
    for run in keyed.chunk_by_mut(|a, b| a.0 == b.0) {
        if run.len() > 1 {
            run.sort_unstable_by(|a, b| order(a.1, b.1).then(a.1.cmp(&b.1)));
        }
    }
    let mut twins = Vec::new();
    keyed.dedup_by(|later, first| {
        let alike = later.0 == first.0 && order(later.1, first.1).is_eq();
        if alike {
            twins.push((later.1, first.1));
        }
        alike
    });
    twins
}

/// Divides a cell of unlike bodies, the first of them at `offset`, into its octants, and these in turn.
fn divide(
    keyed: &mut [(u64, u32)],
    offset: usize,
    positions: &[[f64; 3]],
    leaf: usize,
    cells: &mut Vec<Cell>,
) {
    let this = cells.len();
    cells.push(Cell { begin: offset as u32, end: (offset + keyed.len()) as u32, skip: 0 });
    if keyed.len() > leaf {
        if keyed[0].0 == keyed[keyed.len() - 1].0 {
            // So close together that the keys of the large cube do not tell them apart: a cube of their own.
            assign_keys(keyed, positions);
            keyed.sort_unstable();
        }
        let differ = keyed[0].0 ^ keyed[keyed.len() - 1].0;
        // The largest octants that do not hold all of them.
        let shift = if differ == 0 { 0 } else { (63 - differ.leading_zeros()) / 3 * 3 };
        let mut begin = 0;
        while differ != 0 && begin < keyed.len() {
            let octant = keyed[begin].0 >> shift;
            let n = keyed[begin..].partition_point(|entry| entry.0 >> shift == octant);
            divide(&mut keyed[begin..begin + n], offset + begin, positions, leaf, cells);
            begin += n;
        }
    }
    cells[this].skip = cells.len() as u32;
}
