//! The multibranch residual network, generic over the Burn backend.
