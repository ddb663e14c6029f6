//! Files that are none, and what is said of them.

use super::writer::{Style, Writer, header, snapshot};
use super::*;
use crate::gadget_binary::fuzzing::read_gadget_binary;

/// The offset of the record of positions in a file without labels.
const POSITIONS: u64 = 264;

#[test]
fn files_of_other_formats_are_no_gadget_binary_files() {
    for bytes in [
        &b""[..],
        b"\x00",
        b"\x08\0\0\0",
        b"\x08\0\0\0HEA",
        b"\x93NUMPY\x01\x00",
        b"\x89HDF\r\n\x1a\n",
        &[0; 600],
    ] {
        assert!(!is_gadget_binary(&bytes[..bytes.len().min(8)]));
        let error = open(bytes).unwrap_err();
        assert!(matches!(error, SnapshotError::NotGadgetBinary { .. }), "{error}");
        assert_eq!(error.to_string(), "`snap` is not a Gadget binary file");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for style in [Style::USUAL, Style::LABELLED] {
        let whole = snapshot(style).bytes;
        // Where format 1 may end all the same: after the first blocks, unless those of cooling are broken off.
        let mut ends = Vec::new();
        for length in 8..whole.len() {
            match open(&whole[..length]) {
                Ok(_) => {
                    read_gadget_binary(&whole[..length]).unwrap();
                    ends.push(length);
                }
                result => {
                    let (offset, found, message) = defect(result);
                    assert!(offset <= length as u64, "{message}");
                    match found {
                        GadgetDefect::CutShort { end, n_bytes } => {
                            assert!(n_bytes == length as u64 && n_bytes < end && end <= whole.len() as u64);
                        }
                        GadgetDefect::Missing { .. } => assert_eq!(offset, length as u64),
                        _ => panic!("{message}"),
                    }
                }
            }
        }
        let n_ends = if style.has_labels { 11 } else { 6 };
        assert_eq!(ends.len(), n_ends, "{ends:?}");
    }
}

#[test]
fn a_file_with_any_byte_wrong_is_refused_or_read() {
    for style in [Style::USUAL, Style::LABELLED] {
        let whole = snapshot(style).bytes;
        for index in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff, whole[index]] {
                let mut bytes = whole.clone();
                bytes[index] ^= flip;
                if let Err(error) = read_gadget_binary(&bytes) {
                    assert!(error.to_string().contains("memory"), "{error}");
                }
            }
        }
    }
}

#[test]
fn lengths_before_and_after_a_block_must_agree() {
    let mut bytes = snapshot(Style::USUAL).bytes;
    bytes[POSITIONS as usize + 4 + 120] ^= 1;
    let (offset, defect, message) = defect(open(&bytes));
    assert_eq!((offset, defect), (POSITIONS, GadgetDefect::Markers { before: 120, after: 121 }));
    assert_eq!(
        message,
        "at byte 264 of `snap`, the record is 120 bytes long according to its start, and 121 according to its end"
    );
}

#[test]
fn the_header_has_256_bytes() {
    let bytes = Writer::new(Style::LABELLED).record("HEAD", &[0; 300]).bytes;
    let (offset, defect, _) = defect(open(&bytes));
    assert_eq!((offset, defect), (16, GadgetDefect::HeaderLength { found: 300 }));
}

#[test]
fn masses_of_the_header_are_masses() {
    for mass in [f64::NAN, f64::INFINITY, -1.0] {
        let mut wrong = header();
        wrong.masses[3] = mass;
        let (offset, defect, message) = defect(open(&Writer::with_header(Style::USUAL, &wrong).bytes));
        assert!(matches!(defect, GadgetDefect::HeaderMass { part_type: 3, .. }) && offset == 0, "{message}");
        assert!(message.contains(&mass.to_string()), "{message}");
    }
}

#[test]
fn counts_of_the_header_must_be_those_of_the_blocks() {
    for style in Style::all() {
        let mut wrong = header();
        wrong.n_particles[1] = 3;
        let bytes = Writer::with_header(style, &wrong).block(Block::Positions, 10).bytes;
        let (offset, defect, message) = defect(open(&bytes));
        let found = 30 * style.floats as u32;
        let expected = GadgetDefect::BlockLength { block: "POS", n_rows: 11, n_components: 3, found };
        assert_eq!(defect, expected);
        assert_eq!(offset, if style.has_labels { POSITIONS + 32 } else { POSITIONS });
        assert!(message.contains("block `POS`") && message.contains("11 rows of 3 numbers"), "{message}");
    }
}

#[test]
fn a_count_near_the_end_of_32_bits_takes_no_memory() {
    let mut wrong = header();
    wrong.n_particles = [u32::MAX; 6];
    for style in Style::all() {
        let bytes = Writer::with_header(style, &wrong).block(Block::Positions, 10).bytes;
        assert!(matches!(defect(open(&bytes)).1, GadgetDefect::BlockLength { .. }));
    }
}

#[test]
fn masses_that_are_nowhere_are_missed() {
    let writer = Writer::with_header(Style::USUAL, &header());
    let bytes = writer.block(Block::Positions, 10).block(Block::Velocities, 10).block(Block::Ids, 10).bytes;
    let (offset, defect, message) = defect(open(&bytes));
    assert_eq!((offset, defect), (bytes.len() as u64, GadgetDefect::Missing { block: "MASS" }));
    assert!(message.ends_with("block `MASS` should follow, and nothing does"), "{message}");
}

#[test]
fn positions_cannot_be_done_without() {
    let bytes = Writer::with_header(Style::LABELLED, &header()).block(Block::Velocities, 10).bytes;
    assert_eq!(defect(open(&bytes)).1, GadgetDefect::Missing { block: "POS" });
}

#[test]
fn a_label_stands_before_each_block_once_and_tells_its_length() {
    let whole = Writer::with_header(Style::LABELLED, &header()).block(Block::Positions, 10);
    let twice = whole.clone().block(Block::Positions, 10).bytes;
    assert_eq!(defect(open(&twice)).1, GadgetDefect::Duplicate { block: "POS" });

    let unlabelled = [&whole.bytes[..], &Writer::new(Style::USUAL).record("", &[0; 40]).bytes].concat();
    assert_eq!(defect(open(&unlabelled)), {
        let offset = whole.bytes.len() as u64;
        let message =
            format!("at byte {offset} of `snap`, a record of 40 bytes stands where a label takes 8");
        (offset, GadgetDefect::LabelLength { found: 40 }, message)
    });

    let mut wrong = whole.bytes;
    let announced = 280 + 8;
    wrong[announced] ^= 1;
    let label = "POS ".to_owned();
    let expected = GadgetDefect::Announced { label, announced: 129, found: 128 };
    assert_eq!((280, expected), (defect(open(&wrong)).0, defect(open(&wrong)).1));
}

#[test]
fn a_labelled_block_of_another_length_is_refused_when_it_is_asked_for() {
    let writer = Writer::with_header(Style::LABELLED, &header()).block(Block::Positions, 10);
    let bytes = writer.numbers("Z", &[0.0; 28]).block(Block::Masses, 8).bytes;
    let file = open(&bytes).unwrap();
    assert_eq!(file.read_scalars(Block::Masses, 5, 0..1).unwrap().len(), 1);
    assert!(file.has(Block::Metallicity));
    let expected = GadgetDefect::BlockLength { block: "Z", n_rows: 7, n_components: 1, found: 112 };
    assert_eq!(defect(file.read_scalars(Block::Metallicity, 0, 0..3)).1, expected);
}

#[test]
fn blocks_of_cooling_cannot_end_before_smoothing_lengths() {
    let mut writer = Writer::with_header(Style::USUAL, &header());
    for (block, n_rows) in super::writer::ROWS.into_iter().take(7) {
        writer = writer.block(block, n_rows);
    }
    assert_eq!(defect(open(&writer.bytes)).1, GadgetDefect::Missing { block: "HSML" });
}

#[test]
fn an_empty_record_without_a_label_is_refused() {
    let bytes = snapshot(Style::USUAL).record("", &[]).bytes;
    let (offset, defect, _) = defect(open(&bytes));
    assert_eq!((offset, defect), (bytes.len() as u64 - 8, GadgetDefect::Empty));
}

#[test]
fn rows_and_blocks_that_are_not_there_are_refused() {
    let bytes = snapshot(Style::USUAL).bytes;
    let file = open(&bytes).unwrap();
    let message = |result: Result<Vec<f64>, SnapshotError>| result.unwrap_err().to_string();
    assert_eq!(
        message(file.read_scalars(Block::Masses, 4, 2..5)),
        "rows 2 to 5 are asked of `/PartType4/MASS` in `snap`, which has 4"
    );
    assert_eq!(
        message(file.read_scalars(Block::Masses, 6, 0..1)),
        "rows 0 to 1 are asked of `/PartType6/MASS` in `snap`, which has 0"
    );
    #[expect(clippy::reversed_empty_ranges, reason = "that is the test")]
    let reversed = file.read_scalars(Block::Masses, 4, 3..2);
    assert!(matches!(reversed, Err(SnapshotError::RowsOutside { first: 3, end: 2, .. })));
    assert_eq!(
        message(file.read_scalars(Block::Potential, 4, 0..1)),
        "there is no field `/PartType4/POT` in `snap`"
    );
    assert!(message(file.read_scalars(Block::Positions, 4, 0..1)).contains("[4, 3]"));
    assert!(matches!(file.read_vectors(Block::Masses, 4, 0..1), Err(SnapshotError::WrongShape { .. })));
}
