//! Observations made of formulae, for the tests of several effects.

use galmass_core::{Map, PixelGrid, Unit};
use ndarray::Array2;

use crate::Observation;

/// What is observed at a point of the sky \[kpc\].
pub(super) struct Sky<'a> {
    pub(super) flux: &'a dyn Fn(f64, f64) -> f64,
    pub(super) velocity: &'a dyn Fn(f64, f64) -> f64,
    pub(super) dispersion: &'a dyn Fn(f64, f64) -> f64,
}

impl Sky<'_> {
    /// A map of `n_px` pixels of 1 kpc, with many stars in each lit pixel.
    pub(super) fn observe(&self, n_px: usize) -> Observation {
        let grid = PixelGrid::new(n_px, 0.5 * n_px as f64).unwrap();
        let map = |unit, of: &dyn Fn(f64, f64) -> f64| {
            let values = Array2::from_shape_fn((n_px, n_px), |(row, column)| {
                of(grid.centre_kpc(column), grid.centre_kpc(row))
            });
            Map::new(grid, unit, values).unwrap()
        };
        Observation {
            image: map(Unit::SolarLuminosity, self.flux),
            velocity: map(Unit::KilometrePerSecond, self.velocity),
            dispersion: map(Unit::KilometrePerSecond, self.dispersion),
            count: map(Unit::Count, &|x, y| if (self.flux)(x, y) > 0.0 { 100.0 } else { 0.0 }),
            flux: map(Unit::SolarLuminosity, self.flux),
            occupancy: map(Unit::Dimensionless, &|x, y| {
                f64::from(u8::from((self.velocity)(x, y).is_finite() && (self.dispersion)(x, y).is_finite()))
            }),
        }
    }
}

/// Row, column, flux and velocity.
pub(super) type Star = (usize, usize, f64, f64);

/// A map of stars, each alone in its pixel.
pub(super) fn lonely_stars(n_px: usize, stars: &[Star]) -> Observation {
    let mut observation =
        Sky { flux: &|_, _| 0.0, velocity: &|_, _| f64::NAN, dispersion: &|_, _| f64::NAN }.observe(n_px);
    let put = |map: &mut Map, of: &dyn Fn(&Star) -> f64| {
        let mut values = map.values().clone();
        for star in stars {
            values[[star.0, star.1]] = of(star);
        }
        *map = Map::new(map.grid(), map.unit(), values).unwrap();
    };
    put(&mut observation.image, &|star| star.2);
    put(&mut observation.flux, &|star| star.2);
    put(&mut observation.velocity, &|star| star.3);
    put(&mut observation.count, &|_| 1.0);
    observation
}

/// All maps as bits, for comparing what may be NaN.
pub(super) fn bits(observation: &Observation) -> Vec<u64> {
    let Observation { image, velocity, dispersion, count, occupancy, flux } = observation;
    let maps = [image, velocity, dispersion, count, occupancy, flux];
    maps.into_iter().flat_map(|map| map.values()).map(|value| value.to_bits()).collect()
}
