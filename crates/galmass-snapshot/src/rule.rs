//! What a suite says about its particles: where their columns are, and what they measure.

use galmass_core::Component;
use serde::{Deserialize, Serialize};

use crate::units::Quantity;

/// A column that a file may have and a reader may do without; positions and masses are always read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// Velocities, of all components. Where they are not asked for all of them are 0.
    Velocities,
    /// Gravitational potentials, of all components.
    Potentials,
    /// Ages of stars.
    Ages,
    /// Metal mass fractions of stars and gas.
    Metallicities,
    /// Masses of stars at birth.
    InitialMasses,
    /// Magnitudes of stars in g and r.
    Magnitudes,
    /// Densities of gas.
    Densities,
    /// Masses of neutral hydrogen in gas.
    NeutralHydrogen,
    /// Star formation rates of gas.
    StarFormationRates,
    /// Temperatures of gas.
    Temperatures,
    /// Radii at which the smoothing kernels of gas reach zero.
    SupportRadii,
}

/// A column as files have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stored {
    Positions,
    Velocities,
    Masses,
    Potentials,
    /// Scale factors of birth; zero or less marks wind where a suite has it.
    FormationTimes,
    Metallicities,
    InitialMasses,
    MagnitudesG,
    MagnitudesR,
    Densities,
    /// Radii at which the kernel reaches zero.
    SmoothingLengths,
    StarFormationRates,
    Temperatures,
    InternalEnergies,
    /// Electrons per hydrogen nucleus.
    ElectronAbundances,
    /// The mass fraction of hydrogen.
    HydrogenFractions,
    /// The mass fraction of helium.
    HeliumFractions,
    /// The part of the hydrogen that is neutral.
    NeutralFractions,
    GroupNumbers,
    SubGroupNumbers,
}

impl Stored {
    /// Whether it is needed for any of the fields that are asked for; `None` asks for all.
    pub(crate) fn is_wanted(self, fields: Option<&[Field]>) -> bool {
        let Some(fields) = fields else {
            return !matches!(self, Self::GroupNumbers | Self::SubGroupNumbers);
        };
        let serves: &[Field] = match self {
            Self::Positions | Self::Masses => return true,
            Self::GroupNumbers | Self::SubGroupNumbers => return false,
            Self::Velocities => &[Field::Velocities],
            Self::Potentials => &[Field::Potentials],
            Self::FormationTimes => &[Field::Ages],
            Self::Metallicities => &[Field::Metallicities, Field::NeutralHydrogen, Field::Temperatures],
            Self::InitialMasses => &[Field::InitialMasses],
            Self::MagnitudesG | Self::MagnitudesR => &[Field::Magnitudes],
            Self::Densities => &[Field::Densities, Field::SupportRadii],
            Self::SmoothingLengths => &[Field::SupportRadii],
            Self::StarFormationRates => &[Field::StarFormationRates],
            Self::Temperatures | Self::InternalEnergies | Self::ElectronAbundances => &[Field::Temperatures],
            Self::HydrogenFractions | Self::HeliumFractions => &[Field::NeutralHydrogen, Field::Temperatures],
            Self::NeutralFractions => &[Field::NeutralHydrogen],
        };
        serves.iter().any(|field| fields.contains(field))
    }

    /// The numbers of one particle.
    pub(crate) fn n_components(self) -> usize {
        match self {
            Self::Positions | Self::Velocities => 3,
            _ => 1,
        }
    }
}

/// How a column lies in its dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One number a row.
    Scalar,
    /// Three numbers a row.
    Vector,
    /// Three datasets of one number a row.
    Axes,
    /// One column of several: which, and how many there must be.
    ColumnOf(usize, usize),
    /// One column of however many there are; a dataset of one number a row is its own first column, and a column
    /// beyond the last is not there.
    Column(usize),
}

/// Where one column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) stored: Stored,
    /// Its names, in the order of preference; of [`Shape::Axes`] those of the three axes.
    pub(crate) names: &'static [&'static str],
    pub(crate) quantity: Quantity,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
}

impl Rule {
    /// A column of one number a row that may be there.
    pub(crate) const fn new(stored: Stored, names: &'static [&'static str], quantity: Quantity) -> Self {
        Self { stored, names, quantity, shape: Shape::Scalar, is_required: false }
    }

    /// Three numbers a row.
    pub(crate) const fn vector(stored: Stored, names: &'static [&'static str], quantity: Quantity) -> Self {
        Self { shape: Shape::Vector, ..Self::new(stored, names, quantity).required() }
    }

    pub(crate) const fn shaped(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// The column must be there.
    pub(crate) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }
}

/// The particles of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The number of the type, which the tables of the header count by.
    pub(crate) number: usize,
    /// The group that holds them.
    pub(crate) group: &'static str,
    /// What they are.
    pub(crate) component: Component,
    /// Whether particles without a time of birth are gas on its way.
    pub(crate) has_wind: bool,
    /// Whether they are cells of a mesh, with a volume in place of a kernel.
    pub(crate) has_cells: bool,
    /// Rules for all columns, which some files may lack.
    pub(crate) rules: &'static [&'static [Rule]],
}

impl Kind {
    pub(crate) const fn new(
        number: usize,
        group: &'static str,
        component: Component,
        rules: &'static [&'static [Rule]],
    ) -> Self {
        Self { number, group, component, has_wind: false, has_cells: false, rules }
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.rules.iter().copied().flatten()
    }

    pub(crate) fn rule(&self, stored: Stored) -> Option<&'static Rule> {
        self.rules().find(|rule| rule.stored == stored)
    }
}

/// The groups of Gadget's six types.
pub(crate) const PART_TYPES: [&str; 6] =
    ["/PartType0", "/PartType1", "/PartType2", "/PartType3", "/PartType4", "/PartType5"];
