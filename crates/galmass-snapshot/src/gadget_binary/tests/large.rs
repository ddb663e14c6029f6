//! Blocks of 4 GiB and more, in files that are mostly holes.

use std::io;

use super::writer::{Style, Writer, header};
use super::*;

/// A file of zeros but for some pieces.
#[derive(Debug)]
struct Sparse {
    n_bytes: u64,
    pieces: Vec<(u64, Vec<u8>)>,
    at: u64,
}

impl Read for Sparse {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.n_bytes.saturating_sub(self.at).min(bytes.len() as u64) as usize;
        for (index, byte) in bytes[..left].iter_mut().enumerate() {
            let at = self.at + index as u64;
            let piece =
                self.pieces.iter().find(|(from, piece)| (*from..from + piece.len() as u64).contains(&at));
            *byte = piece.map_or(0, |(from, piece)| piece[(at - from) as usize]);
        }
        self.at += left as u64;
        Ok(left)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(0) => self.n_bytes,
            _ => unreachable!("the reader seeks by absolute offsets"),
        };
        Ok(self.at)
    }
}

impl Sparse {
    /// A file with a header and no blocks yet.
    fn with_header(header: &GadgetHeader) -> Self {
        let bytes = Writer::with_header(Style::USUAL, header).bytes;
        Self { n_bytes: bytes.len() as u64, pieces: vec![(0, bytes)], at: 0 }
    }

    /// Adds a block of zeros.
    fn block(mut self, length: u64) -> Self {
        let marker = (length as u32).to_le_bytes().to_vec();
        self.pieces.push((self.n_bytes, marker.clone()));
        self.pieces.push((self.n_bytes + 4 + length, marker));
        self.n_bytes += length + 8;
        self
    }

    fn open(self) -> Result<GadgetFile<Self>, SnapshotError> {
        GadgetFile::new(self, Path::new("snap"))
    }
}

fn only_dark_matter(n_particles: u32) -> GadgetHeader {
    GadgetHeader { n_particles: [0, n_particles, 0, 0, 0, 0], ..header() }
}

#[test]
fn lengths_that_overflow_are_understood_by_the_number_of_rows() {
    const N: u32 = 400_000_001;
    for width in [4, 8] {
        let vectors = 3 * width * u64::from(N);
        assert!(vectors > 1 << 32);
        let mut file =
            Sparse::with_header(&only_dark_matter(N)).block(vectors).block(vectors).block(4 * u64::from(N));
        let last_row = 264 + 4 + vectors - 3 * width;
        let y = if width == 4 { 1.5f32.to_le_bytes().to_vec() } else { 1.5f64.to_le_bytes().to_vec() };
        file.pieces.push((last_row + width, y));
        file.pieces.push((file.n_bytes - 8, 77u32.to_le_bytes().to_vec()));
        let file = file.open().unwrap();
        let n = N as usize;
        assert_eq!(file.n_rows(Block::Velocities, 1), n);
        let last = file.read_vectors(Block::Positions, 1, n - 2..n).unwrap();
        assert_eq!(last, [[0.0; 3], [0.0, 1.5, 0.0]]);
        assert_eq!(file.read_ids(1, n - 1..n).unwrap(), [77]);
    }
}

#[test]
fn a_long_block_that_is_cut_short_is_refused() {
    const N: u32 = 400_000_001;
    let mut file = Sparse::with_header(&only_dark_matter(N)).block(12 * u64::from(N));
    file.n_bytes -= 1;
    let n_bytes = file.n_bytes;
    let (offset, defect, _) = defect(file.open());
    assert_eq!((offset, defect), (264, GadgetDefect::CutShort { end: n_bytes + 1, n_bytes }));
}

#[test]
fn a_length_that_may_be_one_of_two_is_refused() {
    // Four bytes or eight of three times 2^30 numbers: both lengths are 0 modulo 2^32, as is a file of zeros.
    let long = 24u64 << 30;
    let file = Sparse::with_header(&only_dark_matter(1 << 30)).block(long);
    let (offset, defect, message) = defect(file.open());
    assert_eq!(offset, 264);
    assert_eq!(defect, GadgetDefect::AmbiguousLength { block: "POS", shorter: long / 2, longer: long });
    assert!(message.contains("12884901888") && message.contains("25769803776"), "{message}");
    // As long as the file has room for one of them only, there is no doubt.
    let file = Sparse::with_header(&only_dark_matter(1 << 30)).block(long / 2);
    assert!(matches!(super::defect(file.open()).1, GadgetDefect::Missing { block: "VEL" }));
}
