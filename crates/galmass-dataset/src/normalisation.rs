//! From observed maps to network inputs, and back from outputs to masses: fitted once, on the training part.

use ndarray::{Array2, Array4, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use crate::{Channel, DatasetError, Inputs, MapSet, SampleMaps, SampleSet, ScaledSamples, Scaling};

/// Which channels a branch of the network takes; they share one mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchLayout {
    /// The name of the branch.
    pub name: String,
    /// Its channels, in the order of the network's input.
    pub channels: Vec<Channel>,
}

impl BranchLayout {
    /// The two branches of Chu et al. (2024) for one band: the image, and the velocity maps together.
    pub fn image_and_kinematics() -> Vec<Self> {
        vec![
            Self { name: "image".into(), channels: vec![Channel::Light] },
            Self { name: "kinematics".into(), channels: vec![Channel::Velocity, Channel::Dispersion] },
        ]
    }
}

/// How one channel is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelNormalisation {
    /// The channel.
    pub channel: Channel,
    /// Its scaling, with the constants of the training part.
    pub scaling: Scaling,
}

/// How the channels of one branch are scaled, and the mesh they were fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchNormalisation {
    /// The name of the branch.
    pub name: String,
    /// Pixels a side.
    pub n_px: usize,
    /// The channels in order.
    pub channels: Vec<ChannelNormalisation>,
}

/// The z-score of one target over the training part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetScaling {
    /// The name of the target.
    pub name: String,
    /// Mean over the training samples.
    pub mean: f64,
    /// Standard deviation over the training samples (divided by n).
    pub standard_deviation: f64,
}

/// Everything that turns a [`MapSet`] into [`ScaledSamples`] and network outputs into physical predictions.
///
/// * light: NaN becomes 0, then `log10(L + floor)` and min-max, floor = first percentile of the lit pixels;
/// * velocity: unknown pixels become 0, the systemic velocity; then linear, with 0 at one half;
/// * dispersion: unknown pixels become the light-weighted mean dispersion of the known pixels **of that map** (the
///   plain mean without a light map on the same mesh, and for gas); then min-max;
/// * colour: unknown pixels become the colour of all the light of the known pixels **of that map** (that of their mean
///   without a light map on the same mesh); then min-max.
///
/// One scaling serves the whole data set: a scaling per map would erase the luminosity and the velocity amplitude,
/// which carry the mass. Fitted on the training part only, so that nothing of the test part leaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// One entry a branch.
    pub branches: Vec<BranchNormalisation>,
    /// One entry a target.
    pub targets: Vec<TargetScaling>,
}

impl Normalisation {
    /// Fits the scaling of the given branches and targets on the training samples of a set.
    ///
    /// # Errors
    /// [`DatasetError`] for a channel or target that the set lacks, channels of one branch on different meshes, a
    /// channel without a usable training pixel, a target that never varies.
    pub fn fit(
        maps: &MapSet,
        training: &[usize],
        layout: &[BranchLayout],
        targets: &[&str],
    ) -> Result<Self, DatasetError> {
        let fit = |channel| {
            let values = maps.channel(channel)?;
            let sample = |&sample: &usize| values.index_axis_move(Axis(0), sample).into_iter().copied();
            Ok((values.len_of(Axis(1)), fit_channel(channel, training.iter().flat_map(sample))?))
        };
        let branches = layout.iter().map(|branch| fit_branch(branch, fit)).collect::<Result<_, _>>()?;
        let fit = |name: &&str| {
            let values = maps.target(name)?;
            fit_target(name, training.iter().map(|&sample| values[sample]))
        };
        let targets = targets.iter().map(fit).collect::<Result<_, _>>()?;
        Ok(Self { branches, targets })
    }

    /// As [`Normalisation::fit`], to the same bits, straight from a set on disk: its targets are those of `maps`.
    ///
    /// # Errors
    /// As [`Normalisation::fit`], and for an array that is no map or no number, or a sample that is not there.
    ///
    /// # Cost
    /// Passes over the training samples up to three times for each channel, and holds none of them.
    pub fn fit_samples(
        set: &SampleSet,
        training: &[usize],
        layout: &[BranchLayout],
        maps: &SampleMaps,
    ) -> Result<Self, DatasetError> {
        maps.check_samples(set, training)?;
        let fit = |channel| {
            let (n_px, values) = maps.channel(set, channel)?;
            let pixels = training.iter().flat_map(|&sample| values.sample(sample)).copied();
            Ok((n_px, fit_channel(channel, pixels)?))
        };
        let branches = layout.iter().map(|branch| fit_branch(branch, fit)).collect::<Result<_, _>>()?;
        let fit = |name: &String| {
            let values = maps.target(set, name, training)?;
            fit_target(name, values.into_iter())
        };
        let targets = maps.targets.iter().map(fit).collect::<Result<_, _>>()?;
        Ok(Self { branches, targets })
    }

    /// The channels of each branch.
    pub fn layout(&self) -> Vec<BranchLayout> {
        let channels = |branch: &BranchNormalisation| branch.channels.iter().map(|c| c.channel).collect();
        self.branches.iter().map(|b| BranchLayout { name: b.name.clone(), channels: channels(b) }).collect()
    }

    /// Fills and scales the maps of a set.
    ///
    /// # Errors
    /// [`DatasetError`] where a channel is absent or on another mesh than it was fitted on.
    pub fn scale_maps(&self, maps: &MapSet) -> Result<Inputs, DatasetError> {
        let branches =
            self.branches.iter().map(|branch| scale_branch(maps, branch)).collect::<Result<_, _>>()?;
        Ok(Inputs { branches })
    }

    /// Fills and scales the maps and z-scores the targets of a set.
    ///
    /// # Errors
    /// As [`Normalisation::scale_maps`], and where a target is absent.
    pub fn scale(&self, maps: &MapSet) -> Result<ScaledSamples, DatasetError> {
        let inputs = self.scale_maps(maps)?;
        let mut targets = Array2::zeros((maps.n_samples(), self.targets.len()));
        for (mut column, scaling) in targets.columns_mut().into_iter().zip(&self.targets) {
            for (scaled, &value) in column.iter_mut().zip(maps.target(&scaling.name)?) {
                *scaled = ((value - scaling.mean) / scaling.standard_deviation) as f32;
            }
        }
        Ok(ScaledSamples { inputs, targets })
    }

    /// Turns network outputs `[sample, target]` into values in the units of the targets.
    pub fn unscale_targets(&self, outputs: ArrayView2<'_, f32>) -> Array2<f64> {
        let mut values = outputs.mapv(f64::from);
        for (mut column, scaling) in values.columns_mut().into_iter().zip(&self.targets) {
            column.mapv_inplace(|z| z * scaling.standard_deviation + scaling.mean);
        }
        values
    }
}

fn fit_branch(
    branch: &BranchLayout,
    fit: impl Fn(Channel) -> Result<(usize, Scaling), DatasetError>,
) -> Result<BranchNormalisation, DatasetError> {
    let mut n_px = None;
    let mut channels = Vec::with_capacity(branch.channels.len());
    for &channel in &branch.channels {
        let (found, scaling) = fit(channel)?;
        let expected = *n_px.get_or_insert(found);
        if found != expected {
            return Err(DatasetError::MixedMeshes { branch: branch.name.clone(), channel, expected, found });
        }
        channels.push(ChannelNormalisation { channel, scaling });
    }
    let n_px = n_px.ok_or_else(|| DatasetError::Absent { what: branch.name.clone(), present: Vec::new() })?;
    Ok(BranchNormalisation { name: branch.name.clone(), n_px, channels })
}

fn fit_channel(channel: Channel, pixels: impl Iterator<Item = f32> + Clone) -> Result<Scaling, DatasetError> {
    let scaling = match channel {
        Channel::Light => Scaling::fit_logarithmic(pixels),
        Channel::Velocity | Channel::GasVelocity => Scaling::fit_symmetric(pixels),
        Channel::Dispersion | Channel::GasDispersion | Channel::Colour => Scaling::fit_linear(pixels),
    };
    scaling.ok_or(DatasetError::NothingToFit { channel })
}

fn fit_target(name: &str, values: impl Iterator<Item = f64> + Clone) -> Result<TargetScaling, DatasetError> {
    let n_samples = values.clone().count();
    let mean = values.clone().sum::<f64>() / n_samples as f64;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / n_samples as f64;
    let standard_deviation = variance.sqrt();
    if standard_deviation > 0.0 {
        Ok(TargetScaling { name: name.into(), mean, standard_deviation })
    } else {
        Err(DatasetError::ConstantTarget { target: name.into(), value: mean, n_samples })
    }
}

fn scale_branch(maps: &MapSet, branch: &BranchNormalisation) -> Result<Array4<f32>, DatasetError> {
    let expected = branch.n_px;
    let mut scaled = Array4::zeros((maps.n_samples(), branch.channels.len(), expected, expected));
    for (index, &ChannelNormalisation { channel, scaling }) in branch.channels.iter().enumerate() {
        let values = maps.channel(channel)?;
        let found = values.len_of(Axis(1));
        if found != expected {
            return Err(DatasetError::MeshDiffers { channel, expected, found });
        }
        let light = maps.channel(Channel::Light).ok().filter(|light| light.dim() == values.dim());
        for (sample, map) in values.outer_iter().enumerate() {
            let light = light.map(|light| light.index_axis_move(Axis(0), sample));
            let unknown = match channel {
                Channel::Light | Channel::Velocity | Channel::GasVelocity => 0.0,
                Channel::Dispersion => mean_where_known(map, light, |sigma| sigma),
                // The light is that of the stars.
                Channel::GasDispersion => mean_where_known(map, None, |sigma| sigma),
                // Magnitudes do not add: the light of the one band is that of the other times 10^(-0.4 c).
                Channel::Colour => {
                    let ratio = mean_where_known(map, light, |colour| 10.0_f64.powf(-0.4 * colour));
                    if ratio > 0.0 { -2.5 * ratio.log10() } else { 0.0 }
                }
            } as f32;
            scaled.slice_mut(s![sample, index, .., ..]).zip_mut_with(&map, |scaled, &value| {
                *scaled = scaling.apply(if value.is_finite() { value } else { unknown });
            });
        }
    }
    Ok(scaled)
}

/// The mean of a function of the finite pixels of a map, weighted by light where there is any on the same mesh; 0 without
/// a pixel.
fn mean_where_known(
    map: ArrayView2<'_, f32>,
    light: Option<ArrayView2<'_, f32>>,
    of: impl Fn(f64) -> f64,
) -> f64 {
    let weighted = |weight: &dyn Fn(usize) -> f64| {
        let known = map.iter().enumerate().filter(|(_, value)| value.is_finite());
        known.fold((0.0, 0.0), |(sum, total), (pixel, &value)| {
            (sum + weight(pixel) * of(f64::from(value)), total + weight(pixel))
        })
    };
    let light: Option<Vec<f32>> = light.map(|light| light.iter().copied().collect());
    let by_light = light.map(|light| {
        weighted(&|pixel| {
            if light[pixel] > 0.0 && light[pixel].is_finite() { f64::from(light[pixel]) } else { 0.0 }
        })
    });
    let (sum, total) = by_light.filter(|(_, total)| *total > 0.0).unwrap_or_else(|| weighted(&|_| 1.0));
    if total > 0.0 { sum / total } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    fn two_galaxies() -> MapSet {
        let nan = f32::NAN;
        MapSet::new(vec![1, 2])
            .unwrap()
            .with_channel(Channel::Light, array![[[1.0, 3.0], [0.0, nan]], [[100.0, 10.0], [10.0, 10.0]]])
            .unwrap()
            .with_channel(Channel::Velocity, array![[[50.0, -100.0], [nan, nan]], [[400.0, 0.0], [0.0, 0.0]]])
            .unwrap()
            .with_channel(
                Channel::Dispersion,
                array![[[100.0, 200.0], [nan, nan]], [[300.0, 300.0], [300.0, 300.0]]],
            )
            .unwrap()
            .with_target("log10_mass", vec![10.0, 12.0])
            .unwrap()
    }

    #[test]
    fn unknown_pixels_are_filled_as_documented() {
        let maps = two_galaxies();
        let layout = BranchLayout::image_and_kinematics();
        let normalisation = Normalisation::fit(&maps, &[0, 1], &layout, &["log10_mass"]).unwrap();
        let inputs = normalisation.scale_maps(&maps).unwrap();
        assert_eq!(inputs.branches[0].dim(), (2, 1, 2, 2));
        assert_eq!(inputs.branches[0][[0, 0, 1, 1]], 0.0, "no light");
        let kinematics = &inputs.branches[1];
        assert_eq!(kinematics[[0, 0, 1, 0]], 0.5, "systemic velocity");
        // Light-weighted: (1 x 100 + 3 x 200) / 4 = 175, on a scale from 100 to 300.
        assert_eq!(kinematics[[0, 1, 1, 0]], 0.375);
    }

    #[test]
    fn gas_is_not_weighed_by_the_light_of_the_stars() {
        let gas = two_galaxies().channel(Channel::Dispersion).unwrap().to_owned();
        let turning = two_galaxies().channel(Channel::Velocity).unwrap().to_owned();
        let maps = two_galaxies().with_channel(Channel::GasDispersion, gas).unwrap();
        let maps = maps.with_channel(Channel::GasVelocity, turning).unwrap();
        let channels = vec![Channel::GasVelocity, Channel::GasDispersion];
        let layout = [BranchLayout { name: "gas".into(), channels }];
        let normalisation = Normalisation::fit(&maps, &[0, 1], &layout, &[]).unwrap();
        let inputs = normalisation.scale_maps(&maps).unwrap();
        assert_eq!(inputs.branches[0][[0, 0, 1, 0]], 0.5, "systemic velocity");
        // The mean of 100 and 200, on a scale from 100 to 300.
        assert_eq!(inputs.branches[0][[0, 1, 1, 0]], 0.25);
    }

    #[test]
    fn the_colour_of_an_unknown_pixel_is_that_of_all_the_light() {
        let maps = MapSet::new(vec![1])
            .unwrap()
            .with_channel(Channel::Light, array![[[3.0, 1.0], [0.0, 0.0]]])
            .unwrap()
            .with_channel(Channel::Colour, array![[[0.0, 2.5], [f32::NAN, f32::NAN]]])
            .unwrap();
        let channels = vec![Channel::Light, Channel::Colour];
        let layout = [BranchLayout { name: "image".into(), channels }];
        let normalisation = Normalisation::fit(&maps, &[0], &layout, &[]).unwrap();
        let inputs = normalisation.scale_maps(&maps).unwrap();
        // Light 3 of colour 0 and light 1 of a tenth in the bluer band: 3.1 of 4, on a scale from 0 to 2.5 mag.
        let expected = -2.5 * (3.1_f64 / 4.0).log10() / 2.5;
        assert!((f64::from(inputs.branches[0][[0, 1, 1, 1]]) - expected).abs() < 1e-6);
    }

    #[test]
    fn only_the_training_part_decides() {
        let maps = two_galaxies();
        let layout = BranchLayout::image_and_kinematics();
        let fitted = |maps: &MapSet| {
            let three = MapSet::new(vec![1, 2, 3]).unwrap();
            let twice = |channel| {
                let values = maps.channel(channel).unwrap();
                ndarray::concatenate![Axis(0), values, values.slice(s![1..2, .., ..])]
            };
            let three = three.with_channel(Channel::Light, twice(Channel::Light)).unwrap();
            let three = three.with_channel(Channel::Velocity, twice(Channel::Velocity)).unwrap();
            let three = three.with_channel(Channel::Dispersion, twice(Channel::Dispersion)).unwrap();
            let three = three.with_target("log10_mass", vec![10.0, 12.0, 1.0e9]).unwrap();
            Normalisation::fit(&three, &[0, 1], &layout, &["log10_mass"]).unwrap()
        };
        assert_eq!(fitted(&maps), Normalisation::fit(&maps, &[0, 1], &layout, &["log10_mass"]).unwrap());
    }

    #[test]
    fn targets_go_there_and_back() {
        let maps = two_galaxies();
        let layout = BranchLayout::image_and_kinematics();
        let normalisation = Normalisation::fit(&maps, &[0, 1], &layout, &["log10_mass"]).unwrap();
        let scaled = normalisation.scale(&maps).unwrap();
        assert_eq!(scaled.targets, array![[-1.0], [1.0]]);
        assert_eq!(normalisation.unscale_targets(scaled.targets.view()), array![[10.0], [12.0]]);
        let json = serde_json::to_string(&normalisation).unwrap();
        assert_eq!(serde_json::from_str::<Normalisation>(&json).unwrap(), normalisation);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let maps = two_galaxies();
        let layout = BranchLayout::image_and_kinematics();
        let error = Normalisation::fit(&maps, &[1], &layout, &["log10_mass"]).unwrap_err();
        assert_eq!(error.to_string(), "target `log10_mass` is 12 for all 1 training samples");
        let dark =
            MapSet::new(vec![1]).unwrap().with_channel(Channel::Light, Array3::zeros((1, 2, 2))).unwrap();
        let error = Normalisation::fit(&dark, &[0], &layout[..1], &[]).unwrap_err();
        assert_eq!(error.to_string(), "channel `light` has no usable pixel in the training part");
        let normalisation = Normalisation::fit(&maps, &[0, 1], &layout[..1], &[]).unwrap();
        let coarse =
            MapSet::new(vec![1]).unwrap().with_channel(Channel::Light, Array3::ones((1, 3, 3))).unwrap();
        let error = normalisation.scale_maps(&coarse).unwrap_err();
        assert_eq!(error.to_string(), "`light` maps are 3 pixels a side; the normalisation was fitted on 2");
    }
}
