//! What is to be inferred of a galaxy.

use galmass_core::{Component, Galaxy, Particles};
use galmass_observe::{FramedGalaxy, Masses};
use galmass_project::View;
use galmass_stats::{MassProfile, measure_mass_profile};

use crate::error::GalaxyError;
use crate::maps::log10;
use crate::quantity::Quantity;

/// The targets of SCIENCE 1.2 inside one aperture; `{}` is its place in the name, and in the description.
const IN_APERTURE: [(&str, &str, &str); 11] = [
    ("log10_stellar_mass_msun", "log10 Msun", "stars in the sphere of {}"),
    ("log10_gas_mass_msun", "log10 Msun", "gas in the sphere of {}"),
    ("log10_dark_matter_mass_msun", "log10 Msun", "dark matter in the sphere of {}"),
    ("log10_total_mass_msun", "log10 Msun", "stars, gas, dark matter and black holes in the sphere of {}"),
    ("stellar_fraction", "1", "stars over all mass in the sphere of {}"),
    ("dark_matter_fraction", "1", "dark matter over all mass in the sphere of {}"),
    ("log10_projected_stellar_mass_msun", "log10 Msun", "stars in the circle of {} on the sky"),
    ("log10_projected_dark_matter_mass_msun", "log10 Msun", "dark matter in the circle of {} on the sky"),
    ("log10_projected_total_mass_msun", "log10 Msun", "all mass in the circle of {} on the sky"),
    ("log10_luminosity_r_lsun", "log10 Lsun", "r light behind the dust in the circle of {} on the sky"),
    (
        "log10_mass_to_light_r_msun_lsun",
        "log10 Msun/Lsun",
        "stellar mass over r light behind the dust in the circle of {} on the sky",
    ),
];

/// The apertures in half-mass radii, the ending of a name, and how a description calls it.
const APERTURES: [(f64, &str, &str); 2] =
    [(1.0, "", "the stellar half-mass radius"), (2.0, "_2r", "two stellar half-mass radii")];

/// The profiles: name, and what it is of.
const PROFILES: [(&str, &str); 4] = [
    ("log10_enclosed_stellar_mass_msun", "stars"),
    ("log10_enclosed_gas_mass_msun", "gas"),
    ("log10_enclosed_dark_matter_mass_msun", "dark matter"),
    ("log10_enclosed_total_mass_msun", "stars, gas, dark matter and black holes"),
];

/// The targets of a sample in the order of [`Targets::values`].
pub(crate) fn quantities(profile_radii_rhsm: &[f64]) -> Vec<Quantity> {
    let mut quantities = Vec::new();
    for (_, ending, aperture) in APERTURES {
        quantities.extend(IN_APERTURE.iter().map(|(name, unit, description)| {
            Quantity::scalar(format!("{name}{ending}"), unit, description.replace("{}", aperture))
        }));
    }
    let radii: Vec<String> = profile_radii_rhsm.iter().map(f64::to_string).collect();
    quantities.extend(PROFILES.iter().map(|(name, what)| Quantity {
        name: (*name).into(),
        shape: vec![radii.len()],
        unit: "log10 Msun".into(),
        description: format!("{what} in spheres of {} stellar half-mass radii", radii.join(", ")),
    }));
    quantities
}

/// The targets of a galaxy that are the same from all sides.
pub(crate) struct Targets<'a> {
    galaxy: &'a Galaxy,
    radius_kpc: f64,
    in_spheres: [Masses; 2],
    profile: MassProfile,
}

impl<'a> Targets<'a> {
    pub(crate) fn of(framed: &'a FramedGalaxy, profile_radii_rhsm: &[f64]) -> Result<Self, GalaxyError> {
        let (galaxy, radius_kpc) = (framed.galaxy(), framed.frame().half_mass_radius_kpc);
        let radii: Vec<f64> = profile_radii_rhsm.iter().map(|radius| radius * radius_kpc).collect();
        Ok(Self {
            galaxy,
            radius_kpc,
            in_spheres: APERTURES.map(|(rhsm, ..)| Masses::in_sphere(galaxy, rhsm * radius_kpc)),
            profile: measure_mass_profile(galaxy, &radii)?,
        })
    }

    /// All targets from one side; `light_r` is that of each star behind the dust, where it is known.
    pub(crate) fn values(&self, view: &View, light_r: Option<&[f64]>) -> Vec<Vec<f32>> {
        let mut values = Vec::new();
        let radii = APERTURES.map(|(rhsm, ..)| rhsm * self.radius_kpc);
        let [gas, dark_matter, stars, black_holes] = Component::ALL.map(|component| {
            let particles = self.galaxy.component(component);
            in_circles(particles, particles.masses_msun(), view, radii)
        });
        let light = match light_r {
            Some(light) => in_circles(self.galaxy.stars.particles(), light, view, radii),
            None => [f64::NAN; APERTURES.len()],
        };
        for (at, sphere) in self.in_spheres.iter().enumerate() {
            let (total, light) = (sphere.total_msun(), light[at]);
            let projected = stars[at] + gas[at] + dark_matter[at] + black_holes[at];
            let part = |mass: f64| if total > 0.0 { mass / total } else { f64::NAN };
            values.extend([
                log10(sphere.stars_msun),
                log10(sphere.gas_msun),
                log10(sphere.dark_matter_msun),
                log10(total),
                part(sphere.stars_msun),
                part(sphere.dark_matter_msun),
                log10(stars[at]),
                log10(dark_matter[at]),
                log10(projected),
                log10(light),
                log10(stars[at]) - log10(light),
            ]);
        }
        let MassProfile { stars, gas, dark_matter, enclosed_msun, .. } = &self.profile;
        let profiles = [&stars.enclosed, &gas.enclosed, &dark_matter.enclosed, enclosed_msun];
        let singles = |masses: &Vec<f64>| masses.iter().map(|&mass| log10(mass) as f32).collect();
        values.into_iter().map(|value| vec![value as f32]).chain(profiles.into_iter().map(singles)).collect()
    }
}

/// The sums of some weights in the circles of all apertures on the sky, in one pass.
fn in_circles<const N: usize>(
    particles: &Particles,
    weights: &[f64],
    view: &View,
    radii_kpc: [f64; N],
) -> [f64; N] {
    let squares = radii_kpc.map(|radius| radius * radius);
    let mut sums = [0.0; N];
    for (position, weight) in particles.positions_kpc().iter().zip(weights) {
        let [right, up] = view.plane(*position);
        let square = right * right + up * up;
        for (sum, limit) in sums.iter_mut().zip(squares) {
            *sum += if square <= limit { *weight } else { 0.0 };
        }
    }
    sums
}
