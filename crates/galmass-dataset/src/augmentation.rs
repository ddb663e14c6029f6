//! The symmetries that leave every mass unchanged.

use ndarray::{ArrayViewMut2, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{BranchLayout, Inputs};

/// What is done to the maps of a training batch.
///
/// Turning a map by a quarter, mirroring it, or reversing every velocity leaves each mass of the galaxy what it was:
/// the dihedral group of the square times the velocity reversal, 16 copies of each sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Augmentation {
    /// Nothing: as in Chu et al. (2024), who mention none.
    #[default]
    None,
    /// One of the 16 symmetries, drawn for each sample of each batch; the same for all branches.
    Symmetries,
}

impl Augmentation {
    /// Changes a batch of scaled inputs in place, with the symmetries drawn from `generator`.
    ///
    /// Velocity channels must be scaled with rest at one half, as [`Normalisation`](crate::Normalisation) does it.
    pub fn apply(self, inputs: &mut Inputs, layout: &[BranchLayout], generator: &mut ChaCha8Rng) {
        for (sample, symmetry) in self.draw(inputs.n_samples(), generator).into_iter().enumerate() {
            for (branch, layout) in inputs.branches.iter_mut().zip(layout) {
                let mut maps = branch.index_axis_mut(Axis(0), sample);
                for (map, channel) in maps.outer_iter_mut().zip(&layout.channels) {
                    symmetry.apply(map, channel.is_odd_in_velocity().then_some(0.5));
                }
            }
        }
    }

    /// Draws a symmetry for each sample of a batch; without augmentation there is none to draw, and the list is empty.
    ///
    /// For batches that were gathered in their own units: apply each sample's symmetry to all its maps.
    pub fn draw(self, n_samples: usize, generator: &mut ChaCha8Rng) -> Vec<Symmetry> {
        match self {
            Self::None => Vec::new(),
            Self::Symmetries => (0..n_samples).map(|_| Symmetry::draw(generator)).collect(),
        }
    }
}

/// One of the 16 changes of maps that leave every mass as it is: a quarter turn or a mirror image, with every velocity
/// reversed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symmetry {
    transpose: bool,
    mirror_rows: bool,
    mirror_columns: bool,
    reverse_velocity: bool,
}

impl Symmetry {
    /// All sixteen; the first changes nothing.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..16).map(Self::from_index)
    }

    /// Draws one, all being equally likely.
    pub fn draw(generator: &mut ChaCha8Rng) -> Self {
        Self::from_index(generator.random_range(0..16))
    }

    fn from_index(index: u8) -> Self {
        let bit = |k: u8| index >> k & 1 == 1;
        Self { transpose: bit(0), mirror_rows: bit(1), mirror_columns: bit(2), reverse_velocity: bit(3) }
    }

    /// Changes one map in place. `rest` is the value of no velocity in a map of velocities, 0 in km/s, about which they are
    /// reversed; `None` for a map that is the same when every star moves backwards. NaN stays NaN, and moves along.
    ///
    /// A map that is not square is never turned, only mirrored.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::Symmetry;
    /// use ndarray::array;
    ///
    /// let images: Vec<_> = Symmetry::all()
    ///     .map(|symmetry| {
    ///         let mut velocity = array![[50.0, 0.0], [-100.0, 0.0]];
    ///         symmetry.apply(velocity.view_mut(), Some(0.0));
    ///         velocity
    ///     })
    ///     .collect();
    /// assert_eq!(images[0], array![[50.0, 0.0], [-100.0, 0.0]]);
    /// assert!(images.contains(&array![[-50.0, 100.0], [0.0, 0.0]]));
    /// ```
    pub fn apply(self, mut map: ArrayViewMut2<'_, f32>, rest: Option<f32>) {
        let mut moved = map.to_owned();
        if self.transpose && map.is_square() {
            moved.swap_axes(0, 1);
        }
        if self.mirror_rows {
            moved.invert_axis(Axis(0));
        }
        if self.mirror_columns {
            moved.invert_axis(Axis(1));
        }
        map.assign(&moved);
        if let Some(rest) = rest.filter(|_| self.reverse_velocity) {
            map.mapv_inplace(|x| 2.0 * rest - x);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use galmass_core::seed;
    use ndarray::{Array2, Array4, array};

    use super::*;

    #[test]
    fn the_sixteen_symmetries_are_sixteen() {
        let map = array![[0.1_f32, 0.2], [0.3, 0.4]];
        let images: BTreeSet<Vec<u32>> = Symmetry::all()
            .map(|symmetry| {
                let mut image = map.clone();
                symmetry.apply(image.view_mut(), Some(0.5));
                image.iter().map(|x| x.to_bits()).collect()
            })
            .collect();
        assert_eq!(images.len(), 16);
    }

    #[test]
    fn all_branches_turn_together_and_only_velocities_reverse() {
        let ramp = Array2::from_shape_fn((4, 4), |(row, column)| (row * 4 + column) as f32 / 16.0);
        let layout = BranchLayout::image_and_kinematics();
        let image = Array4::from_shape_fn((64, 1, 4, 4), |(_, _, row, column)| ramp[[row, column]]);
        let kinematics = Array4::from_shape_fn((64, 2, 4, 4), |(_, _, row, column)| ramp[[row, column]]);
        let mut inputs = Inputs { branches: vec![image, kinematics] };
        Augmentation::Symmetries.apply(&mut inputs, &layout, &mut seed::generator(1));
        let mut reversed = 0;
        for sample in 0..64 {
            let map = |branch: usize, channel| {
                inputs.branches[branch]
                    .index_axis(Axis(0), sample)
                    .index_axis_move(Axis(0), channel)
                    .to_owned()
            };
            assert_eq!(map(0, 0), map(1, 1), "light and dispersion");
            let straight = map(0, 0) == map(1, 0);
            reversed += usize::from(!straight);
            assert!(straight || map(1, 0) == map(0, 0).mapv(|x| 1.0 - x));
        }
        assert!((16..48).contains(&reversed), "{reversed} of 64");
    }

    #[test]
    fn none_changes_nothing() {
        let mut inputs = Inputs { branches: vec![Array4::from_elem((2, 1, 3, 3), 0.25)] };
        let before = inputs.clone();
        Augmentation::None.apply(&mut inputs, &BranchLayout::image_and_kinematics(), &mut seed::generator(1));
        assert_eq!(inputs, before);
    }
}
