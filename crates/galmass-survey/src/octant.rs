//! Where in a box a galaxy lies.

/// The octant of a periodic box that holds a place: bits 0, 1 and 2 for the upper halves of x, y and z.
pub(crate) fn octant(place_kpc: [f64; 3], box_size_kpc: f64) -> u8 {
    let is_upper = |x: f64| x.rem_euclid(box_size_kpc) >= 0.5 * box_size_kpc;
    (0..3).map(|axis| u8::from(is_upper(place_kpc[axis])) << axis).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_octant_has_its_number_and_the_box_repeats() {
        for number in 0..8 {
            let place = [0, 1, 2].map(|axis| if number >> axis & 1 == 1 { 75.0 } else { 25.0 });
            assert_eq!(octant(place, 100.0), number);
            assert_eq!(octant(place.map(|x| x - 300.0), 100.0), number);
        }
        assert_eq!(octant([50.0, 0.0, 100.0], 100.0), 1);
    }
}
