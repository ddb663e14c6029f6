//! The device door: the one place that knows the names of backends.
//!
//! A [`Device`] is named in a command line or a configuration, [opened](Device::open), and from then on it is an
//! [`Engine`] like any other. The generic code of the network is compiled here, once a
//! backend, and not again in every program that trains.
//!
//! ```
//! use galmass_device::Device;
//!
//! let device: Device = "cpu".parse()?;
//! println!("training on {}", device.open()?.describe());
//! assert!("abacus".parse::<Device>().is_err());
//! # Ok::<(), galmass_device::DeviceError>(())
//! ```
//!
//! | name | backend | feature |
//! | --- | --- | --- |
//! | `cpu` | burn-flex, on all cores | always |
//! | `ndarray` | burn-ndarray: slow, to cross-check `cpu` | `ndarray` |
//! | `cuda`, `cuda:1` | burn-cuda on an NVIDIA GPU | `cuda` |
//! | `cuda:all` | burn-cuda, training on all GPUs of the machine together | `cuda` |

#[cfg(feature = "cuda")]
mod cuda;

use std::fmt;
use std::str::FromStr;

use burn::backend::Autodiff;
use galmass_net::{BurnEngine, Engine};
use thiserror::Error;

/// A device that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error("no device is called `{name}`; there are `cpu`, `ndarray`, `cuda`, `cuda:N` and `cuda:all`")]
    UnknownName {
        /// What was asked for.
        name: String,
    },
    /// This program was built without the backend.
    #[error("device `{device}` is not part of this program: build it with `--features {feature}`")]
    NotBuilt {
        /// The device.
        device: Device,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// The NVIDIA driver is not installed, or knows of no GPU.
    #[error("device `{device}` needs an NVIDIA GPU and its driver: {reason}")]
    NoDriver {
        /// The device.
        device: Device,
        /// What is missing.
        reason: String,
    },
    /// There are GPUs, but not this many.
    #[error("device `{device}` does not exist: the driver counts {n_devices} GPU(s), from 0")]
    NoSuchGpu {
        /// The device.
        device: Device,
        /// GPUs that the driver knows.
        n_devices: usize,
    },
}

/// Where a network is trained and used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The processor, through burn-flex.
    #[default]
    Cpu,
    /// The processor, through burn-ndarray: many times slower, an independent check of [`Device::Cpu`].
    NdArray,
    /// An NVIDIA GPU.
    Cuda {
        /// Its number, counted from 0.
        index: usize,
    },
    /// All NVIDIA GPUs of the machine: each takes its part of every batch of training, see
    /// [`BurnEngine::helped_by`](galmass_net::BurnEngine::helped_by).
    AllCuda,
}

impl Device {
    /// Opens the device.
    ///
    /// # Errors
    /// [`DeviceError`] where the backend is not part of this program, or its driver or GPU is not there.
    pub fn open(self) -> Result<Box<dyn Engine>, DeviceError> {
        match self {
            Self::Cpu => Ok(Box::new(BurnEngine::<Autodiff<burn_flex::Flex>>::new(Default::default()))),
            Self::NdArray => self.open_ndarray(),
            Self::Cuda { index } => self.open_cuda(Some(index)),
            Self::AllCuda => self.open_cuda(None),
        }
    }

    #[cfg(feature = "ndarray")]
    fn open_ndarray(self) -> Result<Box<dyn Engine>, DeviceError> {
        Ok(Box::new(BurnEngine::<Autodiff<burn_ndarray::NdArray>>::new(Default::default())))
    }

    #[cfg(not(feature = "ndarray"))]
    fn open_ndarray(self) -> Result<Box<dyn Engine>, DeviceError> {
        Err(DeviceError::NotBuilt { device: self, feature: "ndarray" })
    }

    #[cfg(feature = "cuda")]
    fn open_cuda(self, index: Option<usize>) -> Result<Box<dyn Engine>, DeviceError> {
        match index {
            Some(index) => cuda::open(self, index),
            None => cuda::open_all(self),
        }
    }

    #[cfg(not(feature = "cuda"))]
    fn open_cuda(self, _: Option<usize>) -> Result<Box<dyn Engine>, DeviceError> {
        Err(DeviceError::NotBuilt { device: self, feature: "cuda" })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::NdArray => f.write_str("ndarray"),
            Self::Cuda { index } => write!(f, "cuda:{index}"),
            Self::AllCuda => f.write_str("cuda:all"),
        }
    }
}

impl FromStr for Device {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::UnknownName { name: name.into() };
        match name {
            "cpu" => Ok(Self::Cpu),
            "ndarray" => Ok(Self::NdArray),
            "cuda" => Ok(Self::Cuda { index: 0 }),
            "cuda:all" => Ok(Self::AllCuda),
            _ => {
                let index =
                    name.strip_prefix("cuda:").and_then(|index| index.parse().ok()).ok_or_else(unknown)?;
                Ok(Self::Cuda { index })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let gpus = [Device::Cuda { index: 0 }, Device::Cuda { index: 3 }, Device::AllCuda];
        for device in [Device::Cpu, Device::NdArray].into_iter().chain(gpus) {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        for name in ["", "gpu", "cuda:", "cuda:-1", "CPU"] {
            assert_eq!(name.parse::<Device>(), Err(DeviceError::UnknownName { name: name.into() }));
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        assert!(Device::Cpu.open().is_ok());
    }

    /// On no machine is there a hundredth GPU: with a driver this one does not exist, without one none does.
    #[cfg(feature = "cuda")]
    #[test]
    fn a_missing_driver_or_gpu_is_a_sentence() {
        let error =
            Device::Cuda { index: 99 }.open().err().map(|error| error.to_string()).unwrap_or_default();
        let without_driver = error.starts_with("device `cuda:99` needs an NVIDIA GPU and its driver: ");
        let without_gpu = error.starts_with("device `cuda:99` does not exist: the driver counts ");
        assert!(without_driver || without_gpu, "{error}");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_backend_that_was_not_built_says_how_to_build_it() {
        let error = Device::Cuda { index: 0 }.open().err().map(|error| error.to_string());
        let expected = "device `cuda:0` is not part of this program: build it with `--features cuda`";
        assert_eq!(error.as_deref(), Some(expected));
    }
}
