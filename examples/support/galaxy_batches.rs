//! Galaxies of any number of files, a batch at a time.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

use galmass::dataset::{Channel, MapSet, SampleMaps, SampleSet};
use galmass::net::Model;
use galmass::prelude::*;
use galmass::survey::SurveyChannel;
use ndarray::{Array1, Array3, Axis as ArrayAxis};
use ndarray_npy::{NpzReader, ReadNpzError, ReadableElement};

use crate::galaxy::{self, FrameArguments};

/// Samples of a set that are in memory at a time.
const BATCH: usize = 64;

/// Some galaxies, and which they are.
pub(crate) struct Batch {
    pub(crate) maps: MapSet,
    pub(crate) names: Vec<Name>,
}

/// Which galaxy, from which side.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    /// The number of the file.
    pub(crate) file: i64,
    /// Its number there.
    pub(crate) galaxy_id: i64,
    /// The number of the side.
    pub(crate) line_of_sight: i64,
}

/// Where galaxies come from.
pub(crate) enum Galaxies<'a> {
    /// One of each file, from three sides.
    Snapshots(&'a [PathBuf], &'a FrameArguments),
    /// Archives of maps.
    Maps(&'a [PathBuf]),
    /// A set of samples.
    Set(Box<SampleSet>),
}

type Take<'a> = &'a mut dyn FnMut(&Batch) -> Result<(), Box<dyn Error>>;

impl Galaxies<'_> {
    pub(crate) fn of_set(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let set = SampleSet::open(folder)?;
        if set.n_samples() == 0 {
            return Err(format!("{}: a set without a sample", folder.display()).into());
        }
        Ok(Self::Set(Box::new(set)))
    }

    /// Whether the first galaxies fit the model. Of snapshots nothing is read for that.
    pub(crate) fn check(&self, model: &Model) -> Result<(), Box<dyn Error>> {
        let first = match self {
            Self::Snapshots(..) => return meshes(model).map(|_| ()),
            Self::Maps(paths) => paths.first().map(|path| read_archive(path)).transpose()?,
            Self::Set(set) => Some(MapSet::from_samples(set, &[0], &arrays(model))?),
        };
        first.map(|maps| model.normalisation.scale_maps(&maps)).transpose()?;
        Ok(())
    }

    /// Hands all galaxies to `take`, in order.
    pub(crate) fn for_each_batch(&self, model: &Model, take: Take<'_>) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Snapshots(paths, frame) => {
                let config = meshes(model)?;
                for (file, path) in paths.iter().enumerate() {
                    take(&observe(path, frame, config, file as i64)?)?;
                }
                Ok(())
            }
            Self::Maps(paths) => {
                paths.iter().enumerate().try_for_each(|(file, path)| batches_of(path, file as i64, take))
            }
            Self::Set(set) => {
                let (maps, all) = (arrays(model), (0..set.n_samples()).collect::<Vec<_>>());
                all.chunks(BATCH).try_for_each(|indices| {
                    let keys = set.keys();
                    let name = |&index: &usize| Name {
                        file: 0,
                        galaxy_id: keys.galaxy_id[index] as i64,
                        line_of_sight: i64::from(keys.line_of_sight[index]),
                    };
                    let names = indices.iter().map(name).collect();
                    take(&Batch { maps: MapSet::from_samples(set, indices, &maps)?, names })
                })
            }
        }
    }
}

/// The arrays of a set of `build_dataset` that the channels of a model are.
fn arrays(model: &Model) -> SampleMaps {
    let array = |channel: Channel| {
        let array = match channel {
            Channel::Light => SurveyChannel::ImageR,
            Channel::Colour => SurveyChannel::ColourGR,
            Channel::Velocity => SurveyChannel::Velocity,
            _ => SurveyChannel::Dispersion,
        };
        (channel, array.name().to_string())
    };
    let channels = model.normalisation.layout().into_iter().flat_map(|branch| branch.channels);
    SampleMaps { channels: channels.map(array).collect(), targets: Vec::new() }
}

/// The observation with the meshes that a model takes.
fn meshes(model: &Model) -> Result<ObservationConfig, Box<dyn Error>> {
    let mut config = ObservationConfig::default();
    for branch in &model.normalisation.branches {
        for channel in &branch.channels {
            match channel.channel {
                Channel::Light => config.image_px = branch.n_px,
                Channel::Velocity | Channel::Dispersion => config.map_px = branch.n_px,
                other => return Err(format!("the model takes the channel `{other}`: give it a --set").into()),
            }
        }
    }
    Ok(config)
}

/// One galaxy from three sides.
fn observe(
    path: &Path,
    frame: &FrameArguments,
    config: ObservationConfig,
    file: i64,
) -> Result<Batch, Box<dyn Error>> {
    let galaxy = galaxy::read(path, frame)?.galaxy;
    let observer = Observer::new(&galaxy, config)?;
    let looks = Axis::ALL.iter().map(|&axis| observer.observe(&View::along(axis)));
    let looks: Vec<Observation> = looks.collect::<Result<_, _>>()?;
    let stack = |map: fn(&Observation) -> &Map| {
        let n_px = map(&looks[0]).grid().n_px();
        Array3::from_shape_fn((looks.len(), n_px, n_px), |(side, row, column)| {
            map(&looks[side]).values()[[row, column]] as f32
        })
    };
    let maps = MapSet::new(vec![0; looks.len()])?
        .with_channel(Channel::Light, stack(|look| &look.image))?
        .with_channel(Channel::Velocity, stack(|look| &look.velocity))?
        .with_channel(Channel::Dispersion, stack(|look| &look.dispersion))?;
    let names = (0..).take(looks.len()).map(|line_of_sight| Name { file, galaxy_id: 0, line_of_sight });
    Ok(Batch { maps, names: names.collect() })
}

/// The galaxies of an archive.
fn batches_of(path: &Path, file: i64, take: Take<'_>) -> Result<(), Box<dyn Error>> {
    let all = read_archive(path)?;
    let indices: Vec<usize> = (0..all.n_samples()).collect();
    for batch in indices.chunks(BATCH) {
        let ids: Vec<u64> = batch.iter().map(|&index| all.galaxy_ids()[index]).collect();
        let names = ids.iter().map(|&id| Name { file, galaxy_id: id as i64, line_of_sight: 0 }).collect();
        let mut maps = MapSet::new(ids)?;
        for channel in all.channels() {
            maps = maps.with_channel(channel, all.channel(channel)?.select(ArrayAxis(0), batch))?;
        }
        take(&Batch { maps, names })?;
    }
    Ok(())
}

/// The maps of an archive, without any labels.
fn read_archive(path: &Path) -> Result<MapSet, Box<dyn Error>> {
    let in_file = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| in_file(&error))?;
    let mut archive =
        NpzReader::new(file).map_err(|error| in_file(&format!("not an .npz archive: {error}")))?;
    let ids = integers(&mut archive, "group_number").map_err(|error| in_file(&error))?;
    let mut maps = MapSet::new(ids).map_err(|error| in_file(&error))?;
    for (name, channel) in
        [("flux", Channel::Light), ("vlos", Channel::Velocity), ("sigma", Channel::Dispersion)]
    {
        let values = match array::<f32, _>(&mut archive, name) {
            Ok(values) => values,
            Err(_) => array::<f64, _>(&mut archive, name)
                .map_err(|error| in_file(&format!("array `{name}`: {error}")))?
                .mapv(|value| value as f32),
        };
        maps = maps.with_channel(channel, values).map_err(|error| in_file(&error))?;
    }
    Ok(maps)
}

/// NumPy names the members `flux.npy` and hides the ending; older writers leave it away.
fn array<A: ReadableElement, D: ndarray::Dimension>(
    archive: &mut NpzReader<File>,
    name: &str,
) -> Result<ndarray::Array<A, D>, ReadNpzError> {
    match archive.by_name(name) {
        Err(ReadNpzError::Zip(_)) => archive.by_name(&format!("{name}.npy")),
        other => other,
    }
}

fn integers(archive: &mut NpzReader<File>, name: &str) -> Result<Vec<u64>, Box<dyn Error>> {
    let numbers: Array1<i64> = match array::<i32, _>(archive, name) {
        Ok(numbers) => numbers.mapv(i64::from),
        Err(_) => array(archive, name).map_err(|error| format!("array `{name}`: {error}"))?,
    };
    let number = |&number: &i64| u64::try_from(number).map_err(|_| format!("`{name}` holds {number}").into());
    numbers.iter().map(number).collect()
}
