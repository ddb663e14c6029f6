//! The sources in the order of the tree.

use super::super::PotentialSources;
use super::order::Order;

/// Sources in columns, in units in which no coordinate is larger than 1 and the mass of all is 1.
pub(super) struct Bodies {
    pub(super) positions: Vec<[f64; 3]>,
    pub(super) masses: Vec<f64>,
    /// Of the kernel: the length of a Plummer sphere, the support of a spline.
    pub(super) softenings: Vec<f64>,
    /// How many sources each body stands for.
    pub(super) numbers: Vec<u32>,
}

impl Bodies {
    /// `length` is that of a softening of one kiloparsec.
    pub(super) fn gather(
        sources: &PotentialSources<'_>,
        positions: &[[f64; 3]],
        order: &Order,
        length: f64,
        mass: f64,
    ) -> Self {
        let from = |body: &u32| *body as usize;
        let mut masses = vec![0.0; order.bodies.len()];
        let mut numbers = vec![0; order.bodies.len()];
        for (place, m) in order.places.iter().zip(sources.masses_msun()) {
            if let Some(sum) = masses.get_mut(*place as usize) {
                *sum += m / mass;
                numbers[*place as usize] += 1;
            }
        }
        Self {
            positions: order.bodies.iter().map(|body| positions[from(body)]).collect(),
            masses,
            softenings: order.bodies.iter().map(|body| sources.softening_kpc(from(body)) * length).collect(),
            numbers,
        }
    }
}
