//! Group catalogues: what SUBFIND found in a snapshot, in physical units.

use std::path::{Path, PathBuf};

use crate::catalogue_piece::{CataloguePiece, counts};
use crate::error::Place;
use crate::field::FieldGroup;
use crate::offsets::{ParticleRanges, add_to};
use crate::units::Quantity;
use crate::{SnapshotError, parts};

/// The particle types that catalogues of this line count by: `PartType0` to `5`.
const N_TYPES: usize = 6;

/// Subhaloes and the groups that they lie in, each with one entry a column; columns that the files lack are `None`.
///
/// Positions and radii are physical kpc, velocities peculiar km/s, masses Msun. Arrays of six are by particle type:
/// gas, dark matter, unused, tracers, stars and wind, black holes. Lengths count wind as type 4, masses as type 0.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Catalogue {
    /// The subhaloes, in the order of the catalogue.
    pub subhaloes: Subhaloes,
    /// The groups, in the order of the catalogue; empty where it has none.
    pub groups: Groups,
    /// The redshift; `None` where the files have no header.
    pub redshift: Option<f64>,
    /// The side of the periodic box \[physical kpc\], where it is known.
    pub box_size_kpc: Option<f64>,
    /// The subhaloes of the whole catalogue, which are more than are here if only pieces of it were read; `None` where
    /// the files do not say.
    pub n_subhaloes_total: Option<u64>,
    /// The file that was read first.
    path: PathBuf,
}

macro_rules! columns {
    ($(#[$about:meta])* $table:ident { $($(#[$doc:meta])* $column:ident: $value:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $table {
            /// The particles of each type.
            pub n_particles: Vec<[u64; N_TYPES]>,
            $($(#[$doc])* pub $column: Option<Vec<$value>>,)*
        }

        impl $table {
            /// The number of rows.
            pub fn len(&self) -> usize {
                self.n_particles.len()
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.n_particles.is_empty()
            }

            /// Puts two pieces behind one another. Columns survive if both have them.
            fn and(mut self, other: Self) -> Self {
                if self.is_empty() {
                    return other;
                }
                if other.is_empty() {
                    return self;
                }
                self.n_particles.extend(other.n_particles);
                $(self.$column = match (self.$column, other.$column) {
                    (Some(mut ours), Some(theirs)) => {
                        ours.extend(theirs);
                        Some(ours)
                    }
                    _ => None,
                };)*
                self
            }
        }
    };
}

columns! {
    /// The subhaloes of a catalogue.
    Subhaloes {
        /// The place of the particle of the lowest potential (`SubhaloPos`).
        positions_kpc: [f64; 3],
        /// The mean velocity by mass of all particles (`SubhaloVel`).
        velocities_km_s: [f64; 3],
        /// The bound mass (`SubhaloMass`).
        masses_msun: f64,
        /// The bound mass of each type (`SubhaloMassType`).
        masses_by_type_msun: [f64; N_TYPES],
        /// The mass inside the stellar half-mass radius (`SubhaloMassInHalfRad`).
        masses_in_half_mass_radius_msun: f64,
        /// The mass of each type inside the stellar half-mass radius (`SubhaloMassInHalfRadType`).
        masses_in_half_mass_radius_by_type_msun: [f64; N_TYPES],
        /// The radius of half of the bound mass (`SubhaloHalfmassRad`).
        half_mass_radii_kpc: f64,
        /// The radius of half of the mass of each type (`SubhaloHalfmassRadType`).
        half_mass_radii_by_type_kpc: [f64; N_TYPES],
        /// Absolute magnitudes in U, B, V, K (Vega) and g, r, i, z (AB) (`SubhaloStellarPhotometrics`).
        magnitudes: [f64; 8],
        /// Star formation rates \[Msun/yr\] (`SubhaloSFR`).
        star_formation_rates_msun_yr: f64,
        /// The metal mass fraction of stars inside twice their half-mass radius (`SubhaloStarMetallicity`).
        stellar_metallicities: f64,
        /// The metal mass fraction of gas inside twice the stellar half-mass radius (`SubhaloGasMetallicity`).
        gas_metallicities: f64,
        /// The dispersion of all particles along one axis, the mean of three (`SubhaloVelDisp`).
        velocity_dispersions_km_s: f64,
        /// The largest circular velocity (`SubhaloVmax`).
        maximum_velocities_km_s: f64,
        /// The index of the group in the whole catalogue (`SubhaloGrNr`).
        group_indices: u64,
        /// Whether the subhalo is thought to be of cosmological origin (`SubhaloFlag`).
        are_cosmological: bool,
    }
}

columns! {
    /// The groups of a catalogue.
    Groups {
        /// The place of the particle of the lowest potential (`GroupPos`).
        positions_kpc: [f64; 3],
        /// The velocity (`GroupVel`, which is stored over a).
        velocities_km_s: [f64; 3],
        /// The mass of all members (`GroupMass`).
        masses_msun: f64,
        /// The mass of each type (`GroupMassType`).
        masses_by_type_msun: [f64; N_TYPES],
        /// The mass inside [`Groups::r200_kpc`] (`Group_M_Crit200`).
        m200_msun: f64,
        /// The radius inside which the mean density is 200 times the critical one (`Group_R_Crit200`).
        r200_kpc: f64,
        /// The index of the first subhalo, the central, in the whole catalogue (`GroupFirstSub`); `None` of a group
        /// without subhaloes.
        first_subhaloes: Option<u64>,
        /// The number of subhaloes (`GroupNsubs`).
        n_subhaloes: u64,
    }
}

impl Catalogue {
    /// The rows that a subhalo takes in the snapshot, by running sums over the whole catalogue.
    ///
    /// Particles are sorted by group, in a group by subhalo, and behind the subhaloes of a group lie its particles that
    /// are bound to none; without groups, subhaloes lie one behind the other.
    ///
    /// # Errors
    /// [`SnapshotError::NoSubhalo`], where the catalogue, or what was read of it from its beginning, has none.
    /// Of pieces that do not begin with the first the result is meaningless.
    ///
    /// Cost: linear in the index.
    pub fn particle_ranges(&self, index: u64) -> Result<ParticleRanges, SnapshotError> {
        let lengths = &self.subhaloes.n_particles;
        let row = usize::try_from(index).ok().filter(|&row| row < lengths.len());
        let Some(row) = row else {
            let (path, n_subhaloes) = (self.path.clone(), lengths.len() as u64);
            return Err(SnapshotError::NoSubhalo { path, index, n_subhaloes });
        };
        let mut before = Vec::new();
        let first = match &self.subhaloes.group_indices {
            Some(groups) => {
                let of_group = usize::try_from(groups[row]).unwrap_or(usize::MAX);
                self.groups
                    .n_particles
                    .iter()
                    .take(of_group)
                    .for_each(|lengths| add_to(&mut before, lengths));
                groups[..row].iter().rposition(|group| *group != groups[row]).map_or(0, |last| last + 1)
            }
            None => 0,
        };
        lengths[first..row].iter().for_each(|lengths| add_to(&mut before, lengths));
        before.resize(N_TYPES, 0);
        Ok(ParticleRanges::of_lengths(&before, &lengths[row]))
    }
}

/// Reads a group catalogue: `fof_subhalo_tab_099.0.hdf5` and the other pieces beside it, or one file of all.
///
/// `path` is one of the pieces, or a folder with those of one catalogue; all of them must be there. Files need no
/// header, but then nothing but lengths can be read of them, since positions and masses have no a, h and units.
///
/// # Errors
/// [`SnapshotError`]: a piece cannot be read or is missing, or its columns are of unlike length or no numbers.
pub fn read_catalogue(path: &Path) -> Result<Catalogue, SnapshotError> {
    let entry = parts::entry(path)?;
    let n_files = CataloguePiece::open(&entry)?.n_files()?;
    read_catalogue_pieces(&parts::all(&entry, n_files)?)
}

/// Reads some pieces of a group catalogue, in the order given, and no others. Indices in them remain those of the whole
/// catalogue. No pieces make an empty catalogue.
///
/// # Errors
/// As [`read_catalogue`].
pub fn read_catalogue_pieces<P: AsRef<Path>>(paths: &[P]) -> Result<Catalogue, SnapshotError> {
    let mut catalogue = Catalogue::default();
    for (index, path) in paths.iter().enumerate() {
        let piece = CataloguePiece::open(path.as_ref())?;
        if index == 0 {
            catalogue.redshift = piece.header().and_then(|header| header.redshift());
            catalogue.box_size_kpc = piece.header().and_then(|header| header.box_size_kpc);
            catalogue.n_subhaloes_total = piece.count("Nsubgroups_Total")?;
            catalogue.path = path.as_ref().to_owned();
        }
        catalogue.subhaloes = catalogue.subhaloes.and(subhaloes(&piece)?);
        catalogue.groups = catalogue.groups.and(groups(&piece)?);
    }
    Ok(catalogue)
}

fn subhaloes(piece: &CataloguePiece) -> Result<Subhaloes, SnapshotError> {
    let Some(group) = piece.subhaloes() else { return Ok(Subhaloes::default()) };
    let n_particles = by_type(piece.subhalo_lengths()?);
    let table = Table { piece, group, reference: "SubhaloLenType", n_rows: n_particles.len() };
    if piece.header().is_none() {
        return Ok(Subhaloes { n_particles, group_indices: piece.group_numbers()?, ..Subhaloes::default() });
    }
    Ok(Subhaloes {
        positions_kpc: table.rows("SubhaloPos", Some(Quantity::Length))?,
        // Peculiar km/s as they are.
        velocities_km_s: table.rows("SubhaloVel", None)?,
        masses_msun: table.scalars("SubhaloMass", Some(Quantity::Mass))?,
        masses_by_type_msun: table.rows("SubhaloMassType", Some(Quantity::Mass))?,
        masses_in_half_mass_radius_msun: table.scalars("SubhaloMassInHalfRad", Some(Quantity::Mass))?,
        masses_in_half_mass_radius_by_type_msun: table
            .rows("SubhaloMassInHalfRadType", Some(Quantity::Mass))?,
        half_mass_radii_kpc: table.scalars("SubhaloHalfmassRad", Some(Quantity::Length))?,
        half_mass_radii_by_type_kpc: table.rows("SubhaloHalfmassRadType", Some(Quantity::Length))?,
        magnitudes: table.rows("SubhaloStellarPhotometrics", None)?,
        star_formation_rates_msun_yr: table.scalars("SubhaloSFR", None)?,
        stellar_metallicities: table.scalars("SubhaloStarMetallicity", None)?,
        gas_metallicities: table.scalars("SubhaloGasMetallicity", None)?,
        velocity_dispersions_km_s: table.scalars("SubhaloVelDisp", None)?,
        maximum_velocities_km_s: table.scalars("SubhaloVmax", None)?,
        group_indices: piece.group_numbers()?,
        are_cosmological: table.truths("SubhaloFlag")?,
        n_particles,
    })
}

fn groups(piece: &CataloguePiece) -> Result<Groups, SnapshotError> {
    let Some(group) = piece.groups() else { return Ok(Groups::default()) };
    let n_particles = by_type(piece.group_lengths()?);
    let table = Table { piece, group, reference: "GroupLenType", n_rows: n_particles.len() };
    let Some(header) = piece.header() else { return Ok(Groups { n_particles, ..Groups::default() }) };
    let over_a = 1.0 / header.epoch.scale_factor;
    let velocities = table.rows::<3>("GroupVel", None)?;
    let first = table.scalars("GroupFirstSub", None)?;
    Ok(Groups {
        positions_kpc: table.rows("GroupPos", Some(Quantity::Length))?,
        velocities_km_s: velocities.map(|vectors| {
            vectors.into_iter().map(|vector| vector.map(|component| component * over_a)).collect()
        }),
        masses_msun: table.scalars("GroupMass", Some(Quantity::Mass))?,
        masses_by_type_msun: table.rows("GroupMassType", Some(Quantity::Mass))?,
        m200_msun: table.scalars("Group_M_Crit200", Some(Quantity::Mass))?,
        r200_kpc: table.scalars("Group_R_Crit200", Some(Quantity::Length))?,
        first_subhaloes: first
            .map(|indices| indices.into_iter().map(|index| (index >= 0.0).then_some(index as u64)).collect()),
        n_subhaloes: table.counts("GroupNsubs")?,
        n_particles,
    })
}

fn by_type(lengths: Vec<Vec<u64>>) -> Vec<[u64; N_TYPES]> {
    let of_types =
        |lengths: Vec<u64>| std::array::from_fn(|part_type| lengths.get(part_type).copied().unwrap_or(0));
    lengths.into_iter().map(of_types).collect()
}

/// The columns of a group of a piece.
struct Table<'a> {
    piece: &'a CataloguePiece,
    group: &'a FieldGroup,
    reference: &'static str,
    n_rows: usize,
}

impl Table<'_> {
    fn check_rows(&self, place: &Place, found: usize) -> Result<(), SnapshotError> {
        if found == self.n_rows {
            return Ok(());
        }
        Err(place.rows_disagree(&self.group.place().child(self.reference), self.n_rows, found))
    }

    fn scalars(&self, name: &str, quantity: Option<Quantity>) -> Result<Option<Vec<f64>>, SnapshotError> {
        let Some(dataset) = self.group.find(name)? else { return Ok(None) };
        self.check_rows(dataset.place(), dataset.n_rows()?)?;
        dataset.check_numbers()?;
        let factor = self.factor(quantity)?;
        finite(dataset.place(), 1, dataset.scalars(0..self.n_rows)?, factor).map(Some)
    }

    fn counts(&self, name: &str) -> Result<Option<Vec<u64>>, SnapshotError> {
        let Some(dataset) = self.group.find(name)? else { return Ok(None) };
        self.check_rows(dataset.place(), dataset.n_rows()?)?;
        dataset.check_numbers()?;
        counts(&dataset, dataset.scalars(0..self.n_rows)?).map(Some)
    }

    fn truths(&self, name: &str) -> Result<Option<Vec<bool>>, SnapshotError> {
        let Some(dataset) = self.group.find(name)? else { return Ok(None) };
        self.check_rows(dataset.place(), dataset.n_rows()?)?;
        dataset.truths(0..self.n_rows).map(Some)
    }

    fn rows<const N: usize>(
        &self,
        name: &str,
        quantity: Option<Quantity>,
    ) -> Result<Option<Vec<[f64; N]>>, SnapshotError> {
        let Some(dataset) = self.group.find(name)? else { return Ok(None) };
        match *dataset.shape() {
            [n_rows, found] if found == N => self.check_rows(dataset.place(), n_rows)?,
            _ => {
                let expected = match N {
                    3 => "(n, 3)",
                    6 => "(n, 6)",
                    _ => "(n, 8)",
                };
                return Err(dataset.place().wrong_shape(expected, dataset.shape().to_vec()));
            }
        }
        dataset.check_numbers()?;
        let factor = self.factor(quantity)?;
        let values = finite(dataset.place(), N, dataset.rows(0..self.n_rows)?, factor)?;
        Ok(Some(values.chunks_exact(N).filter_map(|row| row.try_into().ok()).collect()))
    }

    fn factor(&self, quantity: Option<Quantity>) -> Result<f64, SnapshotError> {
        quantity.map_or(Ok(1.0), |quantity| self.piece.factor(quantity))
    }
}

/// Values times a factor, all of which must be finite.
fn finite(place: &Place, width: usize, values: Vec<f64>, factor: f64) -> Result<Vec<f64>, SnapshotError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(place.not_finite(index / width, values[index])),
        None => Ok(values.into_iter().map(|value| value * factor).collect()),
    }
}
