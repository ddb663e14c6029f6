//! The angular momentum of circular orbits, from the stars themselves: the largest of those of like energy.

use std::collections::VecDeque;

use galmass_core::Particles;

use super::config::{CircularityConfig, CircularityMethod};
use super::kinematics::{axial_momenta, energies, total_momenta};

/// The energies where the widths of the bins of [`bin_maximum`] change, and the widths, in units of the deepest.
const BINS: [(f64, f64, f64); 2] = [(-1.0, -0.1, 0.05), (-0.1, 0.0, 0.005)];
/// The largest is passed over for the second largest where it is above it by more than this.
const OUTLIER: f64 = 0.01;

/// The circularities of all stars by one of the methods that compare them with one another.
pub(super) fn circularities(
    stars: &Particles,
    potentials: &[f64],
    axis: [f64; 3],
    config: &CircularityConfig,
) -> Vec<f64> {
    let energies = energies(stars, potentials);
    let mut values = axial_momenta(stars, axis);
    let circular = match config.method {
        CircularityMethod::BinMaximum => {
            let momenta: Vec<f64> = values.iter().map(|momentum| momentum.abs()).collect();
            bin_maximum(&energies, &momenta)
        }
        CircularityMethod::BinQuantile => {
            bin_quantile(&energies, &total_momenta(stars), config.stars_per_bin, config.quantile)
        }
        _ => rank_maximum(&energies, &total_momenta(stars), config.window),
    };
    for (value, circular) in values.iter_mut().zip(circular) {
        // Where nothing turns there is no circular orbit to compare with.
        *value = if circular > 0.0 { *value / circular } else { f64::NAN };
        if config.method == CircularityMethod::BinMaximum && value.abs() > 1.0 {
            *value = f64::NAN;
        }
    }
    values
}

/// The stars that a window or a bin of the method takes.
pub(super) fn stars_needed(config: &CircularityConfig) -> usize {
    match config.method {
        CircularityMethod::BinQuantile => config.stars_per_bin,
        CircularityMethod::BinMaximum => 2,
        _ => 2 * config.window + 1,
    }
}

/// The order of the energies; equal ones keep theirs.
fn order_of(energies: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..energies.len()).collect();
    order.sort_by(|&a, &b| energies[a].total_cmp(&energies[b]));
    order
}

/// The largest of the momenta of the `window` stars before and after each one in the order of energy, and its own.
pub(super) fn rank_maximum(energies: &[f64], momenta: &[f64], window: usize) -> Vec<f64> {
    let order = order_of(energies);
    let mut largest = vec![0.0; energies.len()];
    // Ranks that may still be the largest of a window, their momenta falling.
    let mut candidates: VecDeque<usize> = VecDeque::new();
    let mut next = 0;
    for (rank, &star) in order.iter().enumerate() {
        while next < order.len() && next - rank.min(next) <= window {
            let momentum = momenta[order[next]];
            while candidates.back().is_some_and(|&last| momenta[order[last]] <= momentum) {
                candidates.pop_back();
            }
            candidates.push_back(next);
            next += 1;
        }
        while candidates.front().is_some_and(|&first| first + window < rank) {
            candidates.pop_front();
        }
        largest[star] = candidates.front().map_or(f64::NAN, |&first| momenta[order[first]]);
    }
    largest
}

/// The quantile of the momenta in bins of some `per_bin` stars each, between the mean energies of the bins.
pub(super) fn bin_quantile(energies: &[f64], momenta: &[f64], per_bin: usize, quantile: f64) -> Vec<f64> {
    let order = order_of(energies);
    let n_bins = (order.len() / per_bin).max(1);
    let mut knots = Vec::with_capacity(n_bins);
    for bin in 0..n_bins {
        let stars = &order[bin * order.len() / n_bins..(bin + 1) * order.len() / n_bins];
        if stars.is_empty() {
            continue;
        }
        let mean = stars.iter().map(|&star| energies[star]).sum::<f64>() / stars.len() as f64;
        let mut inside: Vec<f64> = stars.iter().map(|&star| momenta[star]).collect();
        inside.sort_unstable_by(f64::total_cmp);
        knots.push([mean, quantile_of(&inside, quantile)]);
    }
    energies.iter().map(|&energy| between(&knots, energy)).collect()
}

/// The largest of the momenta in bins of energy, between the energies of the stars that have them; NaN without a
/// star below 0.
pub(super) fn bin_maximum(energies: &[f64], momenta: &[f64]) -> Vec<f64> {
    let deepest = energies.iter().copied().fold(0.0, f64::min);
    let edges: Vec<f64> = BINS
        .iter()
        .flat_map(|&(from, to, width)| {
            let n = ((to - from) / width).round() as usize;
            (0..n).map(move |i| from + (i + 1) as f64 * width)
        })
        .collect();
    // The two largest of each bin, with their energies.
    let mut largest = vec![[[0.0, f64::NEG_INFINITY]; 2]; edges.len()];
    for (&energy, &momentum) in energies.iter().zip(momenta) {
        let scaled = energy / -deepest;
        if !(scaled < 0.0 && momentum.is_finite()) {
            continue;
        }
        let bin = edges.partition_point(|&edge| edge < scaled).min(edges.len() - 1);
        let [first, second] = &mut largest[bin];
        if momentum > first[1] {
            *second = *first;
            *first = [energy, momentum];
        } else if momentum > second[1] {
            *second = [energy, momentum];
        }
    }
    let knots: Vec<[f64; 2]> = largest
        .iter()
        .filter(|[first, _]| first[1] > f64::NEG_INFINITY)
        .map(|&[first, second]| {
            let apart = second[1] > f64::NEG_INFINITY && first[1] - second[1] > OUTLIER * first[1];
            if apart { second } else { first }
        })
        .collect();
    energies.iter().map(|&energy| if energy < 0.0 { between(&knots, energy) } else { f64::NAN }).collect()
}

/// The quantile of sorted values, linear between them.
fn quantile_of(sorted: &[f64], quantile: f64) -> f64 {
    let place = quantile * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// The value at `x` between sorted points `[x, y]`, constant beyond them; NaN without points.
pub(super) fn between(points: &[[f64; 2]], x: f64) -> f64 {
    let above = points.partition_point(|point| point[0] <= x);
    match (above.checked_sub(1).map(|below| points[below]), points.get(above)) {
        (Some([x0, y0]), Some([x1, y1])) => y0 + (x - x0) / (x1 - x0) * (y1 - y0),
        (Some([_, y]), None) => y,
        (None, Some(&[_, y])) => y,
        (None, None) => f64::NAN,
    }
}
