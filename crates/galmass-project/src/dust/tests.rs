use galmass_core::{Particles, SupportRadius};

use super::*;
use crate::Axis;
use crate::testing::{ball, in_threads, uniform};

/// A ball of gas of 3 kpc that turns about the z axis.
fn gas() -> Gas {
    let positions = ball(800, 3.0, 5);
    let velocities = positions.iter().map(|[x, y, _]| [-y, *x, 0.0]).collect();
    Gas::new(Particles::new(positions, velocities, vec![2e6; 800]).unwrap())
}

fn neutral_gas() -> Gas {
    gas()
        .with_neutral_hydrogen_masses_msun(vec![1e6; 800])
        .and_then(|gas| gas.with_metallicities(uniform(800, 0.01..0.03, 6)))
        .and_then(|gas| gas.with_support_radii(vec![SupportRadius::from_nth_neighbour(0.8); 800]))
        .unwrap()
}

fn seen(gas: &Gas, dust: &Dust, band: Band) -> Vec<f64> {
    attenuated(&[2.0; 500], &ball(500, 3.0, 7), gas, &View::along(Axis::Z), band, 0.0, dust).unwrap()
}

fn read(json: &str) -> Result<Dust, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn each_star_loses_what_its_column_says() {
    let (stars, gas, view) = (ball(500, 3.0, 7), neutral_gas(), View::along(Axis::Z));
    let found = seen(&gas, &Dust::default(), Band::R);
    let columns = gas_columns(&stars, &gas, &view, &GasSmoothing::default()).unwrap();
    for (found, column) in found.iter().zip(columns) {
        let depth = DustLaw::default().optical_depth(column, Band::R, 0.0).unwrap();
        assert_eq!(*found, 2.0 * attenuation(depth, Geometry::Internal));
    }
    assert!(found.iter().any(|&light| light < 1.9) && found.contains(&2.0));
}

#[test]
fn blue_light_and_foreground_dust_lose_more() {
    let foreground = DustLaw { geometry: Geometry::Foreground, ..DustLaw::default() };
    let foreground = Dust::ResolvedGrv87(ResolvedDust { law: foreground, ..ResolvedDust::default() });
    let g = seen(&neutral_gas(), &Dust::default(), Band::G);
    let r = seen(&neutral_gas(), &Dust::default(), Band::R);
    let behind = seen(&neutral_gas(), &foreground, Band::R);
    for ((g, r), behind) in g.iter().zip(&r).zip(&behind) {
        assert!(g <= r && behind <= r && *r <= 2.0 && *behind > 0.0);
    }
    assert!(g.iter().sum::<f64>() < r.iter().sum() && behind.iter().sum::<f64>() < r.iter().sum());
}

#[test]
fn a_disc_is_dimmed_more_edge_on() {
    let mut flat = neutral_gas().particles().positions_kpc().to_vec();
    flat.iter_mut().for_each(|position| position[2] *= 0.05);
    let particles = Particles::new(flat, vec![[0.0; 3]; 800], vec![2e6; 800]).unwrap();
    let disc = Gas::new(particles)
        .with_neutral_hydrogen_masses_msun(vec![1e6; 800])
        .and_then(|gas| gas.with_metallicities(vec![0.0127; 800]))
        .and_then(|gas| gas.with_support_radii(vec![SupportRadius::from_nth_neighbour(0.3); 800]))
        .unwrap();
    let stars = disc.particles().positions_kpc();
    let light = |axis| -> f64 {
        let view = View::along(axis);
        attenuated(&[1.0; 800], stars, &disc, &view, Band::R, 0.0, &Dust::default()).unwrap().iter().sum()
    };
    assert!(light(Axis::X) < light(Axis::Z) && light(Axis::Y) < light(Axis::Z));
}

#[test]
fn what_the_gas_does_not_say_decides_the_model() {
    let dust = Dust::default();
    let with_metals = gas().with_metallicities(vec![0.02; 800]).unwrap();
    assert_eq!(dust.in_effect(&neutral_gas()), dust);
    assert_eq!(dust.in_effect(&with_metals), Dust::Slab(SlabDust::default()));
    assert_eq!(dust.in_effect(&gas()), Dust::None);
    for asked in [dust, Dust::Slab(SlabDust::default()), Dust::None] {
        assert_eq!(asked.in_effect(&Gas::default()), Dust::None);
    }
    let law = DustLaw { solar_metallicity: 0.02, ..DustLaw::default() };
    let other = Dust::ResolvedGrv87(ResolvedDust { law, ..ResolvedDust::default() });
    assert!(matches!(other.in_effect(&with_metals), Dust::Slab(slab) if slab.law == law));
}

#[test]
fn without_dust_light_is_what_it_was() {
    for (gas, dust) in
        [(Gas::default(), Dust::default()), (gas(), Dust::default()), (neutral_gas(), Dust::None)]
    {
        assert_eq!(seen(&gas, &dust, Band::G), [2.0; 500]);
    }
}

#[test]
fn a_slab_takes_the_same_share_of_all_light() {
    let with_metals = gas().with_metallicities(vec![0.02; 800]).unwrap();
    let view = View::along(Axis::Z);
    let slab = SlabDust::default();
    let found = seen(&with_metals, &Dust::Slab(slab), Band::R);
    let (column, path) = slab::column_and_path(&with_metals, &view, &slab).unwrap();
    let curve = DustCurve::at(6166.0).unwrap();
    let depth = curve.extinction()
        * curve.slab_scattering()
        * path
        * (0.02f64 / 0.0127).powf(1.6)
        * column.neutral_hydrogen_cm2
        / 2.1e21;
    let expected = 2.0 * (1.0 - (-depth).exp()) / depth;
    assert!(found.iter().all(|light| (light / expected - 1.0).abs() < 1e-12), "{} {expected}", found[0]);
    assert_eq!(found, seen(&with_metals, &Dust::default(), Band::R), "the fallback is the same slab");
}

#[test]
fn one_screen_serves_both_bands_and_knows_its_model() {
    let (stars, gas, view) = (ball(500, 3.0, 7), neutral_gas(), View::along(Axis::Z));
    let screen = DustScreen::new(&stars, &gas, &view, &Dust::default()).unwrap();
    assert_eq!(screen.model(), &Dust::default());
    for band in Band::ALL {
        assert_eq!(screen.attenuate(&[2.0; 500], band, 0.0).unwrap(), seen(&gas, &Dust::default(), band));
    }
    let early = screen.attenuate(&[2.0; 500], Band::R, 3.0).unwrap();
    assert!(early.iter().sum::<f64>() > seen(&gas, &Dust::default(), Band::R).iter().sum());
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let gas = neutral_gas();
    let alone = in_threads(1, || seen(&gas, &Dust::default(), Band::G));
    assert_eq!(in_threads(3, || seen(&gas, &Dust::default(), Band::G)), alone);
}

#[test]
fn bad_calls_are_refused() {
    let call = |light: &[f64], gas: &Gas, redshift, dust| {
        attenuated(light, &[[0.0; 3]; 2], gas, &View::along(Axis::Z), Band::R, redshift, &dust).unwrap_err()
    };
    let gas = neutral_gas();
    assert_eq!(
        call(&[1.0], &gas, 0.0, Dust::default()),
        ProjectError::LengthMismatch { column: "luminosities", expected: 2, found: 1 }
    );
    assert_eq!(
        call(&[1.0, -1.0], &gas, 0.0, Dust::None),
        ProjectError::Negative { column: "luminosities", index: 1, value: -1.0 }
    );
    assert!(matches!(
        call(&[1.0; 2], &gas, f64::NAN, Dust::default()),
        ProjectError::SettingOutOfRange { setting: "redshift", .. }
    ));
    let bare = Gas::new(gas.particles().clone());
    assert_eq!(
        call(&[1.0; 2], &bare, 0.0, Dust::Slab(SlabDust::default())),
        ProjectError::MissingColumn { column: "metallicities" }
    );
}

#[test]
fn models_are_named_in_files() {
    assert_eq!(read(r#"{"model": "none"}"#).unwrap(), Dust::None);
    assert_eq!(read(r#"{"model": "resolved-grv87"}"#).unwrap(), Dust::default());
    assert_eq!(read(r#"{"model": "slab"}"#).unwrap(), Dust::Slab(SlabDust::default()));
    let foreground = read(r#"{"model": "resolved-grv87", "law": {"geometry": "foreground"}}"#).unwrap();
    assert!(
        matches!(foreground, Dust::ResolvedGrv87(resolved) if resolved.law.geometry == Geometry::Foreground)
    );
    for dust in [Dust::None, Dust::default(), foreground, Dust::Slab(SlabDust::default())] {
        assert_eq!(read(&serde_json::to_string(&dust).unwrap()).unwrap(), dust);
    }
    for unknown in [
        r#"{"model": "xu2017"}"#,
        r#"{"model": "resolved-grv87", "law": {"geometri": "internal"}}"#,
        r#"{"model": "slab", "gas": {}}"#,
        r#"{}"#,
    ] {
        assert!(read(unknown).is_err(), "{unknown}");
    }
}
