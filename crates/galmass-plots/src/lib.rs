//! Figures of maps, losses and predictions.
