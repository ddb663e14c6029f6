//! The blocks of a snapshot: what they are called, whom they cover, and in what order they stand.

use super::header::{GadgetHeader, N_TYPES};

/// A block that galaxies are made of.
///
/// Blocks that are none of these (accelerations, time steps, abundances of single elements, ...) are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// `POS`: three numbers for every particle.
    Positions,
    /// `VEL`: three numbers for every particle.
    Velocities,
    /// `ID`: a whole number for every particle.
    Ids,
    /// `MASS`: for the particles of those types that have no mass in the header.
    Masses,
    /// `U`: the internal energy per mass of gas (or its entropy, see [`GadgetHeader::holds_entropy`]).
    InternalEnergy,
    /// `RHO`: the density of gas.
    Density,
    /// `NE`: the electrons of gas per hydrogen nucleus.
    ElectronAbundance,
    /// `NH`: the neutral part of the hydrogen of gas.
    NeutralHydrogen,
    /// `HSML`: the smoothing length of gas.
    SmoothingLength,
    /// `SFR`: the star formation rate of gas.
    StarFormationRate,
    /// `AGE`: the scale factor at which a star formed, or its time in runs without expansion.
    FormationTime,
    /// `Z`: the mass fraction of metals, of gas and stars.
    Metallicity,
    /// `POT`: the potential of every particle.
    Potential,
}

const GAS: usize = 0;
const STARS: usize = 4;
const BLACK_HOLES: usize = 5;

impl Block {
    /// All of them: first those that Gadget-2 and -3 write in every run, in their order, which is all that names
    /// the blocks of format 1.
    pub(crate) const ALL: [Self; 13] = [
        Self::Positions,
        Self::Velocities,
        Self::Ids,
        Self::Masses,
        Self::InternalEnergy,
        Self::Density,
        Self::ElectronAbundance,
        Self::NeutralHydrogen,
        Self::SmoothingLength,
        Self::StarFormationRate,
        Self::FormationTime,
        Self::Metallicity,
        Self::Potential,
    ];

    /// Its label in format 2, less the spaces that fill it up to four characters.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Positions => "POS",
            Self::Velocities => "VEL",
            Self::Ids => "ID",
            Self::Masses => "MASS",
            Self::InternalEnergy => "U",
            Self::Density => "RHO",
            Self::ElectronAbundance => "NE",
            Self::NeutralHydrogen => "NH",
            Self::SmoothingLength => "HSML",
            Self::StarFormationRate => "SFR",
            Self::FormationTime => "AGE",
            Self::Metallicity => "Z",
            Self::Potential => "POT",
        }
    }

    /// The block of a label of four characters.
    pub(crate) fn of_label(label: [u8; 4]) -> Option<Self> {
        let name = label.trim_ascii_end();
        Self::ALL.into_iter().find(|block| block.label().as_bytes() == name)
    }

    /// The numbers of one particle.
    pub(crate) const fn n_components(self) -> u64 {
        match self {
            Self::Positions | Self::Velocities => 3,
            _ => 1,
        }
    }

    /// The particles of each type that have rows in this block, in each way in which it is written: some codes
    /// give black holes an age and a metallicity as well. A later way has all the rows of an earlier one.
    pub(crate) fn layouts(self, header: &GadgetHeader) -> impl Iterator<Item = [u32; N_TYPES]> {
        let ways: &[&[usize]] = match self {
            Self::Positions | Self::Velocities | Self::Ids | Self::Masses | Self::Potential => {
                &[&[0, 1, 2, 3, 4, 5]]
            }
            Self::FormationTime => &[&[STARS], &[STARS, BLACK_HOLES]],
            Self::Metallicity => &[&[GAS, STARS], &[GAS, STARS, BLACK_HOLES]],
            _ => &[&[GAS]],
        };
        ways.iter().map(move |types| {
            let mut rows = [0; N_TYPES];
            for &part_type in *types {
                if self != Self::Masses || header.masses[part_type] == 0.0 {
                    rows[part_type] = header.n_particles[part_type];
                }
            }
            rows
        })
    }

    /// Whether format 1 has this block behind those before it, according to the header.
    pub(crate) fn is_due(self, header: &GadgetHeader) -> bool {
        let flag = match self {
            Self::ElectronAbundance | Self::NeutralHydrogen => header.has_cooling,
            Self::StarFormationRate => header.has_star_formation,
            Self::FormationTime => header.has_stellar_ages,
            Self::Metallicity => header.has_metals,
            Self::Potential => false,
            _ => true,
        };
        flag && self.layouts(header).flatten().any(|n_rows| n_rows > 0)
    }

    /// Whether format 1 cannot do without it if it is due. Gas has no density yet in initial conditions.
    pub(crate) const fn is_required(self) -> bool {
        matches!(self, Self::Positions | Self::Velocities | Self::Ids | Self::Masses)
    }
}
