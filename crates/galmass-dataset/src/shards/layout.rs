//! What every sample of a set holds.

use serde::{Deserialize, Serialize};

use super::ShardError;

/// One array of each sample: its name, shape, unit and meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrayLayout {
    /// Its name: letters, digits and underscores, such as `velocity`.
    pub name: String,
    /// Its shape: `[row, column]` for a map, `[]` for a single number.
    pub shape: Vec<usize>,
    /// The unit, such as `km/s`; `1` for pure numbers.
    pub unit: String,
    /// One sentence on what it is.
    pub description: String,
}

impl ArrayLayout {
    /// The number of values of one sample; 1 for a single number.
    pub fn n_values(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The arrays of each sample, in order; names are unique and no array is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ArrayLayout>", into = "Vec<ArrayLayout>")]
pub struct SampleLayout {
    arrays: Vec<ArrayLayout>,
}

impl SampleLayout {
    /// A layout of the given arrays.
    ///
    /// # Errors
    /// [`ShardError`] for no array at all, a name that is empty, repeated or holds more than letters, digits and underscores, an
    /// array without a value or with more than memory can hold, a control character in a unit or description.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::{ArrayLayout, SampleLayout};
    ///
    /// let map = |name: &str, unit: &str| ArrayLayout {
    ///     name: name.into(),
    ///     shape: vec![48, 48],
    ///     unit: unit.into(),
    ///     description: "a map of 3 half-mass radii to each side".into(),
    /// };
    /// let layout = SampleLayout::new(vec![map("velocity", "km/s"), map("dispersion", "km/s")])?;
    /// assert_eq!(layout.n_values(), 2 * 48 * 48);
    /// let error = SampleLayout::new(vec![map("velocity", "km/s"), map("velocity", "km/s")]).unwrap_err();
    /// assert_eq!(error.to_string(), "array `velocity` is in the layout twice");
    /// # Ok::<(), galmass_dataset::ShardError>(())
    /// ```
    pub fn new(arrays: Vec<ArrayLayout>) -> Result<Self, ShardError> {
        if arrays.is_empty() {
            return Err(ShardError::NoArrays);
        }
        let mut total = Some(0_usize);
        for (index, array) in arrays.iter().enumerate() {
            let array_name = || array.name.clone();
            let usable = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if array.name.is_empty() || !array.name.chars().all(usable) {
                return Err(ShardError::BadArrayName { array: array_name() });
            }
            if arrays[..index].iter().any(|other| other.name == array.name) {
                return Err(ShardError::RepeatedArray { array: array_name() });
            }
            if [&array.unit, &array.description].iter().any(|text| text.chars().any(char::is_control)) {
                return Err(ShardError::ControlCharacter { array: array_name() });
            }
            let n_values = array.shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
            total = total.zip(n_values).and_then(|(total, n_values)| total.checked_add(n_values));
            if n_values == Some(0) || total.and_then(|total| total.checked_mul(size_of::<f32>())).is_none() {
                return Err(ShardError::BadShape { array: array_name(), shape: array.shape.clone() });
            }
        }
        Ok(Self { arrays })
    }

    /// The arrays, in order.
    pub fn arrays(&self) -> &[ArrayLayout] {
        &self.arrays
    }

    /// The number of values of one sample, all arrays together.
    pub fn n_values(&self) -> usize {
        self.arrays.iter().map(ArrayLayout::n_values).sum()
    }

    /// The place of an array in the order.
    ///
    /// # Errors
    /// [`ShardError::NoSuchArray`] naming those that are there.
    pub fn position(&self, name: &str) -> Result<usize, ShardError> {
        self.arrays.iter().position(|array| array.name == name).ok_or_else(|| ShardError::NoSuchArray {
            array: name.into(),
            present: self.arrays.iter().map(|array| array.name.clone()).collect(),
        })
    }
}

impl TryFrom<Vec<ArrayLayout>> for SampleLayout {
    type Error = ShardError;

    fn try_from(arrays: Vec<ArrayLayout>) -> Result<Self, ShardError> {
        Self::new(arrays)
    }
}

impl From<SampleLayout> for Vec<ArrayLayout> {
    fn from(layout: SampleLayout) -> Self {
        layout.arrays
    }
}
