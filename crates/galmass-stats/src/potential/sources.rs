//! What attracts: positions, masses and softening lengths.

use std::borrow::Cow;

use galmass_core::{Component, Galaxy};

use super::ComponentSoftenings;
use crate::StatsError;

/// The bodies that attract: positions \[kpc\], masses \[Msun\] and softening lengths \[kpc\].
///
/// Every value is finite and no mass or length is negative: the constructors see to it.
#[derive(Clone, Debug, PartialEq)]
pub struct PotentialSources<'a> {
    positions_kpc: Cow<'a, [[f64; 3]]>,
    masses_msun: Cow<'a, [f64]>,
    softenings_kpc: Softenings<'a>,
}

/// The softening length of each source \[kpc\], as Plummer's sphere would have it, 0 for a point mass.
#[derive(Clone, Debug, PartialEq)]
pub enum Softenings<'a> {
    /// One for all.
    Same(f64),
    /// One a source.
    Each(Cow<'a, [f64]>),
}

impl Softenings<'_> {
    pub(super) fn of(&self, index: usize) -> f64 {
        match self {
            Self::Same(softening) => *softening,
            Self::Each(softenings) => softenings[index],
        }
    }
}

impl<'a> PotentialSources<'a> {
    /// Makes the sources from columns; all empty is valid, and attracts nothing.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] where the columns differ in length, [`StatsError::BadSource`] for a value that is
    /// not finite and for a negative mass or length.
    pub fn new(
        positions_kpc: &'a [[f64; 3]],
        masses_msun: &'a [f64],
        softenings_kpc: Softenings<'a>,
    ) -> Result<Self, StatsError> {
        let expected = positions_kpc.len();
        let check_length = |column, found| {
            if found == expected {
                Ok(())
            } else {
                Err(StatsError::LengthMismatch { column, expected, found })
            }
        };
        check_length("masses_msun", masses_msun.len())?;
        for (index, position) in positions_kpc.iter().enumerate() {
            if let Some(&value) = position.iter().find(|x| !x.is_finite()) {
                return Err(StatsError::BadSource { column: "positions_kpc", index, value });
            }
        }
        check_not_negative("masses_msun", masses_msun)?;
        match &softenings_kpc {
            Softenings::Same(softening) => check_not_negative("softenings_kpc", &[*softening])?,
            Softenings::Each(softenings) => {
                check_length("softenings_kpc", softenings.len())?;
                check_not_negative("softenings_kpc", softenings)?;
            }
        }
        Ok(Self { positions_kpc: positions_kpc.into(), masses_msun: masses_msun.into(), softenings_kpc })
    }

    /// All particles of a galaxy, component after component in the order of [`Component::ALL`]. The periodic box is not
    /// heeded: a galaxy that straddles a face is made whole by [`Galaxy::recentre`] first.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for a softening length that is negative or not finite; never for a galaxy.
    pub fn of_galaxy(
        galaxy: &Galaxy,
        softenings: &ComponentSoftenings,
    ) -> Result<PotentialSources<'static>, StatsError> {
        let n = galaxy.n_particles();
        let (mut positions, mut masses) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut each = Vec::with_capacity(n);
        for component in Component::ALL {
            let (particles, value) = (galaxy.component(component), softenings.of(component));
            if !(value >= 0.0 && value.is_finite()) {
                let range = "a finite length, 0 or more";
                return Err(StatsError::OutOfRange { name: "softening", value, range });
            }
            positions.extend_from_slice(particles.positions_kpc());
            masses.extend_from_slice(particles.masses_msun());
            each.resize(positions.len(), value);
        }
        let softenings_kpc = Softenings::Each(each.into());
        Ok(PotentialSources { positions_kpc: positions.into(), masses_msun: masses.into(), softenings_kpc })
    }

    /// The number of sources.
    pub fn len(&self) -> usize {
        self.positions_kpc.len()
    }

    /// Whether there is no source at all.
    pub fn is_empty(&self) -> bool {
        self.positions_kpc.is_empty()
    }

    /// Positions \[kpc\].
    pub fn positions_kpc(&self) -> &[[f64; 3]] {
        &self.positions_kpc
    }

    /// Masses \[Msun\].
    pub fn masses_msun(&self) -> &[f64] {
        &self.masses_msun
    }

    /// The softening length of one source \[kpc\].
    pub(super) fn softening_kpc(&self, index: usize) -> f64 {
        self.softenings_kpc.of(index)
    }
}

fn check_not_negative(column: &'static str, values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|value| !(*value >= 0.0 && value.is_finite())) {
        Some(index) => Err(StatsError::BadSource { column, index, value: values[index] }),
        None => Ok(()),
    }
}
