//! Samples of posteriors beside the truths they are about.

use crate::MetricsError;

/// Samples of the posterior of each of several galaxies, and the truth of each.
///
/// `samples` has the samples of the first galaxy one after the other, each with all its dimensions (for a mass profile
/// one dimension a radius), then those of the second galaxy: galaxies x samples x dimensions, the last running fastest.
/// `truths` is galaxies x dimensions. Nothing is copied.
///
/// # Examples
/// ```
/// use galmass_metrics::Posteriors;
///
/// // Two galaxies, three samples each, of two dimensions.
/// let samples = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0, 5.0, 50.0, 6.0, 60.0];
/// let posteriors = Posteriors::new(&samples, &[2.0, 25.0, 5.5, 50.0], 3, 2)?;
/// assert_eq!((posteriors.n_galaxies(), posteriors.n_samples()), (2, 3));
/// assert_eq!(posteriors.sample(1, 0), [4.0, 40.0]);
/// assert_eq!(posteriors.truth(1), [5.5, 50.0]);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posteriors<'a> {
    samples: &'a [f64],
    truths: &'a [f64],
    n_samples: usize,
    n_dimensions: usize,
}

impl<'a> Posteriors<'a> {
    /// Takes samples and truths.
    ///
    /// # Errors
    /// [`MetricsError::PosteriorShape`] where the lengths do not fit, [`MetricsError::Empty`] without a galaxy, and
    /// [`MetricsError::PosteriorNotFinite`] for a sample or truth that is no finite number.
    pub fn new(
        samples: &'a [f64],
        truths: &'a [f64],
        n_samples: usize,
        n_dimensions: usize,
    ) -> Result<Self, MetricsError> {
        if samples.is_empty() && truths.is_empty() {
            return Err(MetricsError::Empty);
        }
        let fits = n_samples > 0
            && n_dimensions > 0
            && truths.len().is_multiple_of(n_dimensions)
            && truths.len().checked_mul(n_samples) == Some(samples.len());
        if !fits {
            let (n_values, n_true) = (samples.len(), truths.len());
            return Err(MetricsError::PosteriorShape { n_values, n_true, n_samples, n_dimensions });
        }
        for (values, of_a_galaxy) in [(samples, n_samples * n_dimensions), (truths, n_dimensions)] {
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                let (galaxy, dimension) = (index / of_a_galaxy, index % n_dimensions);
                return Err(MetricsError::PosteriorNotFinite { galaxy, dimension, value: values[index] });
            }
        }
        Ok(Self { samples, truths, n_samples, n_dimensions })
    }

    /// The number of galaxies, one or more.
    pub fn n_galaxies(&self) -> usize {
        self.truths.len() / self.n_dimensions
    }

    /// The number of samples of each posterior, one or more.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// The number of dimensions, one or more.
    pub fn n_dimensions(&self) -> usize {
        self.n_dimensions
    }

    /// A sample of a galaxy.
    ///
    /// # Panics
    /// If there is no such galaxy or sample.
    pub fn sample(&self, galaxy: usize, sample: usize) -> &'a [f64] {
        assert!(sample < self.n_samples, "sample {sample} of {}", self.n_samples);
        let start = (galaxy * self.n_samples + sample) * self.n_dimensions;
        &self.samples[start..start + self.n_dimensions]
    }

    /// All samples of a galaxy.
    ///
    /// # Panics
    /// If there is no such galaxy.
    pub fn samples(&self, galaxy: usize) -> impl ExactSizeIterator<Item = &'a [f64]> + Clone + use<'a> {
        let of_a_galaxy = self.n_samples * self.n_dimensions;
        self.samples[galaxy * of_a_galaxy..(galaxy + 1) * of_a_galaxy].chunks_exact(self.n_dimensions)
    }

    /// The truth of a galaxy.
    ///
    /// # Panics
    /// If there is no such galaxy.
    pub fn truth(&self, galaxy: usize) -> &'a [f64] {
        &self.truths[galaxy * self.n_dimensions..(galaxy + 1) * self.n_dimensions]
    }

    /// One dimension of all samples of a galaxy.
    pub(crate) fn marginal(
        &self,
        galaxy: usize,
        dimension: usize,
    ) -> impl Iterator<Item = f64> + Clone + use<'a> {
        self.samples(galaxy).map(move |sample| sample[dimension])
    }

    pub(crate) fn check_dimension(&self, dimension: usize) -> Result<(), MetricsError> {
        let n_dimensions = self.n_dimensions;
        if dimension < n_dimensions {
            Ok(())
        } else {
            Err(MetricsError::NoSuchDimension { dimension, n_dimensions })
        }
    }

    pub(crate) fn check_samples(&self, lowest: usize) -> Result<(), MetricsError> {
        let n_samples = self.n_samples;
        if n_samples >= lowest { Ok(()) } else { Err(MetricsError::TooFewSamples { n_samples, lowest }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_its_numbers() {
        assert_eq!(Posteriors::new(&[], &[], 3, 1), Err(MetricsError::Empty));
        for (n_samples, n_dimensions) in [(2, 2), (3, 0), (0, 1), (usize::MAX, 1)] {
            let error = Posteriors::new(&[0.0; 6], &[0.0; 2], n_samples, n_dimensions).unwrap_err();
            assert!(matches!(error, MetricsError::PosteriorShape { n_values: 6, n_true: 2, .. }), "{error}");
        }
        let mut samples = [0.0; 12];
        samples[9] = f64::NAN;
        let error = Posteriors::new(&samples, &[0.0; 4], 3, 2).unwrap_err();
        assert_eq!(error.to_string(), "galaxy 1, dimension 1: NaN is not finite");
        let error = Posteriors::new(&[0.0; 12], &[0.0, 0.0, f64::INFINITY, 0.0], 3, 2).unwrap_err();
        assert_eq!(error.to_string(), "galaxy 1, dimension 0: inf is not finite");
    }
}
