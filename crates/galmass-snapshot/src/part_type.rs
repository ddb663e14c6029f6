//! `PartType` groups: the layout that IllustrisTNG and EAGLE share with Gadget, whatever their names and units.

use galmass_core::Particles;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::error::Place;
use crate::field::{CheckedDataset, Field, FieldGroup, Rows};
use crate::header::Header;
use crate::source::Hdf5File;
use crate::units::{Quantity, StoredUnit};

/// The number of the group of each component.
pub(crate) const GAS: usize = 0;
pub(crate) const DARK_MATTER: usize = 1;
pub(crate) const STARS: usize = 4;
pub(crate) const BLACK_HOLES: usize = 5;

/// What a suite calls its fields, and how it says their units.
#[derive(Debug)]
pub(crate) struct Dialect {
    pub(crate) masses: &'static str,
    pub(crate) velocities: &'static str,
    /// The unit of a dataset that measures something other than [`Quantity::Number`], from its attributes.
    pub(crate) unit: fn(&Attributes<'_>, Quantity) -> Result<StoredUnit, SnapshotError>,
}

/// A snapshot, and the rules to read its groups by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartTypes<'a> {
    pub(crate) file: &'a Hdf5File,
    pub(crate) header: &'a Header,
    pub(crate) dialect: &'a Dialect,
}

impl<'a> PartTypes<'a> {
    /// The group of a type.
    pub(crate) fn place(self, number: usize) -> Place {
        Place::new(self.file.path(), format!("/PartType{number}"))
    }

    /// Opens the group of a type; `None` where it is absent or has nothing in it.
    pub(crate) fn open(self, number: usize) -> Result<Option<PartType<'a>>, SnapshotError> {
        match self.file.group(self.place(number).object())? {
            Some(group) if !group.is_empty() => PartType::new(self, number, group).map(Some),
            _ => Ok(None),
        }
    }

    /// Opens the group of the stars, which must be there and have rows.
    pub(crate) fn open_stars(self) -> Result<PartType<'a>, SnapshotError> {
        match self.open(STARS)? {
            Some(stars) if stars.n_rows > 0 => Ok(stars),
            _ => Err(self.place(STARS).no_stars(0)),
        }
    }

    /// All particles of a type; none where its group is absent.
    pub(crate) fn columns(self, number: usize) -> Result<Columns, SnapshotError> {
        match self.open(number)? {
            Some(group) => group.stored_columns()?.physical(&Rows::All),
            None => Ok(Columns::default()),
        }
    }

    /// All particles of a type; none where its group is absent.
    pub(crate) fn particles(self, number: usize) -> Result<Particles, SnapshotError> {
        self.columns(number)?.into_particles(&self.place(number))
    }
}

/// The group of one type of particles, of which nothing but its length has been read.
#[derive(Debug)]
pub(crate) struct PartType<'a> {
    part_types: PartTypes<'a>,
    number: usize,
    group: FieldGroup,
    n_rows: usize,
}

impl<'a> PartType<'a> {
    fn new(part_types: PartTypes<'a>, number: usize, group: FieldGroup) -> Result<Self, SnapshotError> {
        let n_rows = group.dataset("Coordinates")?.n_vectors()?;
        Ok(Self { part_types, number, group, n_rows })
    }

    pub(crate) fn place(&self) -> &Place {
        self.group.place()
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Whether there is a field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.group.has(name)
    }

    /// Reads a field of one number a row, which must be there.
    pub(crate) fn scalars(&self, name: &str, quantity: Quantity) -> Result<Field<f64>, SnapshotError> {
        let dataset = self.group.dataset(name)?;
        self.check_rows(&dataset, dataset.n_rows()?)?;
        let factor = self.factor(&dataset, quantity)?;
        Ok(Field::new(dataset.place().clone(), quantity, factor, dataset.scalars()?))
    }

    fn find_scalars(&self, name: &str, quantity: Quantity) -> Result<Option<Field<f64>>, SnapshotError> {
        if self.has(name) { self.scalars(name, quantity).map(Some) } else { Ok(None) }
    }

    /// Reads a field of one number a row in physical units, if it is there.
    pub(crate) fn optional(
        &self,
        name: &str,
        quantity: Quantity,
        rows: &Rows,
    ) -> Result<Option<Vec<f64>>, SnapshotError> {
        self.find_scalars(name, quantity)?.map(|field| field.physical(rows)).transpose()
    }

    /// Reads one of the eight columns of a field, if the field is there.
    pub(crate) fn optional_column_of_eight(
        &self,
        name: &str,
        column: usize,
        rows: &Rows,
    ) -> Result<Option<Vec<f64>>, SnapshotError> {
        let Some(dataset) = self.group.find(name)? else { return Ok(None) };
        let values = dataset.column_of_eight(column)?;
        self.check_rows(&dataset, values.len())?;
        let place = dataset.place().column(&column.to_string());
        Field::new(place, Quantity::Number, 1.0, values).physical(rows).map(Some)
    }

    /// Reads what every particle has.
    pub(crate) fn stored_columns(&self) -> Result<StoredColumns, SnapshotError> {
        let velocities = self.part_types.dialect.velocities;
        Ok(StoredColumns {
            positions: self.vectors("Coordinates", Quantity::Length)?,
            velocities: self.vectors(velocities, Quantity::Velocity)?,
            masses: self.masses()?,
            potentials: self.find_scalars("Potential", Quantity::Potential)?,
        })
    }

    fn vectors(&self, name: &str, quantity: Quantity) -> Result<Field<[f64; 3]>, SnapshotError> {
        let dataset = self.group.dataset(name)?;
        self.check_rows(&dataset, dataset.n_vectors()?)?;
        let factor = self.factor(&dataset, quantity)?;
        Ok(Field::new(dataset.place().clone(), quantity, factor, dataset.vectors()?))
    }

    /// Masses from their dataset, or else the one mass that the header gives for the type.
    fn masses(&self) -> Result<Field<f64>, SnapshotError> {
        let header = self.part_types.header;
        let name = self.part_types.dialect.masses;
        match header.table_mass(self.number)? {
            Some(mass) if !self.has(name) => {
                let factor = StoredUnit::MASS_1E10_MSUN_PER_H.factor(Quantity::Mass, header.epoch);
                Ok(Field::new(header.mass_table_place(), Quantity::Mass, factor, vec![mass; self.n_rows]))
            }
            _ => self.scalars(name, Quantity::Mass),
        }
    }

    fn factor(&self, dataset: &CheckedDataset, quantity: Quantity) -> Result<f64, SnapshotError> {
        if quantity == Quantity::Number {
            return Ok(1.0);
        }
        let unit = (self.part_types.dialect.unit)(&dataset.attributes(), quantity)?;
        Ok(unit.factor(quantity, self.part_types.header.epoch))
    }

    fn check_rows(&self, dataset: &CheckedDataset, n_rows: usize) -> Result<(), SnapshotError> {
        if n_rows == self.n_rows {
            return Ok(());
        }
        let reference = self.place().child("Coordinates");
        Err(dataset.place().rows_disagree(&reference, self.n_rows, n_rows))
    }
}

/// What every particle of a group has, as stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredColumns {
    positions: Field<[f64; 3]>,
    velocities: Field<[f64; 3]>,
    masses: Field<f64>,
    potentials: Option<Field<f64>>,
}

impl StoredColumns {
    /// Some of the rows in physical units.
    pub(crate) fn physical(&self, rows: &Rows) -> Result<Columns, SnapshotError> {
        Ok(Columns {
            positions_kpc: self.positions.physical(rows)?,
            velocities_km_s: self.velocities.physical(rows)?,
            masses_msun: self.masses.physical(rows)?,
            potentials_km2_s2: self.potentials.as_ref().map(|field| field.physical(rows)).transpose()?,
        })
    }
}

/// The columns of [`Particles`], in physical units.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Columns {
    pub(crate) positions_kpc: Vec<[f64; 3]>,
    pub(crate) velocities_km_s: Vec<[f64; 3]>,
    pub(crate) masses_msun: Vec<f64>,
    pub(crate) potentials_km2_s2: Option<Vec<f64>>,
}

impl Columns {
    /// Puts the particles of two groups together. Their potentials survive if all of them have one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if self.masses_msun.is_empty() {
            return other;
        }
        if other.masses_msun.is_empty() {
            return self;
        }
        self.positions_kpc.extend(other.positions_kpc);
        self.velocities_km_s.extend(other.velocities_km_s);
        self.masses_msun.extend(other.masses_msun);
        self.potentials_km2_s2 = match (self.potentials_km2_s2, other.potentials_km2_s2) {
            (Some(mut ours), Some(theirs)) => {
                ours.extend(theirs);
                Some(ours)
            }
            _ => None,
        };
        self
    }

    /// Makes particles of them; `place` is the group that an overflow is blamed on.
    pub(crate) fn into_particles(self, place: &Place) -> Result<Particles, SnapshotError> {
        let particles = Particles::new(self.positions_kpc, self.velocities_km_s, self.masses_msun);
        let particles = match self.potentials_km2_s2 {
            Some(potentials) => particles.and_then(|particles| particles.with_potentials_km2_s2(potentials)),
            None => particles,
        };
        particles.map_err(|source| place.particles(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_particle(mass: f64, potential: Option<f64>) -> Columns {
        Columns {
            positions_kpc: vec![[mass; 3]],
            velocities_km_s: vec![[0.0; 3]],
            masses_msun: vec![mass],
            potentials_km2_s2: potential.map(|potential| vec![potential]),
        }
    }

    #[test]
    fn potentials_survive_only_where_all_have_one() {
        let both = one_particle(1.0, Some(-1.0)).and(one_particle(2.0, Some(-2.0)));
        assert_eq!(both.potentials_km2_s2, Some(vec![-1.0, -2.0]));
        let one = one_particle(1.0, Some(-1.0)).and(one_particle(2.0, None));
        assert_eq!(one.masses_msun, [1.0, 2.0]);
        assert_eq!(one.potentials_km2_s2, None);
    }

    #[test]
    fn nothing_added_changes_nothing() {
        let alone = one_particle(1.0, Some(-1.0));
        assert_eq!(alone.clone().and(Columns::default()), alone);
        assert_eq!(Columns::default().and(alone.clone()), alone);
    }
}
