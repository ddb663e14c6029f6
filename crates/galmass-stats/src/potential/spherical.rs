//! The potential of the enclosed mass: each source spread over a sphere about the origin.

use rayon::prelude::*;

use super::PotentialSources;
use super::direct::at_no_place;
use crate::radius;

/// `sum m / max(r, r_j)` \[Msun/kpc\] at each target.
pub(super) fn sum_spherical(sources: &PotentialSources<'_>, targets: &[[f64; 3]]) -> Vec<f64> {
    let mut shells: Vec<(f64, f64)> = (sources.positions_kpc().iter().zip(sources.masses_msun()))
        .enumerate()
        .filter(|(_, (_, mass))| **mass > 0.0)
        .map(|(k, (position, &mass))| (radius(position).max(sources.softening_kpc(k)), mass))
        .collect();
    shells.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));

    // The mass inside, and the sum of m / r outside, of each place between two shells.
    let mut inside = Vec::with_capacity(shells.len() + 1);
    inside.push(0.0);
    inside.extend(shells.iter().scan(0.0, |sum, (_, mass)| {
        *sum += mass;
        Some(*sum)
    }));
    let mut outside = vec![0.0; shells.len() + 1];
    for (k, (r, mass)) in shells.iter().enumerate().rev() {
        // A shell without extent surrounds nothing.
        outside[k] = outside[k + 1] + if *r > 0.0 { mass / r } else { 0.0 };
    }
    targets
        .par_iter()
        .map(|target| {
            let r = radius(target);
            if !target.iter().all(|x| x.is_finite()) {
                return at_no_place(target);
            }
            let k = shells.partition_point(|shell| shell.0 <= r);
            outside[k] + if r > 0.0 { inside[k] / r } else { 0.0 }
        })
        .collect()
}
