//! The sums of lambda_R over the pixels of a map, several at a time.

use galmass_core::simd::{Work, dispatch};

use super::{KinematicMaps, Radii, SpinConfig, Systemic};

/// Pixels side by side.
const LANES: usize = 8;
/// Speeds this much smaller than one in the unit of the maps lose digits in their squares.
const SLOWEST: f64 = 1e-100;

/// What the pixels of a map add up to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    pub(super) n_pixels: usize,
    pub(super) left_out: bool,
    pub(super) systemic_km_s: f64,
    /// `sum F R |V|`.
    pub(super) ordered: f64,
    /// `sum F R sqrt(V^2 + sigma^2)`.
    pub(super) all: f64,
}

/// The sums, or `None` where there is nothing to sum, where a number is so large or small that its square would not do,
/// and for maps that are not row by row in memory.
pub(super) fn sum(maps: &KinematicMaps<'_>, radius_kpc: f64, config: &SpinConfig) -> Option<Sums> {
    let light = maps.light.as_slice()?;
    let count = match maps.count {
        Some(count) => Some(count.values().as_slice()?),
        None => None,
    };
    let grid = maps.velocity.grid();
    let sums = dispatch(Add {
        light,
        velocity: maps.velocity.values().as_slice()?,
        dispersion: maps.dispersion.values().as_slice()?,
        count,
        centres: &(0..grid.n_px()).map(|index| grid.centre_kpc(index)).collect::<Vec<_>>(),
        axes: config.radii.axes(),
        radius: radius_kpc,
        // Without counts each pixel has enough.
        fewest: if count.is_some() { config.min_count as f64 } else { f64::NEG_INFINITY },
        more_than: if count.is_some() && config.correct_sparse { 1.0 } else { f64::NEG_INFINITY },
        systemic: config.systemic,
    });
    let (of_speeds, of_weights) = (sums.all, sums.weight);
    let safe = of_speeds.is_finite()
        && of_weights > SLOWEST
        && of_weights.is_finite()
        && of_speeds > SLOWEST * of_weights
        && sums.sums.systemic_km_s.is_finite();
    safe.then_some(sums.sums)
}

struct Added {
    sums: Sums,
    all: f64,
    weight: f64,
}

struct Add<'a> {
    light: &'a [f64],
    velocity: &'a [f64],
    dispersion: &'a [f64],
    count: Option<&'a [f64]>,
    centres: &'a [f64],
    axes: [[f64; 2]; 2],
    radius: f64,
    fewest: f64,
    more_than: f64,
    systemic: Systemic,
}

/// Pixels side by side; all is 0 where one does not count.
struct Pixels {
    light: [f64; LANES],
    radius: [f64; LANES],
    velocity: [f64; LANES],
    dispersion: [f64; LANES],
    count: [f64; LANES],
    counted: [f64; LANES],
    left_out: [f64; LANES],
}

impl Work for Add<'_> {
    type Output = Added;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Added {
        let n = self.centres.len();
        let mut sums = [[0.0; LANES]; 4];
        for row in 0..n {
            for column in (0..n).step_by(LANES) {
                let pixels = self.pixels(row, column);
                let moving = times(pixels.light, pixels.velocity);
                for (sum, more) in
                    sums.iter_mut().zip([pixels.counted, pixels.left_out, pixels.light, moving])
                {
                    add(sum, more);
                }
            }
        }
        let [counted, left_out, light, moving] = sums.map(|lanes| lanes.iter().sum::<f64>());
        let systemic_km_s = match self.systemic {
            Systemic::KilometrePerSecond(velocity) => velocity,
            Systemic::LightWeighted => moving / light,
        };

        let corrected = if self.more_than > 0.0 { 1.0 } else { 0.0 };
        let mut sums = [[0.0; LANES]; 3];
        for row in 0..n {
            for column in (0..n).step_by(LANES) {
                let pixels = self.pixels(row, column);
                let weights = times(pixels.light, pixels.radius);
                let random = times(pixels.dispersion, pixels.dispersion);
                let squares = pixels.velocity.map(|v| (v - systemic_km_s) * (v - systemic_km_s));
                let mut noise = [0.0; LANES];
                for (noise, (random, count)) in noise.iter_mut().zip(random.iter().zip(pixels.count)) {
                    *noise = corrected * random / (count - 1.0);
                }
                let (mut ordered, mut all) = (squares, squares);
                for (square, noise) in ordered.iter_mut().zip(noise) {
                    *square = (*square - noise).max(0.0).sqrt();
                }
                for (square, random) in all.iter_mut().zip(random) {
                    *square = (*square + random).sqrt();
                }
                add(&mut sums[0], times(weights, ordered));
                add(&mut sums[1], times(weights, all));
                add(&mut sums[2], weights);
            }
        }
        let [ordered, all, weight] = sums.map(|lanes| lanes.iter().sum::<f64>());
        let (n_pixels, left_out) = (counted as usize, left_out > 0.0);
        Added { sums: Sums { n_pixels, left_out, systemic_km_s, ordered, all }, all, weight }
    }
}

impl Add<'_> {
    #[inline(always)]
    fn pixels(&self, row: usize, column: usize) -> Pixels {
        let n = self.centres.len();
        let (from, to) = (row * n + column, row * n + (column + LANES).min(n));
        let (light, velocity) = (take(self.light, from, to), take(self.velocity, from, to));
        let dispersion = take(self.dispersion, from, to);
        // Without a map of counts any number does.
        let count = self.count.map_or([2.0; LANES], |count| take(count, from, to));
        let rights = take(self.centres, column, (column + LANES).min(n));
        let up = self.centres[row];
        let mut pixels = Pixels {
            light: [0.0; LANES],
            radius: [0.0; LANES],
            velocity: [0.0; LANES],
            dispersion: [0.0; LANES],
            count: [0.0; LANES],
            counted: [0.0; LANES],
            left_out: [0.0; LANES],
        };
        for lane in 0..LANES {
            let [along, across] = self.axes.map(|[a, b]| a * rights[lane] + b * up);
            let radius = (along * along + across * across).sqrt();
            let (f, v, s, n) = (light[lane], velocity[lane], dispersion[lane], count[lane]);
            // Not short-circuited, which no vector can.
            let lit = (radius <= self.radius) & (f != 0.0);
            let known = (f > 0.0) & (f < f64::INFINITY) & (v.abs() < f64::INFINITY);
            let spread = (0.0..f64::INFINITY).contains(&s);
            let enough = (n >= self.fewest) & (n > self.more_than);
            let counts = lit & known & spread & enough;
            pixels.light[lane] = if counts { f } else { 0.0 };
            pixels.radius[lane] = if counts { radius } else { 0.0 };
            pixels.velocity[lane] = if counts { v } else { 0.0 };
            pixels.dispersion[lane] = if counts { s } else { 0.0 };
            pixels.count[lane] = if counts { n } else { 2.0 };
            pixels.counted[lane] = if counts { 1.0 } else { 0.0 };
            pixels.left_out[lane] = if lit & !counts { 1.0 } else { 0.0 };
        }
        pixels
    }
}

#[inline(always)]
fn add(sums: &mut [f64; LANES], terms: [f64; LANES]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

#[inline(always)]
fn times(mut a: [f64; LANES], b: [f64; LANES]) -> [f64; LANES] {
    for (a, b) in a.iter_mut().zip(b) {
        *a *= b;
    }
    a
}

/// So many values side by side, 0 behind the last of them.
#[inline(always)]
fn take(values: &[f64], from: usize, to: usize) -> [f64; LANES] {
    match <[f64; LANES]>::try_from(&values[from..to]) {
        Ok(lanes) => lanes,
        Err(_) => {
            let mut lanes = [0.0; LANES];
            lanes[..to - from].copy_from_slice(&values[from..to]);
            lanes
        }
    }
}

impl Radii {
    /// The rows of the matrix whose product with a place on the sky has the radius as its length.
    fn axes(&self) -> [[f64; 2]; 2] {
        match *self {
            Self::Circular => [[1.0, 0.0], [0.0, 1.0]],
            Self::Elliptical { axis_ratio, position_angle_deg } => {
                let (sine, cosine) = position_angle_deg.to_radians().sin_cos();
                [[cosine, sine], [-sine / axis_ratio, cosine / axis_ratio]]
            }
        }
    }
}
