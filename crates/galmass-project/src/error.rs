//! What a caller can get wrong, and the checks that find it.

use galmass_core::{GridError, MapError, PixelGrid, SupportRadius, Unit};
use rayon::prelude::*;
use thiserror::Error;

/// A projection that cannot be made: columns of unlike length, a value that is no number, axes that are no axes.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// Two columns describe different numbers of particles.
    #[error("column `{column}` has {found} rows where the positions have {expected}")]
    LengthMismatch {
        /// The column that does not fit.
        column: &'static str,
        /// The number of positions.
        expected: usize,
        /// The number of rows found.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("column `{column}` holds {value} at index {index}")]
    NotFinite {
        /// The column of the value.
        column: &'static str,
        /// The first particle concerned.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A value is below zero where only zero and above make sense.
    #[error("column `{column}` holds the negative value {value} at index {index}")]
    Negative {
        /// The column of the value.
        column: &'static str,
        /// The first particle concerned.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// The distance to the zeroth neighbour was asked for.
    #[error("a support radius needs at least one neighbour")]
    NoNeighbours,
    /// The side of a periodic box is not above zero, or no number.
    #[error("a periodic box cannot have a side of {box_size_kpc} kpc")]
    NoBox {
        /// The side asked for.
        box_size_kpc: f64,
    },
    /// The axes of a view are not of unit length, or not at right angles.
    #[error(
        "the axes of a view have lengths {right_length} and {up_length} and the scalar product {cosine}, \
         where 1, 1 and 0 are needed"
    )]
    NotOrthonormal {
        /// The length of the axis to the right.
        right_length: f64,
        /// The length of the axis upwards.
        up_length: f64,
        /// Their scalar product.
        cosine: f64,
    },
    /// A vector that should point somewhere is zero, or no number.
    #[error("the vector ({}, {}, {}) has no direction", .vector[0], .vector[1], .vector[2])]
    NoDirection {
        /// What was found.
        vector: [f64; 3],
    },
    /// The angle of a rotation is NaN or infinite.
    #[error("a view cannot be rotated by {radians} radians")]
    BadAngle {
        /// What was asked for.
        radians: f64,
    },
    /// The side of a periodic box is not a positive, finite length.
    #[error("the side of a periodic box is {box_size_kpc} kpc, not a positive length")]
    BadBoxSize {
        /// What was asked for.
        box_size_kpc: f64,
    },
    /// The limits of a depth are reversed, equal or NaN.
    #[error("the depth from {near_kpc} to {far_kpc} kpc is not a range")]
    BadDepth {
        /// The near limit.
        near_kpc: f64,
        /// The far limit.
        far_kpc: f64,
    },
    /// The field, its depth or a kernel spans too many periodic boxes.
    #[error("{n_images} images of the periodic box could reach the field, where {limit} are the most")]
    TooManyImages {
        /// How many there are, infinity for an infinite depth.
        n_images: f64,
        /// The most that are tried.
        limit: usize,
    },
    /// The mesh has too many pixels for an image in memory.
    #[error("an image of {n_px} pixels a side is too large, {limit} are the most")]
    TooManyPixels {
        /// Pixels a side asked for.
        n_px: usize,
        /// The most a side.
        limit: usize,
    },
    /// Pixels cannot be added up to so many larger ones.
    #[error("{n_px} pixels a side cannot be added up to {into_px}, which does not divide them")]
    NotADivisor {
        /// Pixels a side of the map.
        n_px: usize,
        /// Pixels a side asked for.
        into_px: usize,
    },
    /// The values of a map are no amounts, so that they cannot be added up or shared out.
    #[error("a map in {unit} does not hold amounts that add up over pixels")]
    NotAnAmount {
        /// The unit of the map.
        unit: Unit,
    },
    /// A map is in another unit than is needed.
    #[error("the {map} map is in {found}, not in {expected}")]
    WrongUnit {
        /// The map concerned.
        map: &'static str,
        /// The unit needed.
        expected: Unit,
        /// The unit found.
        found: Unit,
    },
    /// Two maps that belong together are on different meshes.
    #[error(
        "the maps are on different meshes, of {} pixels over +-{} kpc and {} pixels over +-{} kpc",
        .first.n_px(), .first.half_width_kpc(), .second.n_px(), .second.half_width_kpc()
    )]
    UnlikeGrids {
        /// The mesh of one.
        first: PixelGrid,
        /// The mesh of the other.
        second: PixelGrid,
    },
    /// The mesh cannot be.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A column that the source does not carry is needed.
    #[error("the particles have no column `{column}`, which is needed here")]
    MissingColumn {
        /// The column that is not there.
        column: &'static str,
    },
    /// A setting is outside the range in which it means something.
    #[error("`{setting}` is {value}, where {min} to {max} is needed")]
    SettingOutOfRange {
        /// The name of the setting.
        setting: &'static str,
        /// What was found.
        value: f64,
        /// The smallest value that is allowed.
        min: f64,
        /// The largest value that is allowed.
        max: f64,
    },
    /// What is seen is wider than the periodic box, so that particles would be seen more than once.
    #[error("the {what} of {extent_kpc} kpc is wider than the periodic box of {box_size_kpc} kpc")]
    WiderThanBox {
        /// The field or the depth.
        what: &'static str,
        /// Its width.
        extent_kpc: f64,
        /// The side of the box.
        box_size_kpc: f64,
    },
    /// The image does not fit its mesh.
    #[error(transparent)]
    Map(#[from] MapError),
}

pub(crate) fn check_length(column: &'static str, expected: usize, found: usize) -> Result<(), ProjectError> {
    if expected == found { Ok(()) } else { Err(ProjectError::LengthMismatch { column, expected, found }) }
}

pub(crate) fn check_vectors(column: &'static str, vectors: &[[f64; 3]]) -> Result<(), ProjectError> {
    if all_at_once(vectors.as_flattened(), |value: &f64| value.is_finite()) {
        return Ok(());
    }
    match vectors.as_flattened().iter().position(|value| !value.is_finite()) {
        Some(place) => {
            Err(ProjectError::NotFinite { column, index: place / 3, value: vectors[place / 3][place % 3] })
        }
        None => Ok(()),
    }
}

pub(crate) fn check_finite(column: &'static str, values: &[f64]) -> Result<(), ProjectError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ProjectError::NotFinite { column, index, value: values[index] }),
        None => Ok(()),
    }
}

pub(crate) fn check_weights(weights: &[f64]) -> Result<(), ProjectError> {
    check_not_negative("weights", weights, |&weight| weight)
}

pub(crate) fn check_support(support: &[SupportRadius]) -> Result<(), ProjectError> {
    check_not_negative("support", support, |radius| radius.kpc())
}

/// Finite and not below zero, or the first value that is not.
pub(crate) fn check_not_negative<T: Sync>(
    column: &'static str,
    items: &[T],
    value_of: impl Fn(&T) -> f64 + Sync,
) -> Result<(), ProjectError> {
    if all_at_once(items, |item| (0.0..=f64::MAX).contains(&value_of(item))) {
        return Ok(());
    }
    for (index, value) in items.iter().map(value_of).enumerate() {
        if !value.is_finite() {
            return Err(ProjectError::NotFinite { column, index, value });
        }
        if value < 0.0 {
            return Err(ProjectError::Negative { column, index, value });
        }
    }
    Ok(())
}

/// Whether something holds for all items. Without an exit on the way the loop takes vectors, and as columns are good as
/// a rule, which item is to blame is asked only if one is.
fn all_at_once<T: Sync>(items: &[T], holds: impl Fn(&T) -> bool + Sync) -> bool {
    items.par_chunks(1 << 14).all(|chunk| chunk.iter().fold(true, |all, item| all & holds(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_value_is_named_with_its_place() {
        let nan = check_weights(&[1.0, f64::NAN, -1.0]).unwrap_err();
        assert!(matches!(nan, ProjectError::NotFinite { column: "weights", index: 1, .. }));
        assert_eq!(
            check_weights(&[1.0, 0.0, -2.0]),
            Err(ProjectError::Negative { column: "weights", index: 2, value: -2.0 })
        );
        let infinite = check_support(&[SupportRadius::from_nth_neighbour(f64::INFINITY)]).unwrap_err();
        assert_eq!(infinite.to_string(), "column `support` holds inf at index 0");
        assert!(check_vectors("positions", &[[0.0; 3], [0.0, 0.0, f64::NEG_INFINITY]]).is_err());
    }

    #[test]
    fn minus_zero_is_zero() {
        assert_eq!(check_weights(&[-0.0]), Ok(()));
    }
}
