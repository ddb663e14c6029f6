//! One galaxy: its particles by component, and the box they came from.

use crate::{Component, Gas, Particles, Stars};

/// One simulated galaxy in physical units. Components that a source lacks are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Galaxy {
    /// Gas, with wind particles counted among it.
    pub gas: Gas,
    /// Dark matter.
    pub dark_matter: Particles,
    /// Stars, without wind.
    pub stars: Stars,
    /// Black holes.
    pub black_holes: Particles,
    /// The side of the periodic box at this time \[physical kpc\]; `None` for an isolated galaxy.
    pub box_size_kpc: Option<f64>,
}

impl Galaxy {
    /// The particles of one component.
    pub fn component(&self, component: Component) -> &Particles {
        match component {
            Component::Gas => self.gas.particles(),
            Component::DarkMatter => &self.dark_matter,
            Component::Stars => self.stars.particles(),
            Component::BlackHoles => &self.black_holes,
        }
    }

    /// The number of particles of all components.
    pub fn n_particles(&self) -> usize {
        Component::ALL.iter().map(|&component| self.component(component).len()).sum()
    }

    /// Moves the origin to `centre_kpc` and the rest frame to `velocity_km_s`. In a periodic box each particle
    /// goes to the image nearest to the new origin, so that a galaxy that straddles a face becomes whole.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::{Galaxy, Particles, Stars};
    ///
    /// let stars = Particles::new(vec![[99.0, 0.0, 0.0], [2.0, 0.0, 0.0]], vec![[50.0, 0.0, 0.0]; 2], vec![1.0; 2])?;
    /// let mut galaxy = Galaxy { stars: Stars::new(stars), box_size_kpc: Some(100.0), ..Galaxy::default() };
    /// galaxy.recentre([0.5, 0.0, 0.0], [50.0, 0.0, 0.0]);
    /// assert_eq!(galaxy.stars.particles().positions_kpc(), [[-1.5, 0.0, 0.0], [1.5, 0.0, 0.0]]);
    /// assert_eq!(galaxy.stars.particles().velocities_km_s(), [[0.0; 3]; 2]);
    /// # Ok::<(), galmass_core::ParticleError>(())
    /// ```
    pub fn recentre(&mut self, centre_kpc: [f64; 3], velocity_km_s: [f64; 3]) {
        let side = self.box_size_kpc;
        for particles in [
            self.gas.particles_mut(),
            &mut self.dark_matter,
            self.stars.particles_mut(),
            &mut self.black_holes,
        ] {
            particles.recentre(centre_kpc, velocity_km_s, side);
        }
    }
}
