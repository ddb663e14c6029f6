//! The reader against files that the tests write, and against real ones where they are at hand.

mod detection;
mod eagle;
mod errors;
mod fixture;
mod particle_table;
mod real_files;
mod star_table;
mod tng;
mod truncation;
