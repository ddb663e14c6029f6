//! Lengths on the sky, each with its unit.

use galmass_core::{Map, PixelGrid};
use serde::{Deserialize, Serialize};

use crate::ObserveError;

/// A length on the sky, named with its unit in configurations: `{"kpc": 1.5}`, `{"half-mass-radii": 0.2}` or
/// `{"half-light-radii": 1.5}`.
///
/// An angle becomes a length at the distance D of the galaxy: 1 arcsec is 4.848 pc for each Mpc of D, so 2.5 arcsec
/// at 150 Mpc are 1.82 kpc.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Length {
    /// Kiloparsec.
    Kpc(f64),
    /// In units of the three-dimensional stellar half-mass radius R.
    HalfMassRadii(f64),
    /// In units of the radius of the circle about the origin that holds half of the light (or mass) of the image,
    /// before any effect: what an observer would call R_e. A dark image has none, and the length is NaN.
    HalfLightRadii(f64),
}

impl Length {
    /// Refuses a length that is not positive and finite.
    pub(super) fn check(self, setting: &'static str) -> Result<(), ObserveError> {
        let (Self::Kpc(value) | Self::HalfMassRadii(value) | Self::HalfLightRadii(value)) = self;
        check_range(setting, value, f64::MIN_POSITIVE, f64::MAX, "a positive, finite length")
    }

    /// The length in kpc.
    pub(super) fn kpc(self, scales: &Scales) -> f64 {
        match self {
            Self::Kpc(value) => value,
            Self::HalfMassRadii(value) => value * scales.half_mass_radius_kpc,
            Self::HalfLightRadii(value) => value * scales.half_light_radius_kpc,
        }
    }
}

/// The sizes of a galaxy that lengths may be measured by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    pub(super) half_mass_radius_kpc: f64,
    pub(super) half_light_radius_kpc: f64,
}

/// Refuses a value outside `[lowest, highest]`, and NaN.
pub(super) fn check_range(
    setting: &'static str,
    value: f64,
    lowest: f64,
    highest: f64,
    expected: &'static str,
) -> Result<(), ObserveError> {
    if (lowest..=highest).contains(&value) {
        Ok(())
    } else {
        Err(ObserveError::BadSetting { setting, value, expected })
    }
}

/// The squared distance of the centre of a pixel from the origin \[kpc^2\].
pub(super) fn square_radius(grid: PixelGrid, (row, column): (usize, usize)) -> f64 {
    grid.centre_kpc(row).powi(2) + grid.centre_kpc(column).powi(2)
}

/// The radius of the circle about the origin that holds half of the light of a map, by the centres of its pixels and
/// linearly between them; NaN for a dark map.
pub(super) fn half_light_radius_kpc(map: &Map) -> f64 {
    let grid = map.grid();
    // In half pixels the centres have odd or even whole coordinates, so that squared radii are whole numbers.
    let square = |(row, column): (usize, usize)| {
        [row, column].map(|index| (2 * index + 1).abs_diff(grid.n_px()).pow(2)).iter().sum::<usize>()
    };
    let mut rings = vec![0.0; square((0, 0)) + 1];
    for (pixel, &light) in map.values().indexed_iter() {
        rings[square(pixel)] += if light > 0.0 { light } else { 0.0 };
    }
    let half = 0.5 * rings.iter().sum::<f64>();
    let (mut inside, mut inner) = (0.0, 0.0);
    for (square, &light) in rings.iter().enumerate().filter(|&(_, &light)| light > 0.0) {
        let radius = 0.5 * grid.pixel_size_kpc() * (square as f64).sqrt();
        if inside + light >= half {
            return inner + (radius - inner) * (half - inside) / light;
        }
        inside += light;
        inner = radius;
    }
    f64::NAN
}

#[cfg(test)]
mod tests {
    use galmass_core::Unit;
    use ndarray::Array2;

    use super::*;

    #[test]
    fn half_of_a_uniform_disc_lies_inside_its_radius_over_root_two() {
        let grid = PixelGrid::new(401, 2.0).unwrap();
        let disc = Array2::from_shape_fn((401, 401), |pixel| f64::from(square_radius(grid, pixel) < 1.0));
        let disc = Map::new(grid, Unit::SolarLuminosity, disc).unwrap();
        let found = half_light_radius_kpc(&disc);
        assert!((found - 0.5f64.sqrt()).abs() < grid.pixel_size_kpc(), "{found}");
        let scales = Scales { half_mass_radius_kpc: 3.0, half_light_radius_kpc: found };
        assert_eq!(Length::HalfLightRadii(2.0).kpc(&scales), 2.0 * found);
        assert_eq!(Length::HalfMassRadii(2.0).kpc(&scales), 6.0);
        assert_eq!(Length::Kpc(2.0).kpc(&scales), 2.0);
    }

    #[test]
    fn a_dark_map_has_no_half_light_radius() {
        let dark = Map::new(PixelGrid::new(2, 1.0).unwrap(), Unit::SolarMass, Array2::zeros((2, 2))).unwrap();
        assert!(half_light_radius_kpc(&dark).is_nan());
    }

    #[test]
    fn only_positive_lengths_are_lengths() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Length::Kpc(value).check("fwhm").is_err(), "{value}");
        }
        assert_eq!(Length::HalfMassRadii(0.1).check("fwhm"), Ok(()));
    }
}
