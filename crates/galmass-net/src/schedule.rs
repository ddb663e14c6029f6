//! How the learning rate falls.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The learning rate as a fraction of the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// `(1 + cos(pi n / N)) / 2`: from 1 to 0 over the N epochs of the run (Loshchilov & Hutter 2017). What the
    /// "learning rate step" of Chu et al. (2024), table 2, suggests.
    #[default]
    Cosine,
    /// `cos(n / 200)` with the epoch n in radians: the formula of Chu et al. (2024), section 3.1, to the letter. It
    /// falls only to 0.54 in 200 epochs, and below zero after 314, where it is held at 0.
    Literal,
    /// Always 1.
    Constant,
}

impl Schedule {
    /// The fraction in epoch `epoch`, counted from 0, of `n_epochs`.
    ///
    /// # Examples
    /// ```
    /// use galmass_net::Schedule;
    ///
    /// assert_eq!(Schedule::Cosine.factor(0, 200), 1.0);
    /// assert!((Schedule::Cosine.factor(100, 200) - 0.5).abs() < 1e-15);
    /// assert!((Schedule::Literal.factor(100, 200) - 0.878).abs() < 1e-3);
    /// ```
    pub fn factor(self, epoch: usize, n_epochs: usize) -> f64 {
        match self {
            Self::Cosine => 0.5 * (1.0 + (PI * epoch as f64 / n_epochs as f64).cos()),
            Self::Literal => (epoch as f64 / 200.0).cos().max(0.0),
            Self::Constant => 1.0,
        }
    }
}
