//! Writes small sound files into `fuzz/corpus/`, for the targets that take any bytes. It needs no crates, and is run in the
//! root of the workspace:
//!
//! ```sh
//! rustc --edition 2024 fuzz/write_seeds.rs -o target/write_seeds && target/write_seeds
//! ```

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let gadget = Path::new("fuzz/corpus/gadget_binary");
    fs::create_dir_all(gadget)?;
    for bits in 0..8 {
        let [big_endian, has_labels, is_double] = [1, 2, 4].map(|bit| bits & bit != 0);
        fs::write(gadget.join(format!("seed_{bits}")), snapshot(big_endian, has_labels, is_double))?;
    }
    let stars = Path::new("fuzz/corpus/star_table");
    fs::create_dir_all(stars)?;
    fs::write(stars.join("seed_double"), array("<f8", 3, 7, &1f64.to_le_bytes()))?;
    fs::write(stars.join("seed_single"), array("<f4", 2, 8, &1f32.to_le_bytes()))?;
    fs::write(stars.join("seed_big_endian"), array(">f8", 1, 7, &1f64.to_be_bytes()))?;
    fs::write(stars.join("seed_empty"), array("<f8", 0, 7, &[]))?;
    let models = Path::new("fuzz/corpus/model_text");
    fs::create_dir_all(models)?;
    for entry in fs::read_dir("crates/galmass-gbdt/tests/fixtures/models")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            fs::write(models.join(format!("seed_{name}")), few_trees(&fs::read_to_string(path)?))?;
        }
    }
    Ok(())
}

/// A model with its first trees only, as many as there are in a round: small texts are changed more.
fn few_trees(text: &str) -> String {
    let number = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.parse::<usize>().ok());
    let n_trees = number("num_tree_per_iteration=").unwrap_or(1);
    let (trees, end) = text.split_once("end of trees").unwrap_or((text, ""));
    let mut parts = trees.split("Tree=");
    let header = parts.next().unwrap_or_default().lines().filter(|line| !line.starts_with("tree_sizes="));
    let mut few: String = header.map(|line| format!("{line}\n")).collect();
    parts.take(n_trees).for_each(|tree| few += &format!("Tree={tree}"));
    let end = end.split("\nparameters:").next().unwrap_or_default();
    few + "end of trees" + end + "\nparameters:\n[boosting: gbdt]\nend of parameters\n"
}

/// A NumPy array that is the same everywhere.
fn array(dtype: &str, n_rows: usize, n_columns: usize, value: &[u8]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({n_rows}, {n_columns}), }}");
    // The magic, the version and the length of the header take 10 bytes; the data begin at a multiple of 64.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let n_bytes = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &n_bytes[..], header.as_bytes(), &value.repeat(n_rows * n_columns)].concat()
}

/// Two gas particles, one of dark matter with a mass in the header, one star.
fn snapshot(big_endian: bool, has_labels: bool, is_double: bool) -> Vec<u8> {
    let u32 = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let f64 = |value: f64| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut bytes = Vec::new();
    let mut record = |label: &str, data: &[u8]| {
        let length = data.len() as u32;
        if has_labels {
            for piece in
                [u32(8), label.as_bytes().try_into().expect("four characters"), u32(length + 8), u32(8)]
            {
                bytes.extend(piece);
            }
        }
        bytes.extend(u32(length));
        bytes.extend(data);
        bytes.extend(u32(length));
    };
    let mut header = [0; 256];
    for (at, count) in [(0, 2), (4, 1), (16, 1), (88, 1), (120, 1), (124, 1), (160, 1), (164, 1)] {
        header[at..at + 4].copy_from_slice(&u32(count));
    }
    for (at, value) in [(32, 0.5), (72, 0.5), (80, 1.0), (128, 100.0), (136, 0.3), (144, 0.7), (152, 0.7)] {
        header[at..at + 8].copy_from_slice(&f64(value));
    }
    record("HEAD", &header);
    let width = if is_double { 8 } else { 4 };
    let blocks = [("POS ", 12), ("VEL ", 12), ("ID  ", 4), ("MASS", 3)];
    let of_gas = ["U   ", "RHO ", "NE  ", "NH  ", "HSML", "SFR "].map(|label| (label, 2));
    for (label, n_numbers) in blocks.into_iter().chain(of_gas).chain([("AGE ", 1), ("Z   ", 3)]) {
        record(label, &vec![1; n_numbers * width]);
    }
    bytes
}
