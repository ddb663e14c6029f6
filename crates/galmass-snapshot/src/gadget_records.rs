//! Gadget's own binary files as a suite: what the parser of their records leaves to be said.

use std::ops::Range;
use std::path::Path;

use crate::SnapshotError;
use crate::error::Place;
use crate::gadget;
use crate::gadget_binary::{Block, GadgetFile, GadgetHeader};
use crate::group::{Column, Constant, Group, Part};
use crate::header::{Counts, Header, check_epoch};
use crate::rule::{Kind, Rule, Stored};
use crate::source::Source;
use crate::suite::Suite;
use crate::units::{BaseUnits, Constants, Epoch, Quantity};

/// The types are those of [`Gadget`](gadget::Gadget), by the matter density of the header: 0 is a run that does not
/// expand. Units are Gadget's defaults, comoving kpc/h, 1e10 Msun/h and km sqrt(a)/s: the files do not say.
pub(crate) struct GadgetRecords;

impl Suite for GadgetRecords {
    fn recognises(&self, source: &Source) -> bool {
        matches!(source, Source::GadgetBinary)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        let file = GadgetFile::open(path)?;
        let header = header(path, file.header())?;
        Ok(Box::new(RecordsPart { file, header }))
    }
}

fn header(path: &Path, stored: &GadgetHeader) -> Result<Header, SnapshotError> {
    let place = Place::new(path, "/Header");
    let positive = |name: &str, value: f64| {
        if value > 0.0 && value.is_finite() {
            Ok(value)
        } else {
            Err(place.bad_attribute(name, "a positive number", value))
        }
    };
    let is_cosmological = stored.omega_matter != 0.0;
    let epoch = if is_cosmological {
        let scale_factor = positive("Time", stored.time)?;
        let epoch = Epoch { scale_factor, hubble: positive("HubbleParam", stored.hubble)? };
        check_epoch(&place, epoch, Some(stored.redshift))?;
        epoch
    } else {
        let hubble = if stored.hubble == 0.0 { 1.0 } else { positive("HubbleParam", stored.hubble)? };
        Epoch { scale_factor: 1.0, hubble }
    };
    let totals = stored.n_particles_total.to_vec();
    let mut header = Header {
        epoch,
        is_cosmological,
        base: BaseUnits::GADGET,
        constants: Constants::GADGET,
        box_size_kpc: None,
        mass_table: stored.masses.to_vec(),
        omega_matter: Some(stored.omega_matter),
        omega_lambda: Some(stored.omega_lambda),
        counts: Counts {
            n_files: u64::from(stored.n_files).max(1),
            in_this_file: Some(stored.n_particles.map(u64::from).to_vec()),
            in_total: Some(totals).filter(|totals| totals.iter().any(|&total| total > 0)),
        },
        place,
    };
    let length = BaseUnits::GADGET.of(Quantity::Length).factor(Quantity::Length, epoch, header.constants);
    header.box_size_kpc = header.checked_box(Some(stored.box_size))?.map(|side| side * length);
    Ok(header)
}

struct RecordsPart {
    file: GadgetFile,
    header: Header,
}

impl Part for RecordsPart {
    fn header(&self) -> &Header {
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        gadget::kinds(&self.header)
    }

    fn open(&self, kind: &Kind) -> Result<Option<Box<dyn Group + '_>>, SnapshotError> {
        let n_rows = self.file.n_rows(Block::Positions, kind.number);
        let place = Place::new(self.header.place.path(), kind.group);
        Ok((n_rows > 0).then(|| Box::new(Records { part: self, number: kind.number, place, n_rows }) as _))
    }
}

/// The rows of one type in all blocks.
struct Records<'a> {
    part: &'a RecordsPart,
    number: usize,
    place: Place,
    n_rows: usize,
}

impl Records<'_> {
    fn block(&self, stored: Stored) -> Option<Block> {
        let holds_entropy = self.part.file.header().holds_entropy;
        match stored {
            Stored::Positions => Some(Block::Positions),
            Stored::Velocities => Some(Block::Velocities),
            Stored::Masses => Some(Block::Masses),
            Stored::Potentials => Some(Block::Potential),
            Stored::FormationTimes => Some(Block::FormationTime),
            Stored::Metallicities => Some(Block::Metallicity),
            Stored::Densities => Some(Block::Density),
            Stored::SmoothingLengths => Some(Block::SmoothingLength),
            Stored::StarFormationRates => Some(Block::StarFormationRate),
            Stored::InternalEnergies if !holds_entropy => Some(Block::InternalEnergy),
            Stored::ElectronAbundances => Some(Block::ElectronAbundance),
            Stored::NeutralFractions => Some(Block::NeutralHydrogen),
            _ => None,
        }
    }
}

impl Group for Records<'_> {
    fn place(&self) -> &Place {
        &self.place
    }

    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn find(&self, rule: &Rule) -> Result<Option<Box<dyn Column + '_>>, SnapshotError> {
        let Some(block) = self.block(rule.stored) else { return Ok(None) };
        let RecordsPart { file, header } = self.part;
        if rule.stored == Stored::Masses
            && let Some(value) = header.table_mass_msun(self.number)?
        {
            return Ok(Some(Box::new(Constant { place: header.mass_table_place(), value })));
        }
        match file.n_rows(block, self.number) {
            0 => Ok(None),
            n_rows if n_rows == self.n_rows => {
                let factor = match rule.quantity.has_unit() {
                    true => {
                        header.base.of(rule.quantity).factor(rule.quantity, header.epoch, header.constants)
                    }
                    false => 1.0,
                };
                let place = file.place(block, self.number);
                Ok(Some(Box::new(BlockColumn { records: self, block, place, factor })))
            }
            n_rows => {
                let place = file.place(block, self.number);
                Err(place.rows_disagree(&file.place(Block::Positions, self.number), self.n_rows, n_rows))
            }
        }
    }
}

/// The rows of one type in one block.
struct BlockColumn<'a> {
    records: &'a Records<'a>,
    block: Block,
    place: Place,
    factor: f64,
}

impl Column for BlockColumn<'_> {
    fn place(&self) -> &Place {
        &self.place
    }

    fn factor(&self) -> f64 {
        self.factor
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        let file = &self.records.part.file;
        if self.block.n_components() == 3 {
            let vectors = file.read_vectors(self.block, self.records.number, rows)?;
            return Ok(vectors.into_flattened());
        }
        file.read_scalars(self.block, self.records.number, rows)
    }
}
