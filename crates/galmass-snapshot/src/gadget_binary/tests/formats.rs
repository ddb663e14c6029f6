//! What sound files hold.

use std::cell::Cell;
use std::io;

use super::writer::{ROWS, Style, Writer, header, snapshot, value};
use super::*;

/// The rows of each type in each block of the snapshot, and the row of the block at which they begin.
const RANGES: [(Block, usize, usize, usize); 21] = [
    (Block::Positions, 0, 0, 3),
    (Block::Positions, 1, 3, 2),
    (Block::Positions, 3, 5, 0),
    (Block::Positions, 4, 5, 4),
    (Block::Positions, 5, 9, 1),
    (Block::Velocities, 4, 5, 4),
    (Block::Masses, 0, 0, 3),
    (Block::Masses, 1, 3, 0),
    (Block::Masses, 4, 3, 4),
    (Block::Masses, 5, 7, 1),
    (Block::InternalEnergy, 0, 0, 3),
    (Block::InternalEnergy, 4, 3, 0),
    (Block::Density, 0, 0, 3),
    (Block::ElectronAbundance, 0, 0, 3),
    (Block::NeutralHydrogen, 0, 0, 3),
    (Block::SmoothingLength, 0, 0, 3),
    (Block::StarFormationRate, 0, 0, 3),
    (Block::FormationTime, 4, 0, 4),
    (Block::FormationTime, 5, 4, 0),
    (Block::Metallicity, 0, 0, 3),
    (Block::Metallicity, 4, 3, 4),
];

fn vectors(block: Block, rows: Range<usize>) -> Vec<[f64; 3]> {
    rows.map(|row| std::array::from_fn(|component| value(block, row, component))).collect()
}

fn scalars(block: Block, rows: Range<usize>) -> Vec<f64> {
    rows.map(|row| value(block, row, 0)).collect()
}

#[test]
fn every_format_order_and_precision_holds_the_same() {
    for style in Style::all() {
        let writer = snapshot(style);
        assert!(is_gadget_binary(&writer.bytes[..8]), "{style:?}");
        let file = open(&writer.bytes).unwrap();
        assert_eq!(file.header(), &header(), "{style:?}");
        for block in Block::ALL {
            assert_eq!(file.has(block), block != Block::Potential, "{style:?} {block:?}");
        }
        for (block, part_type, first, n_rows) in RANGES {
            assert_eq!(file.n_rows(block, part_type), n_rows, "{style:?} {block:?} {part_type}");
            if block.n_components() == 3 {
                let found = file.read_vectors(block, part_type, 0..n_rows).unwrap();
                assert_eq!(found, vectors(block, first..first + n_rows), "{style:?} {block:?} {part_type}");
            } else {
                let found = file.read_scalars(block, part_type, 0..n_rows).unwrap();
                assert_eq!(found, scalars(block, first..first + n_rows), "{style:?} {block:?} {part_type}");
            }
        }
        assert_eq!(file.read_ids(0, 0..3).unwrap(), [1000, 1001, 1002]);
        assert_eq!(file.read_ids(5, 0..1).unwrap(), [1009]);
    }
}

/// Counts the bytes that are read.
struct Counting<'a> {
    source: Cursor<&'a [u8]>,
    n_bytes: &'a Cell<usize>,
}

impl Read for Counting<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.source.read(bytes)?;
        self.n_bytes.set(self.n_bytes.get() + n_bytes);
        Ok(n_bytes)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

#[test]
fn only_the_rows_asked_for_are_read() {
    for style in Style::all() {
        let bytes = snapshot(style).bytes;
        let n_bytes = Cell::new(0);
        let source = Counting { source: Cursor::new(&bytes), n_bytes: &n_bytes };
        let file = GadgetFile::new(source, Path::new("snap")).unwrap();
        // The start, the header, and for each record its markers and perhaps its label.
        let n_markers = if style.has_labels { 24 } else { 8 };
        assert_eq!(n_bytes.take(), 8 + 256 + n_markers * (1 + ROWS.len()), "{style:?}");

        assert_eq!(file.read_vectors(Block::Velocities, 4, 1..3).unwrap(), vectors(Block::Velocities, 6..8));
        assert_eq!(n_bytes.take(), 2 * 3 * style.floats as usize);
        assert_eq!(file.read_scalars(Block::Masses, 4, 3..4).unwrap(), scalars(Block::Masses, 6..7));
        assert_eq!(n_bytes.take(), style.floats as usize);
        assert_eq!(file.read_ids(1, 1..2).unwrap(), [1004]);
        assert_eq!(n_bytes.take(), style.ids as usize);
        assert_eq!(file.read_scalars(Block::Masses, 4, 4..4).unwrap(), [0.0; 0]);
        assert_eq!(n_bytes.take(), 0);
    }
}

#[test]
fn more_rows_than_one_piece_are_all_read() {
    let n_rows = 2 * PIECE / 3 + 5;
    let mut one_type = header();
    one_type.n_particles = [0, n_rows as u32, 0, 0, 0, 0];
    let writer = Writer::with_header(Style::USUAL, &one_type);
    let bytes = writer
        .block(Block::Positions, n_rows)
        .block(Block::Velocities, n_rows)
        .block(Block::Ids, n_rows)
        .bytes;
    let file = open(&bytes).unwrap();
    assert_eq!(
        file.read_vectors(Block::Velocities, 1, 0..n_rows).unwrap(),
        vectors(Block::Velocities, 0..n_rows)
    );
    assert_eq!(file.read_ids(1, n_rows - 1..n_rows).unwrap(), [1000 + n_rows as u64 - 1]);
}

#[test]
fn labels_may_come_in_any_order_and_number() {
    let mut writer =
        Writer::with_header(Style::LABELLED, &header()).record("ACCE", &[1; 24]).record("TSTP", &[]);
    for (block, n_rows) in [(Block::Potential, 10), (Block::Masses, 8), (Block::Positions, 10)] {
        writer = writer.block(block, n_rows);
    }
    let file = open(&writer.bytes).unwrap();
    for block in Block::ALL {
        let is_there = [Block::Potential, Block::Masses, Block::Positions].contains(&block);
        assert_eq!(file.has(block), is_there, "{block:?}");
        assert_eq!(file.n_rows(block, 4), if is_there { 4 } else { 0 }, "{block:?}");
    }
    assert_eq!(file.read_scalars(Block::Potential, 5, 0..1).unwrap(), scalars(Block::Potential, 9..10));
    assert_eq!(file.read_vectors(Block::Positions, 0, 0..3).unwrap(), vectors(Block::Positions, 0..3));
}

/// A file with the first `n_blocks` blocks of the snapshot.
fn first_blocks(style: Style, header: &GadgetHeader, n_blocks: usize) -> Writer {
    let writer = Writer::with_header(style, header);
    ROWS.into_iter().take(n_blocks).fold(writer, |writer, (block, n_rows)| writer.block(block, n_rows))
}

#[test]
fn initial_conditions_have_no_densities() {
    let file = first_blocks(Style::USUAL, &header(), 5).bytes;
    let file = open(&file).unwrap();
    assert!(file.has(Block::InternalEnergy) && !file.has(Block::Density) && !file.has(Block::Metallicity));
    assert_eq!(
        file.read_scalars(Block::InternalEnergy, 0, 0..3).unwrap(),
        scalars(Block::InternalEnergy, 0..3)
    );
}

#[test]
fn the_flags_of_the_header_name_the_blocks_of_format_1() {
    let mut adiabatic = header();
    adiabatic.has_cooling = false;
    adiabatic.has_star_formation = false;
    adiabatic.has_stellar_ages = false;
    let mut writer = first_blocks(Style::USUAL, &adiabatic, 6);
    writer = writer.block(Block::SmoothingLength, 3).block(Block::Metallicity, 7);
    let file = open(&writer.bytes).unwrap();
    assert!(!file.has(Block::ElectronAbundance) && !file.has(Block::StarFormationRate));
    assert_eq!(
        file.read_scalars(Block::SmoothingLength, 0, 0..3).unwrap(),
        scalars(Block::SmoothingLength, 0..3)
    );
    assert_eq!(file.read_scalars(Block::Metallicity, 4, 0..4).unwrap(), scalars(Block::Metallicity, 3..7));
}

#[test]
fn blocks_that_the_header_does_not_announce_are_ignored() {
    let whole = snapshot(Style::USUAL);
    let file = whole.numbers("POT", &[1.0; 10]).numbers("ACCE", &[2.0; 30]).bytes;
    let file = open(&file).unwrap();
    assert!(file.has(Block::Metallicity) && !file.has(Block::Potential));
    // The smoothing lengths do not fit, so they and the next blocks remain unknown.
    let mut plain = header();
    plain.has_cooling = false;
    let file =
        first_blocks(Style::USUAL, &plain, 6).numbers("HSML", &[1.0; 5]).block(Block::StarFormationRate, 3);
    let file = open(&file.bytes).unwrap();
    assert!(
        file.has(Block::Density) && !file.has(Block::SmoothingLength) && !file.has(Block::StarFormationRate)
    );
}

#[test]
fn black_holes_may_have_ages_and_metallicities() {
    for style in [Style::USUAL, Style::LABELLED] {
        let file =
            first_blocks(style, &header(), 10).block(Block::FormationTime, 5).block(Block::Metallicity, 8);
        let file = open(&file.bytes).unwrap();
        assert_eq!(
            file.read_scalars(Block::FormationTime, 5, 0..1).unwrap(),
            scalars(Block::FormationTime, 4..5)
        );
        assert_eq!(
            file.read_scalars(Block::Metallicity, 5, 0..1).unwrap(),
            scalars(Block::Metallicity, 7..8)
        );
    }
}

#[test]
fn precision_decides_between_stars_and_stars_with_as_many_black_holes() {
    let mut twins = header();
    twins.n_particles = [0, 0, 0, 0, 4, 4];
    for (style, n_rows) in
        Style::all().filter(|style| style.has_labels).flat_map(|style| [(style, 4), (style, 8)])
    {
        let file =
            Writer::with_header(style, &twins).block(Block::Positions, 8).block(Block::FormationTime, n_rows);
        let file = open(&file.bytes).unwrap();
        assert_eq!(file.n_rows(Block::FormationTime, 5), n_rows - 4, "{style:?}");
        let ages = file.read_scalars(Block::FormationTime, 4, 0..4).unwrap();
        assert_eq!(ages, scalars(Block::FormationTime, 0..4), "{style:?}");
    }
}

#[test]
fn a_file_may_have_no_particles() {
    let mut empty = header();
    empty.n_particles = [0; 6];
    for style in Style::all() {
        let file = Writer::with_header(style, &empty).bytes;
        let file = open(&file).unwrap();
        assert_eq!(file.header(), &empty);
        assert!(Block::ALL.iter().all(|&block| !file.has(block)));
    }
}

#[test]
fn files_are_opened_by_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snap");
    let message = GadgetFile::open(&path).unwrap_err().to_string();
    assert!(message.starts_with("there is no file `") && message.contains("snap"), "{message}");
    assert!(matches!(GadgetFile::open(folder.path()), Err(SnapshotError::Io { .. })));
    std::fs::write(&path, snapshot(Style::USUAL).bytes).unwrap();
    let file = GadgetFile::open(&path).unwrap();
    assert_eq!(file.read_vectors(Block::Positions, 1, 1..2).unwrap(), vectors(Block::Positions, 4..5));

    // Somebody cuts the file while it is open.
    std::fs::write(&path, &snapshot(Style::USUAL).bytes[..300]).unwrap();
    assert!(matches!(file.read_ids(5, 0..1), Err(SnapshotError::Truncated { .. })));
}

/// The disc and the bulge of an isolated galaxy, where the file is at hand. Sums from NumPy 2.4: `fromfile` in '<f4'
/// at the offsets of the blocks, added in double precision.
#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so, and a test has no log")]
fn a_real_file_is_read() {
    let folder = match std::env::var_os("GALMASS_DATA") {
        Some(folder) => std::path::PathBuf::from(folder),
        None => Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).to_owned(),
    };
    let path = folder.join("simspin/SimSpin_example_Gadget");
    if !path.exists() {
        eprintln!("skipped: no {} (set GALMASS_DATA to the folder of the real files)", path.display());
        return;
    }
    let file = GadgetFile::open(&path).unwrap();
    assert_eq!(file.header().n_particles, [0, 0, 1000, 1500, 0, 0]);
    assert_eq!((file.header().time, file.header().hubble, file.header().n_files), (10.0, 1.0, 1));
    fuzzing::read_gadget_binary(&std::fs::read(&path).unwrap()).unwrap();
    let sums = |part_type, n_rows| {
        let sum = |vectors: Vec<[f64; 3]>| vectors.as_flattened().iter().sum::<f64>();
        (
            sum(file.read_vectors(Block::Positions, part_type, 0..n_rows).unwrap()),
            sum(file.read_vectors(Block::Velocities, part_type, 0..n_rows).unwrap()),
            file.read_ids(part_type, 0..n_rows).unwrap().iter().sum::<u64>(),
            file.read_scalars(Block::Masses, part_type, 0..n_rows).unwrap().iter().sum::<f64>(),
        )
    };
    let close =
        |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    for (part_type, n_rows, expected) in [(2, 1000, DISC), (3, 1500, BULGE)] {
        let (positions, velocities, ids, masses) = sums(part_type, n_rows);
        close(positions, expected.0);
        close(velocities, expected.1);
        assert_eq!(ids, expected.2);
        close(masses, expected.3);
    }
}

/// Sums of coordinates, of velocities, of identifiers and of masses.
const DISC: (f64, f64, u64, f64) = (1182.4045147839934, 10113.961995951831, 105_773_254, 0.04000119952252135);
const BULGE: (f64, f64, u64, f64) =
    (-64731.102039368125, -4346.046191260219, 159_003_956, 0.059992500609951094);
