//! From a set of samples that stays on disk to a trained network and its scores.

use std::error::Error;
use std::path::Path;

use galmass::dataset::{
    BranchLayout, Channel, Fractions, Grouping, MapSet, Normalisation, PartSizes, SampleMaps, SampleSet,
    SetSplit, SplitPlan,
};
use galmass::metrics::Residuals;
use galmass::net::{Engine, Model, StoredSamples, TrainingConfig};

use crate::learning::{Quantity, Scored, train_parts};

/// Samples predicted at a time.
const BATCH: usize = 64;

/// The arrays of `build_dataset` that the two branches take, and what they are to tell.
pub(crate) fn sample_maps(quantities: &[Quantity]) -> SampleMaps {
    let channels =
        [(Channel::Light, "image_r"), (Channel::Velocity, "velocity"), (Channel::Dispersion, "dispersion")];
    SampleMaps {
        channels: channels.map(|(channel, array)| (channel, array.into())).into(),
        targets: quantities.iter().map(|quantity| quantity.name.into()).collect(),
    }
}

/// Splits a set by galaxy with the default fractions.
pub(crate) fn split(set: &SampleSet, seed: u64) -> Result<SetSplit, Box<dyn Error>> {
    let sizes = PartSizes::Fractions(Fractions::default());
    Ok(SetSplit::new(set, SplitPlan { grouping: Grouping::Galaxy, sizes, seed })?)
}

/// Trains on the training part, of which no more than a few batches are in memory at a time.
pub(crate) fn train(
    engine: &dyn Engine,
    set: &SampleSet,
    split: &SetSplit,
    maps: &SampleMaps,
    width: usize,
    training: &TrainingConfig,
    folder: &Path,
) -> Result<Model, Box<dyn Error>> {
    let split = &split.split;
    let layout = BranchLayout::image_and_kinematics();
    let normalisation = Normalisation::fit_samples(set, &split.training, &layout, maps)?;
    let stored = |part| StoredSamples::new(set, part, maps, &normalisation);
    let (learnt, validated) = (stored(&split.training)?, stored(&split.validation)?);
    train_parts(engine, normalisation.clone(), [&learnt, &validated], width, training, folder)
}

/// Predicts the test part: one score a quantity.
pub(crate) fn score(
    engine: &dyn Engine,
    model: &Model,
    quantities: &[Quantity],
    set: &SampleSet,
    split: &SetSplit,
    maps: &SampleMaps,
) -> Result<Vec<Scored>, Box<dyn Error>> {
    let predictor = engine.open(model)?;
    let mut columns = vec![(Vec::new(), Vec::new()); quantities.len()];
    for batch in split.split.test.chunks(BATCH) {
        let samples = MapSet::from_samples(set, batch, maps)?;
        let values = predictor.predict(&model.normalisation.scale_maps(&samples)?)?.values;
        for ((quantity, column), (predicted, truth)) in
            quantities.iter().zip(values.columns()).zip(&mut columns)
        {
            predicted.extend(column);
            truth.extend(samples.target(quantity.name)?);
        }
    }
    let scores = quantities.iter().zip(columns).map(|(quantity, (predicted, truth))| {
        let residuals = Residuals::new(&predicted, &truth)?;
        let part = "unseen galaxies of --set";
        Ok(Scored { part, name: quantity.name, label: quantity.label, truth, predicted, residuals })
    });
    scores.collect()
}
