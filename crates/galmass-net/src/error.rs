//! What can be wrong with a network or its training, in words.

use std::path::PathBuf;

use galmass_dataset::{Channel, DatasetError};
use thiserror::Error;

/// Everything that the caller of this crate can mend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NetError {
    /// A configuration value out of its range.
    #[error("`{field}` is {value}, but must be {range}")]
    BadConfig {
        /// The field.
        field: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// Features are to be aligned with those of samples that are not there.
    #[error("`alignment` wants unlabelled samples to align with, and there are none")]
    NothingToAlignWith,
    /// Inputs that do not fit the network: another number of branches.
    #[error("the network has {expected} branches, the samples have {found}")]
    BranchCount {
        /// Branches of the network.
        expected: usize,
        /// Branches of the samples.
        found: usize,
    },
    /// Inputs that do not fit the network: another number of channels.
    #[error("branch `{branch}` takes {expected} channels, the samples have {found}")]
    ChannelCount {
        /// The branch.
        branch: String,
        /// Channels of the network.
        expected: usize,
        /// Channels of the samples.
        found: usize,
    },
    /// Inputs of another mesh than the model was trained on.
    #[error("branch `{branch}` takes maps of {expected} x {expected} pixels, the samples have {} x {}", found[0], found[1])]
    MeshDiffers {
        /// The branch.
        branch: String,
        /// Pixels a side of the model.
        expected: usize,
        /// Rows and columns of the samples.
        found: [usize; 2],
    },
    /// Data of other channels than the model was trained on.
    #[error("branch `{branch}` takes the channels {expected:?}, the samples have {found:?}")]
    ChannelsDiffer {
        /// The branch.
        branch: String,
        /// Channels of the model.
        expected: Vec<Channel>,
        /// Channels of the samples.
        found: Vec<Channel>,
    },
    /// A model whose network and normalisation are not of one piece.
    #[error("branch {index} of the network is `{expected}`, that of the normalisation `{found}`")]
    BranchName {
        /// Its place.
        index: usize,
        /// Its name in the network.
        expected: String,
        /// Its name in the normalisation.
        found: String,
    },
    /// Branches or targets that disagree on the number of samples.
    #[error("`{what}` describes {found} samples, the first branch {expected}")]
    SampleCount {
        /// The branch, or `targets`.
        what: String,
        /// Samples of the first branch.
        expected: usize,
        /// Samples found.
        found: usize,
    },
    /// Targets that do not fit the network.
    #[error("the network has {expected} outputs, the samples have {found} targets")]
    TargetCount {
        /// Outputs of the network.
        expected: usize,
        /// Targets of the samples.
        found: usize,
    },
    /// Nothing to learn from.
    #[error("the {part} part has no samples")]
    NoSamples {
        /// `training` or `validation`.
        part: &'static str,
    },
    /// An input or target that is no number.
    #[error("`{what}` holds {value} for sample {sample}")]
    NotFinite {
        /// The branch, or `targets`.
        what: String,
        /// The sample.
        sample: usize,
        /// What was found.
        value: f32,
    },
    /// Training went astray.
    #[error(
        "the loss became {loss} in epoch {epoch}, batch {batch} (samples {samples:?}): try a lower learning rate"
    )]
    LossNotFinite {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The batch, counted from 1.
        batch: usize,
        /// The training samples of that batch.
        samples: Vec<usize>,
        /// The loss.
        loss: f32,
    },
    /// Training went astray in a way that the loss does not show yet.
    #[error(
        "the gradient became {norm} long in epoch {epoch}, batch {batch} (samples {samples:?}): try a lower learning rate"
    )]
    GradientNotFinite {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The batch, counted from 1.
        batch: usize,
        /// The training samples of that batch.
        samples: Vec<usize>,
        /// The length of the gradient.
        norm: f32,
    },
    /// Training went astray in the last step of an epoch, or in what the network has kept of its inputs.
    #[error("the validation loss became {loss} in epoch {epoch}: try a lower learning rate")]
    ValidationLossNotFinite {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// Samples that cannot be read or scaled.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Weights that do not belong to this network.
    #[error("the weights do not fit the network: {reason}")]
    WeightsDoNotFit {
        /// What the weight store says.
        reason: String,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no safetensors file, or lacks our description.
    #[error("{}: not a galmass model: {reason}", path.display())]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What is amiss.
        reason: String,
    },
    /// A model whose file is laid out as another version of galmass does it.
    #[error("{}: a model file of layout {found}, written by galmass {version}; this one reads layout {expected}", path.display())]
    OtherModelLayout {
        /// The file.
        path: PathBuf,
        /// The layout that is read.
        expected: u64,
        /// The layout of the file; the first had no number, and counts as 1.
        found: u64,
        /// The version that wrote it.
        version: String,
    },
    /// A model file whose parts are not of one piece.
    #[error("{}: {source}", path.display())]
    ModelDisagrees {
        /// The file.
        path: PathBuf,
        /// In what.
        source: Box<NetError>,
    },
    /// A checkpoint that is damaged or was left by other settings.
    #[error("{}: not a checkpoint of this training: {reason}", path.display())]
    NotThisCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is amiss.
        reason: String,
    },
    /// A branch that the network does not have.
    #[error("there is no branch {branch}: there are {n_branches}")]
    NoSuchBranch {
        /// What was asked for, counted from 0.
        branch: usize,
        /// Branches of the network.
        n_branches: usize,
    },
    /// A sample that lacks every branch.
    #[error("sample {sample} has no branch at all")]
    NothingPresent {
        /// The sample.
        sample: usize,
    },
    /// Gradients asked of a network whose outputs are not its targets.
    #[error(
        "integrated gradients follow one output, but the outputs of this head are no targets: only those of a point head without profiles are"
    )]
    NoPoint,
    /// Numbers beside the maps that come as maps.
    #[error("the scalars are a branch of {n_rows} x {n_columns} pixels, but must be one of 1 x 1")]
    NotScalars {
        /// Rows of the mesh.
        n_rows: usize,
        /// Columns of the mesh.
        n_columns: usize,
    },
    /// An ensemble of nobody.
    #[error("an ensemble needs a member")]
    NoMembers,
}
