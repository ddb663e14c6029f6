//! The inverse of the curve of circular orbits, in cells that are found without a search.

use galmass_core::simd::fma;

/// Bits of the mantissa that number the cells of an octave.
const CELL_BITS: u32 = 5;
/// Cells, a power of two: the mask of an index then shows the compiler that it is in range.
const N_CELLS: usize = 2048;
/// Bits below those of a cell.
const SHIFT: u32 = 52 - CELL_BITS;
/// The octaves that fit, one cell left for the end.
const MAX_OCTAVES: i32 = (N_CELLS >> CELL_BITS) as i32 - 1;

/// `1 / J_c` of an energy.
///
/// The variable is `u = (E - bottom) / (escape - E)`, which grows without end towards both ends of the well: there
/// `J_c` is a power of it, and cells that are even in each octave of `u` serve all energies alike. The number of a cell
/// is read off the bits of `u`; in each stands a cubic.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lookup {
    bottom: f64,
    escape: f64,
    first: f64,
    end: f64,
    base: u64,
    cells: Box<[[f64; 4]; N_CELLS]>,
}

impl Lookup {
    /// Makes the cells from `first` to `end` of `u`, or what is left of them after rounding outwards to powers of
    /// two, where `inverse` gives `1 / J_c` and its derivative.
    pub(super) fn new(
        bottom: f64,
        escape: f64,
        [first, end]: [f64; 2],
        mut inverse: impl FnMut(f64) -> [f64; 2],
    ) -> Self {
        let octave = |u: f64| u.log2().floor().clamp(-1000.0, 1000.0) as i32;
        let lowest = octave(first);
        let highest = (octave(end) + 1).clamp(lowest + 1, lowest + MAX_OCTAVES);
        let base = 2.0_f64.powi(lowest).to_bits() >> SHIFT;
        let n_cells = ((highest - lowest) as usize) << CELL_BITS;
        let edge = |cell: usize| f64::from_bits((base + cell as u64) << SHIFT);

        // What lies behind the last cell is infinitely far from a circular orbit: all 0.
        let mut cells = Box::new([[0.0; 4]; N_CELLS]);
        let mut low = inverse(edge(0));
        for (cell, cubic) in cells.iter_mut().enumerate().take(n_cells) {
            let high = inverse(edge(cell + 1));
            let width = edge(cell + 1) - edge(cell);
            let step = high[0] - low[0];
            // No steeper than a cubic may be that never rises.
            let (begin, finish) = ((width * low[1]).max(3.0 * step), (width * high[1]).max(3.0 * step));
            *cubic = [low[0], begin, 3.0 * step - 2.0 * begin - finish, begin + finish - 2.0 * step];
            low = high;
        }
        Self { bottom, escape, first: edge(0), end: edge(n_cells), base, cells }
    }

    /// `1 / J_c` of an energy: 0 from the escape energy on, and for what is no number.
    #[inline(always)]
    pub(super) fn inverse<const FMA: bool>(&self, energy: f64) -> f64 {
        let depth = self.escape - energy;
        let u = (energy - self.bottom) / depth;
        // Written so that NaN goes to the end too.
        let u = if depth > 0.0 && u < self.end { u } else { self.end };
        let u = if u > self.first { u } else { self.first };
        let bits = u.to_bits();
        let [c0, c1, c2, c3] = self.cells[((bits >> SHIFT) - self.base) as usize & (N_CELLS - 1)];
        let within = (bits << CELL_BITS) & ((1 << 52) - 1);
        let t = f64::from_bits(within | 1.0_f64.to_bits()) - 1.0;
        fma::<FMA>(fma::<FMA>(fma::<FMA>(c3, t, c2), t, c1), t, c0)
    }

    /// The energy from which on no orbit is bound.
    pub(super) fn escape(&self) -> f64 {
        self.escape
    }
}
