//! Projects particles onto maps: views, smoothing kernels, nearest-pixel moments.
