//! From a set of samples to a network that sees some of its maps: what goes in, how the parts are read, what comes out.

use std::error::Error;

use galmass::dataset::{
    BranchLayout, Channel, MapSet, Normalisation, SampleMaps, SampleSet, ScaledSamples, Split,
};
use galmass::net::{Engine, Model, SampleSource, StoredSamples};
use galmass::survey::SurveyChannel;
use ndarray::{Array2, Array3, Axis, concatenate};

/// Samples that are read or predicted at a time.
const BATCH: usize = 64;

/// What a network is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "no example shows all of them")]
pub(crate) enum Input {
    /// The r image.
    ImageR,
    /// The g - r map on the mesh of the image: with the image it is what g and r are.
    ColourGR,
    /// Velocity and dispersion of the stars.
    StarMaps,
    /// Velocity and dispersion of the gas.
    GasMaps,
}

impl Input {
    /// What it is called in file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ImageR => "r",
            Self::ColourGR => "g",
            Self::StarMaps => "stars",
            Self::GasMaps => "gas",
        }
    }

    /// The branch that it goes to, one a mesh and tracer.
    fn branch(self) -> &'static str {
        match self {
            Self::ImageR | Self::ColourGR => "image",
            Self::StarMaps => "kinematics",
            Self::GasMaps => "gas",
        }
    }

    /// Its channels, and their arrays in a set.
    fn channels(self) -> Vec<(Channel, SurveyChannel)> {
        match self {
            Self::ImageR => vec![(Channel::Light, SurveyChannel::ImageR)],
            Self::ColourGR => vec![(Channel::Colour, SurveyChannel::ColourGR)],
            Self::StarMaps => vec![
                (Channel::Velocity, SurveyChannel::Velocity),
                (Channel::Dispersion, SurveyChannel::Dispersion),
            ],
            Self::GasMaps => vec![
                (Channel::GasVelocity, SurveyChannel::GasVelocity),
                (Channel::GasDispersion, SurveyChannel::GasDispersion),
            ],
        }
    }
}

/// The branches of a network that is shown some inputs.
pub(crate) fn layout(inputs: &[Input]) -> Vec<BranchLayout> {
    let mut layout: Vec<BranchLayout> = Vec::new();
    for &input in inputs {
        let channels = input.channels().into_iter().map(|(channel, _)| channel);
        match layout.iter_mut().find(|branch| branch.name == input.branch()) {
            Some(branch) => branch.channels.extend(channels),
            None => layout.push(BranchLayout { name: input.branch().into(), channels: channels.collect() }),
        }
    }
    layout
}

/// The arrays of a set that are these inputs and targets.
pub(crate) fn sample_maps(inputs: &[Input], targets: &[&str]) -> SampleMaps {
    let channels = inputs.iter().flat_map(|input| input.channels());
    SampleMaps {
        channels: channels.map(|(channel, array)| (channel, array.name().into())).collect(),
        targets: targets.iter().map(|&target| target.into()).collect(),
    }
}

/// Training, validation and test part as a network takes them, and how they were scaled.
pub(crate) struct Parts<'a> {
    pub(crate) normalisation: &'a Normalisation,
    pub(crate) training: &'a dyn SampleSource,
    pub(crate) validation: &'a dyn SampleSource,
    pub(crate) test: &'a dyn SampleSource,
}

/// Reads the parts of a split, scaled by what the training part says, and hands them to `take`.
///
/// They stay on disk, unless images are to be coarser than those of the set: `rebin` pixels a side are added up to one,
/// and the maps are held in memory then.
pub(crate) fn with_parts<T>(
    set: &SampleSet,
    split: &Split,
    inputs: &[Input],
    targets: &[&str],
    rebin: usize,
    take: impl FnOnce(&Parts<'_>) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let (maps, layout) = (sample_maps(inputs, targets), layout(inputs));
    let parts = [&split.training, &split.validation, &split.test];
    if rebin == 1 {
        let normalisation = &Normalisation::fit_samples(set, &split.training, &layout, &maps)?;
        let [training, validation, test] =
            parts.map(|part| StoredSamples::new(set, part, &maps, normalisation));
        let (training, validation, test) = (&training?, &validation?, &test?);
        return take(&Parts { normalisation, training, validation, test });
    }
    let [training, validation, test] = parts.map(|part| coarse_images(set, part, &maps, rebin));
    let training = training?;
    let all: Vec<usize> = (0..training.n_samples()).collect();
    let normalisation = &Normalisation::fit(&training, &all, &layout, targets)?;
    let (training, validation, test) = (
        &normalisation.scale(&training)?,
        &normalisation.scale(&validation?)?,
        &normalisation.scale(&test?)?,
    );
    take(&Parts { normalisation, training, validation, test })
}

/// Images of some samples with larger pixels, the sums of the light in them, and the targets.
fn coarse_images(
    set: &SampleSet,
    samples: &[usize],
    maps: &SampleMaps,
    rebin: usize,
) -> Result<MapSet, Box<dyn Error>> {
    let mut batches = Vec::new();
    for batch in samples.chunks(BATCH) {
        let fine = MapSet::from_samples(set, batch, maps)?;
        let light = fine.channel(Channel::Light)?;
        let n_px = light.len_of(Axis(1));
        if n_px % rebin != 0 {
            return Err(format!("images of {n_px} pixels cannot be divided by {rebin}").into());
        }
        let side = n_px / rebin;
        batches.push(Array3::from_shape_fn((batch.len(), side, side), |(sample, row, column)| {
            let block = light.slice(ndarray::s![
                sample,
                row * rebin..(row + 1) * rebin,
                column * rebin..(column + 1) * rebin
            ]);
            // No light and light that is not known are both no light.
            block.iter().filter(|light| light.is_finite()).map(|&light| f64::from(light)).sum::<f64>() as f32
        }));
    }
    let views: Vec<_> = batches.iter().map(|batch| batch.view()).collect();
    let galaxies = samples.iter().map(|&sample| set.keys().galaxy_id[sample]).collect();
    let mut coarse = MapSet::new(galaxies)?.with_channel(Channel::Light, concatenate(Axis(0), &views)?)?;
    for target in &maps.targets {
        coarse = coarse.with_target(target, numbers(set, target, samples)?)?;
    }
    Ok(coarse)
}

/// One number of each of some samples.
pub(crate) fn numbers(set: &SampleSet, name: &str, samples: &[usize]) -> Result<Vec<f64>, Box<dyn Error>> {
    let array = set.array(name)?;
    Ok(samples.iter().map(|&sample| array.sample(sample).first().map_or(f64::NAN, |&x| x.into())).collect())
}

/// The radii of the profiles of a set \[half-mass radii\], as its survey was told; none where it does not say.
pub(crate) fn profile_radii(set: &SampleSet) -> Vec<f64> {
    let stated = &set.manifest().description.config["survey"]["profile_radii_rhsm"];
    serde_json::from_value(stated.clone()).unwrap_or_default()
}

/// What a model says of the targets of some samples `[sample, target]`, in their units.
pub(crate) fn predict(
    engine: &dyn Engine,
    model: &Model,
    samples: &dyn SampleSource,
) -> Result<Array2<f64>, Box<dyn Error>> {
    let predictor = engine.open(model)?;
    let all: Vec<usize> = (0..samples.n_samples()).collect();
    let mut batches = Vec::new();
    for batch in all.chunks(BATCH) {
        let ScaledSamples { inputs, .. } = samples.read(batch)?;
        batches.push(predictor.predict(&inputs)?.values);
    }
    let views: Vec<_> = batches.iter().map(|batch| batch.view()).collect();
    Ok(concatenate(Axis(0), &views)?)
}
