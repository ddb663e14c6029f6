//! Galaxies to shards, on one machine or many.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use galmass_dataset::{
    Manifest, Sample, SetDescription, ShardError, ShardRecord, ShardWriter, begin_set, completed_shards,
    finish_set,
};

use crate::SurveyConfig;
use crate::error::{GalaxyError, SurveyError};
use crate::failure::{self, Failure};
use crate::observe::{observe_samples, sample_layout};
use crate::ordered::in_order;
use crate::source::GalaxySource;

/// Which part of a set [`build`] makes, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// Keep the shards that are there; without it, a shard of this part that is there already is an error.
    pub resume: bool,
    /// Make every n-th shard, from shard i: `(i, n)` with i from 0 and below n. Default: all shards, `(0, 1)`.
    pub part: (usize, usize),
    /// Galaxies at a time, each in a thread; 0, the default, for as many as the machine has cores.
    pub n_threads: usize,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { resume: false, part: (0, 1), n_threads: 0 }
    }
}

/// What happens on the way; galaxies by their place in the source.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// So many galaxies of this run are in shards that are there already.
    Kept {
        /// Galaxies.
        n_galaxies: usize,
    },
    /// A galaxy is observed.
    Observed {
        /// Which.
        index: usize,
        /// Its samples.
        n_samples: usize,
    },
    /// A galaxy will not be in the set.
    Failed {
        /// Which.
        index: usize,
        /// Why.
        reason: &'a GalaxyError,
    },
    /// A shard is on the disk.
    Shard {
        /// What it holds.
        record: &'a ShardRecord,
    },
}

/// How a set stands after a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    /// The galaxies of the source.
    pub n_galaxies: usize,
    /// The shards that are on the disk, of all parts.
    pub shards: Vec<ShardRecord>,
    /// Galaxies of these shards that are not in the set, with the reasons.
    pub failures: Vec<Failure>,
    /// What the set is made of, once all its shards are there.
    pub manifest: Option<Manifest>,
}

/// Builds a set of samples, or a part of it: all galaxies of a source, from all lines of sight, into the shards of a folder.
///
/// Shard k holds galaxies k K up to (k + 1) K of the source, with K = `galaxies_per_shard` of the configuration, and their
/// samples in order. So the set has the same bytes, whoever made which shard, in whatever order, with any number of
/// threads, machines and interruptions. A run that is killed loses the shard in the making; run again with `resume`, it
/// makes what is missing. A galaxy that fails stops nothing: its reason stands in `shard-NNNNNN.failures.json`, and in
/// `failures.json` of the finished set. The run that finds all shards there writes the manifest.
///
/// `progress` is called on the calling thread, galaxy by galaxy in their order.
///
/// # Errors
/// [`SurveyError`]: settings that no galaxy could be observed with, no galaxies, a folder that holds another set or, without
/// `resume`, shards of this part; shards that cannot be written.
///
/// # Cost
/// That of the galaxies. Memory holds one galaxy a thread, the samples of one shard, and those of at most two galaxies a
/// thread that wait for their turn.
///
/// # Examples
/// ```
/// use galmass_dataset::SampleSet;
/// use galmass_mock::{Population, PopulationConfig};
/// use galmass_survey::{BuildOptions, MockSource, SurveyConfig, build};
///
/// let galaxies =
///     PopulationConfig { n_galaxies: 3, n_stars: 300, n_dark_matter: 100, ..PopulationConfig::default() };
/// let source = MockSource::new(Population::new(galaxies)?, "mock");
/// let config = SurveyConfig { galaxies_per_shard: 2, ..SurveyConfig::small() };
/// let folder = tempfile::tempdir()?;
/// let built = build(&source, &config, folder.path(), &BuildOptions::default(), |_| ())?;
/// assert_eq!((built.shards.len(), built.failures.len()), (2, 0));
///
/// let set = SampleSet::open(folder.path())?;
/// assert_eq!(set.n_samples(), 9);
/// assert_eq!(set.keys().galaxy_id, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
/// assert_eq!(set.array("velocity")?.sample(4).len(), 24 * 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build(
    source: &dyn GalaxySource,
    config: &SurveyConfig,
    folder: &Path,
    options: &BuildOptions,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<Built, SurveyError> {
    let survey = SurveyBuild::new(source, config, folder)?;
    let (index, n_parts) = options.part;
    if index >= n_parts {
        return Err(SurveyError::Part { index, n_parts });
    }
    let mine = (0..survey.n_shards()).skip(index).step_by(n_parts);
    let (n_kept, missing) = survey.kept_and_missing(mine, options.resume)?;
    progress(Progress::Kept { n_galaxies: n_kept });
    survey.make(&missing, options.n_threads, &mut progress)?;
    survey.finish_if_complete()
}

/// A set in the making, shard by shard: for whoever deals out shards in another way than [`build`].
pub struct SurveyBuild<'a> {
    source: &'a dyn GalaxySource,
    config: &'a SurveyConfig,
    folder: PathBuf,
    description: SetDescription,
}

impl<'a> SurveyBuild<'a> {
    /// Checks the settings and writes the description of the set into the folder, which is made where it is missing.
    ///
    /// # Errors
    /// As [`build`].
    pub fn new(
        source: &'a dyn GalaxySource,
        config: &'a SurveyConfig,
        folder: &Path,
    ) -> Result<Self, SurveyError> {
        config.check()?;
        let n_galaxies = source.len();
        if n_galaxies == 0 {
            return Err(SurveyError::NoGalaxies);
        }
        let n_shards = n_galaxies.div_ceil(config.galaxies_per_shard);
        let too_many = |_| SurveyError::TooManyShards { n_shards };
        let description = SetDescription {
            layout: sample_layout(config)?,
            suites: source.suites(),
            config: serde_json::json!({
                "survey": config,
                "source": source.description(),
                "n_galaxies": n_galaxies,
                "flags": crate::FLAG_NAMES,
            }),
            seeds: BTreeMap::from([("survey".to_string(), config.seed)]),
            version: env!("CARGO_PKG_VERSION").into(),
            n_shards: u32::try_from(n_shards).map_err(too_many)?,
        };
        begin_set(folder, &description)?;
        Ok(Self { source, config, folder: folder.into(), description })
    }

    /// The shards of the set.
    pub fn n_shards(&self) -> u32 {
        self.description.n_shards
    }

    /// The galaxies of a shard, by their places in the source.
    pub fn galaxies(&self, shard: u32) -> std::ops::Range<usize> {
        let first = (shard as usize).saturating_mul(self.config.galaxies_per_shard);
        let n_galaxies = self.source.len();
        first.min(n_galaxies)..first.saturating_add(self.config.galaxies_per_shard).min(n_galaxies)
    }

    /// The shards that are finished, whoever made them.
    ///
    /// # Errors
    /// [`SurveyError::Dataset`] for a folder of another set, or one that cannot be read.
    pub fn completed(&self) -> Result<Vec<ShardRecord>, SurveyError> {
        Ok(completed_shards(&self.folder, &self.description)?)
    }

    /// The number of galaxies in those of some shards that are finished, and the shards that are to be made; unless a run is
    /// resumed, none of them may be there.
    pub(crate) fn kept_and_missing(
        &self,
        shards: impl Iterator<Item = u32>,
        resume: bool,
    ) -> Result<(usize, Vec<u32>), SurveyError> {
        let done: BTreeSet<u32> = self.completed()?.iter().map(|record| record.index).collect();
        let (kept, missing): (Vec<u32>, Vec<u32>) = shards.partition(|shard| done.contains(shard));
        match kept.first() {
            Some(&shard) if !resume => Err(SurveyError::Present { folder: self.folder.clone(), shard }),
            _ => Ok((kept.iter().map(|&shard| self.galaxies(shard).len()).sum(), missing)),
        }
    }

    /// Makes shards, in the order given; each is finished before the next one, and what is there is replaced. `n_threads` is
    /// as in [`BuildOptions`].
    ///
    /// # Errors
    /// [`SurveyError`]: a shard that the set has not, or that cannot be written.
    pub fn make(
        &self,
        shards: &[u32],
        n_threads: usize,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<(), SurveyError> {
        let n_shards = self.n_shards();
        if let Some(&index) = shards.iter().find(|shard| **shard >= n_shards) {
            return Err(ShardError::NoSuchShard { index, n_shards }.into());
        }
        let galaxies: Vec<usize> = shards.iter().flat_map(|&shard| self.galaxies(shard)).collect();
        let n_threads = match n_threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            n_threads => n_threads,
        };
        let mut next = shards.iter().copied();
        let mut current = Current::default();
        let observe = |piece: usize| -> Result<Vec<Sample>, GalaxyError> {
            observe_samples(self.source.galaxy(galaxies[piece])?, self.config)
        };
        in_order(galaxies.len(), n_threads, observe, |piece, observed| {
            let index = galaxies[piece];
            if current.writer.is_none() {
                let Some(shard) = next.next() else { return Ok(()) };
                current = Current::begin(ShardWriter::create(&self.folder, shard, &self.description)?, shard);
            }
            match observed {
                Ok(samples) => {
                    if let Some(writer) = &mut current.writer {
                        samples.iter().try_for_each(|sample| writer.push(sample))?;
                    }
                    progress(Progress::Observed { index, n_samples: samples.len() });
                }
                Err(reason) => {
                    progress(Progress::Failed { index, reason: &reason });
                    let galaxy_id = self.source.galaxy_id(index);
                    let reason = reason.to_string();
                    current.failures.push(Failure { index: index as u64, galaxy_id, reason });
                }
            }
            if index + 1 == self.galaxies(current.shard).end
                && let Some(writer) = current.writer.take()
            {
                failure::write_of_shard(&self.folder, current.shard, &current.failures)?;
                progress(Progress::Shard { record: &writer.finish()? });
            }
            Ok(())
        })
    }

    /// Writes the manifest where all shards are finished, and says how the set stands.
    ///
    /// # Errors
    /// [`SurveyError`]: what is on the disk cannot be read, or the manifest not written.
    pub fn finish_if_complete(&self) -> Result<Built, SurveyError> {
        let shards = self.completed()?;
        let mut failures = Vec::new();
        for record in &shards {
            failures.extend(failure::of_shard(&self.folder, record.index)?);
        }
        let manifest = match shards.len() == self.n_shards() as usize {
            true => Some(self.finish(&failures)?),
            false => None,
        };
        Ok(Built { n_galaxies: self.source.len(), shards, failures, manifest })
    }

    fn finish(&self, failures: &[Failure]) -> Result<Manifest, SurveyError> {
        let finish = || -> Result<Manifest, SurveyError> {
            failure::write_all(&self.folder, failures)?;
            Ok(finish_set(&self.folder, &self.description)?)
        };
        finish().or_else(|error| {
            // Another process may have found the last shard at the same time, and have cleared away what this one began.
            let present = Manifest::read(&self.folder).ok();
            present.filter(|manifest| manifest.description == self.description).ok_or(error)
        })
    }
}

/// The shard in the making.
#[derive(Default)]
struct Current<'a> {
    writer: Option<ShardWriter<'a>>,
    shard: u32,
    failures: Vec<Failure>,
}

impl<'a> Current<'a> {
    fn begin(writer: ShardWriter<'a>, shard: u32) -> Self {
        Self { writer: Some(writer), shard, failures: Vec::new() }
    }
}
