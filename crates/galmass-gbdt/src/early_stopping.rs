//! When to stop.

use crate::config::BoosterConfig;
use crate::training::Curve;

/// Watches whether metrics still improve.
#[derive(Debug)]
pub(crate) struct EarlyStopping {
    patience: usize,
    least: f64,
    /// For each curve that counts its index, its best value and the round of that.
    best: Vec<(usize, f64, usize)>,
}

impl EarlyStopping {
    /// `None` if training is not to be stopped early, or there is nothing to tell it by. `counts` says of each curve
    /// whether it is of a set that training does not see.
    pub(crate) fn new(config: &BoosterConfig, curves: &[Curve], counts: &[bool]) -> Option<Self> {
        let first = curves.first().map(|curve| &curve.metric);
        let is_watched = |index: &usize| {
            counts[*index] && (!config.first_metric_only || Some(&curves[*index].metric) == first)
        };
        let best: Vec<_> = (0..curves.len()).filter(is_watched).map(|index| (index, f64::NAN, 0)).collect();
        let patience = config.early_stopping_round;
        let is_on = patience > 0 && !best.is_empty();
        is_on.then_some(Self { patience, least: config.early_stopping_min_delta, best })
    }

    /// Looks at the last values; says of what round the best are if one curve has not improved for too long.
    pub(crate) fn look(&mut self, curves: &[Curve]) -> Option<usize> {
        let mut stop = None;
        for (index, best, round_of_best) in &mut self.best {
            let curve = &curves[*index];
            let (Some(&value), round) = (curve.values.last(), curve.values.len()) else { continue };
            let gain = if curve.higher_is_better { value - *best } else { *best - value };
            if best.is_nan() || gain > self.least {
                (*best, *round_of_best) = (value, round);
            } else if round - *round_of_best >= self.patience && stop.is_none() {
                stop = Some(*round_of_best);
            }
        }
        stop
    }

    /// The best round by the first curve.
    pub(crate) fn best(&self) -> usize {
        self.best.first().map_or(0, |&(_, _, round)| round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(metric: &str, higher_is_better: bool) -> Curve {
        Curve { evaluation: "test".into(), metric: metric.into(), higher_is_better, values: Vec::new() }
    }

    #[test]
    fn training_stops_when_nothing_improves() {
        let config = BoosterConfig { early_stopping_round: 2, ..Default::default() };
        let mut curves = vec![curve("a", false)];
        let mut stopping = EarlyStopping::new(&config, &curves, &[true]).unwrap();
        let mut look = |value| {
            curves[0].values.push(value);
            stopping.look(&curves)
        };
        assert_eq!([5.0, 4.0, 4.0, 3.0, 3.5].map(&mut look), [None; 5]);
        assert_eq!(look(3.0), Some(4));
        assert_eq!(stopping.best(), 4);
    }

    #[test]
    fn only_what_counts_is_watched() {
        let curves = [curve("a", true), curve("b", true), curve("a", true)];
        let indices = |first_metric_only, counts: &[bool]| {
            let config = BoosterConfig { early_stopping_round: 1, first_metric_only, ..Default::default() };
            let stopping = EarlyStopping::new(&config, &curves, counts);
            stopping.map(|stopping| stopping.best.iter().map(|best| best.0).collect::<Vec<_>>())
        };
        assert_eq!(indices(false, &[true; 3]), Some(vec![0, 1, 2]));
        assert_eq!(indices(true, &[true; 3]), Some(vec![0, 2]));
        assert_eq!(indices(true, &[false, true, true]), Some(vec![2]));
        assert_eq!(indices(true, &[false; 3]), None);
        assert!(EarlyStopping::new(&BoosterConfig::default(), &curves, &[true; 3]).is_none());
    }

    #[test]
    fn small_improvements_are_none() {
        let config =
            BoosterConfig { early_stopping_round: 2, early_stopping_min_delta: 0.5, ..Default::default() };
        let mut curves = vec![curve("a", true)];
        let mut stopping = EarlyStopping::new(&config, &curves, &[true]).unwrap();
        for (value, expected) in [(1.0, None), (1.4, None), (1.5, Some(1))] {
            curves[0].values.push(value);
            assert_eq!(stopping.look(&curves), expected);
        }
    }
}
