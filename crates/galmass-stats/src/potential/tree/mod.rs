//! The sum by an octree: near bodies one by one, far ones in cells.
//!
//! Targets that lie together share one walk through the tree, which lists the cells and the bodies that act on them;
//! then each target sums over the lists, in plain loops over columns.

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

/// Targets that share the first part of a walk, which finds what is far, at most.
const CROWD: usize = 1024;

/// A cell of this size, in units of the extent of a crowd, is left to the groups in it.
const SMALL: f64 = 2.0;

/// Targets that share the last part of a walk, at most.
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
    let tree = Tree::new(&order.cells, &moments, bodies, config.kernel, config.opening_angle);

    let is_own = targets == sources.positions_kpc() && order.places.iter().all(|place| *place != NOWHERE);
    let sums = if is_own {
        let sums = tree.sum(&tree.bodies.positions, &order, true);
        order.places.iter().map(|place| sums[*place as usize]).collect()
    } else {
        let scaled: Vec<[f64; 3]> = targets.iter().map(|p| p.map(|x| x * scale)).collect();
        let is_near = |k: usize| scaled[k].iter().all(|x| x.abs() < FAR);
        let order = Order::new(&scaled, is_near, |_| 0.0, GROUP);
        let places: Vec<[f64; 3]> = order.bodies.iter().map(|body| scaled[*body as usize]).collect();
        let sums = tree.sum(&places, &order, false);
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

/// The square of the distance from which on single precision does for a group.
fn close_squared(bounds: &Bounds) -> f64 {
    (CLOSE * bounds.extent()).powi(2).max(SMALLEST_SQUARED)
}

/// What a thread needs for one group after another.
struct Bench {
    crowd: Party,
    later: Vec<u32>,
    group: Party,
    close: Vec<u32>,
}

/// Targets, and what acts on them.
struct Party {
    lists: Lists,
    places: Vec<[f32; 3]>,
    felt: Vec<Felt>,
}

impl Party {
    /// Lets the lists act on the places.
    fn feel(&mut self, places: &[[f64; 3]], bounds: &Bounds, close_squared: f32) {
        self.places.clear();
        self.places.extend(places.iter().map(|place| bounds.relative(place)));
        self.felt.clear();
        self.felt.resize(places.len(), Felt::default());
        let Self { lists, places: targets, felt } = self;
        dispatch(Evaluate { lists, close_squared, targets, felt });
    }
}

impl Tree {
    /// Sums at places in the order of a tree; `is_own` if it is that of the bodies.
    fn sum(&self, places: &[[f64; 3]], order: &Order, is_own: bool) -> Vec<f64> {
        let mut sums = vec![0.0; places.len()];
        let (mut rest, mut groups) = (&mut sums[..], &order.groups(GROUP)[..]);
        let mut crowds = Vec::new();
        for crowd in order.groups(CROWD) {
            let (part, after) = rest.split_at_mut(crowd.len());
            let (inside, outside) = groups.split_at(groups.partition_point(|group| group.end <= crowd.end));
            crowds.push((inside, part));
            (rest, groups) = (after, outside);
        }
        let party = || Party { lists: Lists::new(), places: Vec::new(), felt: Vec::new() };
        let bench = || Bench { crowd: party(), later: Vec::new(), group: party(), close: Vec::new() };
        crowds.into_par_iter().for_each_init(bench, |bench, (groups, sums)| {
            let Some(begin) = groups.first().map(|group| group.start) else { return };
            let bounds = Bounds::of(&places[begin..begin + sums.len()]);
            let close_squared = close_squared(&bounds);
            let Bench { crowd, later, .. } = bench;
            later.clear();
            dispatch(Listing {
                tree: self,
                bounds,
                close_squared,
                from: &[0],
                small_squared: (SMALL * bounds.extent()).powi(2) as f32,
                later: Some(later),
                lists: &mut crowd.lists,
            });
            for group in groups {
                let numbers = is_own.then(|| &self.bodies.numbers[group.clone()]);
                let part = &mut sums[group.start - begin..group.end - begin];
                self.sum_group(&places[group.clone()], numbers, &bounds, bench, part);
            }
        });
        sums
    }

    fn sum_group(
        &self,
        places: &[[f64; 3]],
        numbers: Option<&[u32]>,
        crowd_bounds: &Bounds,
        bench: &mut Bench,
        sums: &mut [f64],
    ) {
        let Bench { crowd, later, group, close } = bench;
        crowd.feel(places, crowd_bounds, 0.0);
        let bounds = Bounds::of(places);
        let close_squared = close_squared(&bounds);
        let lists = &mut group.lists;
        let (from, small_squared) = (&later[..], 0.0);
        dispatch(Listing { tree: self, bounds, close_squared, from, small_squared, later: None, lists });
        let close_squared = close_squared as f32;
        group.feel(places, &bounds, close_squared);
        for (k, (sum, felt)) in sums.iter_mut().zip(&group.felt).enumerate() {
            *sum = crowd.felt[k].sum + felt.sum;
            // A body is always close to itself.
            let is_alone = numbers.is_some_and(|numbers| numbers[k] == 1) && felt.n_close == 1;
            if felt.n_close > 0 && !is_alone {
                close.clear();
                let target = group.places[k];
                dispatch(FindClose { lists: &group.lists, close_squared, target, found: close });
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
