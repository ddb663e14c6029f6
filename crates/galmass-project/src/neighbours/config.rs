//! Which neighbour, and in what space.

use serde::{Deserialize, Serialize};

/// How [`support_radii_with`](crate::support_radii_with) measures distances. The default is that of Chu et al. (2024):
/// 32 neighbours, and space without end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NeighbourConfig {
    /// Which nearest other particle the radius reaches, at least 1. Default: 32.
    pub n_neighbours: usize,
    /// The side of a periodic box \[kpc\], above 0: a distance is that to the nearest image. Default: `None`, no box.
    pub box_size_kpc: Option<f64>,
}

impl Default for NeighbourConfig {
    fn default() -> Self {
        Self { n_neighbours: 32, box_size_kpc: None }
    }
}
