//! From a set of samples that stays on disk to a trained network and its scores.

use std::error::Error;
use std::path::Path;

use galmass::dataset::{
    BranchLayout, Channel, Fractions, Grouping, MapSet, Normalisation, PartSizes, SampleMaps, SampleSet,
    SetSplit, SplitPlan,
};
use galmass::net::{Engine, Model, StoredSamples, TrainingConfig};

use crate::learning::{Quantity, Scored, Shape, Tally, train_parts};

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
    shape: &Shape,
    training: &TrainingConfig,
    folder: &Path,
) -> Result<Model, Box<dyn Error>> {
    let split = &split.split;
    let layout = BranchLayout::image_and_kinematics();
    let normalisation = Normalisation::fit_samples(set, &split.training, &layout, maps)?;
    let stored = |part| StoredSamples::new(set, part, maps, &normalisation);
    let (learnt, validated) = (stored(&split.training)?, stored(&split.validation)?);
    train_parts(engine, normalisation.clone(), [&learnt, &validated], shape, training, folder)
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
    let mut tallies = vec![Tally::default(); quantities.len()];
    for batch in split.split.test.chunks(BATCH) {
        let samples = MapSet::from_samples(set, batch, maps)?;
        let predictions = predictor.predict(&model.normalisation.scale_maps(&samples)?)?;
        for (target, (quantity, tally)) in quantities.iter().zip(&mut tallies).enumerate() {
            tally.add(&predictions, target, samples.target(quantity.name)?.iter().copied());
        }
    }
    let scores = quantities.iter().zip(tallies);
    scores.map(|(quantity, tally)| tally.score(quantity, "unseen galaxies")).collect()
}
