//! How wide a smoothing kernel is: one meaning, and the ways to it.

use serde::{Deserialize, Serialize};

/// The radius \[kpc\] at which a smoothing kernel reaches zero.
///
/// "Smoothing length" means this radius in Gadget, half of it in Monaghan (1992), and something else again for
/// Gaussians; a factor of two here blurs an image fourfold in area. So a support radius is only built by saying
/// which convention a number follows.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct SupportRadius(f64);

impl SupportRadius {
    /// From the distance to the n-th nearest neighbour \[kpc\]: the kernel reaches zero there.
    /// This is also what Gadget, AREPO (`SubfindHsml`, `StellarHsml`) and EAGLE store.
    pub fn from_nth_neighbour(distance_kpc: f64) -> Self {
        Self(distance_kpc)
    }

    /// From the h of Monaghan (1992) \[kpc\]: the kernel reaches zero at 2 h.
    pub fn from_monaghan_h(h_kpc: f64) -> Self {
        Self(2.0 * h_kpc)
    }

    /// From the one-dimensional standard deviation of the kernel \[kpc\], where it reaches zero at two of them.
    pub fn from_two_sigma(sigma_kpc: f64) -> Self {
        Self(2.0 * sigma_kpc)
    }

    /// From the standard deviation of a Gaussian \[kpc\] that is cut where it ends at three of them.
    pub fn from_three_sigma(sigma_kpc: f64) -> Self {
        Self(3.0 * sigma_kpc)
    }

    /// The radius \[kpc\] at which the kernel reaches zero.
    pub fn kpc(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kernel_in_two_conventions_is_the_same_kernel() {
        assert_eq!(SupportRadius::from_monaghan_h(0.7), SupportRadius::from_nth_neighbour(1.4));
    }
}
