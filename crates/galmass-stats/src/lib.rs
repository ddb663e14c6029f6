//! Summary statistics of simulated galaxies.
