//! Which arrays of a set on disk are the channels and targets of a network.

use ndarray::Array3;
use serde::{Deserialize, Serialize};

use crate::{Channel, DatasetError, MapSet, SampleArray, SampleSet, ShardError};

/// Which arrays of the samples of a [`SampleSet`] a network sees, and which it predicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleMaps {
    /// Channels with the names of their arrays, which are square maps.
    pub channels: Vec<(Channel, String)>,
    /// Targets: arrays of a single number, or one number of an array of several, `name[k]` with k from 0.
    pub targets: Vec<String>,
}

impl SampleMaps {
    /// The array of a channel, and its pixels a side.
    pub(crate) fn channel<'a>(
        &self,
        set: &'a SampleSet,
        wanted: Channel,
    ) -> Result<(usize, SampleArray<'a>), DatasetError> {
        let found = self.channels.iter().find(|(channel, _)| *channel == wanted);
        let (_, name) = found.ok_or_else(|| DatasetError::Absent {
            what: wanted.to_string(),
            present: self.channels.iter().map(|(channel, _)| channel.to_string()).collect(),
        })?;
        let array = set.array(name)?;
        match *array.layout().shape {
            [rows, columns] if rows == columns => Ok((rows, array)),
            ref shape => {
                Err(DatasetError::NotAMap { array: name.clone(), channel: wanted, shape: shape.into() })
            }
        }
    }

    /// The values of a target.
    pub(crate) fn target(
        &self,
        set: &SampleSet,
        name: &str,
        indices: &[usize],
    ) -> Result<Vec<f64>, DatasetError> {
        let (array, place) = match element(name) {
            Some((array, place)) => (set.array(array)?, Some(place)),
            None => (set.array(name)?, None),
        };
        let place = match (&*array.layout().shape, place) {
            ([], None) => 0,
            (&[n_values], Some(place)) if place < n_values => place,
            (shape, _) => {
                return Err(DatasetError::NotANumber { array: name.into(), shape: shape.into() });
            }
        };
        let value = |&index: &usize| match array.sample(index)[place] {
            value if value.is_finite() => Ok(value.into()),
            value => Err(DatasetError::TargetNotFinite { target: name.into(), index, value: value.into() }),
        };
        indices.iter().map(value).collect()
    }

    pub(crate) fn check_samples(&self, set: &SampleSet, indices: &[usize]) -> Result<(), DatasetError> {
        let n_samples = set.n_samples();
        match indices.iter().find(|&&index| index >= n_samples) {
            Some(&index) => Err(ShardError::NoSuchSample { index, n_samples }.into()),
            None => Ok(()),
        }
    }
}

/// The array and the place of `name[k]`.
fn element(name: &str) -> Option<(&str, usize)> {
    let (array, place) = name.strip_suffix(']')?.split_once('[')?;
    Some((array, place.parse().ok()?))
}

impl MapSet {
    /// Copies samples of a set on disk into memory, in the order of `indices`: a whole small set, or one batch.
    ///
    /// # Errors
    /// [`DatasetError`] for no sample or one beyond the set, an array that is missing, no square map or no number, and a
    /// target that is not finite, by its index in the set.
    pub fn from_samples(set: &SampleSet, indices: &[usize], maps: &SampleMaps) -> Result<Self, DatasetError> {
        maps.check_samples(set, indices)?;
        let mut copied = Self::new(indices.iter().map(|&index| set.keys().galaxy_id[index]).collect())?;
        for &(channel, _) in &maps.channels {
            let (n_px, array) = maps.channel(set, channel)?;
            let mut values = Array3::zeros((indices.len(), n_px, n_px));
            // A new array is contiguous: it is one slice.
            array.gather(indices, values.as_slice_mut().unwrap_or_default())?;
            copied = copied.with_channel(channel, values)?;
        }
        for target in &maps.targets {
            copied = copied.with_target(target, maps.target(set, target, indices)?)?;
        }
        Ok(copied)
    }
}
