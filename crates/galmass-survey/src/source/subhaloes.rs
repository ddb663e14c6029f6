//! Subhaloes of a snapshot.

use std::path::{Path, PathBuf};

use galmass_observe::GivenFrame;
use galmass_snapshot::{ParticleRanges, ReadConfig, Selection, Subhalo, SuiteKind, read, read_catalogue};
use serde::{Deserialize, Serialize};

use super::GalaxySource;
use super::files::suite_number;
use crate::error::{GalaxyError, SurveyError};
use crate::observe::{GalaxyIds, SurveyGalaxy};
use crate::octant::octant;

/// The particle type of stars in catalogues.
const STARS: usize = 4;

/// Which subhaloes of a catalogue are galaxies, by the columns of the catalogue: nothing of the others is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubhaloCuts {
    /// The fewest star particles, wind among them; default 1000.
    pub min_stars: u64,
    /// The least bound mass of stars \[Msun\]; default none. It needs `SubhaloMassType`.
    pub min_stellar_mass_msun: Option<f64>,
    /// The largest bound mass \[Msun\]; default none. It needs `SubhaloMass`.
    pub max_mass_msun: Option<f64>,
}

impl Default for SubhaloCuts {
    fn default() -> Self {
        Self { min_stars: 1000, min_stellar_mass_msun: None, max_mass_msun: None }
    }
}

/// The galaxies of a snapshot whose particles are sorted by group and subhalo, by its SUBFIND catalogue.
///
/// Centre, group and place in the box are the catalogue's, the half-mass radius is that of the stars that are read. A
/// subhalo that the catalogue marks as not of cosmological origin is left out.
#[derive(Clone, Debug)]
pub struct SubhaloSource {
    snapshot: PathBuf,
    catalogue: PathBuf,
    suite: Option<SuiteKind>,
    cuts: SubhaloCuts,
    chosen: Vec<Chosen>,
}

#[derive(Clone, Debug)]
struct Chosen {
    index: u64,
    group: Option<u64>,
    rows: ParticleRanges,
    centre_kpc: Option<[f64; 3]>,
    octant: Option<u8>,
}

impl SubhaloSource {
    /// Reads a catalogue and chooses the subhaloes that pass the cuts, in its order.
    ///
    /// # Errors
    /// [`SurveyError::Snapshot`] for a catalogue that cannot be read; [`SurveyError::CatalogueColumn`] where it lacks what
    /// a cut asks for.
    pub fn new(
        snapshot: &Path,
        catalogue: &Path,
        suite: Option<SuiteKind>,
        cuts: SubhaloCuts,
    ) -> Result<Self, SurveyError> {
        let read = read_catalogue(catalogue)?;
        let subhaloes = &read.subhaloes;
        let lacks = |column| SurveyError::CatalogueColumn { path: catalogue.into(), column };
        let stellar = match cuts.min_stellar_mass_msun {
            Some(limit) => {
                let masses = subhaloes.masses_by_type_msun.as_deref();
                Some((masses.ok_or_else(|| lacks("SubhaloMassType"))?, limit))
            }
            None => None,
        };
        let whole = match cuts.max_mass_msun {
            Some(limit) => {
                Some((subhaloes.masses_msun.as_deref().ok_or_else(|| lacks("SubhaloMass"))?, limit))
            }
            None => None,
        };
        let passes = |row: usize| {
            subhaloes.n_particles[row][STARS] >= cuts.min_stars.max(1)
                && stellar.is_none_or(|(masses, limit)| masses[row][STARS] >= limit)
                && whole.is_none_or(|(masses, limit)| masses[row] <= limit)
                && subhaloes.are_cosmological.as_ref().is_none_or(|are| are[row])
        };
        let choose = |row: usize| {
            let centre_kpc = subhaloes.positions_kpc.as_ref().map(|positions| positions[row]);
            Ok(Chosen {
                index: row as u64,
                group: subhaloes.group_indices.as_ref().map(|groups| groups[row]),
                rows: read.particle_ranges(row as u64)?,
                centre_kpc,
                octant: centre_kpc.and_then(|centre| Some(octant(centre, read.box_size_kpc?))),
            })
        };
        let chosen = (0..subhaloes.len()).filter(|&row| passes(row)).map(choose);
        Ok(Self {
            snapshot: snapshot.into(),
            catalogue: catalogue.into(),
            suite,
            cuts,
            chosen: chosen.collect::<Result<_, SurveyError>>()?,
        })
    }
}

impl GalaxySource for SubhaloSource {
    fn len(&self) -> usize {
        self.chosen.len()
    }

    fn suites(&self) -> Vec<String> {
        SuiteKind::ALL.map(|suite| suite.to_string()).to_vec()
    }

    fn description(&self) -> serde_json::Value {
        let Self { snapshot, catalogue, suite, cuts, .. } = self;
        serde_json::json!({ "snapshot": snapshot, "catalogue": catalogue, "suite": suite, "cuts": cuts })
    }

    fn galaxy_id(&self, index: usize) -> u64 {
        self.chosen.get(index).map_or(u64::MAX, |chosen| chosen.index)
    }

    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError> {
        let absent = GalaxyError::Absent { index, n_galaxies: self.len() };
        let Chosen { index: subhalo, group, rows, centre_kpc, octant } =
            self.chosen.get(index).ok_or(absent)?.clone();
        let selection = Selection { subhalo: Some(Subhalo::Rows(rows)), ..Selection::default() };
        let config = ReadConfig { suite: self.suite, selection, ..ReadConfig::default() };
        let snapshot = read(&self.snapshot, &config)?;
        let ids = GalaxyIds {
            galaxy_id: subhalo,
            halo_id: group.unwrap_or(subhalo),
            suite: suite_number(snapshot.suite),
            octant,
        };
        let frame = GivenFrame { centre_kpc, half_mass_radius_kpc: None };
        Ok(SurveyGalaxy { galaxy: snapshot.galaxy, ids, frame, redshift: snapshot.redshift })
    }
}
