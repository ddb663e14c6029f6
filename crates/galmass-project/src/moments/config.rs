//! How moments are measured, and what becomes of pixels that cannot be.

use galmass_core::PixelGrid;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::ProjectError;

/// How [`nearest_moments`](crate::nearest_moments) chooses particles and treats sparse pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MomentConfig {
    /// The fewest particles with weight that make a mean; where there are fewer, it is not known. Default 1; 0 means 1.
    pub min_count_mean: u32,
    /// The fewest particles with weight that make a dispersion; where there are fewer, it is not known. Default 2,
    /// because one particle has no dispersion and a 0 would pass for a measurement; with 1 it is that 0. 0 means 1.
    pub min_count_dispersion: u32,
    /// What else makes a pixel too sparse for both moments. Default: [`Blanking::None`].
    pub blanking: Blanking,
    /// What a pixel holds whose mean is not known. Default: [`Fill::Nan`].
    pub fill_mean: Fill,
    /// What a pixel holds whose dispersion is not known. Default: [`Fill::Nan`].
    pub fill_dispersion: Fill,
    /// The range of [depth](crate::View::depth) that is seen \[kpc\], from the first up to but without the second;
    /// either may be infinite, but not in a periodic box. Default: none, all depths.
    pub depth_kpc: Option<[f64; 2]>,
    /// The side of the box \[kpc\] in which space repeats itself along its three axes, above 0. The positions need not
    /// lie in one box. Default: none, space does not repeat itself.
    ///
    /// Each particle is seen once, as its image nearest to the origin along each axis of the box, or to the middle of
    /// `depth_kpc`. Neither the field nor `depth_kpc` may be wider than the box.
    pub box_size_kpc: Option<f64>,
}

impl Default for MomentConfig {
    fn default() -> Self {
        Self {
            min_count_mean: 1,
            min_count_dispersion: 2,
            blanking: Blanking::None,
            fill_mean: Fill::Nan,
            fill_dispersion: Fill::Nan,
            depth_kpc: None,
            box_size_kpc: None,
        }
    }
}

impl MomentConfig {
    /// The default with maps that a network can read: an unknown mean is 0, the systemic velocity, and an unknown
    /// dispersion the weighted mean of those known on the same map. [`Moments::occupancy`](crate::Moments::occupancy)
    /// tells them from measurements.
    pub fn for_learning() -> Self {
        Self { fill_mean: Fill::Zero, fill_dispersion: Fill::MeanOfKnown, ..Self::default() }
    }

    /// Finds what no moments can be measured with.
    pub(super) fn check(&self, grid: PixelGrid) -> Result<(), ProjectError> {
        if let Some([near_kpc, far_kpc]) = self.depth_kpc
            // Asked this way round, so that NaN is refused too.
            && !matches!(near_kpc.partial_cmp(&far_kpc), Some(std::cmp::Ordering::Less))
        {
            return Err(ProjectError::BadDepth { near_kpc, far_kpc });
        }
        let Some(box_size_kpc) = self.box_size_kpc else { return Ok(()) };
        if !(box_size_kpc > 0.0 && box_size_kpc.is_finite()) {
            return Err(ProjectError::BadBoxSize { box_size_kpc });
        }
        let depth = self.depth_kpc.map_or(0.0, |[near, far]| far - near);
        for (what, extent_kpc) in [("field", 2.0 * grid.half_width_kpc()), ("depth", depth)] {
            if extent_kpc > box_size_kpc {
                return Err(ProjectError::WiderThanBox { what, extent_kpc, box_size_kpc });
            }
        }
        Ok(())
    }
}

/// Which pixels are too sparse, beside those with fewer particles than the smallest counts of [`MomentConfig`]; `none`
/// or `upper-quartile` in configurations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blanking {
    /// No others.
    #[default]
    None,
    /// Those with no more particles than the 75th percentile of the counts of all pixels of the map, empty ones
    /// included, and at least 2: of any map, a quarter of the pixels at most is known. So do Angeloudi et al., in
    /// their program for maps of TNG and EAGLE. The percentile is the value of rank 3 n / 4, rounded down, of the n
    /// counts in ascending order from rank 0.
    UpperQuartile,
}

impl Blanking {
    /// The largest number of particles that is still too small.
    pub(super) fn limit(self, counts: impl Iterator<Item = u64>) -> u64 {
        match self {
            Self::None => 0,
            Self::UpperQuartile => {
                let mut counts: Vec<u64> = counts.collect();
                let rank = 3 * counts.len() / 4;
                if rank < counts.len() { (*counts.select_nth_unstable(rank).1).max(2) } else { 2 }
            }
        }
    }
}

/// What stands in pixels of which nothing is known: `nan`, `zero` or `mean-of-known` in configurations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// NaN, which nobody mistakes for a measurement.
    #[default]
    Nan,
    /// 0: for a mean velocity the systemic one. A dispersion of 0 km/s is a physical value; prefer another fill.
    Zero,
    /// The mean of the known pixels of the same map, weighted by the sum of the weights in each; 0 where none is known.
    MeanOfKnown,
}

impl Fill {
    /// The value for a map in which NaN is not known.
    pub(super) fn value(self, map: &Array2<f64>, weight: &Array2<f64>) -> f64 {
        match self {
            Self::Nan => f64::NAN,
            Self::Zero => 0.0,
            Self::MeanOfKnown => {
                let known = map.iter().zip(weight).filter(|(value, _)| !value.is_nan());
                let (sum, total) = known.fold((0.0, 0.0), |(sum, total), (&value, &weight)| {
                    (sum + weight * value, total + weight)
                });
                if total > 0.0 { sum / total } else { 0.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde::de::value::{Error, MapDeserializer};
    use serde::de::{Deserialize, IntoDeserializer};

    use super::*;

    #[test]
    fn the_configuration_knows_its_fields_and_no_others() {
        let read = |entries: Vec<(&str, u32)>| {
            MomentConfig::deserialize(
                MapDeserializer::<_, Error>::new(entries.into_iter()).into_deserializer(),
            )
        };
        assert_eq!(read(vec![]), Ok(MomentConfig::default()));
        let expected = MomentConfig { min_count_mean: 3, ..MomentConfig::default() };
        assert_eq!(read(vec![("min_count_mean", 3)]), Ok(expected));
        assert!(read(vec![("min_count", 2)]).is_err());
    }

    #[test]
    fn choices_are_named_in_kebab_case() {
        let fill = |name: &'static str| Fill::deserialize(IntoDeserializer::<Error>::into_deserializer(name));
        assert_eq!(
            ["nan", "zero", "mean-of-known"].map(fill),
            [Ok(Fill::Nan), Ok(Fill::Zero), Ok(Fill::MeanOfKnown)]
        );
        let blanking =
            |name: &'static str| Blanking::deserialize(IntoDeserializer::<Error>::into_deserializer(name));
        assert_eq!(
            ["none", "upper-quartile"].map(blanking),
            [Ok(Blanking::None), Ok(Blanking::UpperQuartile)]
        );
    }

    #[test]
    fn the_upper_quartile_is_a_rank_and_never_below_two() {
        let limit = |counts: &[u64]| Blanking::UpperQuartile.limit(counts.iter().copied());
        assert_eq!(limit(&[8, 1, 2, 3, 7, 4, 6, 5]), 7);
        assert_eq!(limit(&[0, 0, 0, 9]), 9);
        assert_eq!(limit(&[0, 0, 0, 0, 9]), 2);
        assert_eq!(limit(&[5]), 5);
        assert_eq!(Blanking::None.limit([5].into_iter()), 0);
    }

    #[test]
    fn the_mean_of_the_known_is_weighted_and_zero_where_there_is_none() {
        let map = array![[10.0, f64::NAN], [40.0, f64::NAN]];
        assert_eq!(Fill::MeanOfKnown.value(&map, &array![[2.0, 9.0], [1.0, 0.0]]), 20.0);
        assert_eq!(Fill::MeanOfKnown.value(&array![[f64::NAN]], &array![[3.0]]), 0.0);
        assert_eq!(Fill::Zero.value(&map, &map), 0.0);
        assert!(Fill::Nan.value(&map, &map).is_nan());
    }

    #[test]
    fn limits_that_are_none_are_refused_with_what_they_are() {
        let grid = PixelGrid::new(4, 5.0).unwrap();
        let check = |depth_kpc, box_size_kpc| {
            MomentConfig { depth_kpc, box_size_kpc, ..MomentConfig::default() }.check(grid)
        };
        assert_eq!(check(Some([f64::NEG_INFINITY, 3.0]), None), Ok(()));
        assert_eq!(check(Some([-5.0, 5.0]), Some(10.0)), Ok(()));
        assert_eq!(
            check(Some([2.0, 2.0]), None),
            Err(ProjectError::BadDepth { near_kpc: 2.0, far_kpc: 2.0 })
        );
        assert!(check(Some([f64::NAN, 2.0]), None).is_err() && check(Some([0.0, f64::NAN]), None).is_err());
        for box_size_kpc in [0.0, -1.0, f64::INFINITY] {
            assert_eq!(check(None, Some(box_size_kpc)), Err(ProjectError::BadBoxSize { box_size_kpc }));
        }
        assert!(check(None, Some(f64::NAN)).is_err());
        let field = ProjectError::WiderThanBox { what: "field", extent_kpc: 10.0, box_size_kpc: 9.0 };
        assert_eq!(check(None, Some(9.0)), Err(field));
        let depth = check(Some([0.0, f64::INFINITY]), Some(20.0)).unwrap_err();
        assert_eq!(depth.to_string(), "the depth of inf kpc is wider than the periodic box of 20 kpc");
    }
}
