//! Reads maps from a NumPy archive and their targets from a table.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ndarray::{Array1, Array3};
use ndarray_npy::{NpzReader, ReadNpzError, ReadableElement};
use serde::{Deserialize, Serialize};

use crate::{Channel, DatasetError, MapSet};

/// Which columns of a label table hold the galaxy and the target, and what the target is called from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelColumns {
    /// The column with the number of the galaxy. Default `GroupNumber`.
    pub galaxy: String,
    /// The column with the target. Default `logMstar`.
    pub target: String,
    /// The name of the target in the set. Default `log10_stellar_mass_msun`.
    pub target_name: String,
}

impl Default for LabelColumns {
    fn default() -> Self {
        Self {
            galaxy: "GroupNumber".into(),
            target: "logMstar".into(),
            target_name: "log10_stellar_mass_msun".into(),
        }
    }
}

const CHANNELS: [(&str, Channel); 3] =
    [("flux", Channel::Light), ("vlos", Channel::Velocity), ("sigma", Channel::Dispersion)];
const GALAXY: &str = "group_number";

/// Reads maps and their targets: a `.npz` archive with the arrays `flux`, `vlos` \[km/s\] and `sigma` \[km/s\] of
/// shape `[sample, row, column]` (f32 or f64, NaN where nothing is known) and `group_number` `[sample]` (an
/// integer), and a CSV table with a header that has a row for each galaxy. Rows are joined to maps by the number of
/// the galaxy, not by their order; rows without a map are left aside.
///
/// # Errors
/// [`DatasetError`] naming the file and the array, line or column: not an archive, an array missing or of another
/// shape or type, a column missing, a field that is no number, two rows for one galaxy, a map without a row.
pub fn read_npz_maps(maps: &Path, labels: &Path, columns: &LabelColumns) -> Result<MapSet, DatasetError> {
    let mut archive = Archive::open(maps)?;
    let galaxy_ids = archive.galaxy_ids()?;
    let targets = read_labels(labels, columns)?;
    let values = galaxy_ids.iter().map(|&galaxy_id| match targets.get(&galaxy_id) {
        Some(Label { value, .. }) if value.is_finite() => Ok(*value),
        Some(Label { value, line }) => Err(bad_field(labels, *line, &columns.target, &value.to_string())),
        None => Err(DatasetError::NoLabel { labels: labels.into(), maps: maps.into(), galaxy_id }),
    });
    let values = values.collect::<Result<Vec<f64>, _>>()?;
    let not_a_set = |array: &str| {
        let array = array.to_owned();
        move |source| DatasetError::NotASet { path: maps.into(), array, source: Box::new(source) }
    };
    let set = MapSet::new(galaxy_ids).map_err(not_a_set(GALAXY))?;
    let mut set = set.with_target(&columns.target_name, values)?;
    for (array, channel) in CHANNELS {
        set = set.with_channel(channel, archive.maps(array)?).map_err(not_a_set(array))?;
    }
    Ok(set)
}

struct Archive<'a> {
    path: &'a Path,
    reader: NpzReader<BufReader<File>>,
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path) -> Result<Self, DatasetError> {
        let file = File::open(path).map_err(|source| DatasetError::Io { path: path.into(), source })?;
        let reader = NpzReader::new(BufReader::new(file))
            .map_err(|source| DatasetError::NotNpz { path: path.into(), source })?;
        Ok(Self { path, reader })
    }

    fn read<A: ReadableElement, D: ndarray::Dimension>(
        &mut self,
        array: &str,
    ) -> Result<ndarray::Array<A, D>, ReadNpzError> {
        // NumPy names the members `flux.npy` and hides the ending; older writers leave it away.
        match self.reader.by_name(array) {
            Err(ReadNpzError::Zip(_)) => self.reader.by_name(&format!("{array}.npy")),
            other => other,
        }
    }

    fn error(&self, array: &str, source: ReadNpzError) -> DatasetError {
        DatasetError::Npz { path: self.path.into(), array: array.into(), source }
    }

    fn maps(&mut self, array: &str) -> Result<Array3<f32>, DatasetError> {
        match self.read::<f32, _>(array) {
            Ok(maps) => Ok(maps),
            Err(_) => match self.read::<f64, _>(array) {
                Ok(maps) => Ok(maps.mapv(|value: f64| value as f32)),
                // The complaint about f32 would mislead, the one about f64 is as good.
                Err(source) => Err(self.error(array, source)),
            },
        }
    }

    fn galaxy_ids(&mut self) -> Result<Vec<u64>, DatasetError> {
        let numbers: Array1<i64> = match self.read::<i32, _>(GALAXY) {
            Ok(numbers) => numbers.mapv(|number: i32| i64::from(number)),
            Err(_) => self.read(GALAXY).map_err(|source| self.error(GALAXY, source))?,
        };
        let id = |(index, &value): (usize, &i64)| {
            u64::try_from(value).map_err(|_| DatasetError::NegativeGalaxy {
                path: self.path.into(),
                array: GALAXY.into(),
                index,
                value,
            })
        };
        numbers.iter().enumerate().map(id).collect()
    }
}

/// One row of a label table.
struct Label {
    value: f64,
    line: u64,
}

fn bad_field(path: &Path, line: u64, column: &str, field: &str) -> DatasetError {
    DatasetError::BadField { path: path.into(), line, column: column.into(), field: field.into() }
}

fn read_labels(path: &Path, columns: &LabelColumns) -> Result<HashMap<u64, Label>, DatasetError> {
    let csv_error = |source| DatasetError::Csv { path: path.into(), source };
    let file = File::open(path).map_err(|source| DatasetError::Io { path: path.into(), source })?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(csv_error)?.clone();
    let column = |name: &str| {
        header.iter().position(|present| present == name).ok_or_else(|| DatasetError::NoColumn {
            path: path.into(),
            column: name.into(),
            present: header.iter().map(String::from).collect(),
        })
    };
    let (galaxy, target) = (column(&columns.galaxy)?, column(&columns.target)?);

    let mut labels = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, csv::Position::line);
        let (id, value) = (&record[galaxy], &record[target]);
        let galaxy_id: u64 = id.parse().map_err(|_| bad_field(path, line, &columns.galaxy, id))?;
        let value: f64 = value.parse().map_err(|_| bad_field(path, line, &columns.target, value))?;
        if labels.insert(galaxy_id, Label { value, line }).is_some() {
            return Err(DatasetError::RepeatedGalaxy { path: path.into(), line, galaxy_id });
        }
    }
    Ok(labels)
}
