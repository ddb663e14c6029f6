//! Features by name, as they go into a table.

use super::{Features, IntrinsicFeatures, ViewFeatures};

/// A number with its name and unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureValue {
    /// What it is called in files.
    pub name: &'static str,
    /// What it is called in papers.
    pub symbol: &'static str,
    /// Its unit; `1` for a pure number.
    pub unit: &'static str,
    /// The number; NaN where it is not known.
    pub value: f64,
}

/// Whether something is wrong with a galaxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureFlag {
    /// What it is called in files.
    pub name: &'static str,
    /// Whether it is up.
    pub is_up: bool,
}

impl Features {
    /// All numbers: the ten of table 1 of Chu et al. (2024) in its order, then others.
    pub fn values(&self) -> Vec<FeatureValue> {
        let IntrinsicFeatures { half_mass_radius_kpc, shape, circularity, fractions_by_rank, .. } =
            &self.intrinsic;
        let ViewFeatures { brightness_r, brightness_g, star_formation, sersic, dispersion, spin, .. } =
            &self.view;
        let orbits = &circularity.fractions;
        let of = |name, symbol, unit, value| FeatureValue { name, symbol, unit, value };
        vec![
            of("magnitude_r", "M_r", "mag", brightness_r.magnitude),
            of("colour_g_r", "g - r", "mag", self.view.colour_g_r()),
            of("star_formation_rate_msun_yr", "SFR", "Msun/yr", star_formation.rate_msun_yr),
            of("sersic_index", "n_Ser", "1", sersic.index),
            of("minor_to_major", "c/a", "1", shape.minor_to_major),
            of("velocity_dispersion_km_s", "sigma_v", "km/s", dispersion.value_km_s),
            of("lambda_r", "lambda_R", "1", spin.value),
            of("bulge_to_total", "B/T", "1", orbits.bulge_to_total),
            of("cold_fraction", "f_cold", "1", orbits.cold),
            of("hot_fraction", "f_hot", "1", orbits.hot),
            of("warm_fraction", "f_warm", "1", orbits.warm),
            of("counter_rotating_fraction", "f_counter", "1", orbits.counter),
            of("bulge_to_total_by_rank", "B/T (rank)", "1", fractions_by_rank.bulge_to_total),
            of("cold_fraction_by_rank", "f_cold (rank)", "1", fractions_by_rank.cold),
            of("hot_fraction_by_rank", "f_hot (rank)", "1", fractions_by_rank.hot),
            of("middle_to_major", "b/a", "1", shape.middle_to_major),
            of("magnitude_g", "M_g", "mag", brightness_g.magnitude),
            of("sersic_index_error", "dn_Ser", "1", sersic.index_error),
            of("effective_radius_kpc", "R_e", "kpc", sersic.effective_radius),
            of("half_mass_radius_kpc", "R_half", "kpc", *half_mass_radius_kpc),
            of("stellar_mass_msun", "M*", "Msun", self.intrinsic.stellar_mass_msun),
            of("aperture_stellar_mass_msun", "M*(<2R)", "Msun", self.intrinsic.aperture_stellar_mass_msun),
        ]
    }

    /// All flags.
    pub fn flags(&self) -> Vec<FeatureFlag> {
        let IntrinsicFeatures { shape, circularity, no_extent, .. } = &self.intrinsic;
        let ViewFeatures {
            brightness_r,
            brightness_g,
            star_formation,
            light_profile,
            sersic,
            dispersion,
            spin,
            weighed_by_mass,
        } = &self.view;
        let orbits = &circularity.flags;
        let of = |name, is_up| FeatureFlag { name, is_up };
        vec![
            of("no_extent", *no_extent),
            of("weighed_by_mass", *weighed_by_mass),
            of("light_unknown", brightness_r.flags.any() || brightness_g.flags.any()),
            of("ages_unknown", star_formation.flags.no_ages),
            of("initial_masses_unknown", star_formation.flags.present_masses),
            of("light_profile_incomplete", light_profile.flags.any()),
            of("sersic_not_fitted", sersic.profile().is_none()),
            of("sersic_not_converged", sersic.flags.not_converged),
            of("sersic_at_bound", sersic.flags.index_at_bound || sersic.flags.radius_at_bound),
            of("shape_too_few", shape.flags.too_few),
            of("shape_not_converged", shape.flags.not_converged),
            of("shape_degenerate", shape.flags.degenerate),
            of("dispersion_doubtful", dispersion.flags.any()),
            of("spin_not_measured", spin.flags.no_light || spin.flags.no_motion),
            of("spin_pixels_left_out", spin.flags.left_out),
            of("orbits_not_measured", orbits.no_stars || orbits.no_rotation || orbits.no_curve),
            of("orbits_unbound", orbits.unbound),
            of("orbits_undefined", orbits.undefined || orbits.too_few),
        ]
    }
}
