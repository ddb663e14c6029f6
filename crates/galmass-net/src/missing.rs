//! Samples that lack a branch: a galaxy without gas, a survey without stars.
//!
//! A branch that a sample lacks holds NaN throughout, as an unknown pixel holds NaN; [`mark_missing`] writes it. The
//! network does not look at such maps, it takes a learnt token in place of their features.

use galmass_core::seed;
use galmass_dataset::Inputs;
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::{NetError, NetworkConfig};

/// How a network learns to do without branches.
///
/// # Examples
/// ```
/// // Of two branches, three samples in eight train the first alone, three the second, and two both.
/// assert_eq!(galmass_net::MissingConfig::default().dropout, 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingConfig {
    /// The chance that a branch of a training sample is left out, drawn anew for each branch, sample and epoch; a
    /// sample that would lose all it has keeps one of them. In [0, 0.9]; default 0.5. At 0 only what the samples lack
    /// is missing.
    pub dropout: f64,
}

impl Default for MissingConfig {
    fn default() -> Self {
        Self { dropout: 0.5 }
    }
}

impl MissingConfig {
    pub(crate) fn check(&self) -> Result<(), NetError> {
        if (0.0..=0.9).contains(&self.dropout) {
            return Ok(());
        }
        Err(NetError::BadConfig { field: "dropout", value: self.dropout, range: "in [0, 0.9]" })
    }

    /// Leaves out branches of a training batch.
    pub(crate) fn drop_branches(&self, network: &NetworkConfig, inputs: &mut Inputs, seed: u64) {
        if self.dropout == 0.0 {
            return;
        }
        let generator = &mut seed::generator(seed);
        let n_branches = network.branches.len();
        let mut present = presence(inputs, n_branches);
        for mut sample in present.rows_mut() {
            let there: Vec<usize> = (0..n_branches).filter(|&branch| sample[branch]).collect();
            // As many draws for every sample, so that one sample's branches do not decide another's.
            let stays: Vec<bool> =
                (0..n_branches).map(|_| generator.random::<f64>() >= self.dropout).collect();
            let chosen = generator.random_range(0..n_branches.max(1));
            let loses_all = there.iter().all(|&branch| !stays[branch]);
            for (rank, &branch) in there.iter().enumerate() {
                sample[branch] = if loses_all { rank == chosen % there.len() } else { stays[branch] };
            }
        }
        write_missing(inputs, present.view());
    }
}

/// Marks the branches that samples lack: `present` says `[sample, branch]` whether its maps count.
///
/// Maps that are marked become NaN, whatever they held; others keep what they hold. Scalars beside the maps are no
/// branch.
///
/// # Errors
/// [`NetError::SampleCount`] and [`NetError::BranchCount`] where `present` has other samples, or more branches than
/// the inputs.
///
/// # Examples
/// ```
/// use galmass_dataset::Inputs;
/// use galmass_net::mark_missing;
/// use ndarray::{Array4, array};
///
/// // Two galaxies; the second has stars but no gas.
/// let maps = || Array4::zeros((2, 2, 48, 48));
/// let mut inputs = Inputs { branches: vec![maps(), maps()] };
/// mark_missing(&mut inputs, array![[true, true], [true, false]].view())?;
/// assert!(inputs.branches[1][[1, 0, 20, 20]].is_nan() && inputs.branches[0][[1, 0, 20, 20]] == 0.0);
/// # Ok::<(), galmass_net::NetError>(())
/// ```
pub fn mark_missing(inputs: &mut Inputs, present: ArrayView2<'_, bool>) -> Result<(), NetError> {
    let (found, expected) = (present.nrows(), inputs.n_samples());
    if found != expected {
        return Err(NetError::SampleCount { what: "presence".into(), expected, found });
    }
    let (expected, found) = (present.ncols(), inputs.branches.len());
    if expected > found {
        return Err(NetError::BranchCount { expected, found });
    }
    write_missing(inputs, present);
    Ok(())
}

fn write_missing(inputs: &mut Inputs, present: ArrayView2<'_, bool>) {
    for (maps, present) in inputs.branches.iter_mut().zip(present.columns()) {
        for (mut maps, &present) in maps.axis_iter_mut(Axis(0)).zip(present) {
            if !present {
                maps.fill(f32::NAN);
            }
        }
    }
}

/// Which of the first `n_branches` branches each sample has.
pub(crate) fn presence(inputs: &Inputs, n_branches: usize) -> Array2<bool> {
    Array2::from_shape_fn((inputs.n_samples(), n_branches), |(sample, branch)| {
        is_present(inputs, sample, branch)
    })
}

/// Whether a sample has a branch: whether any of its pixels is a number.
pub(crate) fn is_present(inputs: &Inputs, sample: usize, branch: usize) -> bool {
    let maps = inputs.branches[branch].index_axis(Axis(0), sample);
    maps.is_empty() || maps.iter().any(|value| !value.is_nan())
}

/// Whether all that samples have is finite and scalars are numbers; where branches may be missing, also whether each
/// sample has any.
pub(crate) fn check_values(network: &NetworkConfig, inputs: &Inputs) -> Result<(), NetError> {
    if let Some(scalars) = inputs.branches.get(network.branches.len()) {
        let (_, _, n_rows, n_columns) = scalars.dim();
        if (n_rows, n_columns) != (1, 1) {
            return Err(NetError::NotScalars { n_rows, n_columns });
        }
    }
    let n_branches = if network.missing.is_some() { network.branches.len() } else { 0 };
    for (index, ((name, _), maps)) in network.inputs().zip(&inputs.branches).enumerate() {
        for (sample, maps) in maps.outer_iter().enumerate() {
            if index < n_branches && !is_present(inputs, sample, index) {
                continue;
            }
            if let Some(&value) = maps.iter().find(|value| !value.is_finite()) {
                return Err(NetError::NotFinite { what: name.into(), sample, value });
            }
        }
    }
    let has_none = |sample: &usize| (0..n_branches).all(|branch| !is_present(inputs, *sample, branch));
    match (0..inputs.n_samples()).find(|sample| n_branches > 0 && has_none(sample)) {
        Some(sample) => Err(NetError::NothingPresent { sample }),
        None => Ok(()),
    }
}

impl NetworkConfig {
    /// The same network with some of the branches only, for a comparison of what each tells: train it on
    /// [`select_branches`] of the same samples.
    ///
    /// # Errors
    /// [`NetError::NoSuchBranch`].
    pub fn with_branches(&self, branches: &[usize]) -> Result<Self, NetError> {
        let n_branches = self.branches.len();
        let branch = |&branch: &usize| {
            self.branches.get(branch).cloned().ok_or(NetError::NoSuchBranch { branch, n_branches })
        };
        Ok(Self { branches: branches.iter().map(branch).collect::<Result<_, _>>()?, ..self.clone() })
    }
}

/// The branches of samples that [`NetworkConfig::with_branches`] leaves, and whatever follows the branches of
/// `network`.
///
/// # Errors
/// [`NetError::NoSuchBranch`].
pub fn select_branches(
    network: &NetworkConfig,
    inputs: &Inputs,
    branches: &[usize],
) -> Result<Inputs, NetError> {
    let n_branches = network.branches.len().min(inputs.branches.len());
    if let Some(&branch) = branches.iter().find(|&&branch| branch >= n_branches) {
        return Err(NetError::NoSuchBranch { branch, n_branches });
    }
    let chosen = branches.iter().copied().chain(n_branches..inputs.branches.len());
    Ok(Inputs { branches: chosen.map(|branch| inputs.branches[branch].clone()).collect() })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, array};

    use super::*;
    use crate::network::tests::small;

    fn inputs(n_samples: usize) -> Inputs {
        Inputs { branches: vec![Array4::ones((n_samples, 1, 2, 2)), Array4::ones((n_samples, 2, 3, 3))] }
    }

    #[test]
    fn dropout_takes_each_branch_as_often_as_it_says_and_never_the_last() {
        let mut batch = inputs(4000);
        MissingConfig::default().drop_branches(&small(), &mut batch, 5);
        let present = presence(&batch, 2);
        let part = |wanted: [bool; 2]| {
            let rows = present.rows().into_iter().filter(|row| row[0] == wanted[0] && row[1] == wanted[1]);
            rows.count() as f64 / 4000.0
        };
        // 4 sigma of 4000 draws are 0.031.
        for (wanted, expected) in [([true, true], 0.25), ([true, false], 0.375), ([false, true], 0.375)] {
            assert!((part(wanted) - expected).abs() < 0.031, "{wanted:?}: {}", part(wanted));
        }
        assert_eq!(part([false, false]), 0.0);

        let mut again = inputs(4000);
        MissingConfig::default().drop_branches(&small(), &mut again, 5);
        assert_eq!(presence(&again, 2), present);
        MissingConfig::default().drop_branches(&small(), &mut again, 6);
        assert_ne!(presence(&again, 2), present);
    }

    #[test]
    fn a_sample_with_one_branch_keeps_it() {
        let mut batch = inputs(50);
        let only_second = Array2::from_shape_fn((50, 2), |(_, branch)| branch == 1);
        mark_missing(&mut batch, only_second.view()).unwrap();
        MissingConfig { dropout: 0.9 }.drop_branches(&small(), &mut batch, 1);
        assert_eq!(presence(&batch, 2), only_second);
    }

    #[test]
    fn networks_of_some_branches_take_their_maps_and_the_scalars() {
        let mut samples = inputs(3);
        samples.branches.push(Array4::zeros((3, 1, 1, 1)));
        let network = NetworkConfig { n_scalars: 1, ..small() };
        let chosen = select_branches(&network, &samples, &[1]).unwrap();
        let channels = |inputs: &Inputs| inputs.branches.iter().map(|b| b.dim().1).collect::<Vec<_>>();
        assert_eq!(channels(&chosen), [2, 1]);
        assert_eq!(network.with_branches(&[1]).unwrap().branches, [network.branches[1].clone()]);
        assert!(matches!(network.with_branches(&[2]), Err(NetError::NoSuchBranch { branch: 2, .. })));
        assert!(select_branches(&network, &samples, &[2]).is_err());
    }

    #[test]
    fn scalars_that_come_as_maps_are_refused() {
        let network = NetworkConfig { n_scalars: 1, ..small() };
        let mut samples = inputs(3);
        samples.branches.push(Array4::zeros((3, 1, 1, 1)));
        assert!(check_values(&network, &samples).is_ok());
        samples.branches[2] = Array4::zeros((3, 1, 2, 2));
        assert!(matches!(check_values(&network, &samples), Err(NetError::NotScalars { n_rows: 2, .. })));
    }

    #[test]
    fn presence_of_another_shape_is_refused() {
        let mut samples = inputs(2);
        assert!(mark_missing(&mut samples, array![[true, true]].view()).is_err());
        assert!(mark_missing(&mut samples, array![[true; 3], [true; 3]].view()).is_err());
    }
}
