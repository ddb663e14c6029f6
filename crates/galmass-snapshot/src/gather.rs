//! From the rows of one type of particles in one file to the particles selected of them, block by block.

use std::ops::Range;

use galmass_core::Component;

use crate::batch::Batch;
use crate::config::{Selection, Subhalo};
use crate::cosmology::FlatUniverse;
use crate::group::{Column, Group};
use crate::header::Header;
use crate::rule::{Kind, Rule, Stored};
use crate::units::Quantity;
use crate::{Progress, SnapshotError};

/// What is selected of one type of particles.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The particles themselves.
    pub(crate) own: Batch,
    /// Those of them that are gas on its way.
    pub(crate) wind: Batch,
    /// The columns that the first file with rows has, which the other files must have too.
    columns: Option<Vec<Stored>>,
    pub(crate) n_rows_seen: usize,
}

/// What wind keeps of the columns of its group.
const OF_WIND: [Stored; 6] = [
    Stored::Positions,
    Stored::Velocities,
    Stored::Masses,
    Stored::Potentials,
    Stored::Metallicities,
    Stored::SmoothingLengths,
];

/// What it takes to select particles of one type.
pub(crate) struct Gatherer<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) header: &'a Header,
    pub(crate) selection: &'a Selection,
    pub(crate) block_rows: usize,
    /// The rows of this type that are looked at in all files, and those that have been.
    pub(crate) n_rows: u64,
    pub(crate) n_rows_done: u64,
}

/// A column that is read.
struct Opened<'g> {
    rule: &'static Rule,
    column: Box<dyn Column + 'g>,
    /// The first row that has been read, and the values from there.
    values: Option<(usize, Vec<f64>)>,
}

impl Opened<'_> {
    /// The values of a row, which has been read.
    fn row<'v>(&self, values: &'v (usize, Vec<f64>), row: usize) -> &'v [f64] {
        let n = self.rule.stored.n_components();
        let index = row - values.0;
        &values.1[index * n..(index + 1) * n]
    }

    /// Reads these rows, unless that has been done.
    fn load(&mut self, rows: &Range<usize>) -> Result<(), SnapshotError> {
        if self.values.is_none() {
            self.values = Some((rows.start, self.column.read(rows.clone())?));
        }
        Ok(())
    }

    /// The value of a component of a row in physical units.
    fn physical(&self, row: usize, component: usize, value: f64) -> Result<f64, SnapshotError> {
        let quantity = self.rule.quantity;
        if !value.is_finite() {
            return Err(self.column.place_of(component).not_finite(row, value));
        }
        if value < 0.0 && !quantity.may_be_negative() {
            return Err(self.column.place_of(component).negative(row, value));
        }
        match quantity {
            Quantity::Maggies if value > 0.0 => Ok(-2.5 * value.log10()),
            Quantity::Maggies => Err(self.column.place_of(component).not_positive(row, value)),
            // SWIFT stores minus the scale factor of the last star formation where there is none now.
            Quantity::Rate => Ok(value.max(0.0) * self.column.factor()),
            _ => Ok(value * self.column.factor()),
        }
    }
}

impl Gatherer<'_> {
    /// Adds the particles selected of these rows of a group.
    pub(crate) fn add(
        &mut self,
        group: &dyn Group,
        rows: Range<usize>,
        gathered: &mut Gathered,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), SnapshotError> {
        let mut columns = self.open(group, gathered)?;
        let universe = match columns.iter().any(|opened| self.is_age(opened.rule.stored)) {
            true => Some(self.header.universe()?),
            false => None,
        };
        self.reserve(&columns, rows.len(), gathered)?;
        gathered.n_rows_seen += rows.len();
        for block in blocks(rows, self.block_rows) {
            let kept = self.kept(&block, &mut columns)?;
            let (own, wind) = self.without_wind(&block, kept, &mut columns)?;
            // Rows are in order, so what lies between the first and the last is all that need be read.
            let first = own.first().into_iter().chain(wind.first()).min();
            let last = own.last().into_iter().chain(wind.last()).max();
            let span = first.zip(last).map_or(0..0, |(&first, &last)| first..last + 1);
            for opened in &mut columns {
                for (rows, batch, is_wind) in
                    [(&own, &mut gathered.own, false), (&wind, &mut gathered.wind, true)]
                {
                    if rows.is_empty() || !self.goes_to(opened.rule.stored, is_wind) {
                        continue;
                    }
                    opened.load(&span)?;
                    self.append(opened, rows, batch, universe)?;
                }
                opened.values = None;
            }
            self.n_rows_done += block.len() as u64;
            progress(Progress {
                component: self.kind.component,
                n_rows: self.n_rows,
                n_rows_done: self.n_rows_done,
                n_rows_in_block: block.len(),
            });
        }
        Ok(())
    }

    /// Opens the columns that are asked for, and those that say which particles are.
    fn open<'g>(
        &self,
        group: &'g dyn Group,
        gathered: &mut Gathered,
    ) -> Result<Vec<Opened<'g>>, SnapshotError> {
        let by_numbers = matches!(self.selection.subhalo, Some(Subhalo::Numbers { .. }));
        let mut columns = Vec::new();
        for rule in self.kind.rules() {
            let decides = match rule.stored {
                Stored::FormationTimes => self.kind.has_wind,
                Stored::GroupNumbers | Stored::SubGroupNumbers => by_numbers,
                _ => false,
            };
            let fields = self.selection.fields.as_deref();
            let is_wanted = rule.stored.is_wanted(fields)
                && (self.goes_to(rule.stored, false) || self.goes_to(rule.stored, true));
            if !decides && !is_wanted {
                continue;
            }
            let others_have_it = gathered.columns.as_ref().map(|found| found.contains(&rule.stored));
            match group.find(rule)? {
                Some(_) if others_have_it == Some(false) => {}
                Some(column) => columns.push(Opened { rule, column, values: None }),
                None if rule.is_required || decides || others_have_it == Some(true) => {
                    return Err(group.place().child(rule.names[0]).missing_field());
                }
                None => {}
            }
        }
        if by_numbers && self.kind.rule(Stored::GroupNumbers).is_none() {
            return Err(group.place().child("GroupNumber").missing_field());
        }
        gathered.columns = Some(columns.iter().map(|opened| opened.rule.stored).collect());
        Ok(columns)
    }

    /// Whether a column of this type is one of the component, or of wind.
    fn goes_to(&self, stored: Stored, is_wind: bool) -> bool {
        let components = &self.selection.components;
        let fields = self.selection.fields.as_deref();
        if !stored.is_wanted(fields) {
            return false;
        }
        if is_wind {
            return self.kind.has_wind && components.contains(&Component::Gas) && OF_WIND.contains(&stored);
        }
        let is_column = match stored {
            Stored::FormationTimes => self.header.is_cosmological,
            Stored::SmoothingLengths => self.kind.component == Component::Gas,
            _ => true,
        };
        is_column && components.contains(&self.kind.component)
    }

    fn is_age(&self, stored: Stored) -> bool {
        stored == Stored::FormationTimes && self.goes_to(stored, false)
    }

    /// Makes room for all rows where no condition will leave out most of them.
    fn reserve(
        &self,
        columns: &[Opened<'_>],
        n_rows: usize,
        gathered: &mut Gathered,
    ) -> Result<(), SnapshotError> {
        let is_sparse = self.selection.sphere.is_some()
            || matches!(self.selection.subhalo, Some(Subhalo::Numbers { .. }));
        let n_rows = if is_sparse { 0 } else { n_rows };
        for opened in columns {
            let stored = opened.rule.stored;
            if self.goes_to(stored, false) && gathered.own.try_reserve(stored, n_rows).is_err() {
                let n_bytes = (n_rows as u64).saturating_mul(8 * stored.n_components() as u64);
                return Err(opened.column.place().too_large(n_bytes, 0));
            }
            if self.goes_to(stored, true) && gathered.wind.try_reserve(stored, 0).is_err() {
                return Err(opened.column.place().too_large(0, 0));
            }
        }
        Ok(())
    }

    /// The rows of a block that meet all conditions.
    fn kept(&self, block: &Range<usize>, columns: &mut [Opened<'_>]) -> Result<Vec<usize>, SnapshotError> {
        let mut kept: Vec<usize> = block.clone().collect();
        if let Some(Subhalo::Numbers { group_number, subgroup_number }) = self.selection.subhalo {
            // Negative group numbers mark particles in a group's sphere that are not bound to it.
            for (stored, number) in
                [(Stored::GroupNumbers, group_number), (Stored::SubGroupNumbers, subgroup_number)]
            {
                let Some(opened) = columns.iter_mut().find(|opened| opened.rule.stored == stored) else {
                    continue;
                };
                let values = opened.column.read(block.clone())?;
                kept.retain(|row| values[row - block.start] == number as f64);
            }
        }
        if let Some(sphere) = self.selection.sphere
            && !kept.is_empty()
            && let Some(opened) = columns.iter_mut().find(|opened| opened.rule.stored == Stored::Positions)
        {
            opened.load(block)?;
            let opened = &*opened;
            let Some(values) = &opened.values else { return Ok(kept) };
            let mut inside = Vec::new();
            for row in kept {
                let mut position_kpc = [0.0; 3];
                for (axis, &value) in opened.row(values, row).iter().enumerate() {
                    position_kpc[axis] = opened.physical(row, axis, value)?;
                }
                if sphere.contains(position_kpc, self.header.box_size_kpc) {
                    inside.push(row);
                }
            }
            kept = inside;
        }
        Ok(kept)
    }

    /// Parts the rows into those of the component and those of wind, of which nothing is left where not asked for.
    fn without_wind(
        &self,
        block: &Range<usize>,
        kept: Vec<usize>,
        columns: &mut [Opened<'_>],
    ) -> Result<(Vec<usize>, Vec<usize>), SnapshotError> {
        let formed = columns.iter_mut().find(|opened| opened.rule.stored == Stored::FormationTimes);
        let (mut own, mut wind) = match formed {
            Some(opened) if self.kind.has_wind => {
                opened.load(block)?;
                let opened = &*opened;
                let Some(values) = &opened.values else { return Ok((kept, Vec::new())) };
                if let Some(&row) = kept.iter().find(|&&row| !opened.row(values, row)[0].is_finite()) {
                    return Err(opened.column.place().not_finite(row, opened.row(values, row)[0]));
                }
                kept.into_iter().partition(|&row| opened.row(values, row)[0] > 0.0)
            }
            _ => (kept, Vec::new()),
        };
        if !self.selection.components.contains(&self.kind.component) {
            own.clear();
        }
        if !self.selection.components.contains(&Component::Gas) {
            wind.clear();
        }
        Ok((own, wind))
    }

    fn append(
        &self,
        opened: &Opened<'_>,
        rows: &[usize],
        batch: &mut Batch,
        universe: Option<FlatUniverse>,
    ) -> Result<(), SnapshotError> {
        let Some(values) = &opened.values else { return Ok(()) };
        let vector = |row: usize| {
            let mut vector = [0.0; 3];
            for (axis, &value) in opened.row(values, row).iter().enumerate() {
                vector[axis] = opened.physical(row, axis, value)?;
            }
            Ok::<_, SnapshotError>(vector)
        };
        let scalar = |row: usize| {
            let value = opened.physical(row, 0, opened.row(values, row)[0])?;
            let now = self.header.epoch.scale_factor;
            match universe {
                Some(universe) if opened.rule.stored == Stored::FormationTimes => universe
                    .age_gyr(value, now)
                    .ok_or_else(|| opened.column.place().born_outside_time(row, value, now)),
                _ => Ok(value),
            }
        };
        match opened.rule.stored {
            Stored::Positions => append(&mut batch.positions_kpc, rows, vector),
            Stored::Velocities => append(batch.velocities_km_s.get_or_insert_default(), rows, vector),
            stored => append(batch.scalars.entry(stored).or_default(), rows, scalar),
        }
    }
}

fn append<T>(
    column: &mut Vec<T>,
    rows: &[usize],
    value: impl Fn(usize) -> Result<T, SnapshotError>,
) -> Result<(), SnapshotError> {
    for &row in rows {
        column.push(value(row)?);
    }
    Ok(())
}

/// Cuts rows into blocks that end at multiples of `block_rows`, as chunks do.
fn blocks(rows: Range<usize>, block_rows: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = rows.start;
    std::iter::from_fn(move || {
        if start >= rows.end {
            return None;
        }
        let end = (start / block_rows + 1).saturating_mul(block_rows).min(rows.end);
        let block = start..end;
        start = end;
        Some(block)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_at_multiples_and_leave_nothing_out() {
        let ends = |rows, block_rows| {
            blocks(rows, block_rows).map(|block| (block.start, block.end)).collect::<Vec<_>>()
        };
        assert_eq!(ends(5..23, 10), [(5, 10), (10, 20), (20, 23)]);
        assert_eq!(ends(0..10, 10), [(0, 10)]);
        assert_eq!(ends(3..4, usize::MAX), [(3, 4)]);
        assert_eq!(blocks(7..7, 10).count(), 0);
    }
}
