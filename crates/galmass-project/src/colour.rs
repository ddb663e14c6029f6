//! The colour of each pixel.

use galmass_core::units::{SUN_MAGNITUDE_G, SUN_MAGNITUDE_R};
use galmass_core::{Map, Unit};
use serde::{Deserialize, Serialize};

use crate::ProjectError;

/// What a pixel without light has for a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EmptyColour {
    /// The colour of the light of all pixels together.
    #[default]
    Integrated,
    /// NaN.
    Nan,
}

/// How [`colour`] turns light into magnitudes. The default is SDSS g - r.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColourConfig {
    /// The absolute AB magnitude of the Sun in the bluer band \[mag\]. Default: [`SUN_MAGNITUDE_G`].
    pub sun_magnitude_blue: f64,
    /// The absolute AB magnitude of the Sun in the redder band \[mag\]. Default: [`SUN_MAGNITUDE_R`].
    pub sun_magnitude_red: f64,
    /// What a pixel has that holds no light in one of the bands. Default: [`EmptyColour::Integrated`].
    pub empty: EmptyColour,
}

impl Default for ColourConfig {
    fn default() -> Self {
        Self {
            sun_magnitude_blue: SUN_MAGNITUDE_G,
            sun_magnitude_red: SUN_MAGNITUDE_R,
            empty: EmptyColour::default(),
        }
    }
}

/// Makes the map of colours \[mag\], bluer minus redder, of the light in two bands.
///
/// With L the light of a pixel in units of the Sun's in the same band and M the magnitude of the Sun,
///
/// ```text
/// m = -2.5 log10 L + M        colour = m_blue - m_red
/// ```
///
/// Chu et al. (2024, section 2.2) use g - r. Of larger pixels, [re-bin](crate::rebin) the light and not the colour.
///
/// * A pixel without light in one of the bands or in both, or with a light below zero, as noise can make it, has no
///   colour of its own: `empty` says what it gets. The integrated colour is that of the sums of both maps; where
///   these are not above zero, it is NaN.
/// * A pixel that is NaN in one of the maps stays NaN and is left out of the sums.
///
/// # Errors
/// [`ProjectError::WrongUnit`] for a map that is not in solar luminosities, [`ProjectError::UnlikeGrids`] where the
/// meshes differ.
///
/// # Examples
/// A pixel of solar colour, one with ten times as much blue light, and one without light:
/// ```
/// use galmass_core::{Map, PixelGrid, Unit};
/// use galmass_project::{ColourConfig, EmptyColour, colour};
/// use ndarray::array;
///
/// let map = |values| Map::new(PixelGrid::new(2, 1.0).unwrap(), Unit::SolarLuminosity, values).unwrap();
/// let g = map(array![[1.0, 10.0], [0.0, 0.0]]);
/// let r = map(array![[1.0, 1.0], [0.0, 0.0]]);
/// let config = ColourConfig { empty: EmptyColour::Nan, ..ColourConfig::default() };
/// let g_minus_r = colour(&g, &r, &config)?;
/// assert!((g_minus_r.values()[[0, 0]] - 0.46).abs() < 1e-12);
/// assert!((g_minus_r.values()[[0, 1]] - (0.46 - 2.5)).abs() < 1e-12);
/// assert!(g_minus_r.values()[[1, 0]].is_nan());
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
///
/// # References
/// * Chu et al. 2024, MNRAS 528, 6354, section 2.2.
/// * Willmer 2018, ApJS 236, 47: the magnitudes of the Sun.
pub fn colour(blue: &Map, red: &Map, config: &ColourConfig) -> Result<Map, ProjectError> {
    let expected = Unit::SolarLuminosity;
    for (map, found) in [("bluer", blue.unit()), ("redder", red.unit())] {
        if found != expected {
            return Err(ProjectError::WrongUnit { map, expected, found });
        }
    }
    if blue.grid() != red.grid() {
        return Err(ProjectError::UnlikeGrids { first: blue.grid(), second: red.grid() });
    }
    let sun = config.sun_magnitude_blue - config.sun_magnitude_red;
    // The quotient of two numbers above zero can leave the range of numbers, the difference of their logarithms not.
    let of = |blue: f64, red: f64| sun - 2.5 * (blue.log10() - red.log10());
    let has_colour = |blue: f64, red: f64| blue > 0.0 && red > 0.0;

    let pixels = || blue.values().iter().zip(red.values()).map(|(&blue, &red)| (blue, red));
    let known = pixels().filter(|(blue, red)| !blue.is_nan() && !red.is_nan());
    let (all_blue, all_red) = known.fold((0.0, 0.0), |sums, (blue, red)| (sums.0 + blue, sums.1 + red));
    let fill = match config.empty {
        EmptyColour::Integrated if has_colour(all_blue, all_red) => of(all_blue, all_red),
        EmptyColour::Integrated | EmptyColour::Nan => f64::NAN,
    };

    let mut colours = blue.values().clone();
    colours.zip_mut_with(red.values(), |blue, &red| {
        *blue = match (*blue, red) {
            (blue, red) if has_colour(blue, red) => of(blue, red),
            (blue, red) if blue.is_nan() || red.is_nan() => f64::NAN,
            _ => fill,
        }
    });
    Ok(Map::new(blue.grid(), Unit::Magnitude, colours)?)
}

#[cfg(test)]
mod tests {
    use galmass_core::PixelGrid;
    use galmass_core::units::luminosity_lsun;
    use ndarray::{Array2, array};

    use super::*;
    use crate::rebin;

    fn map(values: Array2<f64>) -> Map {
        let grid = PixelGrid::new(values.nrows(), 3.0).unwrap();
        Map::new(grid, Unit::SolarLuminosity, values).unwrap()
    }

    fn g_minus_r(g: &Map, r: &Map, empty: EmptyColour) -> Array2<f64> {
        colour(g, r, &ColourConfig { empty, ..ColourConfig::default() }).unwrap().into_values()
    }

    #[test]
    fn magnitudes_come_back() {
        for (g, r) in [(-20.1, -20.8), (4.0, 3.0), (-5.0, -4.0)] {
            let (light_g, light_r) =
                (luminosity_lsun(g, SUN_MAGNITUDE_G), luminosity_lsun(r, SUN_MAGNITUDE_R));
            let colours = g_minus_r(&map(array![[light_g]]), &map(array![[light_r]]), EmptyColour::Nan);
            assert!((colours[[0, 0]] - (g - r)).abs() < 1e-13);
        }
    }

    #[test]
    fn the_unit_of_light_cancels() {
        let (g, r) = (array![[1.0, 5.0], [0.0, 2.0]], array![[3.0, 1.0], [0.0, 2.0]]);
        let here = g_minus_r(&map(g.clone()), &map(r.clone()), EmptyColour::Integrated);
        let there = g_minus_r(&map(1e9 * g), &map(1e9 * r), EmptyColour::Integrated);
        assert!(here.iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-13));
    }

    #[test]
    fn empty_pixels_have_the_colour_of_the_galaxy() {
        // No light, none in one band, none in the other, and less than none.
        let (g, r) = (array![[4.0, 0.0], [0.0, 2.0]], array![[2.0, 0.0], [3.0, 0.0]]);
        let colours = g_minus_r(&map(g), &map(r), EmptyColour::Integrated);
        let galaxy = SUN_MAGNITUDE_G - SUN_MAGNITUDE_R - 2.5 * (6.0f64 / 5.0).log10();
        for empty in [[0, 1], [1, 0], [1, 1]] {
            assert!((colours[empty] - galaxy).abs() < 1e-14, "{empty:?}");
        }
        assert!((colours[[0, 0]] - (0.46 - 2.5 * 2f64.log10())).abs() < 1e-14);
        let noisy =
            g_minus_r(&map(array![[3.0, -1.0], [1.0, 1.0]]), &map(Array2::ones((2, 2))), EmptyColour::Nan);
        assert!(noisy[[0, 1]].is_nan() && noisy[[0, 0]].is_finite());
    }

    #[test]
    fn the_colour_of_all_light_is_that_of_one_pixel() {
        let (g, r) = (map(array![[4.0, 1.0], [0.5, 2.0]]), map(array![[2.0, 1.0], [3.0, 0.0]]));
        let whole = g_minus_r(&rebin(&g, 1).unwrap(), &rebin(&r, 1).unwrap(), EmptyColour::Nan);
        assert_eq!(g_minus_r(&g, &r, EmptyColour::Integrated)[[1, 1]], whole[[0, 0]]);
    }

    #[test]
    fn unknown_pixels_stay_unknown_and_spoil_nothing() {
        let (g, r) = (array![[f64::NAN, 0.0], [1.0, 1.0]], array![[5.0, 0.0], [1.0, f64::NAN]]);
        let colours = g_minus_r(&map(g), &map(r), EmptyColour::Integrated);
        assert!(colours[[0, 0]].is_nan() && colours[[1, 1]].is_nan());
        assert_eq!(colours[[0, 1]], colours[[1, 0]]);
    }

    #[test]
    fn a_galaxy_without_light_has_no_colour() {
        for empty in [EmptyColour::Integrated, EmptyColour::Nan] {
            let colours = g_minus_r(&map(Array2::zeros((3, 3))), &map(Array2::ones((3, 3))), empty);
            assert!(colours.iter().all(|value| value.is_nan()));
        }
    }

    #[test]
    fn extreme_light_has_a_finite_colour() {
        let colours = g_minus_r(&map(array![[1e-300]]), &map(array![[1e300]]), EmptyColour::Nan);
        assert!((colours[[0, 0]] - 1500.46).abs() < 1e-9);
    }

    #[test]
    fn maps_that_do_not_belong_together_are_refused() {
        let light = map(Array2::ones((2, 2)));
        let mass = Map::new(light.grid(), Unit::SolarMass, Array2::ones((2, 2))).unwrap();
        let config = ColourConfig::default();
        let (expected, found) = (Unit::SolarLuminosity, Unit::SolarMass);
        assert_eq!(
            colour(&light, &mass, &config),
            Err(ProjectError::WrongUnit { map: "redder", expected, found })
        );
        assert!(matches!(colour(&mass, &light, &config), Err(ProjectError::WrongUnit { map: "bluer", .. })));
        let unlike = colour(&light, &map(Array2::ones((3, 3))), &config).unwrap_err();
        assert_eq!(
            unlike.to_string(),
            "the maps are on different meshes, of 2 pixels over +-3 kpc and 3 pixels over +-3 kpc"
        );
    }
}
