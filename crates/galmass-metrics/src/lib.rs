//! Scores and calibration of predicted masses, on plain slices.
