//! Reads galaxies out of simulation snapshots into physical units.
