//! What can be wrong with a call.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::ModelTextError;

/// An error of this crate: the caller can mend the call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GbdtError {
    /// A setting beyond its range.
    #[error("{setting} is {value}, but must be {allowed}")]
    OutOfRange {
        /// The name of the setting.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// Two things of one length differ in it.
    #[error("{what} has {found} entries where {expected} are expected")]
    LengthMismatch {
        /// The thing that is too long or too short.
        what: &'static str,
        /// The length of the others.
        expected: usize,
        /// Its own length.
        found: usize,
    },
    /// A number that is infinite or not a number.
    #[error("{what} of row {row} is {value}")]
    NotFinite {
        /// What the number is.
        what: &'static str,
        /// Its row.
        row: usize,
        /// The number.
        value: f64,
    },
    /// A label that the objective makes no sense for.
    #[error("the label of row {row} is {value}, but for {objective} must be {allowed}")]
    LabelOutOfRange {
        /// The name of the objective.
        objective: &'static str,
        /// The row.
        row: usize,
        /// Its label.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// Labels that are all the same, where the objective makes no sense of that.
    #[error("all labels are {value}, which {objective} makes no sense of")]
    OneLabel {
        /// The name of the objective.
        objective: &'static str,
        /// The label.
        value: f64,
    },
    /// Monotone constraints that the values of leaves would not be held to.
    #[error(
        "monotone_constraints cannot be held with {objective}, which finds the values of leaves by itself"
    )]
    NotMonotone {
        /// The name of the objective.
        objective: String,
    },
    /// A weight below zero, or no weight above it.
    #[error("the weight of row {row} is {value}, but must be 0 or more, and above 0 for some row")]
    WeightOutOfRange {
        /// The row.
        row: usize,
        /// Its weight.
        value: f64,
    },
    /// A feature that is not there.
    #[error("feature {feature} is not among the {n_features} there are")]
    NoSuchFeature {
        /// Its index.
        feature: usize,
        /// How many there are.
        n_features: usize,
    },
    /// A column of sparse rows that is not there.
    #[error("row {row} has column {column}, which is not among the {n_columns} there are")]
    NoSuchColumn {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// How many there are.
        n_columns: usize,
    },
    /// Columns of a sparse row that do not ascend.
    #[error("row {row} has column {column} after column {before}: the columns of a row ascend, each once")]
    ColumnsNotAscending {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// The one before it.
        before: usize,
    },
    /// A category so large that sets of categories, which have a bit for each up to the largest, would fill the memory.
    #[error(
        "feature {feature} has category {category}, but categories go up to {most}: number them from 0 on"
    )]
    CategoryTooLarge {
        /// The feature.
        feature: usize,
        /// The category.
        category: i32,
        /// The largest that can be.
        most: i32,
    },
    /// Early stopping with nothing to stop by.
    #[error("early_stopping_round is {early_stopping_round}, but there is no {missing} to stop by")]
    NothingToStopBy {
        /// The setting.
        early_stopping_round: usize,
        /// What there is none of: evaluations or metrics.
        missing: &'static str,
    },
    /// More rows than fit into 32 bits.
    #[error("{n_rows} rows are more than {most}")]
    TooManyRows {
        /// The rows of the table.
        n_rows: usize,
        /// The most there can be.
        most: usize,
    },
    /// A single number asked of a booster that predicts several for each row.
    #[error("the booster predicts {n_outputs} numbers for each row")]
    SeveralOutputs {
        /// How many.
        n_outputs: usize,
    },
    /// A list that goes down.
    #[error("{what} are not in ascending order: number {index} is below the one before it")]
    NotAscending {
        /// The list.
        what: &'static str,
        /// The first entry, from 0, that is below the one before it.
        index: usize,
    },
    /// A name of a feature that cannot stand in the text of a model.
    #[error("feature {feature} cannot be called {name:?}: names are single words without any of \",:[]{{}}")]
    BadFeatureName {
        /// The index of the feature.
        feature: usize,
        /// Its name.
        name: String,
    },
    /// Two features of one name.
    #[error("feature {feature} is called {name:?}, as one before it")]
    SameFeatureName {
        /// The index of the second.
        feature: usize,
        /// The name.
        name: String,
    },
    /// Contributions asked of a tree that does not tell how many rows of the training a node had.
    #[error("node {node} of tree {tree} has no rows: contributions weigh by them")]
    NoRows {
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
    },
    /// A text that is none of a model.
    #[error(transparent)]
    ModelText(#[from] ModelTextError),
    /// A file that cannot be read or written.
    #[error("{}: {kind}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        kind: ErrorKind,
    },
}
