//! Checksums of files and texts.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::DatasetError;

/// The 128-bit XXH3 of some bytes, written as the 32 digits that `xxh128sum` prints.
///
/// It finds damage, and nothing else: whoever wants to make another file of the same checksum can.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Checksum(u128);

impl Checksum {
    /// The checksum of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(bytes))
    }

    /// The checksum and the size of a file, read a piece at a time.
    ///
    /// # Errors
    /// [`DatasetError::Io`] naming the file.
    pub fn of_file(path: &Path) -> Result<(Self, u64), DatasetError> {
        let io = |source| DatasetError::Io { path: path.into(), source };
        let mut file = File::open(path).map_err(io)?;
        let mut piece = vec![0; PIECE];
        let (mut hasher, mut size) = (Hasher::default(), 0);
        loop {
            match file.read(&mut piece) {
                Ok(0) => return Ok((hasher.finish(), size)),
                Ok(n_bytes) => {
                    hasher.add(&piece[..n_bytes]);
                    size += n_bytes as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
    }
}

/// Bytes read at a time: they stay in the cache between reading and hashing.
const PIECE: usize = 1 << 18;

/// A checksum in the making.
#[derive(Default)]
pub(crate) struct Hasher(Xxh3Default);

impl Hasher {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> Checksum {
        Checksum(self.0.digest128())
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Checksum> for String {
    fn from(checksum: Checksum) -> Self {
        checksum.to_string()
    }
}

impl TryFrom<String> for Checksum {
    type Error = String;

    fn try_from(digits: String) -> Result<Self, String> {
        // `from_str_radix` alone would take a sign, and fewer digits.
        let lower = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let whole = digits.len() == 32 && digits.chars().all(lower);
        let value = whole.then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
        value.map(Self).ok_or_else(|| format!("`{digits}` is not a checksum of 32 hexadecimal digits"))
    }
}
