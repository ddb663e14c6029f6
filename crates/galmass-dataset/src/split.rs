//! Training, validation and test parts that share no galaxy.

use std::collections::BTreeSet;

use galmass_core::seed;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::DatasetError;

/// How large the validation and test parts are, as fractions of the galaxies; training takes the rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fractions {
    /// The part that chooses the best epoch. Range (0, 1), default 0.15.
    pub validation: f64,
    /// The part that nobody looks at before the end. Range (0, 1), default 0.2.
    pub test: f64,
}

impl Default for Fractions {
    fn default() -> Self {
        Self { validation: 0.15, test: 0.2 }
    }
}

/// Sample indices of the three parts, each in rising order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// What the network learns from.
    pub training: Vec<usize>,
    /// What chooses the best epoch.
    pub validation: Vec<usize>,
    /// What the scores are measured on.
    pub test: Vec<usize>,
}

impl Split {
    /// Splits samples **by galaxy**: all lines of sight of a galaxy go to the same part.
    ///
    /// Views of one galaxy share its three-dimensional masses exactly, so a split by sample would let a network
    /// recognise test galaxies; Chu et al. (2024) split by projection, and their scores are a bound from below.
    /// The galaxies are sorted by id and shuffled by the seed, so the order of the samples does not matter. Each
    /// part receives the rounded fraction of the galaxies, and at least one.
    ///
    /// # Errors
    /// [`DatasetError`] for fewer than three galaxies, or fractions that leave no training part.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::{Fractions, Split};
    ///
    /// let galaxy_ids = [7, 7, 8, 8, 9, 9, 10, 10];
    /// let split = Split::grouped(&galaxy_ids, Fractions { validation: 0.25, test: 0.25 }, 3)?;
    /// assert_eq!(split.training.len(), 4);
    /// assert_eq!(galaxy_ids[split.test[0]], galaxy_ids[split.test[1]]);
    /// # Ok::<(), galmass_dataset::DatasetError>(())
    /// ```
    pub fn grouped(galaxy_ids: &[u64], fractions: Fractions, seed: u64) -> Result<Self, DatasetError> {
        let Fractions { validation, test } = fractions;
        let sensible = validation > 0.0 && test > 0.0 && validation + test < 1.0;
        if !sensible {
            return Err(DatasetError::BadFractions { validation, test });
        }
        let mut galaxies: Vec<u64> =
            galaxy_ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let n_galaxies = galaxies.len();
        if n_galaxies < 3 {
            return Err(DatasetError::TooFewGalaxies { n_galaxies });
        }
        galaxies.shuffle(&mut seed::generator(seed));

        let part = |fraction: f64| ((n_galaxies as f64 * fraction).round() as usize).max(1);
        let n_test = part(test).min(n_galaxies - 2);
        let n_validation = part(validation).min(n_galaxies - n_test - 1);
        let (test, rest) = galaxies.split_at(n_test);
        let (validation, training) = rest.split_at(n_validation);

        let samples_of = |part: &[u64]| {
            let part: BTreeSet<u64> = part.iter().copied().collect();
            (0..galaxy_ids.len()).filter(|&sample| part.contains(&galaxy_ids[sample])).collect()
        };
        Ok(Self {
            training: samples_of(training),
            validation: samples_of(validation),
            test: samples_of(test),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_galaxy_is_in_two_parts_and_no_sample_is_lost(
            galaxy_ids in prop::collection::vec(0_u64..60, 1..300),
            validation in 0.01..0.49,
            test in 0.01..0.49,
            seed in any::<u64>(),
        ) {
            let n_galaxies = galaxy_ids.iter().collect::<BTreeSet<_>>().len();
            match Split::grouped(&galaxy_ids, Fractions { validation, test }, seed) {
                Err(DatasetError::TooFewGalaxies { n_galaxies: found }) => prop_assert!(found == n_galaxies && found < 3),
                Err(error) => prop_assert!(false, "{error}"),
                Ok(split) => {
                    let ids = |part: &[usize]| part.iter().map(|&s| galaxy_ids[s]).collect::<BTreeSet<_>>();
                    let (a, b, c) = (ids(&split.training), ids(&split.validation), ids(&split.test));
                    prop_assert!(a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c));
                    prop_assert!(!a.is_empty() && !b.is_empty() && !c.is_empty());
                    let mut all = [split.training, split.validation, split.test].concat();
                    all.sort_unstable();
                    prop_assert_eq!(all, (0..galaxy_ids.len()).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let ids: Vec<u64> = (0..100).collect();
        let split = |seed| Split::grouped(&ids, Fractions::default(), seed).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
        assert_eq!((split(1).training.len(), split(1).validation.len(), split(1).test.len()), (65, 15, 20));
    }

    #[test]
    fn fractions_that_leave_no_training_part_are_refused() {
        let ids: Vec<u64> = (0..10).collect();
        for (validation, test) in [(0.5, 0.5), (0.0, 0.2), (-0.1, 0.2), (f64::NAN, 0.2)] {
            assert!(Split::grouped(&ids, Fractions { validation, test }, 1).is_err());
        }
    }
}
