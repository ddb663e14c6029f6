//! What a caller can get wrong, and the checks that find it.

use galmass_core::{MapError, SupportRadius};
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
    /// The image does not fit its mesh.
    #[error(transparent)]
    Map(#[from] MapError),
}

pub(crate) fn check_length(column: &'static str, expected: usize, found: usize) -> Result<(), ProjectError> {
    if expected == found { Ok(()) } else { Err(ProjectError::LengthMismatch { column, expected, found }) }
}

pub(crate) fn check_vectors(column: &'static str, vectors: &[[f64; 3]]) -> Result<(), ProjectError> {
    for (index, vector) in vectors.iter().enumerate() {
        if let Some(&value) = vector.iter().find(|value| !value.is_finite()) {
            return Err(ProjectError::NotFinite { column, index, value });
        }
    }
    Ok(())
}

pub(crate) fn check_weights(weights: &[f64]) -> Result<(), ProjectError> {
    check_not_negative("weights", weights.iter().copied())
}

pub(crate) fn check_support(support: &[SupportRadius]) -> Result<(), ProjectError> {
    check_not_negative("support", support.iter().map(|radius| radius.kpc()))
}

/// Finite and not below zero, or the first value that is not.
fn check_not_negative(column: &'static str, values: impl Iterator<Item = f64>) -> Result<(), ProjectError> {
    for (index, value) in values.enumerate() {
        if !value.is_finite() {
            return Err(ProjectError::NotFinite { column, index, value });
        }
        if value < 0.0 {
            return Err(ProjectError::Negative { column, index, value });
        }
    }
    Ok(())
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
