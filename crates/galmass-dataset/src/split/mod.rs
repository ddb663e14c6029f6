//! Training, validation and test parts that share no galaxy.

mod plan;
mod saved;

use std::collections::{BTreeMap, BTreeSet};

use galmass_core::seed;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

pub use self::plan::{Grouping, PartSizes, SplitPlan};
pub use self::saved::SetSplit;
use crate::{DatasetError, Keys};

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
        let galaxies = shuffled(galaxy_ids, seed);
        let sizes = sizes_of(fractions, galaxies.len(), Grouping::Galaxy)?;
        Ok(Self::of_groups(galaxy_ids, &galaxies, sizes))
    }

    /// Splits the samples of a set as planned: see [`Grouping`] for what stays together. The groups are sorted and shuffled
    /// by the seed, so the order of the samples does not matter, except where each is drawn by itself.
    ///
    /// # Errors
    /// [`DatasetError`] for too few groups, sizes that leave a part empty, a held-out group that does not exist, octants that
    /// are not known.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::{Grouping, Keys, PartSizes, SampleKey, Split, SplitPlan};
    ///
    /// let mut keys = Keys::default();
    /// for galaxy_id in 0..20 {
    ///     let halo_id = galaxy_id / 2;
    ///     keys.push(SampleKey { galaxy_id, halo_id, line_of_sight: 0, suite: 0, octant: 255, flags: 0 });
    /// }
    /// let sizes = PartSizes::Counts { validation: 1, test: 2 };
    /// let split = Split::planned(&keys, &SplitPlan { grouping: Grouping::Halo, sizes, seed: 1 })?;
    /// assert_eq!((split.training.len(), split.validation.len(), split.test.len()), (14, 2, 4));
    /// # Ok::<(), galmass_dataset::DatasetError>(())
    /// ```
    pub fn planned(keys: &Keys, plan: &SplitPlan) -> Result<Self, DatasetError> {
        keys.check()?;
        let &SplitPlan { grouping, ref sizes, seed } = plan;
        match sizes {
            PartSizes::Fractions(fractions) => {
                let groups = grouping.groups(keys)?;
                let order = shuffled(&groups, seed);
                let sizes = sizes_of(*fractions, order.len(), grouping)?;
                Ok(Self::of_groups(&groups, &order, sizes))
            }
            &PartSizes::Counts { validation, test } => {
                let groups = grouping.groups(keys)?;
                let order = shuffled(&groups, seed);
                let n_groups = order.len();
                let used = validation.checked_add(test).filter(|&used| used < n_groups);
                if validation == 0 || test == 0 || used.is_none() {
                    return Err(DatasetError::BadCounts { grouping, validation, test, n_groups });
                }
                Ok(Self::of_groups(&groups, &order, (validation, test)))
            }
            PartSizes::HeldOut { test, validation } => {
                Self::holding_out(keys, grouping, test, *validation, seed)
            }
        }
    }

    fn holding_out(
        keys: &Keys,
        grouping: Grouping,
        held_out: &[u64],
        validation: f64,
        seed: u64,
    ) -> Result<Self, DatasetError> {
        if !(validation > 0.0 && validation < 1.0) {
            return Err(DatasetError::BadFractions { validation, test: f64::NAN });
        }
        let names = grouping.names(keys);
        let present: BTreeSet<u64> = names.iter().copied().collect();
        if let Some(&group) = held_out.iter().find(|group| !present.contains(group)) {
            return Err(DatasetError::NoSuchGroup { grouping, group, n_groups: present.len() });
        }
        let held_out: BTreeSet<u64> = held_out.iter().copied().collect();
        let groups = grouping.groups(keys)?;
        // A halo that is tied to a held-out one goes with it.
        let named = groups.iter().zip(&names).filter(|(_, name)| held_out.contains(name));
        let test_groups: BTreeSet<u64> = named.map(|(&group, _)| group).collect();
        let (test, rest): (Vec<usize>, Vec<usize>) =
            (0..keys.len()).partition(|&sample| test_groups.contains(&groups[sample]));

        let within = match grouping {
            Grouping::Octant | Grouping::Suite => Grouping::Galaxy.groups(keys)?,
            Grouping::Galaxy | Grouping::Halo | Grouping::Paper => groups,
        };
        let rest_groups: Vec<u64> = rest.iter().map(|&sample| within[sample]).collect();
        let order = shuffled(&rest_groups, seed);
        let n_groups = order.len();
        if test.is_empty() || n_groups < 2 {
            return Err(DatasetError::NothingLeft { grouping, n_test: test.len(), n_groups });
        }
        let n_validation = rounded(validation, n_groups).min(n_groups - 1);
        let parts = Self::of_groups(&rest_groups, &order, (n_validation, 0));
        let samples = |part: Vec<usize>| part.into_iter().map(|place| rest[place]).collect();
        Ok(Self { training: samples(parts.training), validation: samples(parts.validation), test })
    }

    /// The first groups of the order are the test part, the next ones validation, all others training.
    fn of_groups(groups: &[u64], order: &[u64], (n_validation, n_test): (usize, usize)) -> Self {
        let rank: BTreeMap<u64, usize> =
            order.iter().enumerate().map(|(rank, &group)| (group, rank)).collect();
        let mut split = Self { training: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for (sample, group) in groups.iter().enumerate() {
            match rank[group] {
                rank if rank < n_test => split.test.push(sample),
                rank if rank < n_test + n_validation => split.validation.push(sample),
                _ => split.training.push(sample),
            }
        }
        split
    }

    /// The number of galaxies of which samples are in more than one part.
    ///
    /// # Panics
    /// Where the split is of more samples than `galaxy_ids` has.
    pub fn n_shared_galaxies(&self, galaxy_ids: &[u64]) -> usize {
        let galaxies =
            |part: &[usize]| part.iter().map(|&sample| galaxy_ids[sample]).collect::<BTreeSet<_>>();
        let parts = [&self.training, &self.validation, &self.test].map(|part| galaxies(part));
        let all: BTreeSet<u64> = parts.iter().flatten().copied().collect();
        all.iter().filter(|galaxy| parts.iter().filter(|part| part.contains(galaxy)).count() > 1).count()
    }
}

/// The different groups in an order that the seed alone decides.
fn shuffled(groups: &[u64], seed: u64) -> Vec<u64> {
    let mut order: Vec<u64> = groups.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    order.shuffle(&mut seed::generator(seed));
    order
}

fn rounded(fraction: f64, n_groups: usize) -> usize {
    ((n_groups as f64 * fraction).round() as usize).max(1)
}

/// Groups for validation and test, with at least one in each part.
fn sizes_of(
    fractions: Fractions,
    n_groups: usize,
    grouping: Grouping,
) -> Result<(usize, usize), DatasetError> {
    let Fractions { validation, test } = fractions;
    let sensible = validation > 0.0 && test > 0.0 && validation + test < 1.0;
    if !sensible {
        return Err(DatasetError::BadFractions { validation, test });
    }
    if n_groups < 3 {
        return Err(match grouping {
            Grouping::Galaxy => DatasetError::TooFewGalaxies { n_galaxies: n_groups },
            _ => DatasetError::TooFewGroups { grouping, n_groups },
        });
    }
    let n_test = rounded(test, n_groups).min(n_groups - 2);
    Ok((rounded(validation, n_groups).min(n_groups - n_test - 1), n_test))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SampleKey;

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

    /// Samples with any galaxies, haloes, octants and suites, consistent or not.
    fn any_keys() -> impl Strategy<Value = Keys> {
        let key = (0_u64..40, 0_u64..25, 0_u32..3, 0_u16..4, 0_u8..8);
        prop::collection::vec(key, 1..200).prop_map(|rows| {
            let mut keys = Keys::default();
            for (galaxy_id, halo_id, line_of_sight, suite, octant) in rows {
                keys.push(SampleKey { galaxy_id, halo_id, line_of_sight, suite, octant, flags: 0 });
            }
            keys
        })
    }

    fn any_plan() -> impl Strategy<Value = SplitPlan> {
        let groupings =
            vec![Grouping::Galaxy, Grouping::Halo, Grouping::Octant, Grouping::Suite, Grouping::Paper];
        let fractions = (0.01..0.49, 0.01..0.49)
            .prop_map(|(validation, test)| PartSizes::Fractions(Fractions { validation, test }));
        let counts =
            (0_usize..20, 0_usize..20).prop_map(|(validation, test)| PartSizes::Counts { validation, test });
        let held_out = (prop::collection::vec(0_u64..10, 0..4), 0.01..0.99)
            .prop_map(|(test, validation)| PartSizes::HeldOut { test, validation });
        (prop::sample::select(groupings), prop_oneof![fractions, counts, held_out], any::<u64>())
            .prop_map(|(grouping, sizes, seed)| SplitPlan { grouping, sizes, seed })
    }

    proptest! {
        #[test]
        fn what_belongs_together_stays_together(keys in any_keys(), plan in any_plan()) {
            let Ok(split) = Split::planned(&keys, &plan) else { return Ok(()) };
            let parts = [&split.training, &split.validation, &split.test];
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.is_sorted()));
            let mut all = parts.map(|part| part.as_slice()).concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..keys.len()).collect::<Vec<_>>());

            let names = |column: &dyn Fn(usize) -> u64| {
                parts.map(|part| part.iter().map(|&s| column(s)).collect::<BTreeSet<_>>())
            };
            let apart = |[a, b, c]: [BTreeSet<u64>; 3]| a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c);
            let galaxies_apart = apart(names(&|s| keys.galaxy_id[s]));
            prop_assert_eq!(galaxies_apart, split.n_shared_galaxies(&keys.galaxy_id) == 0);
            let held_out = matches!(plan.sizes, PartSizes::HeldOut { .. });
            match plan.grouping {
                Grouping::Galaxy => prop_assert!(galaxies_apart),
                Grouping::Halo => prop_assert!(galaxies_apart && apart(names(&|s| keys.halo_id[s]))),
                Grouping::Octant if !held_out => prop_assert!(apart(names(&|s| keys.octant[s].into()))),
                Grouping::Suite if !held_out => prop_assert!(apart(names(&|s| keys.suite[s].into()))),
                _ => {}
            }
            match &plan.sizes {
                &PartSizes::Counts { validation, test } if plan.grouping == Grouping::Galaxy => {
                    let [_, b, c] = names(&|s| keys.galaxy_id[s]);
                    prop_assert_eq!((b.len(), c.len()), (validation, test));
                }
                PartSizes::HeldOut { test, .. } if plan.grouping != Grouping::Halo => {
                    let held_out = |s: usize| test.contains(&plan.grouping.names(&keys)[s]);
                    prop_assert!((0..keys.len()).filter(|&s| held_out(s)).eq(split.test.iter().copied()));
                }
                _ => {}
            }
        }
    }

    /// Three views of each of 80 galaxies, two a halo, in eight octants, the last 20 of another suite.
    fn box_of_galaxies() -> Keys {
        let mut keys = Keys::default();
        for sample in 0..240_u64 {
            let galaxy_id = sample / 3;
            keys.push(SampleKey {
                galaxy_id,
                halo_id: galaxy_id / 2,
                line_of_sight: (sample % 3) as u32,
                suite: u16::from(galaxy_id >= 60),
                octant: (galaxy_id / 10) as u8,
                flags: 0,
            });
        }
        keys
    }

    #[test]
    fn each_grouping_does_what_it_says() {
        let keys = box_of_galaxies();
        let planned = |grouping, sizes| Split::planned(&keys, &SplitPlan { grouping, sizes, seed: 5 });
        let lengths = |split: &Split| (split.training.len(), split.validation.len(), split.test.len());

        let counts = PartSizes::Counts { validation: 1, test: 2 };
        assert_eq!(lengths(&planned(Grouping::Galaxy, counts.clone()).unwrap()), (231, 3, 6));
        assert_eq!(lengths(&planned(Grouping::Halo, counts.clone()).unwrap()), (222, 6, 12));
        assert_eq!(lengths(&planned(Grouping::Octant, counts.clone()).unwrap()), (150, 30, 60));
        assert_eq!(lengths(&planned(Grouping::Paper, counts.clone()).unwrap()), (237, 1, 2));
        let error = planned(Grouping::Suite, counts).unwrap_err().to_string();
        assert_eq!(error, "1 for validation and 2 for test leave nothing of 2 groups by suite for some part");
        let error = planned(Grouping::Suite, PartSizes::default()).unwrap_err().to_string();
        assert_eq!(error, "2 groups by suite cannot be split into training, validation and test");

        let other_suite = PartSizes::HeldOut { test: vec![1], validation: 0.1 };
        let split = planned(Grouping::Suite, other_suite).unwrap();
        assert_eq!((lengths(&split), split.test[0]), ((162, 18, 60), 180));
        assert_eq!(split.n_shared_galaxies(&keys.galaxy_id), 0);
        let nowhere = PartSizes::HeldOut { test: vec![0, 2], validation: 0.1 };
        let error = planned(Grouping::Suite, nowhere).unwrap_err().to_string();
        assert_eq!(error, "there is no suite 2 among the 2 of the set");
        let all = PartSizes::HeldOut { test: vec![0, 1], validation: 0.1 };
        let error = planned(Grouping::Suite, all).unwrap_err().to_string();
        assert!(error.contains("240 samples are held out by suite"), "{error}");

        // Of 80 galaxies with three views each, a fifth of the views at random touches most.
        let by_projection = planned(Grouping::Paper, PartSizes::default()).unwrap();
        let n_shared = by_projection.n_shared_galaxies(&keys.galaxy_id);
        assert!((40..=75).contains(&n_shared), "{n_shared}");
    }

    #[test]
    fn octants_that_are_not_known_cannot_be_split_by() {
        let mut keys = box_of_galaxies();
        keys.octant[33] = SampleKey::NO_OCTANT;
        let plan = SplitPlan { grouping: Grouping::Octant, ..SplitPlan::default() };
        let error = Split::planned(&keys, &plan).unwrap_err().to_string();
        assert_eq!(error, "the octant of sample 33, of galaxy 11, is not known");
        keys.octant.pop();
        let error = Split::planned(&keys, &plan).unwrap_err().to_string();
        assert_eq!(error, "`octant` describes 239 samples where the set has 240");
    }

    #[test]
    fn a_plan_by_galaxy_is_the_split_of_old() {
        let keys = box_of_galaxies();
        let old = Split::grouped(&keys.galaxy_id, Fractions::default(), 1).unwrap();
        assert_eq!(Split::planned(&keys, &SplitPlan::default()).unwrap(), old);
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
