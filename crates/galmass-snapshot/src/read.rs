//! Reading a snapshot: its files in turn, of each the types of particles, of each the rows selected.

use std::ops::Range;
use std::path::{Path, PathBuf};

use galmass_core::{Component, Galaxy};

use crate::batch::Batch;
use crate::config::{ReadConfig, Subhalo};
use crate::detect::detect_file;
use crate::error::Place;
use crate::gas;
use crate::gather::{Gathered, Gatherer};
use crate::group::Part;
use crate::header::Header;
use crate::offsets::{self, ParticleRanges};
use crate::parts;
use crate::rule::Kind;
use crate::suite::Suite;
use crate::{Field, Progress, Snapshot, SnapshotError};

/// As the public function of this name.
pub(crate) fn read(
    path: &Path,
    config: &ReadConfig,
    progress: &mut dyn FnMut(Progress),
) -> Result<Snapshot, SnapshotError> {
    config.check()?;
    let entry = parts::entry(path)?;
    let suite = match config.suite {
        Some(suite) => suite,
        None => detect_file(&entry)?,
    };
    let survey = Survey::of(&entry, suite.rules())?;
    let ranges = match &config.selection.subhalo {
        Some(Subhalo::InCatalogue { catalogue, index }) => Some(offsets::find(catalogue, *index)?),
        Some(Subhalo::Rows(ranges)) => Some(ranges.clone()),
        Some(Subhalo::Numbers { .. }) | None => None,
    };
    let mut components = Components::default();
    for (index, kind) in survey.kinds.iter().enumerate() {
        let asked = &config.selection.components;
        if asked.contains(&kind.component) || kind.has_wind && asked.contains(&Component::Gas) {
            let rows = survey.rows_of(index, ranges.as_ref())?;
            let gathered = survey.gather(suite.rules(), index, rows, config, progress)?;
            components.add(kind, gathered);
        }
    }
    if config.selection.components.contains(&Component::Stars) {
        let is_selection = config.selection.subhalo.is_some() || config.selection.sphere.is_some();
        components.check_stars(&survey, is_selection)?;
    }
    let fields = config.selection.fields.as_deref();
    Ok(Snapshot {
        galaxy: components.into_galaxy(&survey, fields)?,
        suite,
        redshift: survey.header.redshift(),
        has_velocities: fields.is_none_or(|fields| fields.contains(&Field::Velocities)),
    })
}

/// All files of a snapshot, of which nothing but headers and shapes has been read.
struct Survey {
    header: Header,
    kinds: Vec<Kind>,
    parts: Vec<PartRows>,
    /// The file of a snapshot in one, kept open.
    only: Option<Box<dyn Part>>,
}

/// The rows of each kind in a virtual file; `None` where no kind is virtual.
///
/// HDF5 would read zeros where a part is missing, and the binding does not tell which parts there should be. So a file
/// that SWIFT made virtual over the parts beside it is read by these parts, and must have as many rows.
fn rows_if_virtual(part: &dyn Part) -> Result<Option<Vec<u64>>, SnapshotError> {
    let mut is_virtual = false;
    let mut n_rows = Vec::new();
    for kind in part.kinds() {
        let group = part.open(&kind)?;
        is_virtual |= group.as_ref().is_some_and(|group| group.is_virtual());
        n_rows.push(group.map_or(0, |group| group.n_rows() as u64));
    }
    Ok(is_virtual.then_some(n_rows))
}

/// The rows of each kind in one file.
struct PartRows {
    path: PathBuf,
    n_rows: Vec<usize>,
}

impl Survey {
    fn of(entry: &Path, suite: &dyn Suite) -> Result<Self, SnapshotError> {
        let first = suite.open(entry)?;
        if let Some(n_rows) = rows_if_virtual(first.as_ref())? {
            drop(first);
            let under = parts::first_under(entry)?;
            let survey = Self::of_parts(&under, suite, suite.open(&under)?)?;
            survey.check_rows(entry, &n_rows)?;
            return Ok(survey);
        }
        Self::of_parts(entry, suite, first)
    }

    /// The rows of each kind are those that a virtual file shows.
    fn check_rows(&self, path: &Path, n_rows: &[u64]) -> Result<(), SnapshotError> {
        for (index, kind) in self.kinds.iter().enumerate() {
            let (n_rows, found) = (n_rows.get(index).copied().unwrap_or(0), self.n_rows(index));
            if n_rows != found {
                let (path, object) = (path.to_owned(), kind.group.to_owned());
                return Err(SnapshotError::VirtualRows { path, object, n_rows, found });
            }
        }
        Ok(())
    }

    fn of_parts(entry: &Path, suite: &dyn Suite, first: Box<dyn Part>) -> Result<Self, SnapshotError> {
        let (header, kinds) = (first.header().clone(), first.kinds());
        let paths = parts::all(entry, header.counts.n_files)?;
        let mut survey = Self { header, kinds, parts: Vec::with_capacity(paths.len()), only: None };
        if let [path] = &paths[..] {
            survey.add(first.as_ref(), path, true)?;
            survey.only = Some(first);
            return Ok(survey);
        }
        drop(first);
        for path in &paths {
            survey.add(suite.open(path)?.as_ref(), path, false)?;
        }
        survey.check_totals()?;
        Ok(survey)
    }

    fn add(&mut self, part: &dyn Part, path: &Path, is_whole: bool) -> Result<(), SnapshotError> {
        self.check_agrees(part.header(), path)?;
        let mut n_rows = Vec::with_capacity(self.kinds.len());
        for kind in &self.kinds {
            let found = part.open(kind)?.map_or(0, |group| group.n_rows());
            // Cutouts keep the header of the file that they were cut from.
            if let Some(counts) = part.header().counts.in_this_file.as_ref().filter(|_| !is_whole) {
                check_count(path, kind, "NumPart_ThisFile", counts, found as u64)?;
            }
            n_rows.push(found);
        }
        self.parts.push(PartRows { path: path.to_owned(), n_rows });
        Ok(())
    }

    fn check_agrees(&self, header: &Header, path: &Path) -> Result<(), SnapshotError> {
        let ours = &self.header;
        let pairs = [
            ("NumFilesPerSnapshot", ours.counts.n_files as f64, header.counts.n_files as f64),
            ("Time", ours.epoch.scale_factor, header.epoch.scale_factor),
            ("HubbleParam", ours.epoch.hubble, header.epoch.hubble),
            ("BoxSize", ours.box_size_kpc.unwrap_or(0.0), header.box_size_kpc.unwrap_or(0.0)),
        ];
        match pairs.into_iter().find(|(_, expected, found)| expected != found) {
            Some((attribute, expected, found)) => Err(SnapshotError::PartsDisagree {
                path: path.to_owned(),
                attribute,
                found,
                reference: ours.place.path().to_owned(),
                expected,
            }),
            None => Ok(()),
        }
    }

    fn check_totals(&self) -> Result<(), SnapshotError> {
        let Some(totals) = &self.header.counts.in_total else { return Ok(()) };
        for (index, kind) in self.kinds.iter().enumerate() {
            check_count(self.header.place.path(), kind, "NumPart_Total", totals, self.n_rows(index))?;
        }
        Ok(())
    }

    /// The rows of a kind in all files.
    fn n_rows(&self, kind: usize) -> u64 {
        self.parts.iter().map(|part| part.n_rows[kind] as u64).sum()
    }

    /// The rows of a kind to look at, counted through all files.
    fn rows_of(&self, kind: usize, ranges: Option<&ParticleRanges>) -> Result<Range<u64>, SnapshotError> {
        let n_rows = self.n_rows(kind);
        let Some(ranges) = ranges else { return Ok(0..n_rows) };
        if n_rows == 0 {
            // A component that the snapshot lacks is empty, in a subhalo as in all of it.
            return Ok(0..0);
        }
        let Range { start, end } = ranges.of_type(self.kinds[kind].number);
        if end <= n_rows {
            return Ok(start..end);
        }
        let (path, object) = (self.header.place.path().to_owned(), self.kinds[kind].group.to_owned());
        Err(SnapshotError::SubhaloOutside { path, object, start, end, n_rows })
    }

    fn gather(
        &self,
        suite: &dyn Suite,
        index: usize,
        rows: Range<u64>,
        config: &ReadConfig,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Gathered, SnapshotError> {
        let kind = &self.kinds[index];
        let mut gathered = Gathered::default();
        let mut gatherer = Gatherer {
            kind,
            header: &self.header,
            selection: &config.selection,
            block_rows: config.block_rows,
            n_rows: rows.end.saturating_sub(rows.start),
            n_rows_done: 0,
        };
        let mut first = 0u64;
        for part in &self.parts {
            let n_rows = part.n_rows[index] as u64;
            // Both lie within this part, whose rows are counted by a usize.
            let start = rows.start.clamp(first, first + n_rows) - first;
            let end = rows.end.clamp(first, first + n_rows) - first;
            first += n_rows;
            if start >= end {
                continue;
            }
            let rows = start as usize..end as usize;
            let opened = match self.only {
                Some(_) => None,
                None => Some(suite.open(&part.path)?),
            };
            if let Some(file) = opened.as_ref().or(self.only.as_ref())
                && let Some(group) = file.open(kind)?
            {
                gatherer.add(group.as_ref(), rows, &mut gathered, progress)?;
            }
        }
        Ok(gathered)
    }
}

fn check_count(
    path: &Path,
    kind: &Kind,
    attribute: &'static str,
    counts: &[u64],
    found: u64,
) -> Result<(), SnapshotError> {
    match counts.get(kind.number) {
        Some(&expected) if expected != found => Err(SnapshotError::CountsDisagree {
            path: path.to_owned(),
            object: kind.group.to_owned(),
            attribute,
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// The particles of each component, and where they come from.
#[derive(Default)]
struct Components {
    batches: Vec<(Component, &'static str, Batch)>,
    wind: Vec<(&'static str, Batch)>,
    n_star_rows: usize,
}

impl Components {
    fn add(&mut self, kind: &Kind, gathered: Gathered) {
        if kind.component == Component::Stars {
            self.n_star_rows += gathered.n_rows_seen;
        }
        let own =
            if kind.component == Component::Gas { gas::of_type(gathered.own, kind) } else { gathered.own };
        self.batches.push((kind.component, kind.group, own));
        self.wind.push((kind.group, gas::of_wind(gathered.wind)));
    }

    fn check_stars(&self, survey: &Survey, is_selection: bool) -> Result<(), SnapshotError> {
        let mut stars = self.batches.iter().filter(|(component, ..)| *component == Component::Stars);
        if stars.clone().any(|(.., batch)| !batch.is_empty()) {
            return Ok(());
        }
        let group = stars.next().map_or("/PartType4", |(_, group, _)| group);
        let place = Place::new(survey.header.place.path(), group);
        let has_stars =
            |(index, kind): (usize, &Kind)| kind.component == Component::Stars && survey.n_rows(index) > 0;
        if is_selection && survey.kinds.iter().enumerate().any(has_stars) {
            Err(place.no_stars_selected())
        } else {
            Err(place.no_stars(self.n_star_rows))
        }
    }

    /// The particles of a component, and the group that an overflow is blamed on.
    fn take(&mut self, component: Component, survey: &Survey) -> (Batch, Place) {
        let mut sum = Batch::default();
        let mut blamed = None;
        for (of, group, batch) in &mut self.batches {
            if *of == component {
                blamed.get_or_insert(*group);
                sum = sum.and(std::mem::take(batch));
            }
        }
        (sum, Place::new(survey.header.place.path(), blamed.unwrap_or("/")))
    }

    fn into_galaxy(mut self, survey: &Survey, fields: Option<&[Field]>) -> Result<Galaxy, SnapshotError> {
        let (mut gas, blamed) = self.take(Component::Gas, survey);
        for (_, wind) in std::mem::take(&mut self.wind) {
            gas = gas.and(wind);
        }
        let gas = gas::into_gas(gas, &blamed, fields)?;
        let (stars, blamed) = self.take(Component::Stars, survey);
        let stars = stars.into_stars(&blamed, fields)?;
        let (dark_matter, blamed) = self.take(Component::DarkMatter, survey);
        let dark_matter = dark_matter.into_particles(&blamed)?.0;
        let (black_holes, blamed) = self.take(Component::BlackHoles, survey);
        let black_holes = black_holes.into_particles(&blamed)?.0;
        Ok(Galaxy { gas, dark_matter, stars, black_holes, box_size_kpc: survey.header.box_size_kpc })
    }
}
