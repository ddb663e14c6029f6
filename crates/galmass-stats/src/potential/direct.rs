//! The sum over all pairs, in double precision.

use rayon::prelude::*;

use super::kernel::inverse_distance;
use super::{PotentialSources, SofteningKernel};

/// Sources whose contributions are summed before they are added to those of the others, so that rounding errors
/// grow with the square root of the number of such runs at most.
const RUN: usize = 256;

/// `sum m / r` \[Msun/kpc\] at each target, softened.
pub(super) fn sum_direct(
    sources: &PotentialSources<'_>,
    targets: &[[f64; 3]],
    kernel: SofteningKernel,
) -> Vec<f64> {
    targets.par_iter().map(|target| at(sources, target, kernel)).collect()
}

fn at(sources: &PotentialSources<'_>, target: &[f64; 3], kernel: SofteningKernel) -> f64 {
    if !target.iter().all(|x| x.is_finite()) {
        return at_no_place(target);
    }
    let (mut sum, mut here) = (0.0, Coincident::default());
    let (positions, masses) = (sources.positions_kpc(), sources.masses_msun());
    for (run, (positions, masses)) in positions.chunks(RUN).zip(masses.chunks(RUN)).enumerate() {
        let mut partial = 0.0;
        for (k, (position, mass)) in positions.iter().zip(masses).enumerate() {
            let softening = sources.softening_kpc(run * RUN + k);
            let [x, y, z] = std::array::from_fn(|axis| position[axis] - target[axis]);
            let squared: f64 = x * x + y * y + z * z;
            if *mass == 0.0 {
                continue;
            }
            if position == target {
                here.add(*mass, softening, 1.0);
            } else {
                partial += mass * inverse_distance(kernel, squared, softening);
            }
        }
        sum += partial;
    }
    sum + here.sum()
}

/// What a target feels that is at no place: nothing at infinity, and NaN where a coordinate is NaN.
pub(super) fn at_no_place(target: &[f64; 3]) -> f64 {
    if target.iter().any(|x| x.is_nan()) { f64::NAN } else { 0.0 }
}

/// Sources at the very place of a target: it is one of them, or a twin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Coincident {
    sum: f64,
    number: f64,
}

impl Coincident {
    /// Adds `number` sources of one softening length with a mass altogether.
    pub(super) fn add(&mut self, mass: f64, softening: f64, number: f64) {
        // Both kernels are as deep as this at the source itself.
        self.sum += if softening > 0.0 { mass / softening } else { 0.0 };
        self.number += number;
    }

    /// What they add, less their mean, which is the part of the target itself.
    pub(super) fn sum(self) -> f64 {
        if self.number > 1.0 { self.sum * (1.0 - self.number.recip()) } else { 0.0 }
    }
}
