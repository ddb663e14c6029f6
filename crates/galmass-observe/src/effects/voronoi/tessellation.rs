//! The weighted Voronoi tessellation that makes bins compact and alike (Diehl & Statler 2006, section 3).

use super::{Content, Pixels};

/// The faintest bin, as part of the target, whose scale follows from its own signal.
const FAINT: f64 = 1e-3;

/// Moves pixels between bins until none moves, at most `max_iterations` times.
pub(super) fn settle(pixels: &Pixels, mut bin_of: Vec<u32>, target: f64, max_iterations: u32) -> Vec<u32> {
    let n_bins = bin_of.iter().max().map_or(0, |&last| last as usize + 1);
    let bright: Vec<bool> = (0..pixels.len()).map(|pixel| pixels.signal_to_noise(pixel) >= target).collect();
    let pinned = pin(&bin_of, &bright, n_bins);
    let mut best = (f64::INFINITY, Vec::new());
    for _ in 0..max_iterations {
        let contents = contents(pixels, &bin_of, n_bins);
        let generators: Vec<Option<Generator>> = contents
            .iter()
            .zip(&pinned)
            .map(|(c, &pinned)| Generator::of(c, pinned, pixels, target))
            .collect();
        let next = assign(pixels, &bin_of, &bright, &generators, target);
        if next == bin_of {
            return bin_of;
        }
        bin_of = next;
        let scatter = scatter(pixels, &bin_of, &pinned, n_bins, target);
        if scatter < best.0 {
            best = (scatter, bin_of.clone());
        }
    }
    if best.1.is_empty() { bin_of } else { best.1 }
}

/// The pixel that a bin belongs to, where it is a bright one: its bin does not move away from it.
fn pin(bin_of: &[u32], bright: &[bool], n_bins: usize) -> Vec<Option<usize>> {
    let mut pinned = vec![None; n_bins];
    for (pixel, &bin) in bin_of.iter().enumerate() {
        if bright[pixel] {
            pinned[bin as usize].get_or_insert(pixel);
        }
    }
    pinned
}

/// A point and a scale: the bin as the tessellation sees it.
#[derive(Clone, Copy)]
struct Generator {
    centre: [f64; 2],
    square_scale: f64,
}

impl Generator {
    /// None for a bin that has lost all its pixels.
    fn of(content: &Content, pinned: Option<usize>, pixels: &Pixels, target: f64) -> Option<Self> {
        let signal_to_noise = content.signal_to_noise().max(FAINT * target);
        let centre = match pinned {
            Some(pixel) => pixels.position[pixel].map(|index| index as f64),
            None => content.centroid(),
        };
        (content.n_pixels > 0)
            .then(|| Self { centre, square_scale: f64::from(content.n_pixels) / signal_to_noise })
    }
}

fn contents(pixels: &Pixels, bin_of: &[u32], n_bins: usize) -> Vec<Content> {
    let mut contents = vec![Content::default(); n_bins];
    for (pixel, &bin) in bin_of.iter().enumerate() {
        contents[bin as usize].add(pixels, pixel);
    }
    contents
}

/// Each pixel to the generator of the least distance / scale, the first of equals; bright pixels stay.
///
/// A pixel of a compact bin of n pixels lies within some sqrt(n / pi) of its centre, where
/// (distance / scale)^2 < S/N. So each bin offers itself only to the pixels within sqrt(target) scales, a few times its
/// own area; a pixel that gets an offer has the best of all there are, and the few without one ask every bin.
fn assign(
    pixels: &Pixels,
    bin_of: &[u32],
    bright: &[bool],
    generators: &[Option<Generator>],
    target: f64,
) -> Vec<u32> {
    let (rows, columns) = pixels.index.dim();
    let mut best: Vec<(f64, Option<u32>)> = vec![(f64::INFINITY, None); pixels.len()];
    for (bin, generator) in generators.iter().enumerate() {
        let Some(Generator { centre, square_scale }) = *generator else { continue };
        let radius = (target * square_scale).sqrt();
        let range = |centre: f64, n: usize| {
            ((centre - radius).ceil().max(0.0) as usize)
                ..((centre + radius).floor() + 1.0).clamp(0.0, n as f64) as usize
        };
        for row in range(centre[0], rows) {
            for column in range(centre[1], columns) {
                let Some(pixel) = pixels.index[[row, column]] else { continue };
                let offer = pixels.square_distance(pixel as usize, centre) / square_scale;
                let best = &mut best[pixel as usize];
                if offer <= target && offer < best.0 {
                    *best = (offer, Some(bin as u32));
                }
            }
        }
    }
    let of_all = |pixel: usize| {
        let mut nearest = (f64::INFINITY, bin_of[pixel]);
        for (bin, generator) in generators.iter().enumerate() {
            let Some(Generator { centre, square_scale }) = *generator else { continue };
            let offer = pixels.square_distance(pixel, centre) / square_scale;
            if offer < nearest.0 {
                nearest = (offer, bin as u32);
            }
        }
        nearest.1
    };
    let choose = |(pixel, (_, offered)): (usize, &(f64, Option<u32>))| {
        if bright[pixel] { bin_of[pixel] } else { offered.unwrap_or_else(|| of_all(pixel)) }
    };
    best.iter().enumerate().map(choose).collect()
}

/// The rms deviation of the bins from the target, but for those of bright pixels.
fn scatter(pixels: &Pixels, bin_of: &[u32], pinned: &[Option<usize>], n_bins: usize, target: f64) -> f64 {
    let contents = contents(pixels, bin_of, n_bins);
    let joined = contents.iter().zip(pinned).filter(|(c, pinned)| c.n_pixels > 0 && pinned.is_none());
    let (sum, n) = joined.fold((0.0, 0usize), |(sum, n), (content, _)| {
        (sum + (content.signal_to_noise() / target - 1.0).powi(2), n + 1)
    });
    (sum / n.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// The slow twin of `assign`.
    fn assign_all(pixels: &Pixels, generators: &[Option<Generator>]) -> Vec<u32> {
        let offer = |pixel, bin: usize| {
            generators[bin]
                .map_or(f64::INFINITY, |g| pixels.square_distance(pixel, g.centre) / g.square_scale)
        };
        let bins = |pixel| (0..generators.len()).min_by(|&a, &b| offer(pixel, a).total_cmp(&offer(pixel, b)));
        (0..pixels.len()).map(|pixel| bins(pixel).unwrap() as u32).collect()
    }

    #[test]
    fn offers_find_what_asking_every_bin_finds() {
        let signal = Array2::from_shape_fn((30, 40), |(y, x)| (-0.05 * (y as f64 + x as f64)).exp());
        let pixels = Pixels::new(&signal, &Array2::from_elem((30, 40), 0.3), 0.0);
        let target = 8.0;
        let bin_of = super::super::accretion::accrete(&pixels, target);
        let n_bins = *bin_of.iter().max().unwrap() as usize + 1;
        assert!(n_bins > 5);
        let mut generators: Vec<_> = contents(&pixels, &bin_of, n_bins)
            .iter()
            .map(|content| Generator::of(content, None, &pixels, target))
            .collect();
        generators[2] = None;
        let bright = vec![false; pixels.len()];
        assert_eq!(assign(&pixels, &bin_of, &bright, &generators, target), assign_all(&pixels, &generators));
    }
}
