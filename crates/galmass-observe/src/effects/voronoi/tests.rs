use proptest::prelude::*;

use super::*;
use crate::effects::testing::Sky;
use crate::{Effect, NoiseConfig, Observation, ObservationEffects, Sightline};

fn config(target_signal_to_noise: f64) -> VoronoiConfig {
    VoronoiConfig { target_signal_to_noise, ..VoronoiConfig::default() }
}

/// An exponential disc whose S/N falls from `peak` at its centre, under even noise.
fn disc(n_px: usize, peak: f64) -> (Array2<f64>, Array2<f64>) {
    let centre = 0.5 * n_px as f64 - 0.5;
    let signal = Array2::from_shape_fn((n_px, n_px), |(y, x)| {
        let r = ((y as f64 - centre).powi(2) + (x as f64 - centre).powi(2)).sqrt();
        peak * (-8.0 * r / n_px as f64).exp()
    });
    (signal, Array2::ones((n_px, n_px)))
}

/// Pixels of each bin.
fn members(bins: &VoronoiBins) -> Vec<Vec<(usize, usize)>> {
    let mut members = vec![Vec::new(); bins.n_bins()];
    for (pixel, bin) in bins.numbers().indexed_iter() {
        if let Some(bin) = bin {
            members[*bin as usize].push(pixel);
        }
    }
    members
}

/// The rms and the lowest of S/N over target, of bins of several pixels.
fn scatter(bins: &VoronoiBins, target: f64) -> (f64, f64) {
    let joined: Vec<f64> = bins
        .signal_to_noise()
        .iter()
        .zip(bins.n_pixels())
        .filter(|&(_, &n)| n > 1)
        .map(|(sn, _)| sn / target - 1.0)
        .collect();
    let square: f64 = joined.iter().map(|miss| miss * miss).sum();
    ((square / joined.len() as f64).sqrt(), 1.0 + joined.iter().copied().fold(f64::INFINITY, f64::min))
}

#[test]
fn even_signal_makes_equal_bins() {
    let bins = voronoi_bins(&Array2::ones((40, 40)), &Array2::ones((40, 40)), &config(5.0)).unwrap();
    let mean = 1600.0 / bins.n_bins() as f64;
    assert!((mean - 25.0).abs() < 2.5, "{mean} pixels a bin");
    let (rms, lowest) = scatter(&bins, 5.0);
    assert!(rms < 0.1 && lowest > 0.75, "{rms} {lowest}");
}

#[test]
fn a_disc_reaches_the_target_with_little_scatter() {
    for (n_px, peak, target) in [(48, 20.0, 15.0), (48, 8.0, 10.0), (100, 30.0, 30.0)] {
        let (signal, noise) = disc(n_px, peak);
        let bins =
            voronoi_bins(&signal, &noise, &VoronoiConfig { min_signal_to_noise: 0.3, ..config(target) })
                .unwrap();
        let n_joined = bins.n_pixels().iter().filter(|&&n| n > 1).count();
        assert!(n_joined > 20, "{n_px} px, {target}: {n_joined} bins");
        let (rms, lowest) = scatter(&bins, target);
        assert!(rms < 0.12 && lowest > 0.6, "{n_px} px, {target}: rms {rms}, lowest {lowest}");
    }
}

#[test]
fn bins_are_compact() {
    let (signal, noise) = disc(60, 12.0);
    let bins =
        voronoi_bins(&signal, &noise, &VoronoiConfig { min_signal_to_noise: 0.3, ..config(12.0) }).unwrap();
    let roundness: Vec<f64> = members(&bins)
        .iter()
        .filter(|members| members.len() > 4)
        .map(|members| {
            let n = members.len() as f64;
            let (y, x) =
                members.iter().fold((0.0, 0.0), |(y, x), m| (y + m.0 as f64 / n, x + m.1 as f64 / n));
            let farthest = members
                .iter()
                .map(|m| ((m.0 as f64 - y).powi(2) + (m.1 as f64 - x).powi(2)).sqrt())
                .fold(0.0, f64::max);
            farthest / (n / std::f64::consts::PI).sqrt() - 1.0
        })
        .collect();
    let mean = roundness.iter().sum::<f64>() / roundness.len() as f64;
    let worst = roundness.iter().copied().fold(0.0, f64::max);
    // A square has 0.25.
    assert!(mean < 0.35 && worst < 1.2, "{mean} {worst}");
}

#[test]
fn bright_pixels_stay_single() {
    let (signal, noise) = disc(48, 40.0);
    let target = 12.0;
    let bins =
        voronoi_bins(&signal, &noise, &VoronoiConfig { min_signal_to_noise: 0.5, ..config(target) }).unwrap();
    let bright: Vec<_> =
        signal.indexed_iter().filter(|&(_, &s)| s >= target).map(|(pixel, _)| pixel).collect();
    assert!(bright.len() > 100);
    for pixel in bright {
        assert_eq!(bins.n_pixels()[bins.bin_of(pixel).unwrap()], 1, "{pixel:?}");
    }
    let all_bright = voronoi_bins(&signal, &noise, &config(1e-3)).unwrap();
    assert!(all_bright.n_pixels().iter().all(|&n| n == 1));
}

#[test]
fn too_little_light_makes_one_bin_and_none_makes_no_bin() {
    let (signal, noise) = disc(10, 2.0);
    let one =
        voronoi_bins(&signal, &noise, &VoronoiConfig { min_signal_to_noise: 0.0, ..config(1e4) }).unwrap();
    assert_eq!(one.n_pixels(), [100]);
    assert_eq!(voronoi_bins(&signal.mapv(|_| f64::NAN), &noise, &config(5.0)).unwrap().n_bins(), 0);
    assert_eq!(voronoi_bins(&signal.mapv(|_| -1.0), &noise, &config(5.0)).unwrap().n_bins(), 0);
    assert_eq!(
        voronoi_bins(&Array2::zeros((0, 0)), &Array2::zeros((0, 0)), &config(5.0)).unwrap().n_bins(),
        0
    );
    let dark = VoronoiConfig { min_signal_to_noise: 0.0, ..config(5.0) };
    assert_eq!(voronoi_bins(&Array2::zeros((4, 4)), &Array2::zeros((4, 4)), &dark).unwrap().n_pixels(), [16]);
}

#[test]
fn bad_calls_are_refused() {
    let (signal, noise) = disc(10, 2.0);
    let error = voronoi_bins(&signal, &Array2::ones((9, 10)), &config(5.0)).unwrap_err();
    assert!(matches!(error, ObserveError::MeshMismatch { rows: 9, expected_rows: 10, .. }));
    for bad in [
        config(0.0),
        config(f64::NAN),
        VoronoiConfig { min_signal_to_noise: -1.0, ..config(5.0) },
        VoronoiConfig { max_iterations: 20_000, ..config(5.0) },
    ] {
        assert!(matches!(voronoi_bins(&signal, &noise, &bad), Err(ObserveError::BadSetting { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_pixel_that_takes_part_is_in_one_bin(
        rows in 1usize..16,
        columns in 1usize..16,
        values in prop::collection::vec((-1.0f64..4.0, 0.0f64..2.0), 256),
        holes in prop::collection::vec(0u8..5, 256),
        target in 0.5f64..40.0,
        min_signal_to_noise in prop::sample::select(vec![0.0, 1.0, 3.0]),
        max_iterations in 0u32..40,
    ) {
        let at = |(y, x): (usize, usize)| y * 16 + x;
        let signal = Array2::from_shape_fn((rows, columns), |pixel| {
            if holes[at(pixel)] == 0 { f64::NAN } else { values[at(pixel)].0 }
        });
        let noise = Array2::from_shape_fn((rows, columns), |pixel| values[at(pixel)].1);
        let config = VoronoiConfig { min_signal_to_noise, max_iterations, ..config(target) };
        let bins = voronoi_bins(&signal, &noise, &config).unwrap();
        prop_assert_eq!(&bins, &voronoi_bins(&signal, &noise, &config).unwrap());

        let mut signals = vec![0.0; bins.n_bins()];
        let mut variances = vec![0.0; bins.n_bins()];
        let mut n_bright = vec![0; bins.n_bins()];
        for (pixel, &s) in signal.indexed_iter() {
            let n = noise[pixel];
            let takes_part = s >= 0.0 && n > 0.0 && s / n >= min_signal_to_noise;
            prop_assert_eq!(bins.bin_of(pixel).is_some(), takes_part);
            if let Some(bin) = bins.bin_of(pixel) {
                signals[bin] += s;
                variances[bin] += n * n;
                n_bright[bin] += usize::from(s / n >= target);
            }
        }
        prop_assert!(n_bright.iter().all(|&n| n <= 1), "bright pixels are not joined to one another");
        prop_assert!(bins.n_pixels().iter().all(|&n| n > 0));
        for (bin, sn) in bins.signal_to_noise().iter().enumerate() {
            let expected = if signals[bin] == 0.0 { 0.0 } else { signals[bin] / f64::sqrt(variances[bin]) };
            prop_assert!((sn - expected).abs() <= 1e-12 * expected.max(1.0));
        }
    }
}

const SIGHTLINE: Sightline = Sightline { half_mass_radius_kpc: 8.0, galaxy_index: 0, view_index: 0 };

fn galaxy() -> Observation {
    Sky {
        flux: &|x, y| 1e6 * (-(x * x + y * y).sqrt() / 5.0).exp(),
        velocity: &|x, _| 12.0 * x,
        dispersion: &|x, y| 150.0 - (x * x + y * y).sqrt(),
    }
    .observe(40)
}

#[test]
fn the_flux_and_the_moments_of_the_galaxy_are_conserved() {
    let sharp = galaxy();
    let particles = VoronoiConfig { noise: NoiseSource::Particles, ..config(25.0) };
    let effects = ObservationEffects { seed: 1, steps: vec![Effect::Voronoi(particles)] };
    let exposure = effects.apply(sharp.clone(), &SIGHTLINE).unwrap();
    let binned = &exposure.observation;
    let bins = exposure.bins.as_ref().unwrap();
    assert!(bins.n_bins() > 100 && bins.n_bins() < 400, "{}", bins.n_bins());
    assert!((binned.flux.sum() / sharp.flux.sum() - 1.0).abs() < 1e-13);
    assert!((binned.count.sum() / sharp.count.sum() - 1.0).abs() < 1e-13);
    let total = |seen: &Observation, of: &dyn Fn(f64, f64) -> f64| -> f64 {
        let velocities = seen.velocity.values().iter().zip(seen.dispersion.values());
        seen.flux.values().iter().zip(velocities).map(|(f, (&v, &sigma))| f * of(v, sigma)).sum()
    };
    let momentum = |v: f64, _: f64| v + 100.0;
    let energy = |v: f64, sigma: f64| v * v + sigma * sigma;
    assert!((total(binned, &momentum) / total(&sharp, &momentum) - 1.0).abs() < 1e-12);
    assert!((total(binned, &energy) / total(&sharp, &energy) - 1.0).abs() < 1e-12);
    assert_eq!(binned.image, sharp.image);
}

#[test]
fn bins_of_photons_have_the_signal_to_noise_that_their_map_shows() {
    let noise = NoiseConfig { signal_to_noise: 8.0, ..NoiseConfig::default() };
    let effects =
        ObservationEffects { seed: 1, steps: vec![Effect::Noise(noise), Effect::Voronoi(config(20.0))] };
    let exposure = effects.apply(galaxy(), &SIGHTLINE).unwrap();
    let bins = exposure.bins.as_ref().unwrap();
    for (pixel, &shown) in exposure.signal_to_noise.as_ref().unwrap().values().indexed_iter() {
        match bins.bin_of(pixel) {
            Some(bin) => assert!((shown / bins.signal_to_noise()[bin] - 1.0).abs() < 1e-12),
            None => {
                assert!(shown < 1.0);
                assert!(exposure.observation.velocity.values()[pixel].is_nan());
            }
        }
    }
    // The flux that is shown scatters about the signal of its bin by one.
    let noise = exposure.flux_noise.as_ref().unwrap();
    let first = members(bins).into_iter().map(|members| members[0]);
    let misses: Vec<f64> = first
        .map(|pixel| {
            let bin = bins.bin_of(pixel).unwrap();
            exposure.observation.flux.values()[pixel] / noise.values()[pixel] - bins.signal_to_noise()[bin]
        })
        .collect();
    let n = misses.len() as f64;
    let rms = (misses.iter().map(|miss| miss * miss).sum::<f64>() / n).sqrt();
    assert!(n > 30.0 && (rms - 1.0).abs() < 5.0 / (2.0 * n).sqrt(), "{rms} in {n} bins");
}
