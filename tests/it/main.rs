//! Journeys through several crates at once, and the examples as a user runs them.

mod circularity;
mod data;
mod example;
mod observe_galaxy;
mod real_galaxies;
mod train_on_maps;
