//! From scores to what is predicted.

/// What makes a prediction of the scores of a row, by the objective that a booster was trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Link {
    /// The score itself.
    Identity,
    /// A square with the sign of the score: labels were trained by their root.
    SignedSquare,
    /// exp(score).
    Exponential,
    /// ln(1 + exp(score)).
    Softplus,
    /// 1 / (1 + exp(-steepness score)).
    Logistic {
        /// How steep the probability is in the score.
        steepness: f64,
    },
    /// exp(score) as a share of the sum over the scores of a row.
    Softmax,
}

/// The names of objectives that LightGBM knows.
const KNOWN: [&str; 16] = [
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "poisson",
    "quantile",
    "mape",
    "gamma",
    "tweedie",
    "binary",
    "multiclass",
    "multiclassova",
    "cross_entropy",
    "cross_entropy_lambda",
    "lambdarank",
    "rank_xendcg",
];

/// Whether LightGBM knows an objective.
pub(crate) fn is_known(objective: &str) -> bool {
    objective.split(' ').next().is_some_and(|name| KNOWN.contains(&name))
}

impl Link {
    /// The link of an objective, by its name and settings as they stand in the text of a model; the identity for
    /// those not known.
    pub(crate) fn of(objective: &str) -> Self {
        let mut words = objective.split(' ');
        let name = words.next().unwrap_or_default();
        let setting = |key: &str| {
            let mut words = objective.split(' ').skip(1);
            words.find_map(|word| word.strip_prefix(key)?.strip_prefix(':')?.parse().ok())
        };
        match name {
            "binary" | "multiclassova" => Self::Logistic { steepness: setting("sigmoid").unwrap_or(1.0) },
            "cross_entropy" => Self::Logistic { steepness: 1.0 },
            "cross_entropy_lambda" => Self::Softplus,
            "multiclass" => Self::Softmax,
            "poisson" | "gamma" | "tweedie" => Self::Exponential,
            "regression" | "regression_l1" if words.any(|word| word == "sqrt") => Self::SignedSquare,
            _ => Self::Identity,
        }
    }

    /// Puts predictions in the place of the scores of one row.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::Link;
    ///
    /// let mut row = [0.0];
    /// Link::Logistic { steepness: 1.0 }.apply(&mut row);
    /// assert_eq!(row, [0.5]);
    /// let mut row = [7.0, 7.0, 7.0, 7.0];
    /// Link::Softmax.apply(&mut row);
    /// assert_eq!(row, [0.25; 4]);
    /// ```
    pub fn apply(self, scores: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::Softmax => {
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut sum = 0.0;
                for score in scores.iter_mut() {
                    *score = (*score - largest).exp();
                    sum += *score;
                }
                scores.iter_mut().for_each(|score| *score /= sum);
            }
            _ => scores.iter_mut().for_each(|score| *score = self.of_one(*score)),
        }
    }

    fn of_one(self, score: f64) -> f64 {
        match self {
            Self::Identity => score,
            Self::SignedSquare => score.signum() * score * score,
            Self::Exponential => score.exp(),
            Self::Softplus => score.exp().ln_1p(),
            Self::Logistic { steepness } => 1.0 / (1.0 + (-steepness * score).exp()),
            Self::Softmax => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_have_the_links_of_lightgbm() {
        assert_eq!(Link::of("regression"), Link::Identity);
        assert_eq!(Link::of("regression sqrt"), Link::SignedSquare);
        assert_eq!(Link::of("binary sigmoid:2.5"), Link::Logistic { steepness: 2.5 });
        assert_eq!(Link::of("multiclassova num_class:3 sigmoid:0.5"), Link::Logistic { steepness: 0.5 });
        assert_eq!(Link::of("multiclass num_class:3"), Link::Softmax);
        assert_eq!(Link::of("tweedie tweedie_variance_power:1.5"), Link::Exponential);
        assert_eq!(Link::of(""), Link::Identity);
        assert!(is_known("huber") && is_known("binary sigmoid:1") && !is_known("mine") && !is_known(""));
    }

    #[test]
    fn predictions_follow_from_scores() {
        let apply = |objective: &str, mut scores: Vec<f64>| {
            Link::of(objective).apply(&mut scores);
            scores
        };
        assert_eq!(apply("binary sigmoid:1", vec![0.0]), [0.5]);
        assert_eq!(apply("regression sqrt", vec![-3.0]), [-9.0]);
        assert_eq!(apply("multiclass num_class:2", vec![1000.0, 1000.0]), [0.5, 0.5]);
        assert!((apply("cross_entropy_lambda", vec![0.0])[0] - 2f64.ln()).abs() < 1e-15);
        assert!((apply("poisson", vec![1.0])[0] - std::f64::consts::E).abs() < 1e-15);
    }
}
