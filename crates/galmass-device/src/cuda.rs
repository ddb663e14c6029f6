//! The CUDA backend, behind a question to the driver: Burn itself would panic without one.

use std::ffi::c_int;

use burn::backend::Autodiff;
use burn_cuda::{Cuda, CudaDevice};
use galmass_net::{BurnEngine, Engine};
use libloading::Library;

use crate::{Device, DeviceError};

const LIBRARY: &str = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };
/// Compiles the kernels at run time.
const COMPILER: &str = if cfg!(windows) { "nvrtc64_130_0.dll" } else { "libnvrtc.so" };

pub(crate) fn open(device: Device, index: usize) -> Result<Box<dyn Engine>, DeviceError> {
    let n_devices = probe(device)?;
    if index >= n_devices {
        return Err(DeviceError::NoSuchGpu { device, n_devices });
    }
    Ok(Box::new(BurnEngine::<Autodiff<Cuda>>::new(CudaDevice::new(index))))
}

pub(crate) fn open_all(device: Device) -> Result<Box<dyn Engine>, DeviceError> {
    let n_devices = probe(device)?;
    if n_devices == 0 {
        return Err(DeviceError::NoSuchGpu { device, n_devices });
    }
    let helpers = (1..n_devices).map(CudaDevice::new).collect();
    Ok(Box::new(BurnEngine::<Autodiff<Cuda>>::new(CudaDevice::new(0)).helped_by(helpers)))
}

/// The number of GPUs, if there is all that Burn needs of them.
fn probe(device: Device) -> Result<usize, DeviceError> {
    let no_driver = |reason| DeviceError::NoDriver { device, reason };
    let n_devices = count_gpus().map_err(no_driver)?;
    if n_devices > 0 {
        find_compiler().map_err(no_driver)?;
    }
    Ok(n_devices)
}

fn count_gpus() -> Result<usize, String> {
    // SAFETY: the driver library runs no code of ours when it is loaded, and the two functions are called with the
    // signatures of the CUDA driver API, which have not changed since CUDA 2.
    unsafe {
        let driver = Library::new(LIBRARY).map_err(|_| format!("{LIBRARY} was not found"))?;
        let initialise = driver
            .get::<unsafe extern "C" fn(u32) -> c_int>(b"cuInit\0")
            .map_err(|_| format!("{LIBRARY} has no cuInit"))?;
        let count = driver
            .get::<unsafe extern "C" fn(*mut c_int) -> c_int>(b"cuDeviceGetCount\0")
            .map_err(|_| format!("{LIBRARY} has no cuDeviceGetCount"))?;
        match initialise(0) {
            0 => {}
            code => return Err(format!("the driver does not start (CUDA error {code})")),
        }
        let mut n_devices = 0;
        match count(&mut n_devices) {
            0 => Ok(usize::try_from(n_devices).unwrap_or(0)),
            code => Err(format!("the driver cannot count its GPUs (CUDA error {code})")),
        }
    }
}

fn find_compiler() -> Result<(), String> {
    let names =
        [COMPILER.to_string(), format!("{COMPILER}.13"), format!("{COMPILER}.12"), format!("{COMPILER}.11")];
    // SAFETY: loading the run-time compiler runs no code of ours.
    let found = names.iter().any(|name| unsafe { Library::new(name) }.is_ok());
    if found { Ok(()) } else { Err(format!("the CUDA run-time compiler {COMPILER} was not found")) }
}
