//! Whether samples fit a network.

use galmass_dataset::{Inputs, ScaledSamples};
use ndarray::ArrayViewD;

use crate::missing::check_values;
use crate::{NetError, NetworkConfig, SampleSource};

/// Whether inputs fit the network: branches, channels, numbers of samples, finite values.
pub(crate) fn check_inputs(network: &NetworkConfig, inputs: &Inputs) -> Result<(), NetError> {
    let (expected, found) = (network.inputs().count(), inputs.branches.len());
    if expected != found {
        return Err(NetError::BranchCount { expected, found });
    }
    let n_samples = inputs.n_samples();
    for ((name, n_channels), maps) in network.inputs().zip(&inputs.branches) {
        let (samples, channels, _, _) = maps.dim();
        if samples != n_samples {
            return Err(NetError::SampleCount { what: name.into(), expected: n_samples, found: samples });
        }
        if channels != n_channels {
            let (branch, expected) = (name.into(), n_channels);
            return Err(NetError::ChannelCount { branch, expected, found: channels });
        }
    }
    check_values(network, inputs)
}

/// Whether a part has samples, the first of which fits the network.
pub(crate) fn check_part(
    network: &NetworkConfig,
    part: &'static str,
    samples: &dyn SampleSource,
) -> Result<(), NetError> {
    if samples.n_samples() == 0 {
        return Err(NetError::NoSamples { part });
    }
    read_checked(network, samples, &[0]).map(|_| ())
}

/// Reads a batch that fits the network. What is no number is named by its sample in the part.
pub(crate) fn read_checked(
    network: &NetworkConfig,
    samples: &dyn SampleSource,
    batch: &[usize],
) -> Result<ScaledSamples, NetError> {
    let read = samples.read(batch)?;
    let checked = check_inputs(network, &read.inputs).and_then(|()| check_targets(network, &read));
    checked.map_err(|error| of_part(error, batch))?;
    Ok(read)
}

/// The same for samples whose targets nobody looks at.
pub(crate) fn read_inputs(
    network: &NetworkConfig,
    samples: &dyn SampleSource,
    batch: &[usize],
) -> Result<Inputs, NetError> {
    let inputs = samples.read(batch)?.inputs;
    check_inputs(network, &inputs).map_err(|error| of_part(error, batch))?;
    Ok(inputs)
}

/// An error of a batch with the sample's place in its part.
fn of_part(error: NetError, batch: &[usize]) -> NetError {
    match error {
        NetError::NotFinite { what, sample, value } => {
            NetError::NotFinite { what, sample: batch[sample], value }
        }
        NetError::NothingPresent { sample } => NetError::NothingPresent { sample: batch[sample] },
        error => error,
    }
}

fn check_targets(network: &NetworkConfig, samples: &ScaledSamples) -> Result<(), NetError> {
    let (found, n_targets) = samples.targets.dim();
    let expected = samples.n_samples();
    if found != expected {
        return Err(NetError::SampleCount { what: "targets".into(), expected, found });
    }
    if n_targets != network.n_outputs {
        return Err(NetError::TargetCount { expected: network.n_outputs, found: n_targets });
    }
    check_finite("targets", samples.targets.view().into_dyn())
}

fn check_finite(what: &str, values: ArrayViewD<'_, f32>) -> Result<(), NetError> {
    for (sample, values) in values.outer_iter().enumerate() {
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(NetError::NotFinite { what: what.into(), sample, value });
        }
    }
    Ok(())
}
