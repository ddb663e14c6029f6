//! Which samples must stay together, and how large the parts are.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Fractions;
use crate::{DatasetError, Keys, SampleKey};

/// What is never divided between two parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Galaxies: all lines of sight of a galaxy go to one part. A number that two suites give to a galaxy each counts as
    /// one galaxy: they may have been made from the same seed.
    #[default]
    Galaxy,
    /// Haloes: all galaxies of a halo go to one part; where a galaxy number stands in two haloes, both haloes do.
    Halo,
    /// Eighths of the box: parts that share no structure, as on the sky.
    Octant,
    /// Suites: how well does what was learnt from one simulation serve another?
    Suite,
    /// Nothing: every projection is drawn by itself, as in Chu et al. (2024). Views of one galaxy share its masses, so most
    /// test galaxies are then known from training: compare with the paper, and report nothing else from it.
    Paper,
}

impl Grouping {
    /// The name used in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Galaxy => "galaxy",
            Self::Halo => "halo",
            Self::Octant => "octant",
            Self::Suite => "suite",
            Self::Paper => "paper",
        }
    }

    /// What a person would name a sample's group by.
    pub(super) fn names(self, keys: &Keys) -> Vec<u64> {
        match self {
            Self::Galaxy => keys.galaxy_id.clone(),
            Self::Halo => keys.halo_id.clone(),
            Self::Octant => keys.octant.iter().map(|&octant| octant.into()).collect(),
            Self::Suite => keys.suite.iter().map(|&suite| suite.into()).collect(),
            Self::Paper => (0..keys.len() as u64).collect(),
        }
    }

    /// A number for each sample, the same for those that must stay together.
    pub(super) fn groups(self, keys: &Keys) -> Result<Vec<u64>, DatasetError> {
        match self {
            Self::Halo => Ok(connected_haloes(keys)),
            Self::Octant => match keys.octant.iter().position(|&octant| octant == SampleKey::NO_OCTANT) {
                Some(index) => Err(DatasetError::UnknownOctant { index, galaxy_id: keys.galaxy_id[index] }),
                None => Ok(self.names(keys)),
            },
            _ => Ok(self.names(keys)),
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The smallest halo that each sample's halo is tied to by galaxy numbers.
fn connected_haloes(keys: &Keys) -> Vec<u64> {
    let mut tied: BTreeMap<u64, u64> = keys.halo_id.iter().map(|&halo| (halo, halo)).collect();
    let mut first_halo: BTreeMap<u64, u64> = BTreeMap::new();
    for (&galaxy, &halo) in keys.galaxy_id.iter().zip(&keys.halo_id) {
        let other = *first_halo.entry(galaxy).or_insert(halo);
        let (a, b) = (root(&mut tied, halo), root(&mut tied, other));
        tied.insert(a.max(b), a.min(b));
    }
    keys.halo_id.iter().map(|&halo| root(&mut tied, halo)).collect()
}

/// The end of the chain that begins at a halo; the chain is shortened on the way.
fn root(tied: &mut BTreeMap<u64, u64>, halo: u64) -> u64 {
    let mut halo = halo;
    while tied[&halo] != halo {
        let next = tied[&tied[&halo]];
        tied.insert(halo, next);
        halo = next;
    }
    halo
}

/// How large validation and test are; training takes the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PartSizes {
    /// Fractions of the groups, rounded, at least one group each.
    Fractions(Fractions),
    /// Exactly so many groups; for [`Grouping::Paper`], samples.
    Counts {
        /// Groups that choose the best epoch, at least 1.
        validation: usize,
        /// Groups that nobody looks at before the end, at least 1.
        test: usize,
    },
    /// The test part is what is named, all of it; validation is drawn from the rest by galaxy (by halo, or by projection,
    /// where the grouping is).
    HeldOut {
        /// Galaxies, haloes, octants, suites (by index) or samples, as the grouping says; at least one.
        test: Vec<u64>,
        /// The fraction of the rest that chooses the best epoch, in (0, 1).
        validation: f64,
    },
}

impl Default for PartSizes {
    fn default() -> Self {
        Self::Fractions(Fractions::default())
    }
}

/// Everything that decides a split of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitPlan {
    /// What is never divided. Default: galaxies.
    pub grouping: Grouping,
    /// How large the parts are. Default: 15 and 20 per cent.
    pub sizes: PartSizes,
    /// The seed of the draw. Default 1.
    pub seed: u64,
}

impl Default for SplitPlan {
    fn default() -> Self {
        Self { grouping: Grouping::default(), sizes: PartSizes::default(), seed: 1 }
    }
}
