//! One array of every sample of a set.

use super::{ArrayLayout, SampleSet, ShardError};

/// One array of all samples of a [`SampleSet`], read where it stands in the shards.
#[derive(Clone, Debug)]
pub struct SampleArray<'a> {
    set: &'a SampleSet,
    layout: &'a ArrayLayout,
    n_values: usize,
    /// Where the array begins in each shard.
    places: Vec<usize>,
}

impl<'a> SampleArray<'a> {
    pub(super) fn new(set: &'a SampleSet, layout: &'a ArrayLayout) -> Result<Self, ShardError> {
        let places = set.shards.iter().map(|shard| shard.place_of(layout)).collect::<Result<_, _>>()?;
        Ok(Self { set, layout, n_values: layout.n_values(), places })
    }

    /// Its name, shape, unit and meaning.
    pub fn layout(&self) -> &'a ArrayLayout {
        self.layout
    }

    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.set.n_samples()
    }

    /// The values of one sample in row order, NaN where unknown; nothing is copied.
    ///
    /// # Panics
    /// Where the index is not below [`SampleArray::n_samples`].
    pub fn sample(&self, index: usize) -> &'a [f32] {
        let starts = &self.set.starts;
        assert!(index < self.n_samples(), "sample {index} of {}", self.n_samples());
        // Empty shards begin where the next one does: the last that begins at or before the sample holds it.
        let shard = starts.partition_point(|&start| start <= index) - 1;
        self.set.shards[shard].values(self.places[shard], self.n_values, index - starts[shard])
    }

    /// Copies the values of the given samples one after the other: a batch `[indices, shape..]`. Allocates nothing.
    ///
    /// # Errors
    /// [`ShardError::NoSuchSample`] for an index beyond the set, [`ShardError::BatchSize`] where `batch` has not the size
    /// of so many samples; it is left as it was then.
    pub fn gather(&self, indices: &[usize], batch: &mut [f32]) -> Result<(), ShardError> {
        let expected = indices.len().saturating_mul(self.n_values);
        if batch.len() != expected {
            let (array, n_samples, found) = (self.layout.name.clone(), indices.len(), batch.len());
            return Err(ShardError::BatchSize { array, n_samples, expected, found });
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= self.n_samples()) {
            return Err(ShardError::NoSuchSample { index, n_samples: self.n_samples() });
        }
        for (&index, values) in indices.iter().zip(batch.chunks_exact_mut(self.n_values)) {
            values.copy_from_slice(self.sample(index));
        }
        Ok(())
    }
}
