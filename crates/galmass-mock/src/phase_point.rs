//! Where a particle is and how it moves, in the frame of the disc.

/// A place \[kpc\] and a velocity \[km/s\], the disc lying in the x-y plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PhasePoint {
    pub(crate) position: [f64; 3],
    pub(crate) velocity: [f64; 3],
}

impl PhasePoint {
    /// The distance \[kpc\] from the centre.
    pub(crate) fn radius_kpc(&self) -> f64 {
        let [x, y, z] = self.position;
        (x * x + y * y + z * z).sqrt()
    }

    /// The distance \[kpc\] from the axis.
    pub(crate) fn cylindrical_radius_kpc(&self) -> f64 {
        let [x, y, _] = self.position;
        (x * x + y * y).sqrt()
    }
}
