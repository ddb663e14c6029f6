//! The integers that bins are kept as.

/// An unsigned integer that is as wide as the number of bins asks for.
pub(crate) trait Bin: Copy + Default + Send + Sync + PartialEq + std::fmt::Debug + 'static {
    /// The integer of a bin; bins that do not fit are cut off.
    fn from_index(index: usize) -> Self;

    /// The number of the bin.
    fn index(self) -> usize;
}

impl Bin for u8 {
    #[inline(always)]
    fn from_index(index: usize) -> Self {
        index as Self
    }

    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Bin for u16 {
    #[inline(always)]
    fn from_index(index: usize) -> Self {
        index as Self
    }

    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }
}
