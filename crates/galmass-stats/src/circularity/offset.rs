//! What stored potentials have more than those of the particles at hand, by radius.

use super::cells::{Shells, Spherical};
use super::energy_order::between;

/// Stars in a bin of radius, at least: fewer would put their noise into the curve.
const STARS_PER_BIN: f64 = 100.0;
/// Bins of radius, at most.
const MAX_BINS: f64 = 32.0;

/// The mean difference of potentials in bins of radius.
pub(super) struct Offset(Vec<[f64; 2]>);

impl Offset {
    /// No difference.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// From the sums of stars with stored potentials, compared with the spherical potential.
    pub(super) fn from_spherical(stars: &Shells, spherical: &Spherical) -> Self {
        Self::from_shells(stars, |shell, [mass, over_radius, stored, _]| {
            stored - mass * spherical.between(shell, over_radius / mass)
        })
    }

    /// From sums in whose third place the difference stands already.
    pub(super) fn from_differences(stars: &Shells) -> Self {
        Self::from_shells(stars, |_, sums| sums[2])
    }

    fn from_shells(stars: &Shells, difference: impl Fn(usize, [f64; 4]) -> f64) -> Self {
        let total: f64 = stars.0.iter().map(|sums| sums[3]).sum();
        let needed = STARS_PER_BIN.max(total / MAX_BINS);
        let mut bins: Vec<[f64; 4]> = Vec::new();
        let mut open = [0.0; 4];
        // The first shell reaches to the centre, where 1/r has no end.
        for (shell, &sums) in stars.0.iter().enumerate().skip(1).filter(|(_, sums)| sums[0] > 0.0) {
            for (sum, term) in open.iter_mut().zip([sums[0], sums[1], difference(shell, sums), sums[3]]) {
                *sum += term;
            }
            if open[3] >= needed {
                bins.push(std::mem::take(&mut open));
            }
        }
        // What is left over at the end is too few for a bin of their own.
        match bins.last_mut() {
            Some(last) => last.iter_mut().zip(open).for_each(|(sum, more)| *sum += more),
            None if open[0] > 0.0 => bins.push(open),
            None => {}
        }
        let point =
            |[mass, over_radius, difference, _]: [f64; 4]| [(mass / over_radius).ln(), difference / mass];
        Self(bins.into_iter().map(point).filter(|[x, y]| x.is_finite() && y.is_finite()).collect())
    }

    /// The difference at a radius \[kpc\], 0 where nothing is known.
    pub(super) fn at(&self, radius_kpc: f64) -> f64 {
        let value = between(&self.0, radius_kpc.ln());
        if value.is_finite() { value } else { 0.0 }
    }
}
