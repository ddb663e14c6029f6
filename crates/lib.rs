//! galmass
