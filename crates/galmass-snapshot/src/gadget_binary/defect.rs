//! What can be wrong with a Gadget binary file.

use thiserror::Error;

/// Why the records of a Gadget binary file make no sense. Lengths and offsets are in bytes.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GadgetDefect {
    /// The file ends inside a record.
    #[error("the record should end at byte {end}, and the file ends at byte {n_bytes}")]
    CutShort {
        /// Where the record should end.
        end: u64,
        /// The length of the file.
        n_bytes: u64,
    },
    /// The lengths before and after the data of a record differ.
    #[error("the record is {before} bytes long according to its start, and {after} according to its end")]
    Markers {
        /// The length before the data.
        before: u32,
        /// The length found after as many bytes.
        after: u32,
    },
    /// A record has no data, and no label that says of what.
    #[error("the record is empty")]
    Empty,
    /// The header has some other length.
    #[error("the header is {found} bytes long where it should be 256")]
    HeaderLength {
        /// Its length.
        found: u32,
    },
    /// The header gives particles an impossible mass.
    #[error("the header gives particles of type {part_type} the mass {value}")]
    HeaderMass {
        /// The type of the particles.
        part_type: usize,
        /// Their mass, as stored.
        value: f64,
    },
    /// Before a block of format 2, there is something other than its label.
    #[error("a record of {found} bytes stands where a label takes 8")]
    LabelLength {
        /// The length of what is there.
        found: u32,
    },
    /// A label announces a block of another length than the one that follows.
    #[error("label `{label}` announces {announced} bytes with their markers, and {found} follow")]
    Announced {
        /// The label.
        label: String,
        /// The length that it announces.
        announced: u32,
        /// The length that the block has with its markers.
        found: u32,
    },
    /// A label occurs more than once.
    #[error("block `{block}` is there for the second time")]
    Duplicate {
        /// The label.
        block: &'static str,
    },
    /// A block that must be there is not.
    #[error("block `{block}` should follow, and nothing does")]
    Missing {
        /// The label.
        block: &'static str,
    },
    /// A block has a length at which its rows cannot have it.
    #[error(
        "block `{block}` is {found} bytes long, which {n_rows} rows of {n_components} numbers of 4 or 8 bytes \
         are not"
    )]
    BlockLength {
        /// The label.
        block: &'static str,
        /// The particles that the header counts for this block.
        n_rows: u64,
        /// The numbers that each of them has.
        n_components: u64,
        /// The length.
        found: u32,
    },
    /// A block is so long that its length overflows, and might be one of two.
    #[error("block `{block}` may be {shorter} or {longer} bytes long")]
    AmbiguousLength {
        /// The label.
        block: &'static str,
        /// The one length.
        shorter: u64,
        /// The other length.
        longer: u64,
    },
}
