//! Journeys through several crates at once, and the examples as a user runs them.

mod build_dataset;
mod circularity;
mod data;
mod example;
mod measure_galaxy;
mod observe_galaxy;
mod potential;
mod predict;
mod real_galaxies;
mod reproduce_table5;
mod train_booster;
mod train_on_maps;
