//! Lines of equal density through points about the one-to-one line.
//!
//! The density is estimated along that line and across it: predictions lie close to it, and one width for both directions
//! would be too coarse for the one or too fine for the other.

use std::collections::BTreeMap;

/// Cells along the line and across it.
const N_CELLS: [usize; 2] = [96, 72];
/// How far the cells reach beyond the points, in widths of the kernel.
const REACH: f64 = 3.0;
/// The kernel in Scott's (1992) widths along the line and across it. With just these the few points at the tips of a narrow
/// ridge would be streaks along it.
const WIDTHS: [f64; 2] = [0.7, 1.4];
/// Points farther across than this many standard deviations are not in the density.
const FARTHEST: f64 = 6.0;

/// The density of points on a grid whose first axis runs along the line and whose second runs across it.
pub(crate) struct Density {
    /// The lower ends and the sizes of cells of both axes; values stand at the middles of cells.
    low: [f64; 2],
    step: [f64; 2],
    values: Vec<f64>,
}

impl Density {
    /// Smooths points `[x, y]` by a normal; `None` where they have no extent.
    pub(crate) fn of(points: &[[f64; 2]]) -> Option<Self> {
        let turned: Vec<[f64; 2]> = points.iter().copied().map(along_and_across).collect();
        let [along, across] = [0, 1].map(|axis| moments(turned.iter().map(|point| point[axis])));
        let is_near = |point: &[f64; 2]| (point[1] - across.0).abs() <= FARTHEST * across.1;
        let turned: Vec<[f64; 2]> = turned.into_iter().filter(is_near).collect();
        if !(along.1 > 0.0 && across.1 > 0.0) || turned.is_empty() {
            return None;
        }
        let scott = (turned.len() as f64).powf(-1.0 / 6.0);
        let widths = [WIDTHS[0] * along.1 * scott, WIDTHS[1] * across.1 * scott];
        let (mut low, mut step) = ([0.0; 2], [0.0; 2]);
        for axis in 0..2 {
            let of_axis = || turned.iter().map(|point| point[axis]);
            let room = REACH * widths[axis];
            low[axis] = of_axis().fold(f64::INFINITY, f64::min) - room;
            let high = of_axis().fold(f64::NEG_INFINITY, f64::max) + room;
            step[axis] = (high - low[axis]) / N_CELLS[axis] as f64;
        }
        let mut counts = vec![0.0; N_CELLS[0] * N_CELLS[1]];
        for point in &turned {
            let cell =
                |axis: usize| (((point[axis] - low[axis]) / step[axis]) as usize).min(N_CELLS[axis] - 1);
            counts[cell(0) * N_CELLS[1] + cell(1)] += 1.0;
        }
        let kernels = [0, 1].map(|axis| kernel(widths[axis] / step[axis]));
        let values = smoothed(&smoothed(&counts, &kernels[0], 0), &kernels[1], 1);
        Some(Self { low, step, values })
    }

    /// The density above which that share of the points lies.
    pub(crate) fn level(&self, points: &[[f64; 2]], share: f64) -> f64 {
        let mut densities: Vec<f64> = points.iter().map(|&point| self.at(along_and_across(point))).collect();
        densities.sort_by(f64::total_cmp);
        crate::scale::quantile(&densities, 1.0 - share)
    }

    /// The lines at a density, each as the `[x, y]` that it passes; closed ones end where they begin.
    pub(crate) fn lines(&self, level: f64) -> Vec<Vec<[f64; 2]>> {
        let mut neighbours: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
        for i in 0..N_CELLS[0] - 1 {
            for j in 0..N_CELLS[1] - 1 {
                for [a, b] in self.crossings(i, j, level) {
                    neighbours.entry(a).or_default().push(b);
                    neighbours.entry(b).or_default().push(a);
                }
            }
        }
        let mut lines = Vec::new();
        // Open lines from their ends first, so that none is begun in its middle.
        let is_end = |edges: &Vec<Edge>| edges.len() == 1;
        while let Some(&start) = neighbours
            .iter()
            .find(|(_, edges)| is_end(edges))
            .or_else(|| neighbours.iter().find(|(_, edges)| !edges.is_empty()))
            .map(|(edge, _)| edge)
        {
            let mut line = vec![start];
            let mut here = start;
            while let Some(next) = neighbours.get_mut(&here).and_then(Vec::pop) {
                if let Some(back) = neighbours.get_mut(&next)
                    && let Some(place) = back.iter().position(|&edge| edge == here)
                {
                    back.swap_remove(place);
                }
                line.push(next);
                here = next;
            }
            neighbours.retain(|_, edges| !edges.is_empty());
            lines.push(line.into_iter().map(|edge| self.place(edge, level)).collect());
        }
        lines
    }

    /// The pieces of the line between four neighbouring middles, each between two edges.
    fn crossings(&self, i: usize, j: usize, level: f64) -> Vec<[Edge; 2]> {
        let is_above = |i: usize, j: usize| self.values[i * N_CELLS[1] + j] > level;
        let corners = [is_above(i, j), is_above(i + 1, j), is_above(i + 1, j + 1), is_above(i, j + 1)];
        // Round the square, from the edge between the first two corners.
        let edges = [
            Edge { i, j, axis: 0 },
            Edge { i: i + 1, j, axis: 1 },
            Edge { i, j: j + 1, axis: 0 },
            Edge { i, j, axis: 1 },
        ];
        let crossed: Vec<Edge> =
            (0..4).filter(|&k| corners[k] != corners[(k + 1) % 4]).map(|k| edges[k]).collect();
        match crossed[..] {
            [a, b] => vec![[a, b]],
            // A saddle: two pieces, which cut off the corners that are below.
            [a, b, c, d] if corners[0] => vec![[a, b], [c, d]],
            [a, b, c, d] => vec![[d, a], [b, c]],
            _ => Vec::new(),
        }
    }

    /// Where the line crosses an edge.
    fn place(&self, Edge { i, j, axis }: Edge, level: f64) -> [f64; 2] {
        let value = |i: usize, j: usize| self.values[i * N_CELLS[1] + j];
        let (from, to) = (value(i, j), if axis == 0 { value(i + 1, j) } else { value(i, j + 1) });
        let mut at = [i as f64, j as f64];
        at[axis] += (level - from) / (to - from);
        let [u, v] = [0, 1].map(|axis| self.low[axis] + (at[axis] + 0.5) * self.step[axis]);
        [u - 0.5 * v, u + 0.5 * v]
    }

    /// The density between four middles, bilinearly; that of the border outside.
    fn at(&self, point: [f64; 2]) -> f64 {
        let place = |axis: usize| {
            let position = (point[axis] - self.low[axis]) / self.step[axis] - 0.5;
            let position = position.clamp(0.0, (N_CELLS[axis] - 1) as f64);
            let below = (position as usize).min(N_CELLS[axis] - 2);
            (below, position - below as f64)
        };
        let ((i, s), (j, t)) = (place(0), place(1));
        let value = |i: usize, j: usize| self.values[i * N_CELLS[1] + j];
        (1.0 - s) * ((1.0 - t) * value(i, j) + t * value(i, j + 1))
            + s * ((1.0 - t) * value(i + 1, j) + t * value(i + 1, j + 1))
    }
}

/// An edge between the middles of neighbouring cells, from `(i, j)` along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    i: usize,
    j: usize,
    axis: usize,
}

/// The mean of both values, and their difference.
fn along_and_across([x, y]: [f64; 2]) -> [f64; 2] {
    [0.5 * (x + y), y - x]
}

/// Mean and standard deviation.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// A normal of a width in cells, from its middle out, with a sum of 1 over both sides.
fn kernel(width: f64) -> Vec<f64> {
    let n = (REACH * width).ceil() as usize;
    let mut kernel: Vec<f64> = (0..=n).map(|k| (-0.5 * (k as f64 / width).powi(2)).exp()).collect();
    let sum = 2.0 * kernel.iter().sum::<f64>() - kernel[0];
    kernel.iter_mut().for_each(|weight| *weight /= sum);
    kernel
}

/// The values smoothed along an axis; nothing comes in from outside.
fn smoothed(values: &[f64], kernel: &[f64], axis: usize) -> Vec<f64> {
    let n = N_CELLS[axis];
    let stride = if axis == 0 { N_CELLS[1] } else { 1 };
    let mut smooth = vec![0.0; values.len()];
    for (index, value) in values.iter().enumerate().filter(|(_, value)| **value != 0.0) {
        let place = index / stride % n;
        for (k, weight) in kernel.iter().enumerate() {
            if place + k < n {
                smooth[index + k * stride] += weight * value;
            }
            if k > 0 && place >= k {
                smooth[index - k * stride] += weight * value;
            }
        }
    }
    smooth
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal across the line, even along it: both by quantiles, so that nothing is random.
    fn points(n: usize, sigma: f64) -> Vec<[f64; 2]> {
        let normal = |share: f64| {
            // Tukey's lambda, within 0.01 of the normal quantile where it matters.
            (share.powf(0.1349) - (1.0 - share).powf(0.1349)) / 0.1975
        };
        (0..n)
            .map(|k| {
                let share = ((k as f64 + 0.5) * 0.618_033_988_749).fract();
                let (u, v) = (2.0 * (k as f64 + 0.5) / n as f64, sigma * normal(share));
                [u - 0.5 * v, u + 0.5 * v]
            })
            .collect()
    }

    #[test]
    fn a_contour_holds_its_share_of_the_points() {
        let points = points(4000, 0.05);
        let density = Density::of(&points).unwrap();
        for share in [0.68, 0.95] {
            let level = density.level(&points, share);
            let above = points.iter().filter(|&&point| density.at(along_and_across(point)) > level).count();
            assert!((above as f64 / 4000.0 - share).abs() < 0.01);
            let lines = density.lines(level);
            assert_eq!(lines.len(), 1, "one region, one line");
            let line = &lines[0];
            assert_eq!(line.first(), line.last(), "it is closed");
            // By the winding number, as many points are inside as above.
            let inside = points.iter().filter(|&&point| is_inside(point, line)).count();
            assert!((inside as f64 / 4000.0 - share).abs() < 0.02, "{share}: {inside}");
        }
    }

    /// Whether a ray from the point crosses the line an odd number of times.
    fn is_inside([x, y]: [f64; 2], line: &[[f64; 2]]) -> bool {
        let crosses = |pair: &&[[f64; 2]]| {
            let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
            (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
        };
        line.windows(2).filter(crosses).count() % 2 == 1
    }

    #[test]
    fn two_clouds_have_two_lines() {
        let mut both = points(500, 0.05);
        both.extend(points(500, 0.05).iter().map(|[x, y]| [x + 20.0, y + 20.0]));
        let density = Density::of(&both).unwrap();
        // The width along the line is that of both clouds together, so the level is taken high.
        let lines = density.lines(density.level(&both, 0.5));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn points_without_extent_have_no_density() {
        assert!(Density::of(&[]).is_none());
        assert!(Density::of(&[[1.0, 1.0]; 50]).is_none());
        // On the line: none across.
        assert!(Density::of(&[[1.0, 1.0], [2.0, 2.0]]).is_none());
    }
}
