//! How much of the hydrogen is neutral where the light of quasars and galaxies shines on it.

/// The rate of ionisations of an unshielded atom today \[1/s\] (Haardt & Madau 2001, as in Rahmati et al. 2013).
const BACKGROUND: f64 = 8.34e-14;

/// Returns the neutral fraction of hydrogen, atomic and molecular, at a number density \[cm^-3\] and a temperature \[K\].
///
/// Photoionisation, collisional ionisation and recombination balance (Rahmati et al. 2013, eqs. A5 to A8, with the rates
/// of Hui & Gnedin 1997 and Theuns et al. 1998); the gas shields itself as it did in their radiative transfer (eq. A1,
/// table A1 at redshift 0). Cold gas denser than 0.01 cm^-3 is neutral, thinner gas is not.
pub(crate) fn neutral_fraction(hydrogen_per_cm3: f64, temperature_k: f64) -> f64 {
    let density = hydrogen_per_cm3.max(1e-12);
    let x = density / 10f64.powf(-2.94);
    let shielded = 0.99 * (1.0 + x.powf(1.29)).powf(-3.98) + 0.01 * (1.0 + x).powf(-1.09);
    let lambda = 315_614.0 / temperature_k;
    let recombination = 1.269e-13 * lambda.powf(1.503) / (1.0 + (lambda / 0.522).powf(0.47)).powf(1.923);
    let collisions = 1.17e-10 * temperature_k.sqrt() * (-157_809.0 / temperature_k).exp()
        / (1.0 + (temperature_k / 1e5).sqrt());
    // a n^2 - b n + c = 0 for the neutral fraction n.
    let a = recombination + collisions;
    let b = 2.0 * recombination + BACKGROUND * shielded / density + collisions;
    let root = (b * b - 4.0 * a * recombination).max(0.0).sqrt();
    (2.0 * recombination / (b + root)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_cold_gas_is_neutral_and_thin_or_hot_gas_is_not() {
        assert!(neutral_fraction(1.0, 8e3) > 0.99);
        assert!(neutral_fraction(0.1, 8e3) > 0.95);
        assert!(neutral_fraction(1e-4, 8e3) < 0.01);
        assert!(neutral_fraction(1.0, 1e6) < 1e-5);
    }

    #[test]
    fn it_rises_with_density() {
        let fractions: Vec<f64> =
            (-60..=20).map(|k| neutral_fraction(10f64.powf(f64::from(k) / 10.0), 8e3)).collect();
        assert!(fractions.is_sorted() && fractions[80] < 1.0 + 1e-12);
        assert!(neutral_fraction(0.0, 8e3) > 0.0);
    }

    #[test]
    fn thin_gas_is_in_the_balance_of_one_background_photon() {
        // n_HI / n_H = alpha n_H / Gamma where next to nothing is neutral or shielded; alpha(1e4 K) = 4.2e-13 cm^3/s.
        let found = neutral_fraction(1e-6, 1e4);
        assert!((found / (4.2e-13 * 1e-6 / BACKGROUND) - 1.0).abs() < 0.05, "{found:e}");
    }
}
