//! What each feature contributes to a prediction: its Shapley value.
//!
//! The game of a leaf with value v is a product over the features on the way to it: of 1 where the row goes that way, and
//! of the share z of the training that does where the feature is not known. By Owen's (1972) integral the Shapley value
//! of such a game is
//!
//! ```text
//! phi_i = v (o_i - z_i) int_0^1 prod_{j != i} [t o_j + (1 - t) z_j] dt ,   o_j = 1 where the row goes that way, else 0
//! ```
//!
//! and as the product is a polynomial of t, Gauss-Legendre quadrature with half as many points as there are features is
//! exact. All its terms are positive, so that nothing cancels. It is the value that the recursion of Lundberg et al.
//! (2018) finds, at the same cost: leaves times the square of the depth.

use ndarray::{Array2, ArrayView2};

use crate::predict::by_rows;
use crate::{Booster, Child, GbdtError, Iterations, Tree};

impl Booster {
    /// Finds what each feature contributes to the score of each row (exact TreeSHAP; Lundberg, Erion & Lee 2018,
    /// algorithm 2), in a row for each row of the table, and a column for each feature and one more: the mean score of
    /// the training. With several outputs these columns follow one another, output by output.
    ///
    /// A row adds up to its score ([`Booster::predict_raw`]). As with LightGBM's `pred_contrib`, a feature that is not known follows the rows of the
    /// training, of which each node knows its number.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if the table has more or fewer columns than there are features;
    /// [`GbdtError::NoRows`] if the booster is from a text without the numbers of rows.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::{Array2, array};
    ///
    /// // A quarter of the rows have label 4, the others 0: 1 in the mean.
    /// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
    /// let labels: Vec<f64> = (0..100).map(|row| if row < 75 { 0.0 } else { 4.0 }).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig { min_data_in_bin: 1, ..Default::default() })?;
    /// let config = BoosterConfig { num_leaves: 2, learning_rate: 1.0, num_iterations: 1, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// assert_eq!(booster.predict_contrib(array![[99.0], [0.0]].view())?, array![[3.0, 1.0], [-1.0, 1.0]]);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    ///
    /// # References
    /// Lundberg, Erion & Lee (2018), arXiv:1802.03888; Owen (1972), Manag. Sci. 18, 64.
    pub fn predict_contrib(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_contrib(table)
    }
}

impl Iterations<'_> {
    /// See [`Booster::predict_contrib`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_contrib(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        let (booster, trees) = (self.booster(), self.trees());
        let is_empty = |tree: &Tree| tree.nodes.iter().position(|node| node.count == 0);
        if let Some((tree, node)) =
            trees.iter().enumerate().find_map(|(index, tree)| Some((index, is_empty(tree)?)))
        {
            return Err(GbdtError::NoRows { tree, node });
        }
        let (n_outputs, width) = (booster.n_outputs, booster.n_features() + 1);
        let mut means = vec![0.0; n_outputs];
        for trees in trees.chunks_exact(n_outputs) {
            means.iter_mut().zip(trees).for_each(|(mean, tree)| *mean += tree.mean());
        }
        by_rows(booster, table, n_outputs * width, Walk::default, |walk, row, found| {
            for (found, &mean) in found.chunks_exact_mut(width).zip(&means) {
                found[width - 1] = mean;
            }
            for trees in trees.chunks_exact(n_outputs) {
                for (tree, found) in trees.iter().zip(found.chunks_exact_mut(width)) {
                    walk.add(tree, row, found);
                }
            }
        })
    }
}

impl Tree {
    /// The mean of its values over the rows of the training.
    fn mean(&self) -> f64 {
        match self.nodes.first() {
            Some(root) => self
                .leaves
                .iter()
                .fold(0.0, |sum, leaf| sum + leaf.count as f64 / root.count as f64 * leaf.value),
            None => self.leaves[0].value,
        }
    }

    fn count(&self, child: Child) -> usize {
        match child {
            Child::Node(node) => self.nodes[node].count,
            Child::Leaf(leaf) => self.leaves[leaf].count,
        }
    }
}

/// A feature on the way to a leaf.
#[derive(Clone, Copy, Debug)]
struct Step {
    feature: usize,
    /// The share of the training that goes this way at the nodes of the feature.
    share: f64,
    /// Whether the row does.
    is_taken: bool,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    /// Go to a child, by a step at its parent.
    Visit(Child, Step),
    /// Forget the last feature on the way.
    Pop,
    /// Put back what was known of a feature.
    Restore(usize, Step),
}

/// A walk through all leaves of a tree: by a list of tasks, as trees can be deeper than the stack of a thread.
#[derive(Default)]
struct Walk {
    tasks: Vec<Task>,
    /// One step for each feature on the way.
    steps: Vec<Step>,
    leaf: LeafGame,
}

impl Walk {
    fn add(&mut self, tree: &Tree, row: &[f64], found: &mut [f64]) {
        self.enter(tree, tree.root(), row, found);
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Pop => drop(self.steps.pop()),
                Task::Restore(index, step) => self.steps[index] = step,
                Task::Visit(child, step) => {
                    let known = self.steps.iter().position(|known| known.feature == step.feature);
                    let step = if let Some(index) = known {
                        let known = self.steps[index];
                        self.tasks.push(Task::Restore(index, known));
                        let is_taken = step.is_taken && known.is_taken;
                        self.steps[index] = Step { share: step.share * known.share, is_taken, ..step };
                        self.steps[index]
                    } else {
                        self.tasks.push(Task::Pop);
                        self.steps.push(step);
                        step
                    };
                    // Neither this row goes there nor any of the training: nothing below contributes.
                    if step.is_taken || step.share > 0.0 {
                        self.enter(tree, child, row, found);
                    }
                }
            }
        }
    }

    fn enter(&mut self, tree: &Tree, child: Child, row: &[f64], found: &mut [f64]) {
        match child {
            Child::Leaf(leaf) => self.leaf.add(tree.leaves[leaf].value, &self.steps, found),
            Child::Node(node) => {
                let node = &tree.nodes[node];
                let goes_left = node.goes_left(row[node.feature]);
                for (child, is_taken) in [(node.right, !goes_left), (node.left, goes_left)] {
                    let share = tree.count(child) as f64 / node.count as f64;
                    self.tasks.push(Task::Visit(child, Step { feature: node.feature, share, is_taken }));
                }
            }
        }
    }
}

/// The Shapley values of a leaf.
#[derive(Default)]
struct LeafGame {
    rules: Vec<Option<Quadrature>>,
    taken: Vec<Step>,
    /// For each taken feature the integral over the others, and products on the way to it.
    integrals: Vec<f64>,
    products: Vec<f64>,
}

impl LeafGame {
    fn add(&mut self, value: f64, steps: &[Step], found: &mut [f64]) {
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
