//! The device door: opens the CPU, the cross-check or the CUDA backend by name.
