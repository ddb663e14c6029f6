//! The Shapley values of one leaf.

/// A feature on the way to a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) feature: usize,
    /// The share of the training that goes this way at the nodes of the feature.
    pub(super) share: f64,
    /// Whether the row does.
    pub(super) is_taken: bool,
}

/// The Shapley values of a leaf.
#[derive(Default)]
pub(super) struct LeafGame {
    rules: Vec<Option<Quadrature>>,
    taken: Vec<Step>,
    /// For each taken feature the integral over the others, and products on the way to it.
    integrals: Vec<f64>,
    products: Vec<f64>,
}

impl LeafGame {
    /// Adds the values of the features on the way to a leaf, each at its place.
    pub(super) fn add(&mut self, value: f64, steps: &[Step], found: &mut [f64]) {
        self.taken.clear();
        self.taken.extend(steps.iter().filter(|step| step.is_taken));
        let n_others = (steps.len() - self.taken.len()) as i32;
        let others = steps.iter().filter(|step| !step.is_taken);
        let share: f64 = others.clone().map(|step| step.share).product();
        self.integrals.clear();
        self.integrals.resize(self.taken.len(), 0.0);
        self.products.resize(self.taken.len(), 0.0);
        let mut integral_of_others = 0.0;
        for &(t, weight) in quadrature(&mut self.rules, steps.len()) {
            // The factor of each feature that is not taken is 1 - t, but for its share.
            let without_one = if n_others > 0 { weight * (1.0 - t).powi(n_others - 1) } else { 0.0 };
            let mut product = if n_others > 0 { without_one * (1.0 - t) } else { weight };
            let factor = |step: &Step| t + (1.0 - t) * step.share;
            for (before, step) in self.products.iter_mut().zip(&self.taken) {
                *before = product;
                product *= factor(step);
            }
            let mut after = 1.0;
            for ((integral, before), step) in
                self.integrals.iter_mut().zip(&self.products).zip(&self.taken).rev()
            {
                *integral += before * after;
                after *= factor(step);
            }
            integral_of_others += without_one * after;
        }
        for (step, integral) in self.taken.iter().zip(&self.integrals) {
            found[step.feature] += (1.0 - step.share) * share * value * integral;
        }
        // Its own share and those of its like: the same for each of them.
        others.for_each(|step| found[step.feature] -= share * value * integral_of_others);
    }
}

/// Points between 0 and 1 and their weights.
type Quadrature = Vec<(f64, f64)>;

/// The rule that is exact for the product of all but one of some features, made where it is not there.
fn quadrature(rules: &mut Vec<Option<Quadrature>>, n_features: usize) -> &[(f64, f64)] {
    /// Beyond this many points only powers of two are made: more of them than needed do no harm.
    const EACH: usize = 32;
    let n_points = n_features.div_ceil(2);
    let n_points = if n_points > EACH { n_points.next_power_of_two() } else { n_points };
    let index = if n_points > EACH { EACH + n_points.ilog2() as usize } else { n_points };
    if rules.len() <= index {
        rules.resize(index + 1, None);
    }
    rules[index].get_or_insert_with(|| gauss_legendre(n_points))
}

/// Gauss's rule with `n` points: the zeros of Legendre's polynomial, by Newton's method.
fn gauss_legendre(n: usize) -> Quadrature {
    let point = |index: usize| {
        let mut x = (std::f64::consts::PI * (index as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            // P_k and P_{k - 1}.
            let (mut last, mut value) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (last, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * last) / k);
            }
            slope = n as f64 * (x * value - last) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_legendre_integrates_polynomials() {
        for n in [1, 2, 3, 7, 16, 40, 128] {
            let rule = gauss_legendre(n);
            for degree in 0..2 * n as i32 {
                let integral: f64 = rule.iter().map(|(t, weight)| weight * t.powi(degree)).sum();
                let expected = 1.0 / (f64::from(degree) + 1.0);
                assert!((integral - expected).abs() < 1e-14, "{n} points, degree {degree}: {integral}");
            }
        }
    }

    #[test]
    fn a_leaf_of_any_number_of_features_parts_its_value() {
        // By symmetry: all share alike what the leaf is worth beyond its mean.
        for n in [1, 2, 3, 31, 64, 65, 300] {
            let steps: Vec<Step> =
                (0..n).map(|feature| Step { feature, share: 0.5, is_taken: true }).collect();
            let mut found = vec![0.0; n];
            LeafGame::default().add(2.0, &steps, &mut found);
            let expected = 2.0 * (1.0 - 0.5f64.powi(n as i32)) / n as f64;
            assert!(found.iter().all(|value| (value - expected).abs() < 1e-14), "{n}: {}", found[0]);
        }
    }
}
