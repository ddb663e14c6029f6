//! What is odd about a sample, a bit a flag.

use galmass_stats::{Features, SersicImageFlags};

/// A flag of a sample. The number of its bit in the flags of the sample is its place in [`SampleFlag::NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleFlag {
    ImageIsMass = 0,
    ColourUnknown = 1,
    TooFewStars = 2,
    NoGas = 3,
    GasIsAllGas = 4,
    GasTracerUnknown = 5,
    SersicImageNotFitted = 6,
    SersicImageDoubtful = 7,
}

/// The first bit of the flags of table 1.
const FIRST_FEATURE: usize = 8;

/// The names of the flags of a sample, the lowest bit first: those of the survey, then those of
/// [`Features::flags`](galmass_stats::Features::flags), which are up only where features are measured.
pub const FLAG_NAMES: [&str; 26] = [
    "image_is_mass",
    "colour_unknown",
    "too_few_stars_for_smoothing",
    "no_gas",
    "gas_is_all_gas",
    "gas_tracer_unknown",
    "sersic_image_not_fitted",
    "sersic_image_doubtful",
    "no_extent",
    "weighed_by_mass",
    "light_unknown",
    "ages_unknown",
    "initial_masses_unknown",
    "light_profile_incomplete",
    "sersic_not_fitted",
    "sersic_not_converged",
    "sersic_at_bound",
    "shape_too_few",
    "shape_not_converged",
    "shape_degenerate",
    "dispersion_doubtful",
    "spin_not_measured",
    "spin_pixels_left_out",
    "orbits_not_measured",
    "orbits_unbound",
    "orbits_undefined",
];

/// The names of the flags that are up.
///
/// # Examples
/// ```
/// use galmass_survey::flag_names;
///
/// assert_eq!(flag_names(0b1001), ["image_is_mass", "no_gas"]);
/// ```
pub fn flag_names(flags: u32) -> Vec<&'static str> {
    let is_up = |bit: &usize| flags & (1 << bit) != 0;
    (0..FLAG_NAMES.len()).filter(is_up).map(|bit| FLAG_NAMES[bit]).collect()
}

/// The flags of one sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    pub(crate) fn set(&mut self, flag: SampleFlag, is_up: bool) {
        self.0 |= u32::from(is_up) << flag as u32;
    }

    pub(crate) fn set_features(&mut self, features: &Features) {
        for (bit, name) in FLAG_NAMES.iter().enumerate().skip(FIRST_FEATURE) {
            let is_up = features.flags().iter().any(|flag| flag.name == *name && flag.is_up);
            self.0 |= u32::from(is_up) << bit;
        }
    }

    pub(crate) fn set_sersic_image(&mut self, flags: &SersicImageFlags) {
        let not_fitted = flags.too_few_pixels || flags.no_light;
        self.set(SampleFlag::SersicImageNotFitted, not_fitted);
        self.set(SampleFlag::SersicImageDoubtful, flags.any() && !not_fitted);
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::Galaxy;
    use galmass_stats::{FeatureConfig, FeatureView, measure_features};

    use super::*;

    #[test]
    fn every_flag_of_table_1_has_a_bit() {
        let view = FeatureView::new([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        let features = measure_features(&Galaxy::default(), 1.0, &view, &FeatureConfig::default()).unwrap();
        let names: Vec<&str> = features.flags().iter().map(|flag| flag.name).collect();
        assert_eq!(FLAG_NAMES[FIRST_FEATURE..], names);

        let mut flags = Flags::default();
        flags.set_features(&features);
        let up: Vec<&str> = features.flags().iter().filter(|flag| flag.is_up).map(|flag| flag.name).collect();
        assert!(up.contains(&"light_unknown"));
        assert_eq!(flag_names(flags.bits()), up);
    }

    #[test]
    fn each_flag_of_the_survey_has_its_name() {
        for (flag, name) in [
            (SampleFlag::ImageIsMass, "image_is_mass"),
            (SampleFlag::ColourUnknown, "colour_unknown"),
            (SampleFlag::TooFewStars, "too_few_stars_for_smoothing"),
            (SampleFlag::NoGas, "no_gas"),
            (SampleFlag::GasIsAllGas, "gas_is_all_gas"),
            (SampleFlag::GasTracerUnknown, "gas_tracer_unknown"),
            (SampleFlag::SersicImageNotFitted, "sersic_image_not_fitted"),
            (SampleFlag::SersicImageDoubtful, "sersic_image_doubtful"),
        ] {
            let mut flags = Flags::default();
            flags.set(flag, false);
            assert_eq!(flags.bits(), 0);
            flags.set(flag, true);
            assert_eq!(flag_names(flags.bits()), [name]);
        }
    }
}
