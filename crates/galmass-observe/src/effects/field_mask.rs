//! What part of the sky an instrument covers.

use galmass_core::{Map, PixelGrid};
use ndarray::{Array2, Zip};
use serde::{Deserialize, Serialize};

use super::exposure::{AppliedTo, Exposure, with_values};
use super::length::{Length, Scales, check_range, square_radius};
use crate::ObserveError;

/// The outline of a field about the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FieldShape {
    /// A circle. `{"circle": {"radius": {"half-light-radii": 1.5}}}` keeps the spaxels within 1.5 half-light radii.
    Circle {
        /// The radius.
        radius: Length,
    },
    /// A regular hexagon, as the bundles of fibres of MaNGA are.
    Hexagon {
        /// From the centre to a corner, which is also the length of an edge: half the largest diameter that
        /// surveys quote.
        circumradius: Length,
        /// The angle of a corner from the axis to the right, anticlockwise \[degrees\], finite; default 0, with a
        /// corner on the right and one on the left, and flat edges above and below. 30 puts a corner on top.
        #[serde(default)]
        position_angle_deg: f64,
    },
}

/// A field mask: the instrument sees nothing outside its field.
///
/// A pixel belongs to the field if its centre lies inside the outline or on it. Outside, velocity and dispersion
/// become NaN; image, flux and count become 0; and the field itself is kept as
/// [`Exposure::image_field`] and [`Exposure::map_field`]. Two masks leave what both cover.
///
/// A field smaller than the pixel at the centre may cover none. A field without scale (half-light radii of a dark
/// image) covers nothing.
///
/// # Examples
/// ```
/// use galmass_observe::{Effect, FieldMaskConfig, FieldShape, Length};
///
/// let text = r#"{"field-mask": {"shape": {"hexagon": {"circumradius": {"half-light-radii": 1.5}}}}}"#;
/// let circumradius = Length::HalfLightRadii(1.5);
/// let shape = FieldShape::Hexagon { circumradius, position_angle_deg: 0.0 };
/// let mask: Effect = serde_json::from_str(text).unwrap();
/// assert_eq!(mask, Effect::FieldMask(FieldMaskConfig { shape, on: Default::default() }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMaskConfig {
    /// The outline.
    pub shape: FieldShape,
    /// What is masked; default both.
    #[serde(default)]
    pub on: AppliedTo,
}

impl FieldMaskConfig {
    pub(super) fn check(&self) -> Result<(), ObserveError> {
        match self.shape {
            FieldShape::Circle { radius } => radius.check("radius"),
            FieldShape::Hexagon { circumradius, position_angle_deg } => {
                circumradius.check("circumradius")?;
                check_range("position_angle_deg", position_angle_deg, f64::MIN, f64::MAX, "a finite angle")
            }
        }
    }

    pub(super) fn apply(&self, exposure: &mut Exposure, scales: &Scales) -> Result<(), ObserveError> {
        let observation = &mut exposure.observation;
        if self.on.image() {
            let field = self.field(observation.image.grid(), scales, exposure.image_field.take());
            observation.image = masked(&observation.image, &field, 0.0)?;
            exposure.image_noise =
                exposure.image_noise.take().map(|noise| masked(&noise, &field, f64::NAN)).transpose()?;
            exposure.image_field = Some(field);
        }
        if self.on.maps() {
            let field = self.field(observation.flux.grid(), scales, exposure.map_field.take());
            observation.velocity = masked(&observation.velocity, &field, f64::NAN)?;
            observation.dispersion = masked(&observation.dispersion, &field, f64::NAN)?;
            observation.count = masked(&observation.count, &field, 0.0)?;
            observation.flux = masked(&observation.flux, &field, 0.0)?;
            for known in [&mut exposure.flux_noise, &mut exposure.signal_to_noise] {
                *known = known.take().map(|map| masked(&map, &field, f64::NAN)).transpose()?;
            }
            exposure.map_field = Some(field);
        }
        Ok(())
    }

    fn field(&self, grid: PixelGrid, scales: &Scales, before: Option<Array2<bool>>) -> Array2<bool> {
        let inside: Box<dyn Fn((usize, usize)) -> bool> = match self.shape {
            FieldShape::Circle { radius } => {
                let square = radius.kpc(scales).powi(2);
                Box::new(move |pixel| square_radius(grid, pixel) <= square)
            }
            FieldShape::Hexagon { circumradius, position_angle_deg } => {
                let (sin60, cos60) = (0.75f64.sqrt(), 0.5);
                let apothem = circumradius.kpc(scales) * sin60;
                let (sin, cos) = position_angle_deg.to_radians().sin_cos();
                Box::new(move |(row, column)| {
                    let (x, y) = (grid.centre_kpc(column), grid.centre_kpc(row));
                    // With a corner on the axis the hexagon is the same in all four quadrants.
                    let (along, across) = ((cos * x + sin * y).abs(), (cos * y - sin * x).abs());
                    across <= apothem && sin60 * along + cos60 * across <= apothem
                })
            }
        };
        let mut field = Array2::from_shape_fn((grid.n_px(), grid.n_px()), inside);
        if let Some(before) = before {
            field.zip_mut_with(&before, |inside, &was| *inside &= was);
        }
        field
    }
}

fn masked(map: &Map, field: &Array2<bool>, outside: f64) -> Result<Map, ObserveError> {
    let values = Zip::from(map.values()).and(field).map_collect(
        |&value, &inside| {
            if inside { value } else { outside }
        },
    );
    with_values(map, values)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    const SCALES: Scales = Scales { half_mass_radius_kpc: 2.0, half_light_radius_kpc: f64::NAN };

    fn field(shape: FieldShape, n_px: usize) -> Array2<bool> {
        let grid = PixelGrid::new(n_px, 3.0).unwrap();
        FieldMaskConfig { shape, on: AppliedTo::Both }.field(grid, &SCALES, None)
    }

    fn area(field: &Array2<bool>) -> f64 {
        field.iter().filter(|&&inside| inside).count() as f64 * (6.0 / field.nrows() as f64).powi(2)
    }

    #[test]
    fn fields_have_the_area_of_their_outline() {
        let circle = field(FieldShape::Circle { radius: Length::HalfMassRadii(1.25) }, 600);
        assert!((area(&circle) / (PI * 6.25) - 1.0).abs() < 2e-3, "{}", area(&circle));
        for position_angle_deg in [0.0, 17.0, 30.0, -60.0] {
            let hexagon = FieldShape::Hexagon { circumradius: Length::Kpc(2.5), position_angle_deg };
            let found = area(&field(hexagon, 600));
            assert!((found / (1.5 * 3f64.sqrt() * 6.25) - 1.0).abs() < 2e-3, "{found}");
        }
    }

    #[test]
    fn a_corner_lies_at_its_position_angle() {
        // Pixels of 0.1 kpc about (0.05 + 0.1 i): the corner at 2.5 kpc is inside on its axis, not across it.
        let hexagon =
            |position_angle_deg| FieldShape::Hexagon { circumradius: Length::Kpc(2.5), position_angle_deg };
        let right = field(hexagon(0.0), 60);
        assert!(right[[30, 53]] && !right[[53, 30]]);
        let top = field(hexagon(90.0), 60);
        assert!(top[[53, 30]] && !top[[30, 53]]);
        assert_eq!(top, field(hexagon(30.0), 60), "a hexagon looks the same after 60 degrees");
    }

    #[test]
    fn a_field_without_scale_covers_nothing() {
        assert_eq!(area(&field(FieldShape::Circle { radius: Length::HalfLightRadii(1.0) }, 10)), 0.0);
    }
}
