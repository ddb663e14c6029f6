//! Scaling relations of galaxies at redshift zero.
//!
//! Each takes the logarithm of a mass \[log10 Msun\] and a standard normal deviate that places a galaxy in
//! the published scatter: 0 gives the median. Only the halo mass takes a uniform one.

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::light::SOLAR_METALLICITY;

/// The Hubble constant in units of 100 km/s/Mpc (Planck Collaboration 2016).
const LITTLE_H: f64 = 0.6774;

/// The Hubble constant \[km/s/kpc\].
const HUBBLE_CONSTANT: f64 = 0.1 * LITTLE_H;

/// The scatter of the stellar mass at fixed halo mass \[dex\] (Moster, Naab & White 2013, section 3).
pub(crate) const STELLAR_MASS_SCATTER: f64 = 0.15;

/// The radius \[kpc\] inside which the mean density is 200 times critical: `(G M / 100 H0^2)^(1/3)`.
pub(crate) fn virial_radius_kpc(halo_mass_msun: f64) -> f64 {
    (G * halo_mass_msun / (100.0 * HUBBLE_CONSTANT.powi(2))).cbrt()
}

/// The haloes that galaxies may have \[log10 Msun\]. The upper end is the cut that keeps clusters out of the
/// sample of Chu et al. (2024).
const LOG_HALO_MASS_RANGE: [f64; 2] = [9.0, 14.0];

/// The median logarithm of the stellar mass of a halo, `m / M = 2 N [(M / M1)^-beta + (M / M1)^gamma]^-1`
/// (Moster, Naab & White 2013, eq. 2 and table 1 at z = 0).
pub(crate) fn log_stellar_mass(log_halo_mass_msun: f64) -> f64 {
    const LOG_M1: f64 = 11.590;
    const N: f64 = 0.0351;
    const BETA: f64 = 1.376;
    const GAMMA: f64 = 0.608;
    let ratio = 10f64.powf(log_halo_mass_msun - LOG_M1);
    log_halo_mass_msun + (2.0 * N / (ratio.powf(-BETA) + ratio.powf(GAMMA))).log10()
}

/// The halo mass \[log10 Msun\] below which a part `fraction` of the galaxies of one stellar mass has its
/// haloes.
///
/// By Bayes, `p(M | m)` is the number of haloes times the chance that such a halo has this galaxy: a mass
/// function that falls as `1/M` per dex, and the relation of Moster, Naab & White (2013) with its scatter.
/// Inverting the median relation alone would make the haloes of giants too heavy (Eddington's bias): light
/// haloes with too bright a galaxy outnumber heavy ones with too faint a galaxy.
pub(crate) fn log_halo_mass(log_stellar_mass_msun: f64, fraction: f64) -> f64 {
    const N_STEPS: usize = 500;
    let [lowest, highest] = LOG_HALO_MASS_RANGE;
    let step = (highest - lowest) / N_STEPS as f64;
    let middle = |k: usize| lowest + step * (k as f64 + 0.5);
    let log_chance = |k: usize| {
        let offset = (log_stellar_mass(middle(k)) - log_stellar_mass_msun) / STELLAR_MASS_SCATTER;
        -std::f64::consts::LN_10 * middle(k) - 0.5 * offset * offset
    };
    let log_chances: Vec<f64> = (0..N_STEPS).map(log_chance).collect();
    // Relative to the greatest, so that masses far off the relation still have one chance that is not zero.
    let greatest = log_chances.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let chances: Vec<f64> = log_chances.into_iter().map(|chance| (chance - greatest).exp()).collect();
    let mut missing = fraction * chances.iter().sum::<f64>();
    for (k, chance) in chances.into_iter().enumerate() {
        if missing < chance {
            return lowest + step * (k as f64 + missing / chance);
        }
        missing -= chance;
    }
    highest
}

/// The concentration of an NFW halo: `log10 c = 0.905 - 0.101 log10(M / (1e12 Msun / h))`, scatter 0.11 dex
/// (Dutton & Maccio 2014, eq. 8 and section 3.3, 200 times critical; their eqs. 10 and 11 give the same at z = 0).
pub(crate) fn concentration(log_halo_mass_msun: f64, deviate: f64) -> f64 {
    let log_mass = log_halo_mass_msun - 12.0 + LITTLE_H.log10();
    10f64.powf(0.905 - 0.101 * log_mass + 0.11 * deviate)
}

/// The half-light radius \[kpc\] of a disc galaxy: `0.1 m^0.14 (1 + m / m0)^0.25`, m0 = 3.98e10 Msun
/// (Shen et al. 2003, eq. 18 and table 1), taken to be its half-mass radius in the plane.
pub(crate) fn late_type_radius_kpc(log_stellar_mass_msun: f64, deviate: f64) -> f64 {
    let mass = 10f64.powf(log_stellar_mass_msun);
    let median = 0.1 * mass.powf(0.14) * (1.0 + mass / TURNOVER_MASS).powf(0.39 - 0.14);
    median * (size_scatter(mass) * deviate).exp()
}

/// The half-light radius \[kpc\] of a spheroid: `2.88e-6 m^0.56` (Shen et al. 2003, eq. 17 and table 1),
/// taken to be its projected half-mass radius.
pub(crate) fn early_type_radius_kpc(log_stellar_mass_msun: f64, deviate: f64) -> f64 {
    let mass = 10f64.powf(log_stellar_mass_msun);
    2.88e-6 * mass.powf(0.56) * (size_scatter(mass) * deviate).exp()
}

/// The mass \[Msun\] at which slope and scatter of sizes change (Shen et al. 2003).
const TURNOVER_MASS: f64 = 3.98e10;

/// The scatter of the natural logarithm of sizes: 0.47 (0.20 dex) for dwarfs, 0.34 (0.15 dex) for giants
/// (Shen et al. 2003, eq. 19).
fn size_scatter(mass_msun: f64) -> f64 {
    0.34 + (0.47 - 0.34) / (1.0 + (mass_msun / TURNOVER_MASS).powi(2))
}

/// The part of the stellar mass in the bulge: a logistic curve of unit slope per factor of e in mass, one
/// half at 10^10.9 Msun, with a scatter of 1 in its argument.
///
/// A curve chosen for mocks. Spheroids overtake discs in the stellar mass of the GAMA survey near that mass
/// (Moffett et al. 2016), and at any mass bulge fractions spread over most of the range.
pub(crate) fn bulge_fraction(log_stellar_mass_msun: f64, deviate: f64) -> f64 {
    let argument = std::f64::consts::LN_10 * (log_stellar_mass_msun - 10.9) + deviate;
    1.0 / (1.0 + (-argument).exp())
}

/// The height z0 of a disc over its scale length: median 0.27, scatter 0.1 dex
/// (Kregel, van der Kruit & de Grijs 2002: `Rd / h_z = 7.3 +- 2.2` for the exponential height
/// `h_z = z0 / 2`).
pub(crate) fn disc_height_ratio(deviate: f64) -> f64 {
    0.27 * 10f64.powf(0.1 * deviate)
}

/// The Sersic index of a bulge: median 2.5 at 1e10 Msun, rising by 0.2 dex a decade, scatter 0.12 dex, 1.5 to 6.
///
/// A curve chosen for mocks after the trend of Graham & Worley (2008): small bulges are nearly exponential, giant
/// spheroids have an index of 4 and more.
pub(crate) fn sersic_index(log_bulge_mass_msun: f64, deviate: f64) -> f64 {
    let log_index = 2.5f64.log10() + 0.2 * (log_bulge_mass_msun - 10.0) + 0.12 * deviate;
    10f64.powf(log_index).clamp(1.5, 6.0)
}

/// The median of `log10(M_HI / m)` in bins of `log10 m` (xGASS; Catinella et al. 2018, table 1). The first and the last
/// are not theirs: dwarfs go on with the slope of -0.3 of Huang et al. (2012), giants with the mean slope of the bins.
const ATOMIC_GAS_FRACTIONS: [[f64; 2]; 10] = [
    [6.00, 0.850],
    [9.14, -0.092],
    [9.44, -0.320],
    [9.74, -0.656],
    [10.07, -0.854],
    [10.34, -1.278],
    [10.65, -1.223],
    [10.95, -1.707],
    [11.20, -1.785],
    [12.50, -2.853],
];

/// The scatter of the logarithm of atomic gas fractions \[dex\], about that of detections and upper limits at one mass.
const GAS_SCATTER: f64 = 0.4;

/// The mass of molecular over atomic hydrogen: atoms dominate at all masses (Catinella et al. 2018).
const MOLECULAR_OVER_ATOMIC: f64 = 0.25;

/// The mass \[log10 Msun\] of atomic hydrogen: straight lines between the medians.
pub(crate) fn log_atomic_gas_mass(log_stellar_mass_msun: f64, deviate: f64) -> f64 {
    let bins = &ATOMIC_GAS_FRACTIONS;
    let next = bins.partition_point(|bin| bin[0] < log_stellar_mass_msun).clamp(1, bins.len() - 1);
    let [[x0, y0], [x1, y1]] = [bins[next - 1], bins[next]];
    let fraction = y0 + (y1 - y0) / (x1 - x0) * (log_stellar_mass_msun - x0);
    log_stellar_mass_msun + fraction + GAS_SCATTER * deviate
}

/// The mass \[Msun\] of all the cold gas that comes with a mass of atomic hydrogen, with molecules and helium.
pub(crate) fn cold_gas_mass(log_atomic_gas_mass_msun: f64) -> f64 {
    10f64.powf(log_atomic_gas_mass_msun) * (1.0 + MOLECULAR_OVER_ATOMIC) / 0.76
}

/// The scale length of the gas \[kpc\]: a quarter of the diameter at which the column of atomic hydrogen is
/// 1 Msun/pc^2, `log10 D = 0.506 log10 M_HI - 3.293`, scatter 0.06 dex (Wang et al. 2016, eq. 2). At half that diameter
/// an exponential disc of that mass has just that column if it is 2 scale lengths.
pub(crate) fn gas_scale_length_kpc(log_atomic_gas_mass_msun: f64, deviate: f64) -> f64 {
    0.25 * 10f64.powf(0.506 * log_atomic_gas_mass_msun - 3.293 + 0.06 * deviate)
}

/// The mass of the black hole \[Msun\]: `0.49e9 (M_bulge / 1e11)^1.17`, scatter 0.28 dex
/// (Kormendy & Ho 2013, eq. 10).
pub(crate) fn black_hole_mass_msun(bulge_mass_msun: f64, deviate: f64) -> f64 {
    0.49e9 * (bulge_mass_msun / 1e11).powf(1.17) * 10f64.powf(0.28 * deviate)
}

/// The mass of stars over that of the initial mass function of Chabrier (2003) with the same light:
/// `log10 = -0.12 + 0.35 log10(sigma / 130 km/s)` over Salpeter's (Cappellari et al. 2013, XX, fig. 13), which has 0.23 dex
/// more than Chabrier's; scatter 0.08 dex.
///
/// The dispersion is that of `5 sigma^2 R / G = 1.15 m`, the virial relation of Cappellari et al. (2006) with the 13 per
/// cent of dark matter that they find inside R.
pub(crate) fn imf_factor(stellar_mass_msun: f64, half_mass_radius_kpc: f64, deviate: f64) -> f64 {
    let sigma = (1.15 * G * stellar_mass_msun / (5.0 * half_mass_radius_kpc)).sqrt();
    let dex = 0.23 - 0.12 + 0.35 * (sigma / 130.0).log10() + 0.08 * deviate;
    10f64.powf(dex).clamp(0.5, 4.0)
}

/// The change of the logarithm of metallicity over a half-light radius of the disc \[dex\]: -0.10 +- 0.09, that of the
/// oxygen in HII regions of discs of all masses (Sanchez et al. 2014).
pub(crate) fn disc_metallicity_gradient_dex(deviate: f64) -> f64 {
    (-0.10 + 0.09 * deviate).clamp(-1.0, 1.0)
}

/// The change of the logarithm of metallicity over a factor of ten in radius of spheroids \[dex\]: -0.28 +- 0.12
/// (Kuntschner et al. 2010, abstract); ages change as good as not.
pub(crate) fn bulge_metallicity_gradient_dex(deviate: f64) -> f64 {
    (-0.28 + 0.12 * deviate).clamp(-1.0, 1.0)
}

/// The change of the mean age over a half-mass radius of the disc \[Gyr\]: -0.6 +- 0.4. Numbers chosen for mocks: discs
/// grow from the inside out, and are younger outside (de Jong 1996; Gonzalez Delgado et al. 2015).
pub(crate) fn disc_age_gradient_gyr(deviate: f64) -> f64 {
    (-0.6 + 0.4 * deviate).clamp(-3.0, 3.0)
}

/// The mean age of the stars \[Gyr\]: `5.8 + 3.2 tanh((log10 m - 10.2) / 0.8)`, scatter 0.1 dex, at most 12
/// Gyr.
///
/// The S-shape of Gallazzi et al. (2005, table 2) in the simplest form, raised by a few Gyr at low mass:
/// theirs are ages weighted by light, which young stars pull down, and a mock needs those weighted by mass.
pub(crate) fn mean_age_gyr(log_stellar_mass_msun: f64, deviate: f64) -> f64 {
    let median = 5.8 + 3.2 * ((log_stellar_mass_msun - 10.2) / 0.8).tanh();
    (median * 10f64.powf(0.1 * deviate)).min(12.0)
}

/// The median metal mass fraction: `log10(Z / 0.02) = -0.25 + 0.40 tanh((log10 m - 10.1) / 0.5)`, scatter
/// 0.1 dex: the S-shape of Gallazzi et al. (2005, table 2) in the simplest form, nowhere more than 0.05 dex from their
/// medians. Their spread, 0.3 to 0.5 dex where the curve is steep, holds the errors of single spectra too.
pub(crate) fn median_metallicity(log_stellar_mass_msun: f64, deviate: f64) -> f64 {
    let log_solar = -0.25 + 0.40 * ((log_stellar_mass_msun - 10.1) / 0.5).tanh();
    SOLAR_METALLICITY * 10f64.powf(log_solar + 0.1 * deviate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64, relative: f64) {
        assert!((found / expected - 1.0).abs() < relative, "{found}, not {expected}");
    }

    #[test]
    fn haloes_have_their_known_sizes() {
        // 200 times the critical density of h = 0.6774 in a sphere.
        let critical = 3.0 * HUBBLE_CONSTANT.powi(2) / (8.0 * std::f64::consts::PI * G);
        let r = virial_radius_kpc(1.0e12);
        assert_close(1.0e12 / (4.0 / 3.0 * std::f64::consts::PI * r.powi(3)), 200.0 * critical, 1e-12);
        assert_close(r, 211.0, 0.01);
    }

    #[test]
    fn stellar_masses_follow_moster() {
        // The halo of mass M1 turns exactly N of itself into stars.
        assert_close(10f64.powf(log_stellar_mass(11.590) - 11.590), 0.0351, 1e-12);
    }

    #[test]
    fn haloes_of_dwarfs_follow_the_relation_and_those_of_giants_lie_below() {
        let median_of_haloes = |log_halo_mass_msun| log_halo_mass(log_stellar_mass(log_halo_mass_msun), 0.5);
        assert!((median_of_haloes(11.2) - 11.2).abs() < 0.03);
        assert!((-0.4..-0.1).contains(&(median_of_haloes(13.0) - 13.0)));
    }

    #[test]
    fn halo_masses_rise_with_their_fraction_up_to_the_cut() {
        for log_stellar_mass_msun in [6.0, 9.7, 10.8, 11.5, 12.5] {
            let haloes: Vec<f64> =
                (0..=20).map(|k| log_halo_mass(log_stellar_mass_msun, f64::from(k) / 20.0)).collect();
            assert!(haloes.is_sorted() && haloes[19] > haloes[1], "{haloes:?}");
            assert!(haloes[0] >= 9.0 && haloes[20] <= 14.0);
        }
    }

    #[test]
    fn the_scatter_of_haloes_is_that_of_the_relation() {
        // Where the relation is a straight line of slope 2.376, the scatter is 0.15 / 2.376 dex.
        let [low, high] = [0.158_655, 0.841_345].map(|fraction| log_halo_mass(7.0, fraction));
        assert_close(0.5 * (high - low), 0.15 / 2.376, 0.02);
    }

    #[test]
    fn concentrations_and_sizes_have_their_published_values() {
        assert_close(concentration(12.0 - LITTLE_H.log10(), 0.0), 8.035, 1e-3);
        assert_close(late_type_radius_kpc(10.7, 0.0), 3.86, 0.01);
        assert_close(early_type_radius_kpc(10.7, 0.0), 2.83, 0.01);
        assert_close(late_type_radius_kpc(12.0, 1.0) / late_type_radius_kpc(12.0, 0.0), 0.34f64.exp(), 1e-3);
    }

    #[test]
    fn gas_black_holes_and_gradients_have_their_published_values() {
        assert_close(log_atomic_gas_mass(10.34, 0.0), 10.34 - 1.278, 1e-12);
        assert_close(log_atomic_gas_mass(9.29, 0.0), 9.29 - 0.206, 1e-12);
        assert_close(black_hole_mass_msun(1e11, 0.0), 4.9e8, 1e-12);
        assert_close(bulge_metallicity_gradient_dex(0.0), -0.28, 1e-12);
        // 5e9 Msun of atomic hydrogen reach to a radius of 20.6 kpc, where there is 1 Msun/pc^2 left of them.
        let log_mass = 5e9f64.log10();
        let scale = gas_scale_length_kpc(log_mass, 0.0);
        assert_close(2.0 * scale, 20.6, 0.01);
        let column = 5e9 / (2.0 * std::f64::consts::PI * scale * scale) * (-2f64).exp() / 1e6;
        assert_close(column, 1.0, 0.05);
    }

    #[test]
    fn gas_fractions_fall_with_mass() {
        let masses: Vec<f64> = (0..=65).map(|k| 6.0 + 0.1 * f64::from(k)).collect();
        let fractions: Vec<f64> = masses.iter().map(|&mass| log_atomic_gas_mass(mass, 0.0) - mass).collect();
        // xGASS itself rises by 0.06 dex at 10.65.
        assert!(fractions.windows(2).all(|pair| pair[1] < pair[0] + 0.06), "{fractions:?}");
    }

    #[test]
    fn giants_have_heavy_stars_and_discs_those_of_chabrier() {
        assert!(imf_factor(3e11, 6.0, 0.0) > 1.5);
        assert_close(imf_factor(3e10, 5.0, 0.0), 1.0, 0.2);
    }

    #[test]
    fn metallicities_are_those_of_gallazzi() {
        // log10 m and the median log10 Z / 0.02 of their table 2.
        let medians = [
            [8.87, -0.60],
            [9.27, -0.65],
            [9.68, -0.52],
            [9.87, -0.41],
            [10.07, -0.23],
            [10.27, -0.11],
            [10.47, -0.01],
            [10.68, 0.04],
            [10.87, 0.07],
            [11.07, 0.10],
            [11.47, 0.13],
            [11.87, 0.15],
        ];
        for [log_mass, median] in medians {
            let found = (median_metallicity(log_mass, 0.0) / 0.02).log10();
            assert!((found - median).abs() < 0.05, "{log_mass}: {found}, not {median}");
        }
    }

    #[test]
    fn massive_galaxies_are_older_richer_and_rounder() {
        for relation in [bulge_fraction, mean_age_gyr, median_metallicity] {
            assert!(relation(11.2, 0.0) > relation(10.0, 0.0));
        }
        assert_close(bulge_fraction(10.9, 0.0), 0.5, 1e-12);
    }
}
