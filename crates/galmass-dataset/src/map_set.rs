//! Observed maps and targets of many samples, before any scaling.

use ndarray::{Array3, ArrayView3};

use crate::{Channel, DatasetError};

/// One number to be predicted for each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name, with the unit: `log10_stellar_mass_msun`.
    pub name: String,
    /// One value a sample.
    pub values: Vec<f64>,
}

/// Maps of many samples as they were observed: channels of shape `[sample, row, column]` in their own units, NaN
/// where nothing is known. A sample is one line of sight of one galaxy; samples of one galaxy share its id.
#[derive(Clone, Debug, PartialEq)]
pub struct MapSet {
    galaxy_ids: Vec<u64>,
    channels: Vec<(Channel, Array3<f32>)>,
    targets: Vec<Target>,
}

impl MapSet {
    /// A set of samples of which only the galaxies are known as yet.
    ///
    /// # Errors
    /// [`DatasetError::NoSamples`] for an empty list.
    pub fn new(galaxy_ids: Vec<u64>) -> Result<Self, DatasetError> {
        if galaxy_ids.is_empty() {
            return Err(DatasetError::NoSamples);
        }
        Ok(Self { galaxy_ids, channels: Vec::new(), targets: Vec::new() })
    }

    /// Adds the maps of one channel, `[sample, row, column]`.
    ///
    /// # Errors
    /// [`DatasetError`] where the number of samples differs, the maps are not square, or the channel is there already.
    pub fn with_channel(mut self, channel: Channel, maps: Array3<f32>) -> Result<Self, DatasetError> {
        let (found, rows, columns) = maps.dim();
        self.check_count(channel.name(), found)?;
        if rows != columns || rows == 0 {
            return Err(DatasetError::NotSquare { channel, rows, columns });
        }
        if self.channels.iter().any(|(present, _)| *present == channel) {
            return Err(DatasetError::Duplicate { what: channel.to_string() });
        }
        self.channels.push((channel, maps));
        Ok(self)
    }

    /// Adds a target, one value a sample.
    ///
    /// # Errors
    /// [`DatasetError`] where the number of samples differs, a value is not finite, or the name is there already.
    pub fn with_target(mut self, name: &str, values: Vec<f64>) -> Result<Self, DatasetError> {
        self.check_count(name, values.len())?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(DatasetError::TargetNotFinite { target: name.into(), index, value: values[index] });
        }
        if self.targets.iter().any(|present| present.name == name) {
            return Err(DatasetError::Duplicate { what: name.into() });
        }
        self.targets.push(Target { name: name.into(), values });
        Ok(self)
    }

    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.galaxy_ids.len()
    }

    /// The galaxy of each sample.
    pub fn galaxy_ids(&self) -> &[u64] {
        &self.galaxy_ids
    }

    /// The channels of the set, in the order in which they were added.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        self.channels.iter().map(|(channel, _)| *channel)
    }

    /// The maps of one channel.
    ///
    /// # Errors
    /// [`DatasetError::Absent`] where the set has no such channel.
    pub fn channel(&self, wanted: Channel) -> Result<ArrayView3<'_, f32>, DatasetError> {
        let found = self.channels.iter().find(|(channel, _)| *channel == wanted);
        found.map(|(_, maps)| maps.view()).ok_or_else(|| DatasetError::Absent {
            what: wanted.to_string(),
            present: self.channels().map(|channel| channel.to_string()).collect(),
        })
    }

    /// The targets of the set, in the order in which they were added.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The values of one target.
    ///
    /// # Errors
    /// [`DatasetError::Absent`] where the set has no such target.
    pub fn target(&self, wanted: &str) -> Result<&[f64], DatasetError> {
        let found = self.targets.iter().find(|target| target.name == wanted);
        found.map(|target| target.values.as_slice()).ok_or_else(|| DatasetError::Absent {
            what: wanted.into(),
            present: self.targets.iter().map(|target| target.name.clone()).collect(),
        })
    }

    fn check_count(&self, what: &str, found: usize) -> Result<(), DatasetError> {
        let expected = self.n_samples();
        if found == expected {
            Ok(())
        } else {
            Err(DatasetError::SampleCount { what: what.into(), expected, found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        assert!(matches!(MapSet::new(vec![]), Err(DatasetError::NoSamples)));
        let set = MapSet::new(vec![1, 2]).unwrap();
        let error = set.clone().with_channel(Channel::Light, Array3::zeros((3, 4, 4))).unwrap_err();
        assert_eq!(error.to_string(), "`light` describes 3 samples where the set has 2");
        let error = set.clone().with_channel(Channel::Light, Array3::zeros((2, 4, 5))).unwrap_err();
        assert_eq!(error.to_string(), "`light` maps are 4 x 5 pixels: only square maps are supported");
        let error = set.clone().with_target("log10_mass", vec![10.0, f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "target `log10_mass` is NaN for sample 1");
        let twice = set.with_channel(Channel::Light, Array3::zeros((2, 4, 4))).unwrap();
        let error = twice.clone().with_channel(Channel::Light, Array3::zeros((2, 4, 4))).unwrap_err();
        assert_eq!(error.to_string(), "`light` is given twice");
        let error = twice.channel(Channel::Velocity).unwrap_err();
        assert_eq!(error.to_string(), "the set has no `velocity`; it has [\"light\"]");
    }
}
