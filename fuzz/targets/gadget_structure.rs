//! Gadget binary files of any header, counts, labels and lengths, whose records are sound but for a few bytes.

#![no_main]

use arbitrary::Arbitrary;
use galmass_snapshot::fuzzing::read_gadget_binary;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct File {
    big_endian: bool,
    has_labels: bool,
    header: Header,
    blocks: Vec<Block>,
    edits: Vec<Edit>,
    cut: Option<u16>,
}

#[derive(Arbitrary, Debug)]
struct Header {
    /// The particles of each type.
    counts: [u8; 6],
    /// Counts as large as they get.
    huge: u8,
    /// The types with a mass.
    masses: u8,
    flags: [bool; 4],
}

#[derive(Arbitrary, Debug)]
struct Block {
    label: u8,
    /// The types that have rows.
    types: u8,
    is_wide: bool,
    /// How far its length is off.
    excess: Excess,
    content: u8,
}

#[derive(Arbitrary, Debug)]
enum Excess {
    None,
    Some(i8),
}

/// A byte that is wrong.
#[derive(Arbitrary, Debug)]
struct Edit {
    at: u16,
    flip: u8,
}

const LABELS: [(&str, usize); 17] = [
    ("POS ", 3),
    ("VEL ", 3),
    ("ID  ", 1),
    ("MASS", 1),
    ("U   ", 1),
    ("RHO ", 1),
    ("NE  ", 1),
    ("NH  ", 1),
    ("HSML", 1),
    ("SFR ", 1),
    ("AGE ", 1),
    ("Z   ", 1),
    ("POT ", 1),
    ("ACCE", 3),
    ("TSTP", 1),
    ("HEAD", 1),
    ("\0\0\0\0", 1),
];

impl File {
    fn u32(&self, value: u32) -> [u8; 4] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn f64(&self, value: f64) -> [u8; 8] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn record(&self, bytes: &mut Vec<u8>, label: &str, data: &[u8]) {
        let length = data.len() as u32;
        if self.has_labels {
            bytes.extend(self.u32(8));
            bytes.extend(label.as_bytes());
            bytes.extend(self.u32(length + 8));
            bytes.extend(self.u32(8));
        }
        bytes.extend(self.u32(length));
        bytes.extend(data);
        bytes.extend(self.u32(length));
    }

    fn header(&self) -> Vec<u8> {
        let Header { counts, huge, masses, flags } = &self.header;
        let mut data = vec![0; 256];
        let mut put = |at: usize, value: &[u8]| data[at..at + value.len()].copy_from_slice(value);
        for part_type in 0..6 {
            let is = |mask: u8| mask >> part_type & 1 != 0;
            let count =
                if is(*huge) { u32::MAX - u32::from(counts[part_type]) } else { counts[part_type].into() };
            put(4 * part_type, &self.u32(count));
            put(24 + 8 * part_type, &self.f64(is(*masses).into()));
        }
        for (&flag, at) in flags.iter().zip([88, 120, 160, 164]) {
            put(at, &self.u32(flag.into()));
        }
        data
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.record(&mut bytes, "HEAD", &self.header());
        for block in self.blocks.iter().take(20) {
            let (label, n_components) = LABELS[usize::from(block.label) % LABELS.len()];
            let has_rows = |part_type: &usize| block.types >> part_type & 1 != 0;
            let n_rows: usize =
                (0..6).filter(has_rows).map(|part_type| usize::from(self.header.counts[part_type])).sum();
            let length = n_rows * n_components * if block.is_wide { 8 } else { 4 };
            let length = match block.excess {
                Excess::None => length,
                Excess::Some(excess) => length.saturating_add_signed(excess.into()),
            };
            self.record(&mut bytes, label, &vec![block.content; length]);
        }
        for edit in &self.edits {
            let at = usize::from(edit.at) % bytes.len();
            bytes[at] ^= edit.flip;
        }
        if let Some(cut) = self.cut {
            bytes.truncate(cut.into());
        }
        bytes
    }
}

fuzz_target!(|file: File| {
    // An error is an answer.
    let _ = read_gadget_binary(&file.bytes());
});
