//! Kinematic maps of particles, each in the one pixel that holds it.

use galmass_core::{Map, MapError, PixelGrid, Unit};
use ndarray::Array2;

use super::KinematicMaps;

/// Light, velocities and numbers of particles by pixel.
#[derive(Clone, Debug)]
pub(crate) struct Binned {
    grid: PixelGrid,
    pixels: Vec<Pixel>,
}

/// The moments so far; updated one particle at a time about the mean, so that no digits of a small dispersion are lost.
#[derive(Clone, Copy, Debug, Default)]
struct Pixel {
    light: f64,
    mean: f64,
    squares: f64,
    count: u32,
}

/// The maps of [`Binned`].
#[derive(Clone, Debug)]
pub(crate) struct BinnedMaps {
    light: Array2<f64>,
    velocity: Map,
    dispersion: Map,
    count: Map,
}

impl Binned {
    pub(crate) fn new(grid: PixelGrid) -> Self {
        Self { grid, pixels: vec![Pixel::default(); grid.n_px() * grid.n_px()] }
    }

    /// Adds a particle at a place on the sky; light that is not above zero and finite does not count.
    pub(crate) fn add(&mut self, [right, up]: [f64; 2], light: f64, velocity_km_s: f64) {
        let (Some(column), Some(row)) = (self.grid.pixel_of(right), self.grid.pixel_of(up)) else { return };
        if !(light > 0.0 && light.is_finite()) {
            return;
        }
        let pixel = &mut self.pixels[row * self.grid.n_px() + column];
        pixel.light += light;
        let off = velocity_km_s - pixel.mean;
        pixel.mean += off * (light / pixel.light);
        pixel.squares += light * off * (velocity_km_s - pixel.mean);
        pixel.count += 1;
    }

    pub(crate) fn maps(&self) -> Result<BinnedMaps, MapError> {
        let n_px = self.grid.n_px();
        let array = |value: fn(&Pixel) -> f64| {
            Array2::from_shape_fn((n_px, n_px), |(row, column)| value(&self.pixels[row * n_px + column]))
        };
        let map = |unit, value| Map::new(self.grid, unit, array(value));
        Ok(BinnedMaps {
            light: array(|pixel| pixel.light),
            velocity: map(
                Unit::KilometrePerSecond,
                |pixel| {
                    if pixel.count > 0 { pixel.mean } else { f64::NAN }
                },
            )?,
            dispersion: map(Unit::KilometrePerSecond, |pixel| (pixel.squares / pixel.light).sqrt())?,
            count: map(Unit::Count, |pixel| f64::from(pixel.count))?,
        })
    }
}

impl BinnedMaps {
    pub(crate) fn kinematic(&self) -> KinematicMaps<'_> {
        let Self { light, velocity, dispersion, count } = self;
        KinematicMaps { light, velocity, dispersion, count: Some(count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_hold_the_moments_of_their_particles() {
        let mut binned = Binned::new(PixelGrid::new(2, 1.0).unwrap());
        // Three parts of the light at 100 km/s, one at -100 km/s, far from rest.
        binned.add([0.5, -0.5], 3.0, 1e6 + 100.0);
        binned.add([0.6, -0.4], 1.0, 1e6 - 100.0);
        binned.add([-0.5, 0.5], 2.0, 7.0);
        binned.add([1.0, 0.5], 9.0, 9.0); // on the upper edge of the field: outside
        binned.add([0.5, 0.5], f64::NAN, 9.0);
        binned.add([0.5, 0.5], 0.0, 9.0);
        let maps = binned.maps().unwrap();
        let KinematicMaps { light, velocity, dispersion, count } = maps.kinematic();
        assert_eq!(*light, ndarray::array![[0.0, 4.0], [2.0, 0.0]]);
        let (velocity, dispersion) = (velocity.values(), dispersion.values());
        assert!((velocity[[0, 1]] - (1e6 + 50.0)).abs() < 1e-9 && velocity[[1, 0]] == 7.0);
        assert!((dispersion[[0, 1]] - 7500.0_f64.sqrt()).abs() < 1e-6 && dispersion[[1, 0]] == 0.0);
        assert!(velocity[[1, 1]].is_nan() && dispersion[[1, 1]].is_nan());
        assert_eq!(count.map(|count| count.sum()), Some(3.0));
    }
}
