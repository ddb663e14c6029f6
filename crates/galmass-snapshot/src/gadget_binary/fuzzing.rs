//! What the fuzz targets call: they are compiled with `--cfg fuzzing`, which nobody else sets.
#![cfg_attr(not(fuzzing), allow(unreachable_pub, reason = "tests call it from inside"))]

use std::io::Cursor;
use std::path::Path;

use super::{Block, GadgetFile, N_TYPES};
use crate::SnapshotError;

/// Reads all that a Gadget binary file in memory holds, once as a whole and once in two parts, which must agree.
///
/// # Errors
/// [`SnapshotError`]: the bytes are no such file, or a damaged one.
///
/// # Panics
/// If the parts differ from the whole. That is what fuzzing looks for.
pub fn read_gadget_binary(bytes: &[u8]) -> Result<(), SnapshotError> {
    let file = GadgetFile::new(Cursor::new(bytes), Path::new("memory"))?;
    for block in Block::ALL {
        for part_type in 0..=N_TYPES {
            let n_rows = file.n_rows(block, part_type);
            let middle = n_rows / 3;
            match block {
                Block::Positions | Block::Velocities => {
                    let parts =
                        [0..middle, middle..n_rows].map(|rows| file.read_vectors(block, part_type, rows));
                    agree(file.read_vectors(block, part_type, 0..n_rows), parts, |a, b| {
                        a.map(f64::to_bits) == b.map(f64::to_bits)
                    });
                }
                Block::Ids => {
                    let parts = [0..middle, middle..n_rows].map(|rows| file.read_ids(part_type, rows));
                    agree(file.read_ids(part_type, 0..n_rows), parts, |a, b| a == b);
                }
                _ => {
                    let parts =
                        [0..middle, middle..n_rows].map(|rows| file.read_scalars(block, part_type, rows));
                    agree(file.read_scalars(block, part_type, 0..n_rows), parts, |a, b| {
                        a.to_bits() == b.to_bits()
                    });
                }
            }
        }
    }
    Ok(())
}

type Rows<T> = Result<Vec<T>, SnapshotError>;

fn agree<T>(whole: Rows<T>, parts: [Rows<T>; 2], is_same: fn(&T, &T) -> bool) {
    let [first, second] = parts;
    match (whole, first, second) {
        (Ok(whole), Ok(first), Ok(second)) => {
            assert_eq!(whole.len(), first.len() + second.len());
            assert!(whole.iter().zip(first.iter().chain(&second)).all(|(a, b)| is_same(a, b)));
        }
        (Err(_), Err(_), Err(_)) => {}
        _ => panic!("rows can be read, or they cannot"),
    }
}
