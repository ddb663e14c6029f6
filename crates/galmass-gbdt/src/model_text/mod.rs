//! The text of a model: that of LightGBM 4.
//!
//! ```text
//! tree                            Tree=0                        end of trees
//! version=v4                      num_leaves=5                  feature_importances:
//! num_class=1                     num_cat=0                     Column_3=12
//! max_feature_idx=9               split_feature=3 0 ...         parameters:
//! objective=regression            threshold=...                 [boosting: gbdt]
//! feature_names=...               decision_type=...             end of parameters
//! feature_infos=[low:high] ...    left_child=1 -1 ...
//! tree_sizes=...                  leaf_value=...
//! ```
//!
//! A decision type has a bit for categories (1), one for missing values that go left (2), and two for what is missing:
//! nothing (0), zero and NaN (4), or NaN (8). A child from 0 on is a node, and -1, -2, .. are the leaves 0, 1, ...
//! The threshold of a node of categories is the number of its set, whose words of 32 bits stand in `cat_threshold` from
//! `cat_boundaries` on.

mod error;
mod number;
mod read;
mod section;
mod write;

use std::io::Write;
use std::path::Path;

use crate::{Booster, GbdtError, Missing};
pub use error::ModelTextError;

const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

impl Booster {
    /// Reads a booster from the text of a LightGBM model: versions v3 and v4, of LightGBM 2.3 and later.
    ///
    /// Predictions, leaves and contributions are those that LightGBM makes of the text. What it does without, this does
    /// without: gains, weights and counts that are left out are 0. The settings of the training are kept as they stand.
    ///
    /// # Errors
    /// [`GbdtError::ModelText`] with the line and the key, if the text is none of a model, or has trees with linear
    /// leaves.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::Booster;
    ///
    /// let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n\
    ///     objective=regression\nfeature_names=mass\nfeature_infos=[0:9]\n\nTree=0\nnum_leaves=2\nnum_cat=0\n\
    ///     split_feature=0\nthreshold=5\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=1.5 2.5\n\n\
    ///     end of trees\n";
    /// let booster = Booster::from_text(text)?;
    /// assert_eq!((booster.predict_row(&[5.0]), booster.predict_row(&[6.0])), (1.5, 2.5));
    ///
    /// let error = Booster::from_text(&text.replace("left_child=-1", "left_child=7")).unwrap_err();
    /// assert_eq!(error.to_string(), "line 17, left_child: node 0 has a child that is not there");
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, GbdtError> {
        Ok(read::booster(text)?)
    }

    /// Writes the text of a LightGBM model, version v4.
    ///
    /// Numbers have as many digits as LightGBM gives them: thresholds and the values of leaves can be read again to the
    /// last bit, gains and the values of nodes have six. An objective that LightGBM does not know is left out.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::Array2;
    ///
    /// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
    /// let labels: Vec<f64> = (0..100).map(|row| f64::from(row / 50)).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig::default())?;
    /// let booster = Booster::train(&BoosterConfig::default(), &dataset, &labels)?;
    /// let text = booster.to_text();
    /// assert!(text.starts_with("tree\nversion=v4\n"));
    /// assert_eq!(Booster::from_text(&text)?.predict(table.view())?, booster.predict(table.view())?);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn to_text(&self) -> String {
        write::booster(self)
    }

    /// Reads the text of a model from a file: see [`Booster::from_text`].
    ///
    /// # Errors
    /// As there; [`GbdtError::Io`] if the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, GbdtError> {
        let text = std::fs::read_to_string(path).map_err(|error| io_error(path, &error))?;
        Self::from_text(&text)
    }

    /// Writes the text of the model to a file: see [`Booster::to_text`]. Until it is complete it has another name.
    ///
    /// # Errors
    /// [`GbdtError::Io`] if the file cannot be written; nothing is left behind then.
    pub fn write(&self, path: &Path) -> Result<(), GbdtError> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".galmass-gbdt-");
        // A temporary file is private by default; a model is as readable as any file of its owner.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let write = || {
            let mut file = builder.tempfile_in(folder)?;
            file.write_all(self.to_text().as_bytes())?;
            file.persist(path).map_err(|failed| failed.error)
        };
        write().map(drop).map_err(|error| io_error(path, &error))
    }
}

fn io_error(path: &Path, error: &std::io::Error) -> GbdtError {
    GbdtError::Io { path: path.into(), kind: error.kind() }
}

/// The bits of a decision type that tell where missing values go.
fn bits_of(missing: Missing) -> u8 {
    match missing {
        Missing::AsZero { default_left } => u8::from(default_left) * DEFAULT_LEFT,
        Missing::WithZero { default_left } => 4 + u8::from(default_left) * DEFAULT_LEFT,
        Missing::Right => 8,
        Missing::Left => 8 + DEFAULT_LEFT,
    }
}

/// The reverse; `None` for bits that have no meaning.
fn missing_of(decision_type: u8) -> Option<Missing> {
    let default_left = decision_type & DEFAULT_LEFT != 0;
    match (decision_type >> 2, default_left) {
        (0, _) => Some(Missing::AsZero { default_left }),
        (1, _) => Some(Missing::WithZero { default_left }),
        (2, true) => Some(Missing::Left),
        (2, false) => Some(Missing::Right),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decision_types_have_a_meaning_or_none() {
        for decision_type in 0..=255u8 {
            match missing_of(decision_type) {
                Some(missing) => assert_eq!(bits_of(missing), decision_type & !CATEGORICAL),
                None => assert!(decision_type >= 12),
            }
        }
    }

    #[test]
    fn files_are_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.txt");
        let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n\
            feature_names=a\nfeature_infos=none\n\nTree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=1.5\n\nend of trees\n";
        let booster = Booster::from_text(text).unwrap();
        booster.write(&path).unwrap();
        assert_eq!(Booster::read(&path).unwrap(), booster);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let lost = folder.path().join("nowhere").join("model.txt");
        let kind = std::io::ErrorKind::NotFound;
        assert_eq!(booster.write(&lost), Err(GbdtError::Io { path: lost.clone(), kind }));
        assert_eq!(Booster::read(&lost), Err(GbdtError::Io { path: lost, kind }));
        // A folder in the place of the file: the temporary file is gone again.
        assert!(matches!(booster.write(folder.path()), Err(GbdtError::Io { .. })));
        std::fs::write(&path, [b't', 0xff]).unwrap();
        let kind = std::io::ErrorKind::InvalidData;
        assert_eq!(Booster::read(&path), Err(GbdtError::Io { path, kind }));
    }
}
