//! Equilibrium mock galaxies and populations.
