//! Any bytes as a NumPy array of stars.

#![no_main]

use std::io::Write;

use galmass_snapshot::{SuiteKind, read_galaxy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    if let Ok(snapshot) = read_galaxy(file.path(), Some(SuiteKind::StarTable)) {
        let stars = snapshot.galaxy.stars.particles();
        // Seven numbers of at least four bytes for each star.
        assert!(!stars.is_empty() && stars.len() <= bytes.len() / 28);
        assert!(stars.masses_msun().iter().all(|mass| mass.is_finite() && *mass >= 0.0));
    }
});
