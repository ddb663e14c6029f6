//! A first idea of a galaxy from the moments of its image.

use super::data::Data;
use super::mesh::{Cell, Mesh};

/// Where the light is, how far it reaches and how it is drawn out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    /// x and y \[px\].
    pub(super) centre: [f64; 2],
    /// The radius of the circle that holds half of the light \[px\].
    pub(super) radius: f64,
    /// `-ln q (cos 2 PA, sin 2 PA)`.
    pub(super) shear: [f64; 2],
}

/// The image is searched for its brightest part in so many blocks a side.
const BLOCKS: usize = 24;

/// The second moments are those inside so many radii of half of the light.
const REACH: f64 = 2.5;

/// The least axis ratio to start from.
const THINNEST: f64 = 0.1;

/// A mesh is good enough for a centre that is not farther away \[px\].
const SAME_CENTRE: f64 = 1.0;

/// The moments of the light above the sky, and a mesh about the centre; `None` where there is no light.
pub(super) fn measure(data: &Data, sky: f64, means: bool) -> Option<(Moments, Mesh)> {
    let mut around = brightest_block(data, sky)?;
    let mut mesh = Mesh::around(data, around, means);
    let n_annuli = data.rows.max(data.columns) / 2 + 1;
    let mut centre = around;
    let mut radius = half_light_radius(mesh.cells(), sky, centre, n_annuli)?;
    for _ in 0..2 {
        let inside = Sum::inside(mesh.cells(), sky, centre, radius.max(2.0));
        if inside.light <= 0.0 {
            break;
        }
        centre = [centre[0] + inside.x / inside.light, centre[1] + inside.y / inside.light];
        centre = [centre[0].clamp(0.0, data.columns as f64), centre[1].clamp(0.0, data.rows as f64)];
        if (centre[0] - around[0]).hypot(centre[1] - around[1]) > SAME_CENTRE {
            around = centre;
            mesh = Mesh::around(data, around, means);
        }
    }
    radius = half_light_radius(mesh.cells(), sky, centre, n_annuli).unwrap_or(radius);
    let inside = Sum::inside(mesh.cells(), sky, centre, (REACH * radius).max(2.0));
    let [xx, xy, yy] = [inside.xx, inside.xy, inside.yy].map(|sum| sum / inside.light);
    let (mean, difference) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(xy));
    let ratio = ((mean - difference).max(0.0) / (mean + difference)).sqrt();
    let log = -ratio.clamp(THINNEST, 1.0).ln();
    let shear = if log > 0.0 && difference > 0.0 && mean > 0.0 {
        [log * 0.5 * (xx - yy) / difference, log * xy / difference]
    } else {
        [0.0; 2]
    };
    Some((Moments { centre, radius, shear }, mesh))
}

/// The median of the pixels along the edge of the image, or of all where those cannot be used.
pub(super) fn edge_level(data: &Data) -> f64 {
    let width = (data.rows.min(data.columns) / 16).max(1);
    let is_edge = |row: usize, column: usize| {
        row < width || row + width >= data.rows || column < width || column + width >= data.columns
    };
    for anywhere in [false, true] {
        let mut values: Vec<f64> = (0..data.rows)
            .flat_map(|row| (0..data.columns).map(move |column| (row, column)))
            .filter(|&(row, column)| anywhere || is_edge(row, column))
            .filter_map(|(row, column)| data.usable(row, column))
            .collect();
        if !values.is_empty() {
            let middle = values.len() / 2;
            return *values.select_nth_unstable_by(middle, f64::total_cmp).1;
        }
    }
    0.0
}

/// The middle of the block with the most light per usable pixel, of those half usable.
fn brightest_block(data: &Data, sky: f64) -> Option<[f64; 2]> {
    let side = (data.rows.min(data.columns) / BLOCKS).max(1);
    let mut best: Option<(f64, [f64; 2])> = None;
    for first_row in (0..data.rows).step_by(side) {
        let last_row = (first_row + side).min(data.rows);
        for first_column in (0..data.columns).step_by(side) {
            let last_column = (first_column + side).min(data.columns);
            let (mut light, mut n) = (0.0, 0);
            for row in first_row..last_row {
                for value in (first_column..last_column).filter_map(|column| data.usable(row, column)) {
                    light += value - sky;
                    n += 1;
                }
            }
            let mean = light / f64::from(n);
            let is_usable = 2 * n as usize >= (last_row - first_row) * (last_column - first_column);
            if is_usable && mean > 0.0 && best.is_none_or(|(most, _)| mean > most) {
                let middle =
                    [first_column + last_column, first_row + last_row].map(|twice| 0.5 * twice as f64);
                best = Some((mean, middle));
            }
        }
    }
    best.map(|(_, middle)| middle)
}

/// From the growth of the light with radius, each annulus filled up with its mean.
fn half_light_radius(cells: &[Cell], sky: f64, centre: [f64; 2], n_annuli: usize) -> Option<f64> {
    let (mut light, mut counts) = (vec![0.0; n_annuli], vec![0.0; n_annuli]);
    for cell in cells {
        let [dx, dy] = [cell.middle[0] - centre[0], cell.middle[1] - centre[1]];
        let annulus = (dx * dx + dy * dy).sqrt() as usize;
        if annulus < n_annuli {
            light[annulus] += cell.n_pixels * (cell.value - sky);
            counts[annulus] += cell.n_pixels;
        }
    }
    let mut grown = Vec::with_capacity(n_annuli);
    let (mut sum, mut level) = (0.0, 0.0);
    for (annulus, (light, count)) in light.iter().zip(&counts).enumerate() {
        if *count > 0.0 {
            level = light / count;
        }
        sum += level * (2 * annulus + 1) as f64;
        grown.push(sum);
    }
    let total = grown.iter().copied().fold(0.0, f64::max);
    let beyond = grown.iter().position(|sum| *sum >= 0.5 * total && total > 0.0)?;
    let before = if beyond == 0 { 0.0 } else { grown[beyond - 1] };
    let within = (0.5 * total - before) / (grown[beyond] - before).max(f64::MIN_POSITIVE);
    Some((beyond as f64 + within).max(0.5))
}

/// Moments of the light in a circle.
#[derive(Default)]
struct Sum {
    light: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sum {
    fn inside(cells: &[Cell], sky: f64, centre: [f64; 2], radius: f64) -> Self {
        let mut sum = Self::default();
        for cell in cells {
            let [dx, dy] = [cell.middle[0] - centre[0], cell.middle[1] - centre[1]];
            if dx * dx + dy * dy <= radius * radius {
                let light = cell.n_pixels * (cell.value - sky);
                sum.light += light;
                sum.x += light * dx;
                sum.y += light * dy;
                sum.xx += light * dx * dx;
                sum.xy += light * dx * dy;
                sum.yy += light * dy * dy;
            }
        }
        sum
    }
}
