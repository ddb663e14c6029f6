//! The figures as a caller sees them: files.

mod awkward;
mod data;
mod files;
mod gallery;
