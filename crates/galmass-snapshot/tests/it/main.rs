//! The reader against files that the tests write, and against real ones where they are at hand.

mod catalogue;
mod detection;
mod eagle;
mod errors;
mod fixture;
mod gadget;
mod gadget_records;
mod particle_table;
mod parts;
mod real_files;
mod selection;
mod sim_spin;
mod star_table;
mod swift;
mod tng;
mod truncation;
mod write_tng;
