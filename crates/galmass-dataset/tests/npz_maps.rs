//! Archives as others write them, and those that cannot be read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use galmass_dataset::{Channel, DatasetError, LabelColumns, MapSet, read_npz_maps};
use ndarray::{Array1, Array2, Array3, array};
use ndarray_npy::NpzWriter;
use tempfile::TempDir;

struct Archive {
    folder: TempDir,
    writer: NpzWriter<File>,
}

impl Archive {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let labels = "logMstar,GroupNumber\n10.5,4\n11.25,9\n12,77\n";
        fs::write(folder.path().join("labels.csv"), labels).unwrap();
        let writer = NpzWriter::new_compressed(File::create(folder.path().join("maps.npz")).unwrap());
        Self { folder, writer }
    }

    fn maps(mut self, names: &[&str]) -> Self {
        for (index, name) in names.iter().enumerate() {
            self.writer.add_array(*name, &Array3::<f32>::from_elem((2, 5, 5), index as f32)).unwrap();
        }
        self
    }

    fn ids(mut self, ids: Array1<i32>) -> Self {
        self.writer.add_array("group_number", &ids).unwrap();
        self
    }

    fn read(self) -> Result<MapSet, DatasetError> {
        let paths =
            |folder: &Path| -> [PathBuf; 2] { ["maps.npz", "labels.csv"].map(|name| folder.join(name)) };
        self.writer.finish().unwrap();
        let [maps, labels] = paths(self.folder.path());
        read_npz_maps(&maps, &labels, &LabelColumns::default())
    }
}

#[test]
fn maps_are_joined_to_masses_by_galaxy() {
    let set = Archive::new().maps(&["flux", "vlos", "sigma"]).ids(array![9, 4]).read().unwrap();
    assert_eq!(set.galaxy_ids(), [9, 4]);
    assert_eq!(set.target("log10_stellar_mass_msun").unwrap(), [11.25, 10.5]);
    assert_eq!(set.channel(Channel::Dispersion).unwrap()[[1, 3, 3]], 2.0);
}

#[test]
fn double_precision_and_long_integers_do_as_well() {
    let mut archive = Archive::new().maps(&["vlos", "sigma"]);
    archive.writer.add_array("flux", &Array3::<f64>::from_elem((2, 5, 5), 0.5)).unwrap();
    archive.writer.add_array("group_number", &array![4_i64, 4]).unwrap();
    let set = archive.read().unwrap();
    assert_eq!(set.galaxy_ids(), [4, 4]);
    assert_eq!(set.channel(Channel::Light).unwrap()[[0, 0, 0]], 0.5);
}

#[test]
fn what_is_amiss_is_named() {
    let refused = |archive: Archive, words: &[&str]| {
        let error = archive.read().unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "`{error}` lacks one of {words:?}");
    };
    refused(Archive::new().maps(&["flux", "vlos"]).ids(array![4, 9]), &["maps.npz", "`sigma`"]);
    refused(Archive::new().maps(&["flux", "vlos", "sigma"]), &["maps.npz", "`group_number`"]);
    refused(
        Archive::new().maps(&["flux", "vlos", "sigma"]).ids(array![4, -9]),
        &["maps.npz", "-9", "index 1"],
    );
    refused(Archive::new().maps(&["flux", "vlos", "sigma"]).ids(array![4, 5]), &["labels.csv", "galaxy 5"]);
    refused(
        Archive::new().maps(&["flux", "vlos", "sigma"]).ids(array![4]),
        &["maps.npz", "`flux`", "2 samples", "1"],
    );
    refused(
        Archive::new().maps(&["flux", "vlos", "sigma"]).ids(array![]),
        &["maps.npz", "without a single sample"],
    );

    let mut flat = Archive::new().maps(&["vlos", "sigma"]).ids(array![4, 9]);
    flat.writer.add_array("flux", &Array2::<f32>::zeros((2, 25))).unwrap();
    refused(flat, &["maps.npz", "`flux`"]);
    let mut oblong = Archive::new().maps(&["vlos", "sigma"]).ids(array![4, 9]);
    oblong.writer.add_array("flux", &Array3::<f32>::zeros((2, 5, 6))).unwrap();
    refused(oblong, &["maps.npz", "`light`", "5 x 6"]);
}
