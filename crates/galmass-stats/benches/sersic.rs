//! Sersic fits to images.

fn main() {}
