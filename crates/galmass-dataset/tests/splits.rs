//! Splits that are kept beside their set.

mod support;

use std::fs;

use galmass_dataset::{Fractions, Grouping, PartSizes, SampleSet, SetSplit, SplitPlan};
use support::write_set;

#[test]
fn a_split_comes_back_and_serves_no_other_set() {
    let [folder, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    write_set(folder.path(), 3);
    write_set(other.path(), 2);
    let set = SampleSet::open(folder.path()).unwrap();
    for grouping in [Grouping::Galaxy, Grouping::Halo, Grouping::Octant, Grouping::Paper] {
        let sizes = PartSizes::Fractions(Fractions { validation: 0.2, test: 0.3 });
        let split = SetSplit::new(&set, SplitPlan { grouping, sizes, seed: u64::MAX }).unwrap();
        split.save(&set, grouping.name()).unwrap();
        assert_eq!(SetSplit::read(&set, grouping.name()).unwrap(), split);
        let shares = matches!(grouping, Grouping::Paper | Grouping::Octant);
        assert!(shares || split.n_shared_galaxies == 0, "{grouping}");
        assert!(grouping != Grouping::Paper || split.n_shared_galaxies > 4);
    }
    let strange = SampleSet::open(other.path()).unwrap();
    fs::copy(folder.path().join("split-galaxy.json"), other.path().join("split-galaxy.json")).unwrap();
    let error = SetSplit::read(&strange, "galaxy").unwrap_err().to_string();
    let both = [&set, &strange].map(|set| set.manifest().checksum().to_string());
    assert!(error.contains("split-galaxy.json") && both.iter().all(|c| error.contains(c)), "{error}");
}

#[test]
fn a_split_that_was_changed_by_hand_must_still_be_one() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 1);
    let set = SampleSet::open(folder.path()).unwrap();
    let sizes = PartSizes::Counts { validation: 1, test: 1 };
    let split = SetSplit::new(&set, SplitPlan { sizes, ..SplitPlan::default() }).unwrap();
    let refused = |change: &dyn Fn(&mut SetSplit), words: &str| {
        let mut changed = split.clone();
        change(&mut changed);
        fs::write(folder.path().join("split-x.json"), serde_json::to_string(&changed).unwrap()).unwrap();
        for error in [SetSplit::read(&set, "x").unwrap_err(), changed.save(&set, "y").unwrap_err()] {
            let error = error.to_string();
            assert!(error.contains(words), "`{error}` lacks `{words}`");
        }
    };
    refused(&|s| s.split.training.truncate(1), "is not in exactly one part of 12 samples");
    refused(&|s| s.split.training.push(12), "sample 12 is not in exactly one part");
    refused(&|s| s.split.test.push(s.split.training[0]), "is not in exactly one part");
    let moved = |s: &mut SetSplit| {
        let sample = s.split.training.remove(0);
        s.split.test.push(sample);
    };
    refused(&moved, "1 galaxies are in more than one part, not 0");
    let error = split.save(&set, "../x").unwrap_err().to_string();
    assert_eq!(error, "`../x` is no name for a split: letters, digits, `_` and `-` are");
}
