//! The first guess: bins grown one after another (Cappellari & Copin 2003, section 5.1).

use std::f64::consts::PI;

use super::{Content, Pixels};

/// A bin of this part of the target is good enough.
const GOOD: f64 = 0.8;
/// The largest roundness, r_max / r_eff - 1, of a bin.
const MAX_ROUNDNESS: f64 = 0.3;

/// Gives each pixel to a bin.
pub(super) fn accrete(pixels: &Pixels, target: f64) -> Vec<u32> {
    let mut free = vec![true; pixels.len()];
    let mut used = Content::default();
    let mut bin_of: Vec<Option<u32>> = vec![None; pixels.len()];
    let mut contents: Vec<Content> = Vec::new();
    // What is bright enough by itself is not taken in by a neighbour.
    for pixel in (0..pixels.len()).filter(|&pixel| pixels.signal_to_noise(pixel) >= target) {
        free[pixel] = false;
        used.add(pixels, pixel);
        bin_of[pixel] = Some(contents.len() as u32);
        contents.push(Content::default().with(pixels, pixel));
    }
    while let Some(start) = next_start(pixels, &free, &used) {
        let (members, content) = grow(pixels, start, &mut free, target);
        members.iter().for_each(|&pixel| used.add(pixels, pixel));
        if content.signal_to_noise() >= GOOD * target {
            let bin = contents.len() as u32;
            members.iter().for_each(|&pixel| bin_of[pixel] = Some(bin));
            contents.push(content);
        }
    }
    let centroids: Vec<[f64; 2]> = contents.iter().map(Content::centroid).collect();
    let nearest = |pixel: usize| {
        let distance = |&bin: &usize| pixels.square_distance(pixel, centroids[bin]);
        (0..centroids.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0) as u32
    };
    bin_of.iter().enumerate().map(|(pixel, bin)| bin.unwrap_or_else(|| nearest(pixel))).collect()
}

/// The free pixel next to what is used; at first, the brightest of all.
fn next_start(pixels: &Pixels, free: &[bool], used: &Content) -> Option<usize> {
    let free_pixels = (0..pixels.len()).filter(|&pixel| free[pixel]);
    if used.n_pixels == 0 {
        // The first of equals, as min_by finds it.
        return free_pixels.min_by(|&a, &b| pixels.signal_to_noise(b).total_cmp(&pixels.signal_to_noise(a)));
    }
    let centroid = used.centroid();
    let distance = |pixel: &usize| pixels.square_distance(*pixel, centroid);
    free_pixels.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Grows one bin and takes its pixels.
fn grow(pixels: &Pixels, start: usize, free: &mut [bool], target: f64) -> (Vec<usize>, Content) {
    let mut members = vec![start];
    let mut content = Content::default().with(pixels, start);
    let mut border = Vec::new();
    free[start] = false;
    add_neighbours(pixels, start, free, &mut border);
    while content.signal_to_noise() < target {
        let centroid = content.centroid();
        let distance = |&place: &usize| pixels.square_distance(border[place], centroid);
        // The border is in the order in which it grew, which is the same in every run: the first of equals.
        let Some(place) = (0..border.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
            break;
        };
        let pixel = border[place];
        let larger = content.with(pixels, pixel);
        let miss = |content: &Content| (content.signal_to_noise() - target).abs();
        if roundness(pixels, &members, pixel, &larger) > MAX_ROUNDNESS || miss(&larger) > miss(&content) {
            break;
        }
        border.remove(place);
        free[pixel] = false;
        members.push(pixel);
        content = larger;
        add_neighbours(pixels, pixel, free, &mut border);
    }
    (members, content)
}

/// How far a bin reaches beyond the circle of its area, relative to the radius of that circle.
fn roundness(pixels: &Pixels, members: &[usize], pixel: usize, content: &Content) -> f64 {
    let centroid = content.centroid();
    let all = members.iter().chain(std::iter::once(&pixel));
    let farthest = all.fold(0f64, |most, &member| most.max(pixels.square_distance(member, centroid)));
    farthest.sqrt() / (f64::from(content.n_pixels) / PI).sqrt() - 1.0
}

/// Adds the free pixels that share an edge with `pixel` to the border of its bin.
fn add_neighbours(pixels: &Pixels, pixel: usize, free: &[bool], border: &mut Vec<usize>) {
    let [row, column] = pixels.position[pixel];
    let places =
        [(row.wrapping_sub(1), column), (row, column.wrapping_sub(1)), (row, column + 1), (row + 1, column)];
    for place in places {
        if let Some(&Some(neighbour)) = pixels.index.get(place) {
            let neighbour = neighbour as usize;
            if free[neighbour] && !border.contains(&neighbour) {
                border.push(neighbour);
            }
        }
    }
}
