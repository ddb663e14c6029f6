//! Sets of categories.

use serde::{Deserialize, Serialize};

/// A set of categories, the integers from 0 on: a bit for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategorySet {
    words: Vec<u32>,
}

impl CategorySet {
    /// The set of some categories.
    ///
    /// The memory goes with the largest of them: an eighth of a byte for each category up to it.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::CategorySet;
    ///
    /// let set = CategorySet::new([1, 40]);
    /// assert!(set.contains(40.0) && !set.contains(2.0));
    /// // As in LightGBM, what follows the decimal point is cut off.
    /// assert!(set.contains(1.9));
    /// assert!(!set.contains(f64::NAN) && !set.contains(-1.0));
    /// ```
    pub fn new(categories: impl IntoIterator<Item = u32>) -> Self {
        let mut words = Vec::new();
        for category in categories {
            let word = category as usize / 32;
            if words.len() <= word {
                words.resize(word + 1, 0);
            }
            words[word] |= 1 << (category % 32);
        }
        Self { words }
    }

    /// The set of these bits.
    pub(crate) fn from_words(words: &[u32]) -> Self {
        Self { words: words.to_vec() }
    }

    pub(crate) fn words(&self) -> &[u32] {
        &self.words
    }

    /// Whether the category that a value of a feature stands for is there; NaN and negative numbers never are.
    #[inline]
    pub fn contains(&self, value: f64) -> bool {
        // A value just below zero is category 0; NaN compares false.
        if !(value > -1.0 && value < 32.0 * self.words.len() as f64) {
            return false;
        }
        let category = value as usize;
        self.words[category / 32] >> (category % 32) & 1 == 1
    }

    /// The categories, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let bits = |(index, &word): (usize, &u32)| {
            (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index as u32 * 32 + bit)
        };
        self.words.iter().enumerate().flat_map(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_outside() {
        let set = CategorySet::new([0, 31, 63]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 31, 63]);
        assert_eq!([-0.5, 0.0, 31.0, 63.9].map(|value| set.contains(value)), [true; 4]);
        let others = [-1.0, 32.0, 64.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert!(others.iter().all(|&value| !set.contains(value)));
        assert!(!CategorySet::default().contains(0.0));
    }
}
