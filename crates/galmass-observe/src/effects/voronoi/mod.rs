//! Adaptive binning: pixels joined until each bin has the signal-to-noise ratio that is wanted.

mod accretion;
mod binned;
mod tessellation;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::exposure::Exposure;
use super::length::check_range;
use crate::ObserveError;

/// What a map is binned by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseSource {
    /// The signal-to-noise ratio of a [noise](super::NoiseConfig) effect before it. It is that of the light before
    /// noise, so that fluctuations of single pixels are not gathered into bins.
    #[default]
    Photons,
    /// The number of star particles: S/N = sqrt(count), so that a bin of target S/N 5 holds some 25 stars.
    Particles,
}

/// Voronoi binning of the kinematic maps to a target signal-to-noise ratio: [`voronoi_bins`] as an effect.
///
/// Each pixel then shows the moments of its bin, with F, V and sigma those of its pixels and f the flux F before
/// noise:
///
/// ```text
/// F_bin = sum(F) / n_px     V_bin = sum(f V) / sum(f)     sigma_bin^2 = sum(f (sigma^2 + (V - V_bin)^2)) / sum(f)
/// ```
///
/// so the flux of the map is conserved, and the spread of the velocities inside a bin becomes dispersion. The noise
/// of the flux is that of the bin, shared out like F; the count is shared out too; and
/// [`Exposure::signal_to_noise`] becomes that of the bin.
///
/// * A pixel of unknown velocity adds to the flux of its bin, not to its moments; one of known velocity and unknown
///   dispersion adds 0 for its dispersion if it holds one star, or else nothing to the dispersion. The dispersion of
///   a bin is unknown if no pixel of it has one and its stars are fewer than two.
/// * A pixel in no bin keeps its flux and loses its velocity and dispersion.
/// * Field masks come before, for a mask would cut bins in pieces.
///
/// # Examples
/// ```
/// use galmass_observe::{Effect, NoiseSource, VoronoiConfig};
///
/// let text = r#"{"voronoi": {"target_signal_to_noise": 5.0, "noise": "particles"}}"#;
/// let Effect::Voronoi(voronoi) = serde_json::from_str(text).unwrap() else { panic!("another effect") };
/// assert_eq!((voronoi.noise, voronoi.min_signal_to_noise), (NoiseSource::Particles, 1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoronoiConfig {
    /// The signal-to-noise ratio of a bin, 1e-3 to 1e6; default 10.
    pub target_signal_to_noise: f64,
    /// Pixels below this signal-to-noise ratio lie in no bin, 0 to 1e6; default 1. With 0, all pixels of the field
    /// whose signal is not negative belong to bins, dark ones too.
    pub min_signal_to_noise: f64,
    /// What the noise is; default photons.
    pub noise: NoiseSource,
    /// The most rounds of the tessellation, 0 (the bins as they accreted) to 10,000; default 100. It mostly settles
    /// within 30.
    pub max_iterations: u32,
}

impl Default for VoronoiConfig {
    fn default() -> Self {
        Self {
            target_signal_to_noise: 10.0,
            min_signal_to_noise: 1.0,
            noise: NoiseSource::Photons,
            max_iterations: 100,
        }
    }
}

impl VoronoiConfig {
    pub(super) fn check(&self) -> Result<(), ObserveError> {
        let target = self.target_signal_to_noise;
        check_range("target_signal_to_noise", target, 1e-3, 1e6, "between 1e-3 and 1e6")?;
        check_range("min_signal_to_noise", self.min_signal_to_noise, 0.0, 1e6, "between 0 and 1e6")?;
        check_range("max_iterations", f64::from(self.max_iterations), 0.0, 1e4, "between 0 and 10,000")
    }

    pub(super) fn apply(&self, exposure: &mut Exposure) -> Result<(), ObserveError> {
        let observation = &exposure.observation;
        let (mut signal, noise) = match (self.noise, exposure.noiseless_flux()) {
            (NoiseSource::Photons, Some(signal_and_noise)) => signal_and_noise,
            (NoiseSource::Photons, None) => return Err(ObserveError::EffectMissing { needs: "noise" }),
            (NoiseSource::Particles, _) => {
                let count = observation.count.values();
                (count.clone(), count.mapv(f64::sqrt))
            }
        };
        // Where the field ends no pixel is binned, however many stars lie there.
        if let Some(field) = &exposure.map_field {
            signal.zip_mut_with(field, |signal, &inside| {
                if !inside {
                    *signal = f64::NAN;
                }
            });
        }
        let bins = voronoi_bins(&signal, &noise, self)?;
        binned::show_bins(exposure, &bins)?;
        exposure.bins = Some(bins);
        Ok(())
    }
}

/// The bins of a map, numbered from 0 by the first of their pixels in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct VoronoiBins {
    number: Array2<Option<u32>>,
    signal_to_noise: Vec<f64>,
    n_pixels: Vec<u32>,
}

impl VoronoiBins {
    /// How many bins there are.
    pub fn n_bins(&self) -> usize {
        self.signal_to_noise.len()
    }

    /// The number of the bin of each pixel, `[row, column]`; none for pixels in no bin.
    pub fn numbers(&self) -> &Array2<Option<u32>> {
        &self.number
    }

    /// The signal-to-noise ratio of each bin.
    pub fn signal_to_noise(&self) -> &[f64] {
        &self.signal_to_noise
    }

    /// The number of pixels of each bin: at least 1.
    pub fn n_pixels(&self) -> &[u32] {
        &self.n_pixels
    }

    /// The bin of a pixel; none outside the map too.
    pub fn bin_of(&self, pixel: (usize, usize)) -> Option<usize> {
        self.number.get(pixel).copied().flatten().map(|number| number as usize)
    }
}

/// Joins pixels to bins of about equal signal-to-noise ratio, compact and without overlap.
///
/// The method is that of Cappellari & Copin (2003) with the weighted Voronoi tessellation of Diehl & Statler (2006).
/// A bin of signals s and independent noises n has S/N = sum(s) / sqrt(sum(n^2)).
///
/// 1. *Accretion.* Pixels of the target S/N are bins already. Another bin starts at the free pixel next to the
///    centroid of all pixels used so far (at first, at the one of the highest S/N). It takes in the free pixel next to
///    its own centroid among those that share an edge with it, until it has the target S/N, or no pixel is left, or
///    the next one would leave it less round (r_max / sqrt(A / pi) > 1.3) or its S/N farther from the target. Bins of
///    less than 0.8 of the target are dissolved, their pixels go to the bin with the nearest centroid.
/// 2. *Tessellation.* Each pixel goes to the bin of the least distance / scale, from the bin's centroid and with
///    scale = sqrt(A / (S/N)) of the bin, until no pixel moves (or to the best round, if that takes too many).
///
/// `signal` and `noise` are of one shape and one unit.
///
/// * A pixel takes part if its signal is finite and not negative, its noise finite and not negative, and its S/N not
///   below `min_signal_to_noise`; without noise it has S/N 0 if it is dark, and takes no part otherwise. Each pixel
///   that takes part is in one bin.
/// * A pixel at the target or above it has a bin of its own, into which only fainter pixels around it may come, where
///   no other bin is nearer.
/// * If all pixels together do not reach 0.8 of the target they are one bin. Without any pixel there is no bin.
/// * Bins may be in several pieces where pixels that take no part lie between, and may enclose one another: weighted
///   cells can.
/// * Fluctuations that pass for signal are binned as signal: choose pixels by an S/N that does not fluctuate.
///
/// Bins of some tens of pixels scatter about the target by 5 per cent (rms), of a few pixels by 10.
///
/// Of n pixels in m bins, accretion takes time n m, and a round of the tessellation n.
///
/// # Errors
/// [`ObserveError::BadSetting`] for a setting out of its range, [`ObserveError::MeshMismatch`] for arrays of unlike
/// shape.
///
/// # Examples
/// Sixteen pixels of S/N 1: a bin of target 2 takes four of them.
/// ```
/// use galmass_observe::{VoronoiConfig, voronoi_bins};
/// use ndarray::Array2;
///
/// let config = VoronoiConfig { target_signal_to_noise: 2.0, ..VoronoiConfig::default() };
/// let bins = voronoi_bins(&Array2::ones((4, 4)), &Array2::ones((4, 4)), &config)?;
/// assert_eq!(bins.n_pixels(), [4, 4, 4, 4]);
/// assert_eq!(bins.signal_to_noise(), [2.0; 4]);
/// assert_eq!(bins.bin_of((0, 0)), Some(0));
/// # Ok::<(), galmass_observe::ObserveError>(())
/// ```
///
/// # References
/// * Cappellari & Copin 2003, MNRAS 342, 345.
/// * Diehl & Statler 2006, MNRAS 368, 497.
pub fn voronoi_bins(
    signal: &Array2<f64>,
    noise: &Array2<f64>,
    config: &VoronoiConfig,
) -> Result<VoronoiBins, ObserveError> {
    config.check()?;
    if signal.dim() != noise.dim() {
        return Err(ObserveError::MeshMismatch {
            map: "noise",
            rows: noise.nrows(),
            columns: noise.ncols(),
            other: "signal",
            expected_rows: signal.nrows(),
            expected_columns: signal.ncols(),
        });
    }
    let pixels = Pixels::new(signal, noise, config.min_signal_to_noise);
    let target = config.target_signal_to_noise;
    let accreted = accretion::accrete(&pixels, target);
    let settled = tessellation::settle(&pixels, accreted, target, config.max_iterations);
    Ok(numbered(&pixels, &settled, signal.dim()))
}

/// The pixels that take part.
struct Pixels {
    /// `[row, column]`, in the order of memory.
    position: Vec<[usize; 2]>,
    signal: Vec<f64>,
    /// The square of the noise.
    variance: Vec<f64>,
    /// The index of the pixel at each place of the map.
    index: Array2<Option<u32>>,
}

impl Pixels {
    fn new(signal: &Array2<f64>, noise: &Array2<f64>, min_signal_to_noise: f64) -> Self {
        let mut pixels = Self {
            position: Vec::new(),
            signal: Vec::new(),
            variance: Vec::new(),
            index: Array2::from_elem(signal.dim(), None),
        };
        for (((row, column), &signal), &noise) in signal.indexed_iter().zip(noise) {
            let variance = noise * noise;
            let takes_part = signal >= 0.0
                && noise >= 0.0
                && (signal + variance).is_finite()
                && (variance > 0.0 || signal == 0.0)
                && ratio(signal, variance) >= min_signal_to_noise;
            if takes_part {
                pixels.index[[row, column]] = Some(pixels.position.len() as u32);
                pixels.position.push([row, column]);
                pixels.signal.push(signal);
                pixels.variance.push(variance);
            }
        }
        pixels
    }

    fn len(&self) -> usize {
        self.position.len()
    }

    fn signal_to_noise(&self, pixel: usize) -> f64 {
        ratio(self.signal[pixel], self.variance[pixel])
    }

    /// The squared distance of a pixel from a point.
    fn square_distance(&self, pixel: usize, [y, x]: [f64; 2]) -> f64 {
        let [row, column] = self.position[pixel];
        (row as f64 - y).powi(2) + (column as f64 - x).powi(2)
    }
}

/// S/N; 0 where there is neither.
fn ratio(signal: f64, variance: f64) -> f64 {
    if signal == 0.0 { 0.0 } else { signal / variance.sqrt() }
}

/// What a bin holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Content {
    n_pixels: u32,
    signal: f64,
    variance: f64,
    sum_row: f64,
    sum_column: f64,
}

impl Content {
    fn add(&mut self, pixels: &Pixels, pixel: usize) {
        let [row, column] = pixels.position[pixel];
        self.n_pixels += 1;
        self.signal += pixels.signal[pixel];
        self.variance += pixels.variance[pixel];
        self.sum_row += row as f64;
        self.sum_column += column as f64;
    }

    fn with(mut self, pixels: &Pixels, pixel: usize) -> Self {
        self.add(pixels, pixel);
        self
    }

    fn signal_to_noise(&self) -> f64 {
        ratio(self.signal, self.variance)
    }

    fn centroid(&self) -> [f64; 2] {
        let n = f64::from(self.n_pixels);
        [self.sum_row / n, self.sum_column / n]
    }
}

/// The bins as a map, without those that lost all their pixels.
fn numbered(pixels: &Pixels, bin_of: &[u32], dim: (usize, usize)) -> VoronoiBins {
    let n_labels = bin_of.iter().max().map_or(0, |&last| last as usize + 1);
    let mut number_of = vec![None; n_labels];
    let mut contents: Vec<Content> = Vec::new();
    let mut number = Array2::from_elem(dim, None);
    for (pixel, &label) in bin_of.iter().enumerate() {
        let bin = *number_of[label as usize].get_or_insert_with(|| {
            contents.push(Content::default());
            contents.len() as u32 - 1
        });
        contents[bin as usize].add(pixels, pixel);
        number[pixels.position[pixel]] = Some(bin);
    }
    VoronoiBins {
        number,
        signal_to_noise: contents.iter().map(Content::signal_to_noise).collect(),
        n_pixels: contents.iter().map(|content| content.n_pixels).collect(),
    }
}

#[cfg(test)]
mod tests;
