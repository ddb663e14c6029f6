//! Columns of single-precision numbers in blocks as long as the widest vectors.

/// Numbers in a vector of 512 bits.
pub(super) const LANES: usize = 16;

/// `LANES` rows of `K` columns.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Block<const K: usize>(pub(super) [[f32; LANES]; K]);

/// Rows of `K` columns.
pub(super) struct Blocks<const K: usize> {
    blocks: Vec<Block<K>>,
    len: usize,
}

impl<const K: usize> Blocks<K> {
    pub(super) fn new() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }

    /// Forgets the rows, but keeps their room.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline(always)]
    pub(super) fn push(&mut self, row: [f32; K]) {
        let (block, lane) = (self.len / LANES, self.len % LANES);
        if block == self.blocks.len() {
            self.blocks.push(Block([[0.0; LANES]; K]));
        }
        for (column, value) in self.blocks[block].0.iter_mut().zip(row) {
            column[lane] = value;
        }
        self.len += 1;
    }

    /// Fills the last block with a row that adds nothing.
    pub(super) fn fill(&mut self, row: [f32; K]) {
        while !self.len.is_multiple_of(LANES) {
            self.push(row);
        }
    }

    /// The blocks that hold rows; the last one must be filled.
    pub(super) fn used(&self) -> &[Block<K>] {
        &self.blocks[..self.len / LANES]
    }
}
