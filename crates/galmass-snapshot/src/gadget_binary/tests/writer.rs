//! Writes snapshots as Gadget does.

use super::super::Block;
use super::super::endian::{Endian, Width};
use super::super::header::GadgetHeader;

/// How a file is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) endian: Endian,
    pub(super) has_labels: bool,
    pub(super) floats: Width,
    pub(super) ids: Width,
}

impl Style {
    /// As most files are: format 1, little endian, single precision.
    pub(super) const USUAL: Self =
        Self { endian: Endian::Little, has_labels: false, floats: Width::Four, ids: Width::Four };

    /// The same with labels.
    pub(super) const LABELLED: Self = Self { has_labels: true, ..Self::USUAL };

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|bits| Self {
            endian: if bits & 1 == 0 { Endian::Little } else { Endian::Big },
            has_labels: bits & 2 != 0,
            floats: if bits & 4 == 0 { Width::Four } else { Width::Eight },
            ids: if bits & 8 == 0 { Width::Four } else { Width::Eight },
        })
    }
}

/// A file that grows.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) style: Style,
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new(style: Style) -> Self {
        Self { style, bytes: Vec::new() }
    }

    /// A file of nothing but its header yet.
    pub(super) fn with_header(style: Style, header: &GadgetHeader) -> Self {
        Self::new(style).record("HEAD", &header_bytes(style, header))
    }

    pub(super) fn u32(&self, value: u32) -> [u8; 4] {
        match self.style.endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        }
    }

    /// Adds a record, and its label if there are labels.
    pub(super) fn record(mut self, label: &str, data: &[u8]) -> Self {
        let length = data.len() as u32;
        if self.style.has_labels {
            let label = format!("{label:<4}");
            for piece in
                [self.u32(8), label.as_bytes().try_into().unwrap(), self.u32(length + 8), self.u32(8)]
            {
                self.bytes.extend(piece);
            }
        }
        let marker = self.u32(length);
        self.bytes.extend(marker);
        self.bytes.extend(data);
        self.bytes.extend(marker);
        self
    }

    /// Adds a block of numbers.
    pub(super) fn numbers(self, label: &str, values: &[f64]) -> Self {
        let data = float_bytes(self.style, values);
        self.record(label, &data)
    }

    /// Adds a block with the values that [`value`] gives its rows.
    pub(super) fn block(self, block: Block, n_rows: usize) -> Self {
        if block == Block::Ids {
            let ids: Vec<u8> = (0..n_rows as u64).flat_map(|row| self.id_bytes(1000 + row)).collect();
            return self.record(block.label(), &ids);
        }
        let n_components = block.n_components() as usize;
        let values: Vec<f64> = (0..n_rows * n_components)
            .map(|index| value(block, index / n_components, index % n_components))
            .collect();
        self.numbers(block.label(), &values)
    }

    fn id_bytes(&self, id: u64) -> Vec<u8> {
        match (self.style.endian, self.style.ids) {
            (Endian::Little, Width::Four) => (id as u32).to_le_bytes().to_vec(),
            (Endian::Big, Width::Four) => (id as u32).to_be_bytes().to_vec(),
            (Endian::Little, Width::Eight) => id.to_le_bytes().to_vec(),
            (Endian::Big, Width::Eight) => id.to_be_bytes().to_vec(),
        }
    }
}

/// What row `row` of a block holds: numbers that single precision has exactly, no two of them the same.
pub(super) fn value(block: Block, row: usize, component: usize) -> f64 {
    100.0 * (block as usize as f64) + row as f64 + 0.25 * component as f64 + 0.125
}

fn float_bytes(style: Style, values: &[f64]) -> Vec<u8> {
    let bytes = |&value: &f64| match (style.endian, style.floats) {
        (Endian::Little, Width::Four) => (value as f32).to_le_bytes().to_vec(),
        (Endian::Big, Width::Four) => (value as f32).to_be_bytes().to_vec(),
        (Endian::Little, Width::Eight) => value.to_le_bytes().to_vec(),
        (Endian::Big, Width::Eight) => value.to_be_bytes().to_vec(),
    };
    values.iter().flat_map(bytes).collect()
}

/// A header in the order of the user guide, field by field.
fn header_bytes(style: Style, header: &GadgetHeader) -> Vec<u8> {
    let doubles = |values: &[f64]| float_bytes(Style { floats: Width::Eight, ..style }, values);
    let writer = Writer::new(style);
    let ints = |values: &[u32]| values.iter().flat_map(|&value| writer.u32(value)).collect::<Vec<u8>>();
    let flag = |flag: bool| ints(&[flag.into()]);
    let totals = header.n_particles_total;
    let mut bytes = [
        ints(&header.n_particles),
        doubles(&header.masses),
        doubles(&[header.time, header.redshift]),
        flag(header.has_star_formation),
        flag(false), // feedback
        ints(&totals.map(|total| total as u32)),
        flag(header.has_cooling),
        ints(&[header.n_files]),
        doubles(&[header.box_size, header.omega_matter, header.omega_lambda, header.hubble]),
        flag(header.has_stellar_ages),
        flag(header.has_metals),
        ints(&totals.map(|total| (total >> 32) as u32)),
        flag(header.holds_entropy),
    ]
    .concat();
    assert_eq!(bytes.len(), 196);
    bytes.resize(256, 0);
    bytes
}

/// Half the age of the universe ago: 3 gas particles, 2 of dark matter with a mass in the header, 4 stars, 1 black
/// hole.
pub(super) fn header() -> GadgetHeader {
    GadgetHeader {
        n_particles: [3, 2, 0, 0, 4, 1],
        n_particles_total: [3, 2 + (5 << 32), 0, 0, 4, 1],
        masses: [0.0, 0.0007, 0.0, 0.0, 0.0, 0.0],
        time: 0.5,
        redshift: 1.0,
        n_files: 1,
        box_size: 140.0,
        omega_matter: 0.3,
        omega_lambda: 0.75,
        hubble: 0.7,
        has_star_formation: true,
        has_cooling: true,
        has_stellar_ages: true,
        has_metals: true,
        holds_entropy: false,
    }
}

/// The number of rows of each block that belongs to [`header`], in the order of the file.
pub(super) const ROWS: [(Block, usize); 12] = [
    (Block::Positions, 10),
    (Block::Velocities, 10),
    (Block::Ids, 10),
    (Block::Masses, 8),
    (Block::InternalEnergy, 3),
    (Block::Density, 3),
    (Block::ElectronAbundance, 3),
    (Block::NeutralHydrogen, 3),
    (Block::SmoothingLength, 3),
    (Block::StarFormationRate, 3),
    (Block::FormationTime, 4),
    (Block::Metallicity, 7),
];

/// The whole snapshot.
pub(super) fn snapshot(style: Style) -> Writer {
    ROWS.into_iter()
        .fold(Writer::with_header(style, &header()), |writer, (block, n_rows)| writer.block(block, n_rows))
}
