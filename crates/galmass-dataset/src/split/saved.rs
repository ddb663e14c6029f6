//! A split that is kept beside its set.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Grouping, Split, SplitPlan};
use crate::atomic::write_atomically;
use crate::{Checksum, DatasetError, SampleSet, ShardError};

/// A split of a [`SampleSet`] with what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSplit {
    /// What decided the split.
    pub plan: SplitPlan,
    /// The checksum of the manifest of the set.
    pub manifest: Checksum,
    /// Galaxy numbers of which samples are in more than one part: 0 when galaxies or haloes stay together.
    pub n_shared_galaxies: usize,
    /// The samples of each part.
    pub split: Split,
}

impl SetSplit {
    /// Splits a set as planned. Galaxies shared between parts are counted, and reported through `tracing`.
    ///
    /// # Errors
    /// As [`Split::planned`].
    pub fn new(set: &SampleSet, plan: SplitPlan) -> Result<Self, DatasetError> {
        let split = Split::planned(set.keys(), &plan)?;
        let n_shared_galaxies = split.n_shared_galaxies(&set.keys().galaxy_id);
        if n_shared_galaxies > 0 {
            let grouping = plan.grouping.name();
            tracing::warn!(n_shared_galaxies, grouping, "galaxies have samples in more than one part");
        }
        Ok(Self { plan, manifest: set.manifest().checksum(), n_shared_galaxies, split })
    }

    /// Writes the split as `split-NAME.json` into the folder of its set, as a whole or not at all.
    ///
    /// # Errors
    /// [`DatasetError::BadSplitName`], [`DatasetError::OtherSplit`] for a split of another set, [`DatasetError::Io`] naming the
    /// file.
    pub fn save(&self, set: &SampleSet, name: &str) -> Result<(), DatasetError> {
        let path = split_path(set.folder(), name)?;
        self.check(set, &path)?;
        let text =
            serde_json::to_string(self).map_err(|source| ShardError::Json { path: path.clone(), source })?;
        write_atomically(&path, |temporary| {
            fs::write(temporary, text + "\n")
                .map_err(|source| DatasetError::Io { path: path.clone(), source })
        })
    }

    /// Reads a split back.
    ///
    /// # Errors
    /// [`DatasetError`] naming the file: not there, not a split, made for another set, or not each sample in exactly one
    /// part, and galaxies that are shared where the plan forbids it.
    pub fn read(set: &SampleSet, name: &str) -> Result<Self, DatasetError> {
        let path = split_path(set.folder(), name)?;
        let bytes = fs::read(&path).map_err(|source| DatasetError::Io { path: path.clone(), source })?;
        let read: Self = serde_json::from_slice(&bytes)
            .map_err(|source| ShardError::Json { path: path.clone(), source })?;
        read.check(set, &path)?;
        Ok(read)
    }

    fn check(&self, set: &SampleSet, path: &Path) -> Result<(), DatasetError> {
        let (expected, found) = (set.manifest().checksum(), self.manifest);
        if expected != found {
            return Err(DatasetError::OtherSplit { path: path.into(), expected, found });
        }
        let mut seen = vec![false; set.n_samples()];
        for &index in [&self.split.training, &self.split.validation, &self.split.test].into_iter().flatten() {
            match seen.get_mut(index) {
                Some(seen) if !*seen => *seen = true,
                _ => {
                    return Err(DatasetError::NotASplit {
                        path: path.into(),
                        index,
                        n_samples: set.n_samples(),
                    });
                }
            }
        }
        if let Some(index) = seen.iter().position(|seen| !seen) {
            return Err(DatasetError::NotASplit { path: path.into(), index, n_samples: set.n_samples() });
        }
        let found = self.split.n_shared_galaxies(&set.keys().galaxy_id);
        let together = matches!(self.plan.grouping, Grouping::Galaxy | Grouping::Halo);
        let expected = if together { 0 } else { self.n_shared_galaxies };
        if found != expected || self.n_shared_galaxies != expected {
            return Err(DatasetError::SharedGalaxies { path: path.into(), expected, found });
        }
        Ok(())
    }
}

fn split_path(folder: &Path, name: &str) -> Result<PathBuf, DatasetError> {
    let usable = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(usable) {
        return Err(DatasetError::BadSplitName { name: name.into() });
    }
    Ok(folder.join(format!("split-{name}.json")))
}
