//! The sum by an octree: near bodies one by one, far ones in cells.
//!
//! Targets that lie together share one walk through the tree, which lists the cells and the bodies that act on them; then
//! each target sums over the lists, in plain loops over columns.

mod blocks;
mod bodies;
mod evaluate;
mod moments;
mod order;
mod walk;

use galmass_core::simd::dispatch;
use rayon::prelude::*;

use super::direct::{Coincident, at_no_place};
use super::kernel::{SPLINE_SUPPORT, inverse_distance};
use super::{PotentialConfig, PotentialSources, SofteningKernel};
use bodies::Bodies;
use evaluate::{Evaluate, Felt, FindClose, Lists};
use moments::moments;
use order::{NOWHERE, Order};
use walk::{Bounds, Listing, Tree};

/// A cell with more bodies is divided.
const LEAF: usize = 16;

/// Targets that share a walk, at most.
const GROUP: usize = 64;

/// Bodies nearer to a target than this fraction of the extent of its group are summed in double precision: single
/// precision has lost three of its seven digits there.
const CLOSE: f64 = 1e-2;

/// The square of the smallest distance, in units of the tree, at which single precision may be used at all.
const SMALLEST_SQUARED: f64 = 1e-30;

/// A target farther off, in units of the tree, sees one body.
const FAR: f64 = 1e6;

/// `sum m / r` \[Msun/kpc\] at each target, softened.
pub(super) fn sum_tree(
    sources: &PotentialSources<'_>,
    targets: &[[f64; 3]],
    config: &PotentialConfig,
) -> Vec<f64> {
    let largest_mass = sources.masses_msun().iter().copied().fold(0.0, f64::max);
    let scale = scale(sources.positions_kpc());
    let scaled: Vec<[f64; 3]> = sources.positions_kpc().iter().map(|p| p.map(|x| x * scale)).collect();
    let acts = |k: usize| sources.masses_msun()[k] / largest_mass >= f64::MIN_POSITIVE;
    let order = Order::new(&scaled, acts, |k| sources.softening_kpc(k as usize), LEAF);
    if order.bodies.is_empty() {
        return targets.iter().map(at_no_place).collect();
    }
    let length = match config.kernel {
        SofteningKernel::Plummer => scale,
        SofteningKernel::CubicSpline => scale * SPLINE_SUPPORT,
    };
    let bodies = Bodies::gather(sources, &scaled, &order, length, largest_mass);
    let moments = moments(&order.cells, &bodies);
    let (root, all) = (moments[0].centre, moments[0].mass);
    let groups = order.groups(GROUP);
    let tree = Tree::new(order.cells, &moments, bodies, config.kernel, config.opening_angle);

    let is_own = targets == sources.positions_kpc() && order.places.iter().all(|place| *place != NOWHERE);
    let sums = if is_own {
        let sums = tree.sum(&tree.bodies.positions, &groups, true);
        order.places.iter().map(|place| sums[*place as usize]).collect()
    } else {
        let scaled: Vec<[f64; 3]> = targets.iter().map(|p| p.map(|x| x * scale)).collect();
        let is_near = |k: usize| scaled[k].iter().all(|x| x.abs() < FAR);
        let order = Order::new(&scaled, is_near, |_| 0.0, GROUP);
        let places: Vec<[f64; 3]> = order.bodies.iter().map(|body| scaled[*body as usize]).collect();
        let sums = tree.sum(&places, &order.groups(GROUP), false);
        let sum = |(k, place): (usize, &u32)| match sums.get(*place as usize) {
            Some(sum) => *sum,
            None if !targets[k].iter().all(|x| x.is_finite()) => at_no_place(&targets[k]),
            None => all / scaled[k].iter().zip(root).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt(),
        };
        order.places.iter().enumerate().map(sum).collect::<Vec<f64>>()
    };
    sums.into_iter().map(|sum| sum * scale * largest_mass).collect()
}

/// The power of two that makes the largest coordinate one or a little less, so that nothing is rounded.
fn scale(positions: &[[f64; 3]]) -> f64 {
    let largest = positions.iter().flatten().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest > 0.0 { (-(largest.log2().floor() + 1.0).clamp(-1000.0, 1000.0)).exp2() } else { 1.0 }
}

/// What a thread needs for one group after another.
struct Bench {
    lists: Lists,
    places: Vec<[f32; 3]>,
    felt: Vec<Felt>,
    close: Vec<u32>,
}

impl Tree {
    /// Sums at places in the order of a tree, whose groups are given; `is_own` if they are those of the bodies.
    fn sum(&self, places: &[[f64; 3]], groups: &[std::ops::Range<usize>], is_own: bool) -> Vec<f64> {
        let mut sums = vec![0.0; places.len()];
        let mut rest = &mut sums[..];
        let mut parts = Vec::with_capacity(groups.len());
        for group in groups {
            let (part, after) = rest.split_at_mut(group.len());
            parts.push((group.clone(), part));
            rest = after;
        }
        let bench = || Bench { lists: Lists::new(), places: Vec::new(), felt: Vec::new(), close: Vec::new() };
        parts.into_par_iter().with_min_len(16).for_each_init(bench, |bench, (group, part)| {
            let numbers = is_own.then(|| &self.bodies.numbers[group.clone()]);
            self.sum_group(&places[group], numbers, bench, part);
        });
        sums
    }

    fn sum_group(&self, places: &[[f64; 3]], numbers: Option<&[u32]>, bench: &mut Bench, sums: &mut [f64]) {
        let bounds = Bounds::of(places);
        let Bench { lists, places: relative, felt, close } = bench;
        let close_squared = (CLOSE * bounds.extent()).powi(2).max(SMALLEST_SQUARED);
        dispatch(Listing { tree: self, bounds, close_squared, lists });
        let close_squared = close_squared as f32;
        relative.clear();
        relative.extend(places.iter().map(|place| bounds.relative(place)));
        felt.clear();
        felt.resize(places.len(), Felt::default());
        dispatch(Evaluate { lists, close_squared, targets: relative, felt });
        for (k, (sum, felt)) in sums.iter_mut().zip(felt.iter()).enumerate() {
            *sum = felt.sum;
            // A body is always close to itself.
            let is_alone = numbers.is_some_and(|numbers| numbers[k] == 1) && felt.n_close == 1;
            if felt.n_close > 0 && !is_alone {
                close.clear();
                dispatch(FindClose { lists, close_squared, target: relative[k], found: close });
                *sum += self.sum_close(&places[k], close);
            }
        }
    }

    /// Sums over some bodies in double precision.
    fn sum_close(&self, place: &[f64; 3], close: &[u32]) -> f64 {
        let (mut sum, mut here) = (0.0, Coincident::default());
        for body in close {
            let body = *body as usize;
            let (mass, softening) = (self.bodies.masses[body], self.bodies.softenings[body]);
            let position = &self.bodies.positions[body];
            // In units of the tree a softening is what its kernel needs.
            let softening = softening / self.softening_unit();
            if position == place {
                here.add(mass, softening, f64::from(self.bodies.numbers[body]));
            } else {
                let squared: f64 = position.iter().zip(place).map(|(x, y)| (x - y) * (x - y)).sum();
                sum += mass * inverse_distance(self.kernel, squared, softening);
            }
        }
        sum + here.sum()
    }

    fn softening_unit(&self) -> f64 {
        match self.kernel {
            SofteningKernel::Plummer => 1.0,
            SofteningKernel::CubicSpline => SPLINE_SUPPORT,
        }
    }
}
