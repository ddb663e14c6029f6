//! What a booster knows of a feature.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{BinMapper, GbdtError, any_number};

/// A feature of a booster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// The values that training saw.
    pub domain: Domain,
    /// 1 where predictions may only rise with it, -1 where they may only fall, else 0.
    pub monotone: i8,
}

/// The values of a feature in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Domain {
    /// No tree can use it.
    Unused,
    /// Numbers from the first to the second.
    Range(#[serde(with = "any_number")] f64, #[serde(with = "any_number")] f64),
    /// Categories, the most frequent first.
    Categories(Vec<i32>),
}

impl Feature {
    pub(crate) fn of(name: &str, mapper: &BinMapper, min_data_in_leaf: usize) -> Self {
        let [low, high] = mapper.range();
        let is_unused = mapper.is_trivial(min_data_in_leaf);
        let domain = match mapper.categories() {
            _ if is_unused => Domain::Unused,
            Some(categories) => Domain::Categories(categories.to_vec()),
            None => Domain::Range(low, high),
        };
        Self { name: name.to_owned(), domain, monotone: 0 }
    }
}

/// The names that features have where none are given: those of LightGBM.
pub(crate) fn default_names(n_features: usize) -> Vec<String> {
    (0..n_features).map(|feature| format!("Column_{feature}")).collect()
}

/// Looks whether names can stand in the text of a model, and for one feature each.
pub(crate) fn check_names(names: &[String], n_features: usize) -> Result<(), GbdtError> {
    if names.len() != n_features {
        let (what, found) = ("the list of feature names", names.len());
        return Err(GbdtError::LengthMismatch { what, expected: n_features, found });
    }
    let mut seen = HashSet::new();
    for (feature, name) in names.iter().enumerate() {
        let is_forbidden = |c: char| c.is_whitespace() || c.is_control() || "\",:[]{}".contains(c);
        if name.is_empty() || name.contains(is_forbidden) {
            return Err(GbdtError::BadFeatureName { feature, name: name.clone() });
        }
        if !seen.insert(name) {
            return Err(GbdtError::SameFeatureName { feature, name: name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_single_words_and_differ() {
        let check = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            check_names(&names, 2)
        };
        assert_eq!(check(&["mass", "größe=1"]), Ok(()));
        assert!(matches!(check(&["a"]), Err(GbdtError::LengthMismatch { expected: 2, found: 1, .. })));
        for bad in ["", "two words", "a\nb", "a,b", "a:b", "[a]"] {
            let error = GbdtError::BadFeatureName { feature: 1, name: bad.to_owned() };
            assert_eq!(check(&["a", bad]), Err(error));
        }
        let error = GbdtError::SameFeatureName { feature: 1, name: "a".to_owned() };
        assert_eq!(check(&["a", "a"]), Err(error));
    }
}
