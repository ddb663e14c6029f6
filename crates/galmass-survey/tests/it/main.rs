//! Sets as they stand on the disk, by one process, by several, and by some that are killed.

mod building;
mod child;
mod interrupted;
mod small_set;
mod sources;
