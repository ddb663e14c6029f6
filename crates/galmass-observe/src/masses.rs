//! The masses that a network is to infer.

use galmass_core::{Component, Galaxy, Particles};
use galmass_project::View;
use galmass_stats::{enclosed_mass_msun, projected_mass_msun};
use serde::{Deserialize, Serialize};

/// Masses inside one aperture by component \[Msun\]: the targets of Chu et al. (2024), section 2.2.
///
/// All particles of the galaxy count, so for a SUBFIND cutout only bound ones do; wind counts as gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masses {
    /// Stars.
    pub stars_msun: f64,
    /// Gas.
    pub gas_msun: f64,
    /// Dark matter.
    pub dark_matter_msun: f64,
    /// Black holes.
    pub black_holes_msun: f64,
}

impl Masses {
    /// Masses inside a sphere of `radius_kpc` about the origin.
    pub fn in_sphere(galaxy: &Galaxy, radius_kpc: f64) -> Self {
        Self::of_each(galaxy, |particles| enclosed_mass_msun(particles, radius_kpc))
    }

    /// Masses inside a circle of `radius_kpc` on the sky about the origin, over the whole depth.
    pub fn in_circle(galaxy: &Galaxy, view: &View, radius_kpc: f64) -> Self {
        Self::of_each(galaxy, |particles| projected_mass_msun(particles, view.right(), view.up(), radius_kpc))
    }

    /// The sum of all components.
    pub fn total_msun(&self) -> f64 {
        self.stars_msun + self.gas_msun + self.dark_matter_msun + self.black_holes_msun
    }

    fn of_each(galaxy: &Galaxy, mass: impl Fn(&Particles) -> f64) -> Self {
        let of = |component| mass(galaxy.component(component));
        Self {
            stars_msun: of(Component::Stars),
            gas_msun: of(Component::Gas),
            dark_matter_msun: of(Component::DarkMatter),
            black_holes_msun: of(Component::BlackHoles),
        }
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::{Gas, Stars};
    use galmass_project::Axis;

    use super::*;

    #[test]
    fn each_component_is_counted_where_it_is() {
        let at = |z: f64, mass| Particles::new(vec![[0.5, 0.0, z]], vec![[0.0; 3]], vec![mass]).unwrap();
        let galaxy = Galaxy {
            stars: Stars::new(at(0.0, 1.0)),
            gas: Gas::new(at(1.5, 2.0)),
            dark_matter: at(9.0, 4.0),
            black_holes: at(0.1, 8.0),
            box_size_kpc: None,
        };
        let sphere = Masses::in_sphere(&galaxy, 2.0);
        assert_eq!((sphere.stars_msun, sphere.gas_msun), (1.0, 2.0));
        assert_eq!((sphere.dark_matter_msun, sphere.black_holes_msun), (0.0, 8.0));
        assert_eq!(sphere.total_msun(), 11.0);
        assert_eq!(Masses::in_circle(&galaxy, &View::along(Axis::Z), 1.0).total_msun(), 15.0);
        assert_eq!(Masses::in_circle(&galaxy, &View::along(Axis::X), 1.0).total_msun(), 9.0);
    }
}
