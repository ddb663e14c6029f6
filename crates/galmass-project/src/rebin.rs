//! Maps of larger pixels, and per area.

use galmass_core::{Map, PixelGrid};
use ndarray::Array2;

use crate::ProjectError;

/// Adds up the pixels of a map to `n_px` x `n_px` larger ones.
///
/// Chu et al. (2024, section 2.2) re-bin images of 300 pixels a side to 150 and 60, the median of the SDSS: each new
/// pixel is the sum of the square of pixels that it covers. So the amounts in a map are conserved to rounding, and a
/// colour is made of re-binned fluxes, not re-binned itself.
///
/// The result has the unit and the field of `map`. As many pixels as there are give the same map; 1 gives the sum of
/// all; a NaN makes the pixel NaN that it falls into.
///
/// # Errors
/// [`ProjectError::NotAnAmount`] for a map of what does not add up over pixels, such as velocities;
/// [`ProjectError::NotADivisor`] where `n_px` does not divide the pixels of the map; [`ProjectError::Grid`] for 0.
///
/// # Examples
/// ```
/// use galmass_core::{Map, PixelGrid, Unit};
/// use galmass_project::rebin;
/// use ndarray::array;
///
/// let grid = PixelGrid::new(2, 1.0)?;
/// let light = Map::new(grid, Unit::SolarLuminosity, array![[1.0, 2.0], [3.0, 4.0]])?;
/// assert_eq!(rebin(&light, 1)?.values(), array![[10.0]]);
/// assert!(rebin(&light, 3).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// * Chu et al. 2024, MNRAS 528, 6354, section 2.2.
pub fn rebin(map: &Map, n_px: usize) -> Result<Map, ProjectError> {
    let grid = PixelGrid::new(n_px, map.grid().half_width_kpc())?;
    if !map.unit().is_amount() {
        return Err(ProjectError::NotAnAmount { unit: map.unit() });
    }
    let before = map.grid().n_px();
    if !before.is_multiple_of(n_px) {
        return Err(ProjectError::NotADivisor { n_px: before, into_px: n_px });
    }
    let side = before / n_px;
    let blocks = map.values().exact_chunks((side, side));
    let mut sums = Array2::zeros((n_px, n_px));
    // Not `sum()`, whose order depends on the layout of the array.
    let add_up = |block: ndarray::ArrayView2<'_, f64>| block.iter().fold(0.0, |sum, value| sum + value);
    sums.iter_mut().zip(blocks).for_each(|(sum, block)| *sum = add_up(block));
    Ok(Map::new(grid, map.unit(), sums)?)
}

/// Divides a map of amounts by the area of its pixels: the surface density or surface brightness \[unit / kpc^2\].
///
/// With [limits of depth](crate::DepositConfig::depth_kpc) it is the column between them. The values of a map are
/// amounts per pixel otherwise.
///
/// # Errors
/// [`ProjectError::NotAnAmount`] for a map of what does not add up over pixels, such as velocities, or is per area
/// already.
///
/// # Examples
/// ```
/// use galmass_core::{Map, PixelGrid, Unit};
/// use galmass_project::per_area;
/// use ndarray::array;
///
/// let mass = Map::new(PixelGrid::new(1, 2.0)?, Unit::SolarMass, array![[48.0]])?;
/// assert_eq!(per_area(&mass)?.values(), array![[3.0]]); // in 16 kpc^2
/// assert!(per_area(&per_area(&mass)?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn per_area(map: &Map) -> Result<Map, ProjectError> {
    let unit = map.unit().per_area().ok_or(ProjectError::NotAnAmount { unit: map.unit() })?;
    let area_kpc2 = map.grid().pixel_size_kpc().powi(2);
    Ok(Map::new(map.grid(), unit, map.values() / area_kpc2)?)
}

#[cfg(test)]
mod tests {
    use galmass_core::{GridError, SupportRadius, Unit};

    use super::*;
    use crate::testing::{ball, uniform};
    use crate::{Axis, DepositConfig, View, deposit};

    fn image(n_px: usize) -> Map {
        let n = 2000;
        let support: Vec<_> =
            uniform(n, 0.0..2.0, 3).into_iter().map(SupportRadius::from_nth_neighbour).collect();
        let (positions, weights) = (ball(n, 6.0, 1), uniform(n, 0.0..1.0, 2));
        let (view, grid) = (View::along(Axis::Y), PixelGrid::new(n_px, 3.0).unwrap());
        deposit(&positions, &weights, &support, &view, grid, Unit::SolarLuminosity, &DepositConfig::default())
            .unwrap()
    }

    fn largest_difference(a: &Map, b: &Map) -> f64 {
        assert_eq!((a.grid(), a.unit()), (b.grid(), b.unit()));
        a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn light_is_conserved() {
        let fine = image(300);
        for n_px in [300, 150, 60, 1] {
            let coarse = rebin(&fine, n_px).unwrap();
            assert!((coarse.sum() / fine.sum() - 1.0).abs() < 1e-13, "{n_px}");
        }
        assert_eq!(rebin(&fine, 300).unwrap(), fine);
    }

    #[test]
    fn an_image_binned_is_the_image_of_larger_pixels() {
        let fine = image(300);
        for n_px in [150, 60] {
            let coarse = image(n_px);
            let peak = coarse.values().iter().copied().fold(0.0, f64::max);
            assert!(largest_difference(&rebin(&fine, n_px).unwrap(), &coarse) < 1e-7 * peak);
        }
    }

    #[test]
    fn pixels_keep_their_place() {
        let grid = PixelGrid::new(6, 3.0).unwrap();
        let fine = Map::new(
            grid,
            Unit::Count,
            Array2::from_shape_fn((6, 6), |(row, column)| if (row, column) == (4, 1) { 7.0 } else { 0.0 }),
        );
        let coarse = rebin(&fine.unwrap(), 3).unwrap();
        assert_eq!(coarse.values(), ndarray::array![[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [7.0, 0.0, 0.0]]);
        assert_eq!(coarse.grid().half_width_kpc(), 3.0);
    }

    #[test]
    fn an_unknown_pixel_makes_its_sum_unknown_and_no_other() {
        let mut values = Array2::ones((4, 4));
        values[[0, 3]] = f64::NAN;
        let map = Map::new(PixelGrid::new(4, 1.0).unwrap(), Unit::SolarMass, values).unwrap();
        let coarse = rebin(&map, 2).unwrap().into_values();
        assert!(coarse[[0, 1]].is_nan());
        assert_eq!([coarse[[0, 0]], coarse[[1, 0]], coarse[[1, 1]]], [4.0; 3]);
    }

    #[test]
    fn the_layout_of_the_array_does_not_matter() {
        let map = image(60);
        let columns_first = Array2::from_shape_fn((60, 60), |(row, column)| map.values()[[column, row]]);
        let turned = Map::new(map.grid(), map.unit(), columns_first.reversed_axes()).unwrap();
        assert_eq!(rebin(&turned, 12).unwrap(), rebin(&map, 12).unwrap());
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let grid = PixelGrid::new(4, 1.0).unwrap();
        for unit in [Unit::KilometrePerSecond, Unit::Magnitude, Unit::Dimensionless] {
            let map = Map::new(grid, unit, Array2::zeros((4, 4))).unwrap();
            assert_eq!(rebin(&map, 2), Err(ProjectError::NotAnAmount { unit }));
            assert_eq!(per_area(&map), Err(ProjectError::NotAnAmount { unit }));
        }
        let map = Map::new(grid, Unit::SolarMass, Array2::zeros((4, 4))).unwrap();
        assert_eq!(rebin(&map, 3), Err(ProjectError::NotADivisor { n_px: 4, into_px: 3 }));
        assert_eq!(rebin(&map, 8), Err(ProjectError::NotADivisor { n_px: 4, into_px: 8 }));
        assert_eq!(rebin(&map, 0), Err(ProjectError::Grid(GridError::NoPixels)));
        let error = rebin(&map, 3).unwrap_err().to_string();
        assert_eq!(error, "4 pixels a side cannot be added up to 3, which does not divide them");
    }

    #[test]
    fn a_density_does_not_depend_on_the_pixels() {
        let density = |n_px| per_area(&rebin(&image(300), n_px).unwrap()).unwrap();
        let mean = |map: &Map| map.sum() / map.values().len() as f64;
        assert!((mean(&density(60)) / mean(&density(150)) - 1.0).abs() < 1e-13);
        assert_eq!(density(60).unit(), Unit::SolarLuminosityPerSquareKiloparsec);
    }
}
