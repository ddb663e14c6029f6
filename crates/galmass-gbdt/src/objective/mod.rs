//! What a booster makes small.

mod squared_error;

pub use squared_error::SquaredError;

/// A loss, by its slopes.
pub trait Objective: Sync {
    /// The score that all rows begin with.
    fn initial_score(&self, labels: &[f32]) -> f64;

    /// Fills the first derivatives of the loss of each row with respect to its score, and the second; returns whether
    /// all second derivatives are 1, in which case they need not be filled.
    fn slopes(&self, scores: &[f64], labels: &[f32], gradients: &mut [f32], hessians: &mut [f32]) -> bool;

    /// The name by which the text of a model knows it.
    fn name(&self) -> &str;
}
