//! Journeys through several crates at once, and the examples as a user runs them.

mod build_dataset;
mod circularity;
mod combine_tracers;
mod data;
mod example;
mod gpu_smoke;
mod measure_galaxy;
mod observe_galaxy;
mod potential;
mod predict;
mod quickstart;
mod real_galaxies;
mod reproduce_table4;
mod reproduce_table5;
mod train_booster;
mod train_on_maps;
