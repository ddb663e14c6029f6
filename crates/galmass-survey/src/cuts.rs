//! Which galaxies are left out.

use galmass_core::Galaxy;
use galmass_stats::enclosed_mass_msun;
use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, GalaxyError};

/// The radius of the sphere in which Chu et al. (2024) count the stars of a galaxy \[kpc\].
const STARS_WITHIN_KPC: f64 = 30.0;

/// Which galaxies are left out; `None` and 0, the default, leave out none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cuts {
    /// The least mass of stars inside 30 kpc \[Msun\].
    pub min_stellar_mass_msun: Option<f64>,
    /// The largest mass of all particles \[Msun\].
    pub max_total_mass_msun: Option<f64>,
    /// The fewest star particles.
    pub min_stars: usize,
    /// The fewest gas cells. Networks of stars and gas are compared on the same galaxies alone.
    pub min_gas: usize,
}

impl Cuts {
    /// The sample of Chu et al. (2024), section 2.1: more than 5e9 Msun of stars inside 30 kpc, and less than 1e14 Msun in
    /// all, to leave out clusters.
    pub fn chu2024() -> Self {
        Self { min_stellar_mass_msun: Some(5.0e9), max_total_mass_msun: Some(1.0e14), ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let limits = [
            ("min_stellar_mass_msun", self.min_stellar_mass_msun),
            ("max_total_mass_msun", self.max_total_mass_msun),
        ];
        for (name, limit) in limits {
            match limit {
                Some(value) if value < 0.0 || value.is_nan() => return Err(ConfigError::Cut { name, value }),
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks a galaxy that has its centre at the origin.
    pub(crate) fn ask(&self, galaxy: &Galaxy) -> Result<(), GalaxyError> {
        let refuse = |cut, found, limit| Err(GalaxyError::Cut { cut, found, limit });
        let stars = galaxy.stars.particles();
        for (cut, found, limit) in
            [("min_stars", stars.len(), self.min_stars), ("min_gas", galaxy.gas.len(), self.min_gas)]
        {
            if found < limit {
                return refuse(cut, found as f64, limit as f64);
            }
        }
        if let Some(limit) = self.min_stellar_mass_msun {
            let found = enclosed_mass_msun(stars, STARS_WITHIN_KPC);
            if found < limit {
                return refuse("min_stellar_mass_msun", found, limit);
            }
        }
        if let Some(limit) = self.max_total_mass_msun {
            let of = |component| galaxy.component(component).total_mass_msun();
            let found: f64 = galmass_core::Component::ALL.into_iter().map(of).sum();
            if found > limit {
                return refuse("max_total_mass_msun", found, limit);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::{Particles, Stars};

    use super::*;

    #[test]
    fn a_galaxy_is_left_out_with_the_number_that_says_why() {
        let at = |radius: f64, mass| {
            Particles::new(vec![[radius, 0.0, 0.0]; 2], vec![[0.0; 3]; 2], vec![mass; 2]).unwrap()
        };
        let galaxy =
            Galaxy { stars: Stars::new(at(30.0, 2.5e9)), dark_matter: at(90.0, 4.0e13), ..Galaxy::default() };
        assert_eq!(Cuts::default().ask(&Galaxy::default()), Ok(()));
        assert_eq!(Cuts::chu2024().ask(&galaxy), Ok(()));
        let far = Galaxy { stars: Stars::new(at(30.1, 2.5e9)), ..Galaxy::default() };
        let error = Cuts::chu2024().ask(&far).unwrap_err();
        assert_eq!(error, GalaxyError::Cut { cut: "min_stellar_mass_msun", found: 0.0, limit: 5.0e9 });
        let heavy = Galaxy { dark_matter: at(1.0, 6.0e13), ..galaxy.clone() };
        let error = Cuts::chu2024().ask(&heavy).unwrap_err();
        assert!(error.to_string().starts_with("`max_total_mass_msun` leaves it out"), "{error}");
        let few = Cuts { min_stars: 3, ..Cuts::default() }.ask(&galaxy).unwrap_err();
        assert_eq!(few, GalaxyError::Cut { cut: "min_stars", found: 2.0, limit: 3.0 });
        let dry = Cuts { min_gas: 1, ..Cuts::default() }.ask(&galaxy);
        assert_eq!(dry, Err(GalaxyError::Cut { cut: "min_gas", found: 0.0, limit: 1.0 }));
    }
}
