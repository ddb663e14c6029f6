//! The rungs of the ladder without any art: slow, and what the fast ones are held to.

use std::f64::consts::PI;
use std::sync::LazyLock;

use galmass_core::{Map, PixelGrid, SupportRadius, Unit};
use ndarray::Array2;

use super::{DepositConfig, Scheme, check};
use crate::kernel::Kernel;
use crate::quadrature::gauss_legendre;
use crate::{ProjectError, View};

/// Quadrature points along each piece of an integral.
const POINTS: usize = 24;

/// Makes the map that [`deposit`](crate::deposit()) makes, pixel by pixel from the definition.
///
/// For [`Scheme::Exact`] this is the quadrature of the closed-form kernel over each pixel. The integral is nested. Each
/// of the two is cut where the integrand has no smooth derivatives: at the circles at which the kernel changes its
/// piece (for splines R = H / 2) or ends, and at the axes through the particle. On a piece, 24 Gauss-Legendre
/// points in the angle of a half circle over it take the half-integer powers at the cuts for polynomials. The result is
/// good to about 1e-12 of the light of a particle in each pixel.
///
/// [`Scheme::Nearest`] asks the mesh for the pixel of each particle, [`Scheme::Scatter`] evaluates the closed form at
/// each centre of a pixel; of a periodic box every image is tried that is not too far away.
///
/// This is the oracle of the tests. The cost is some 0.05 ms for each particle and pixel that meet.
///
/// # Errors
/// As [`deposit`](crate::deposit()), but for the limit of the number of images, which this function does not have.
///
/// # Examples
/// ```
/// use galmass_core::{PixelGrid, SupportRadius, Unit};
/// use galmass_project::{Axis, DepositConfig, View, reference};
///
/// let support = [SupportRadius::from_nth_neighbour(0.5)];
/// let grid = PixelGrid::new(2, 1.0)?;
/// let view = View::along(Axis::Z);
/// let config = DepositConfig::default();
/// let map = reference::deposit(&[[0.0; 3]], &[4.0], &support, &view, grid, Unit::SolarMass, &config)?;
/// assert!(map.values().iter().all(|light| (light - 1.0).abs() < 1e-9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn deposit(
    positions_kpc: &[[f64; 3]],
    weights: &[f64],
    support: &[SupportRadius],
    view: &View,
    grid: PixelGrid,
    unit: Unit,
    config: &DepositConfig,
) -> Result<Map, ProjectError> {
    check(positions_kpc, weights, support, grid)?;
    config.check()?;
    let mut image = Array2::zeros((grid.n_px(), grid.n_px()));
    for ((&position, &weight), support) in positions_kpc.iter().zip(weights).zip(support) {
        for place in images(position, support.kpc(), view, grid, config) {
            match config.scheme {
                Scheme::Nearest => add_point(&mut image, grid, place, weight),
                Scheme::Scatter => add_samples(&mut image, grid, place, support.kpc(), weight, config.kernel),
                Scheme::Exact | Scheme::Fast => {
                    add_integrals(&mut image, grid, place, support.kpc(), weight, config.kernel)
                }
            }
        }
    }
    Ok(Map::new(grid, unit, image)?)
}

/// The places in the plane of the images of a particle that are seen, and of some that are not.
fn images(
    position: [f64; 3],
    support: f64,
    view: &View,
    grid: PixelGrid,
    config: &DepositConfig,
) -> Vec<[f64; 2]> {
    let depth = config.depth_kpc.or(config.box_size_kpc.map(|side| [-0.5 * side, 0.5 * side]));
    let [near, far] = depth.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    let side = config.box_size_kpc.unwrap_or(0.0);
    // How far any image that is seen can be from the particle, in boxes.
    let length = |vector: [f64; 3]| vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    let reach =
        length([grid.half_width_kpc() + support, grid.half_width_kpc() + support, near.abs().max(far.abs())]);
    let most = if side > 0.0 { ((length(position) + reach) / side).ceil() as i32 } else { 0 };
    let mut places = Vec::new();
    for x in -most..=most {
        for y in -most..=most {
            for z in -most..=most {
                let shift = [x, y, z].map(|steps| side * f64::from(steps));
                let image = std::array::from_fn(|axis| position[axis] + shift[axis]);
                if near <= view.depth(image) && view.depth(image) < far {
                    places.push(view.plane(image));
                }
            }
        }
    }
    places
}

fn add_point(image: &mut Array2<f64>, grid: PixelGrid, [x, y]: [f64; 2], weight: f64) {
    if let (Some(row), Some(column)) = (grid.pixel_of(y), grid.pixel_of(x)) {
        image[[row, column]] += weight;
    }
}

fn add_samples(
    image: &mut Array2<f64>,
    grid: PixelGrid,
    [x, y]: [f64; 2],
    support: f64,
    weight: f64,
    kernel: Kernel,
) {
    if support == 0.0 {
        return;
    }
    let supports_per_px = grid.pixel_size_kpc() / support;
    for ((row, column), light) in image.indexed_iter_mut() {
        let (dx, dy) = (grid.centre_kpc(column) - x, grid.centre_kpc(row) - y);
        *light += weight * kernel.projected(dx.hypot(dy) / support) * supports_per_px * supports_per_px;
    }
}

fn add_integrals(
    image: &mut Array2<f64>,
    grid: PixelGrid,
    [x, y]: [f64; 2],
    support: f64,
    weight: f64,
    kernel: Kernel,
) {
    if support == 0.0 {
        return add_point(image, grid, [x, y], weight);
    }
    let pixel = |index: usize, centre: f64| {
        let edge = |index| ((grid.edge_kpc(index) - centre) / support).clamp(-1.0, 1.0);
        [edge(index), edge(index + 1)]
    };
    let meets = |[low, high]: [f64; 2]| low < high;
    for row in (0..grid.n_px()).filter(|&row| meets(pixel(row, y))) {
        for column in (0..grid.n_px()).filter(|&column| meets(pixel(column, x))) {
            image[[row, column]] += weight * light_in(kernel, pixel(column, x), pixel(row, y));
        }
    }
}

/// The integral of the projected kernel of support 1 over a rectangle around the origin or beside it.
fn light_in(kernel: Kernel, [left, right]: [f64; 2], [low, high]: [f64; 2]) -> f64 {
    let circles = || kernel.breaks().iter().copied().chain([1.0]);
    let mut cuts = vec![0.0];
    for circle in circles() {
        cuts.push(circle);
        cuts.extend([left, right].map(|x| half_chord(circle, x)));
    }
    in_pieces(low, high, &cuts, |y| {
        let mut cuts = vec![0.0];
        cuts.extend(circles().map(|circle| half_chord(circle, y)));
        in_pieces(left, right, &cuts, |x| kernel.projected(x.hypot(y)))
    })
}

/// Half the length of the chord of a circle at a distance from its centre; 0 outside.
fn half_chord(radius: f64, distance: f64) -> f64 {
    (radius * radius - distance * distance).max(0.0).sqrt()
}

/// The integral of a function from `low` to `high`, cut at `cuts` and their negatives.
fn in_pieces(low: f64, high: f64, cuts: &[f64], mut function: impl FnMut(f64) -> f64) -> f64 {
    let mut ends = vec![low, high];
    ends.extend(cuts.iter().flat_map(|&cut| [cut, -cut]).filter(|&cut| low < cut && cut < high));
    ends.sort_by(f64::total_cmp);
    ends.windows(2).map(|piece| over_half_circle(piece[0], piece[1], &mut function)).sum()
}

/// The integral over one piece, with x = middle - half cos(angle).
fn over_half_circle(low: f64, high: f64, function: &mut impl FnMut(f64) -> f64) -> f64 {
    /// The cosine of each angle, and its weight times its sine.
    static ANGLES: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(|| {
        gauss_legendre::<POINTS>().map(|(t, weight)| {
            let (sin, cos) = (PI * t).sin_cos();
            (cos, PI * weight * sin)
        })
    });
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    half * ANGLES.iter().map(|(cos, weight)| weight * function(middle - half * cos)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_that_tile_a_kernel_hold_all_of_it() {
        for kernel in Kernel::ALL {
            for n_px in [1, 2, 3, 5, 8] {
                let edge = |index: usize| -1.0 + 2.0 * index as f64 / n_px as f64;
                let mut total = 0.0;
                for row in 0..n_px {
                    for column in 0..n_px {
                        let (x, y) = ([edge(column), edge(column + 1)], [edge(row), edge(row + 1)]);
                        total += light_in(kernel, x, y);
                    }
                }
                assert!((total - 1.0).abs() < 1e-11, "{kernel:?}, {n_px} pixels: {:e}", total - 1.0);
            }
        }
    }

    #[test]
    fn a_rectangle_and_its_halves_hold_the_same() {
        for kernel in Kernel::ALL {
            let light = |x: [f64; 2]| light_in(kernel, x, [-0.35, 0.45]);
            let (whole, halves) = (light([0.1, 0.9]), light([0.1, 0.537]) + light([0.537, 0.9]));
            assert!((whole - halves).abs() < 1e-11, "{kernel:?}: {whole} {halves}");
        }
    }

    #[test]
    fn a_small_rectangle_holds_its_area_times_the_kernel() {
        for kernel in Kernel::ALL {
            let light = light_in(kernel, [0.3, 0.3 + 1e-6], [0.2, 0.2 + 1e-6]);
            let density = kernel.projected((0.3f64 + 5e-7).hypot(0.2 + 5e-7));
            assert!((light / (density * 1e-12) - 1.0).abs() < 1e-9, "{kernel:?}");
        }
    }

    #[test]
    fn the_images_of_a_particle_are_a_box_apart() {
        let grid = PixelGrid::new(4, 1.0).unwrap();
        let config = DepositConfig { box_size_kpc: Some(2.0), ..DepositConfig::default() };
        let mut places = images([0.5, -0.25, 9.0], 0.0, &View::along(crate::Axis::Z), grid, &config);
        places.retain(|place| place.iter().all(|x| x.abs() < 3.0));
        places.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        let columns = [-1.5, 0.5, 2.5];
        let rows = [-2.25, -0.25, 1.75];
        let expected: Vec<_> = columns.iter().flat_map(|&x| rows.map(|y| [x, y])).collect();
        assert_eq!(places, expected);
    }
}
