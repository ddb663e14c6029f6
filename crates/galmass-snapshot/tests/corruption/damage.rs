//! Ways to damage a file.

use std::fmt;
use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::specimen::Part;

/// What is done to the bytes of a file.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    /// The file ends early.
    Cut(Index),
    /// Single bytes of its contents are others.
    Wrong(Vec<(Index, u8)>),
    /// All bytes of a piece of its contents are the same: 0xff makes NaN and -1, 0x7f huge numbers, 0 nothing.
    Filled { from: Index, n_bytes: usize, with: u8 },
    /// A piece of it is somewhere else as well, in files of which any byte may be wrong.
    Copied { from: Index, to: Index, n_bytes: usize },
}

impl Damage {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let filling = prop_oneof![Just(0), Just(0xff), Just(0x7f), Just(0x80), any::<u8>()];
        prop_oneof![
            1 => any::<Index>().prop_map(Self::Cut),
            4 => prop::collection::vec((any::<Index>(), any::<u8>()), 1..6).prop_map(Self::Wrong),
            3 => (any::<Index>(), 1..32usize, filling)
                .prop_map(|(from, n_bytes, with)| Self::Filled { from, n_bytes, with }),
            1 => (any::<Index>(), any::<Index>(), 1..64usize)
                .prop_map(|(from, to, n_bytes)| Self::Copied { from, to, n_bytes }),
        ]
    }

    /// The bytes of the file, damaged.
    pub(crate) fn apply(&self, part: &Part) -> Vec<u8> {
        let mut bytes = part.bytes.clone();
        let n_contents = part.contents.iter().map(Range::len).sum();
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Wrong(edits) => {
                for (at, byte) in edits {
                    bytes[content(part, at.index(n_contents))] = *byte;
                }
            }
            Self::Filled { from, n_bytes, with } => {
                let from = from.index(n_contents);
                for at in from..n_contents.min(from + n_bytes) {
                    bytes[content(part, at)] = *with;
                }
            }
            Self::Copied { from, to, n_bytes } => {
                let [from, to] = [from, to].map(|at| at.index(n_contents));
                for step in 0..*n_bytes {
                    if from.max(to) + step < n_contents {
                        bytes[content(part, to + step)] = part.bytes[content(part, from + step)];
                    }
                }
            }
        }
        bytes
    }
}

/// Where the byte `index` of all contents is in the file.
fn content(part: &Part, mut index: usize) -> usize {
    for range in &part.contents {
        if index < range.len() {
            return range.start + index;
        }
        index -= range.len();
    }
    unreachable!("indices are below the length of all contents")
}

/// What is said of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) damage: String,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, `{}`, {}", self.name, self.file, self.damage)
    }
}
