//! A walk to all leaves of a tree, for trees that are too deep to list the ways.

use super::game::{LeafGame, Step};
use crate::{Child, Tree};

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
pub(super) struct Walk {
    tasks: Vec<Task>,
    /// One step for each feature on the way.
    steps: Vec<Step>,
    leaf: LeafGame,
}

impl Walk {
    /// Adds the contributions to the value of a tree.
    pub(super) fn add(&mut self, tree: &Tree, row: &[f64], found: &mut [f64]) {
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
