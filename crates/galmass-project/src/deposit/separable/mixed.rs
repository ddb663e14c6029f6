//! Many products, most of them in single precision.

use super::nodes::{POINTS, SEGMENTS};
use super::{Places, Separable};
use crate::deposit::lanes::{Eight, Lanes, N_LANES, Sixteen};

/// An expansion whose first eight products are in double precision, and `SIXTEENS` times sixteen more in single precision:
/// of the light of a kernel they have 1e-5.
pub(crate) struct Mixed<const SIXTEENS: usize> {
    leading: Separable<1>,
    factors: [Sixteen; SIXTEENS],
    segments: Box<[[[Sixteen; SIXTEENS]; POINTS + 1]; SEGMENTS + 1]>,
}

impl<const SIXTEENS: usize> Mixed<SIXTEENS> {
    /// Takes the products of an expansion, which has as many.
    pub(crate) fn of<const BLOCKS: usize>(expansion: &Separable<BLOCKS>) -> Self {
        const { assert!(BLOCKS == 1 + 2 * SIXTEENS) };
        let sixteens = |blocks: &[Eight; BLOCKS]| {
            std::array::from_fn(|index| {
                let of = |lane: usize| blocks[1 + 2 * index + lane / N_LANES].0[lane % N_LANES] as f32;
                Sixteen(std::array::from_fn(of))
            })
        };
        let leading = Separable {
            factors: [expansion.factors[0]],
            segments: Box::new(expansion.segments.map(|powers| powers.map(|blocks| [blocks[0]]))),
            error: expansion.error,
        };
        let segments = Box::new(expansion.segments.map(|powers| powers.map(|blocks| sixteens(&blocks))));
        Self { leading, factors: sixteens(&expansion.factors), segments }
    }

    /// s_r.
    #[inline(always)]
    pub(crate) fn factors(&self) -> (&Eight, &[Sixteen; SIXTEENS]) {
        (&self.leading.factors[0], &self.factors)
    }

    /// All a_r at one of eight places.
    #[inline(always)]
    pub(crate) fn primitives<L: Lanes>(&self, places: &Places, lane: usize) -> (L, [L::Singles; SIXTEENS]) {
        let t = L::splat_single(places.singles.0[lane]);
        let sign = L::splat_single(places.singles.0[N_LANES + lane]);
        let [a, b, c, d, e, f] = &self.segments[places.segments[lane] as usize];
        let mut values = [L::splat_single(0.0); SIXTEENS];
        for index in 0..SIXTEENS {
            let mut horner = L::load_singles(&f[index].0);
            for power in [e, d, c, b, a] {
                horner = L::fma_singles(horner, t, L::load_singles(&power[index].0));
            }
            values[index] = L::times_singles(horner, sign);
        }
        let [leading] = self.leading.primitives::<L>(places, lane);
        (leading, values)
    }
}
