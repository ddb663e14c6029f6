//! Where samples come from: memory, or a set on disk that may be larger than it.

use std::fmt::Debug;

use galmass_dataset::{Checksum, MapSet, Normalisation, SampleMaps, SampleSet, ScaledSamples};

use crate::NetError;

/// Scaled samples that are read a batch at a time, in any order, from several threads.
pub trait SampleSource: Debug + Sync {
    /// The number of samples.
    fn n_samples(&self) -> usize;

    /// Reads the samples of the given indices, in that order.
    ///
    /// # Errors
    /// [`NetError::Dataset`] where they cannot be read.
    ///
    /// # Panics
    /// May, where an index is not below [`SampleSource::n_samples`].
    fn read(&self, indices: &[usize]) -> Result<ScaledSamples, NetError>;

    /// What tells these samples from others: equal for equal samples, whoever reads them in the same way.
    fn checksum(&self) -> Checksum;
}

/// Samples in memory. Their checksum is that of their bytes and shapes.
impl SampleSource for ScaledSamples {
    fn n_samples(&self) -> usize {
        self.inputs.n_samples()
    }

    fn read(&self, indices: &[usize]) -> Result<ScaledSamples, NetError> {
        Ok(self.select(indices))
    }

    fn checksum(&self) -> Checksum {
        let maps = self.inputs.branches.iter().map(|maps| maps.view().into_dyn());
        let arrays = maps.chain(std::iter::once(self.targets.view().into_dyn()));
        let mut text = String::new();
        for array in arrays {
            text += &format!("{:?}\n", array.shape());
            for sample in array.outer_iter() {
                let bytes: Vec<u8> = sample.iter().flat_map(|value| value.to_le_bytes()).collect();
                text += &format!("{}\n", Checksum::of(&bytes));
            }
        }
        Checksum::of(text.as_bytes())
    }
}

/// Samples of a [`SampleSet`], scaled as they are read: no more than a few batches are in memory at a time, however large
/// the set is.
///
/// Reads the same bits as [`MapSet::from_samples`] and [`Normalisation::scale`] on the whole set would. Its checksum is
/// that of the manifest of the set, which knows every byte of its shards, together with the chosen samples, the chosen
/// arrays and the scaling.
///
/// # Examples
/// ```no_run
/// use galmass_dataset::{BranchLayout, Channel, Normalisation, SampleMaps, SampleSet, SetSplit};
/// use galmass_net::{SampleSource, StoredSamples};
///
/// let set = SampleSet::open("set".as_ref())?;
/// let split = SetSplit::read(&set, "by_galaxy")?.split;
/// let maps = SampleMaps {
///     channels: vec![(Channel::Light, "image_r".into()), (Channel::Velocity, "velocity".into())],
///     targets: vec!["log10_stellar_mass_msun".into()],
/// };
/// let layout = [
///     BranchLayout { name: "image".into(), channels: vec![Channel::Light] },
///     BranchLayout { name: "kinematics".into(), channels: vec![Channel::Velocity] },
/// ];
/// let normalisation = Normalisation::fit_samples(&set, &split.training, &layout, &maps)?;
/// let training = StoredSamples::new(&set, &split.training, &maps, &normalisation)?;
/// assert_eq!(training.n_samples(), split.training.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StoredSamples<'a> {
    set: &'a SampleSet,
    indices: &'a [usize],
    maps: &'a SampleMaps,
    normalisation: &'a Normalisation,
}

impl<'a> StoredSamples<'a> {
    /// The samples `indices` of a set, in that order: the maps and targets of `maps`, scaled by `normalisation`.
    ///
    /// # Errors
    /// [`NetError::Dataset`] where the first of them cannot be read so: an array is missing or of another shape.
    pub fn new(
        set: &'a SampleSet,
        indices: &'a [usize],
        maps: &'a SampleMaps,
        normalisation: &'a Normalisation,
    ) -> Result<Self, NetError> {
        let samples = Self { set, indices, maps, normalisation };
        if !indices.is_empty() {
            samples.read(&[0])?;
        }
        Ok(samples)
    }
}

impl SampleSource for StoredSamples<'_> {
    fn n_samples(&self) -> usize {
        self.indices.len()
    }

    fn read(&self, indices: &[usize]) -> Result<ScaledSamples, NetError> {
        let in_set: Vec<usize> = indices.iter().map(|&index| self.indices[index]).collect();
        let maps = MapSet::from_samples(self.set, &in_set, self.maps)?;
        Ok(self.normalisation.scale(&maps)?)
    }

    fn checksum(&self) -> Checksum {
        let indices: Vec<u8> = self.indices.iter().flat_map(|&index| (index as u64).to_le_bytes()).collect();
        let mut parts = serde_json::json!({
            "manifest": self.set.manifest().checksum(),
            "indices": Checksum::of(&indices),
            "maps": self.maps,
            "normalisation": self.normalisation,
        });
        parts.sort_all_objects();
        Checksum::of(parts.to_string().as_bytes())
    }
}
