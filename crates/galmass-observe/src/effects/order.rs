//! Which effect may follow which.

use super::Effect;
use crate::ObserveError;

/// Refuses an effect that undoes or precedes what it needs.
pub(super) fn check(steps: &[Effect]) -> Result<(), ObserveError> {
    for (step, effect) in steps.iter().enumerate() {
        check_one(&steps[..step], effect).map_err(|source| ObserveError::Effect {
            step,
            effect: effect.name(),
            source: Box::new(source),
        })?;
    }
    Ok(())
}

fn check_one(before: &[Effect], effect: &Effect) -> Result<(), ObserveError> {
    let find = |is: &dyn Fn(&Effect) -> bool| before.iter().find(|&effect| is(effect)).map(Effect::name);
    let refuse = |after: Option<&'static str>, reason| match after {
        Some(after) => Err(ObserveError::EffectOrder { after, reason }),
        None => Ok(()),
    };
    let after_binning = find(&|effect| matches!(effect, Effect::Voronoi(_) | Effect::KinematicErrors(_)));
    match effect {
        Effect::Psf(psf) => {
            // What happened to the image does not matter to the maps, and the other way round.
            let measured = find(&|effect| match effect {
                Effect::Psf(_) => false,
                Effect::Noise(noise) => meet(psf.on, noise.on),
                Effect::FieldMask(mask) => meet(psf.on, mask.on),
                Effect::Voronoi(_) | Effect::DispersionFloor(_) | Effect::KinematicErrors(_) => psf.on.maps(),
            });
            refuse(measured, "light is spread before it is measured")
        }
        Effect::Noise(noise) => {
            let noisy = find(&|effect| matches!(effect, Effect::Noise(other) if meet(noise.on, other.on)));
            refuse(noisy, "the photons of an exposure are counted once")?;
            refuse(
                after_binning.filter(|_| noise.on.maps()),
                "bins and errors are made of what is noisy already",
            )
        }
        Effect::FieldMask(mask) => {
            refuse(after_binning.filter(|_| mask.on.maps()), "a mask would cut bins in pieces")
        }
        Effect::DispersionFloor(_) => Ok(()),
        Effect::Voronoi(voronoi) => {
            refuse(after_binning, "bins are made once, and errors belong to bins")?;
            match voronoi.noise {
                super::NoiseSource::Photons => need_noise(before),
                super::NoiseSource::Particles => Ok(()),
            }
        }
        Effect::KinematicErrors(_) => {
            let errors = find(&|effect| matches!(effect, Effect::KinematicErrors(_)));
            refuse(errors, "a velocity is measured once")?;
            need_noise(before)
        }
    }
}

fn meet(a: super::AppliedTo, b: super::AppliedTo) -> bool {
    a.image() && b.image() || a.maps() && b.maps()
}

fn need_noise(before: &[Effect]) -> Result<(), ObserveError> {
    let is_noise = |effect: &Effect| matches!(effect, Effect::Noise(noise) if noise.on.maps());
    if before.iter().any(is_noise) { Ok(()) } else { Err(ObserveError::EffectMissing { needs: "noise" }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AppliedTo, DispersionFloor, FieldMaskConfig, FieldShape, KinematicErrorsConfig, Length, NoiseConfig,
        NoiseSource, PsfConfig, PsfShape, VoronoiConfig,
    };

    fn psf(on: AppliedTo) -> Effect {
        Effect::Psf(PsfConfig { shape: PsfShape::Gaussian { fwhm: Length::Kpc(1.0) }, on })
    }

    fn noise(on: AppliedTo) -> Effect {
        Effect::Noise(NoiseConfig { on, ..NoiseConfig::default() })
    }

    fn mask(on: AppliedTo) -> Effect {
        Effect::FieldMask(FieldMaskConfig { shape: FieldShape::Circle { radius: Length::Kpc(1.0) }, on })
    }

    const FLOOR: Effect = Effect::DispersionFloor(DispersionFloor::Add { instrumental_km_s: 70.0 });

    fn voronoi(noise: NoiseSource) -> Effect {
        Effect::Voronoi(VoronoiConfig { noise, ..VoronoiConfig::default() })
    }

    fn errors() -> Effect {
        Effect::KinematicErrors(KinematicErrorsConfig::default())
    }

    #[test]
    fn the_order_of_a_telescope_is_fine() {
        use AppliedTo::{Both, Image, Maps};
        use NoiseSource::{Particles, Photons};
        let fine = [
            vec![],
            vec![psf(Both), psf(Maps), noise(Both), mask(Maps), FLOOR, voronoi(Photons), errors()],
            vec![psf(Both), mask(Both), mask(Maps), noise(Maps), noise(Image), errors(), FLOOR],
            vec![noise(Maps), psf(Image), noise(Image), voronoi(Photons), mask(Image)],
            vec![mask(Maps), voronoi(Particles), FLOOR],
        ];
        for steps in fine {
            assert_eq!(check(&steps), Ok(()), "{steps:?}");
        }
    }

    #[test]
    fn what_no_telescope_does_is_refused_with_its_reason() {
        use AppliedTo::{Both, Image, Maps};
        use NoiseSource::{Particles, Photons};
        for (steps, after) in [
            (vec![noise(Both), psf(Image)], "noise"),
            (vec![mask(Maps), psf(Both)], "field-mask"),
            (vec![FLOOR, psf(Maps)], "dispersion-floor"),
            (vec![noise(Maps), noise(Both)], "noise"),
            (vec![voronoi(Particles), noise(Both)], "voronoi"),
            (vec![voronoi(Particles), mask(Both)], "voronoi"),
            (vec![voronoi(Particles), voronoi(Particles)], "voronoi"),
            (vec![noise(Both), errors(), voronoi(Photons)], "kinematic-errors"),
            (vec![noise(Both), errors(), errors()], "kinematic-errors"),
        ] {
            let Err(ObserveError::Effect { step, source, .. }) = check(&steps) else { panic!("{steps:?}") };
            assert_eq!(step, steps.len() - 1);
            assert!(matches!(*source, ObserveError::EffectOrder { after: found, .. } if found == after));
        }
        for steps in [vec![voronoi(Photons)], vec![noise(Image), errors()]] {
            let error = check(&steps).unwrap_err();
            assert!(error.to_string().ends_with("needs a `noise` effect on the maps before it"), "{error}");
        }
        let error = check(&[noise(Both), psf(Image)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "step 1, `psf`: it comes after `noise`: light is spread before it is measured"
        );
    }
}
