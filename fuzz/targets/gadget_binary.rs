//! Any bytes as a Gadget binary file.

#![no_main]

use galmass_snapshot::fuzzing::read_gadget_binary;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match read_gadget_binary(bytes) {
        // Bytes that are not even recognised teach nothing about what comes after.
        Err(galmass_snapshot::SnapshotError::NotGadgetBinary { .. }) if bytes.len() > 8 => Corpus::Reject,
        _ => Corpus::Keep,
    }
});
