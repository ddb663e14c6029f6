//! From a set on disk to batches for a network.

mod support;

use std::ops::Range;

use galmass_core::seed;
use galmass_dataset::{
    ArrayLayout, Augmentation, BranchLayout, Channel, MapSet, Normalisation, Sample, SampleKey, SampleLayout,
    SampleMaps, SampleSet, SetDescription, ShardWriter, Split, SplitPlan, Symmetry, finish_set,
};
use ndarray::{ArrayViewMut2, Axis};
use support::{sample, write_set};

fn maps() -> SampleMaps {
    let channel = |channel, array: &str| (channel, array.to_string());
    SampleMaps {
        channels: vec![
            channel(Channel::Light, "r"),
            channel(Channel::Velocity, "velocity"),
            channel(Channel::Dispersion, "dispersion"),
        ],
        targets: vec!["log10_stellar_mass_msun".into()],
    }
}

#[test]
fn a_normalisation_fitted_on_disk_is_the_one_fitted_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 3);
    let set = SampleSet::open(folder.path()).unwrap();
    let (layout, maps) = (BranchLayout::image_and_kinematics(), maps());
    let split = Split::planned(set.keys(), &SplitPlan::default()).unwrap();
    let on_disk = Normalisation::fit_samples(&set, &split.training, &layout, &maps).unwrap();

    let all: Vec<usize> = (0..set.n_samples()).collect();
    let whole = MapSet::from_samples(&set, &all, &maps).unwrap();
    let in_memory =
        Normalisation::fit(&whole, &split.training, &layout, &["log10_stellar_mass_msun"]).unwrap();
    assert_eq!(on_disk, in_memory);

    // A batch is the same as those rows of the whole, scaled.
    let batch = MapSet::from_samples(&set, &[30, 2, 17], &maps).unwrap();
    assert_eq!(batch.galaxy_ids(), [10, 0, 5]);
    let mut scaled = on_disk.scale(&batch).unwrap();
    assert_eq!(scaled, in_memory.scale(&whole).unwrap().select(&[30, 2, 17]));

    // The symmetries move the pixels of a batch, and change none of its targets.
    let before = scaled.clone();
    Augmentation::Symmetries.apply(&mut scaled.inputs, &layout, &mut seed::generator(4));
    assert_ne!(scaled.inputs, before.inputs);
    let sorted = |samples: &galmass_dataset::ScaledSamples| {
        let mut light: Vec<u32> = samples.inputs.branches[0].iter().map(|x| x.to_bits()).collect();
        light.sort_unstable();
        light
    };
    assert_eq!((sorted(&scaled), &scaled.targets), (sorted(&before), &before.targets));
}

#[test]
fn gathered_maps_turn_in_their_own_units() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 1);
    let set = SampleSet::open(folder.path()).unwrap();
    let mut batch = vec![0.0; 4 * 9];
    set.array("velocity").unwrap().gather(&[1, 2, 3, 4], &mut batch).unwrap();
    let symmetries = Augmentation::Symmetries.draw(4, &mut seed::generator(9));
    let map = |k: usize| -> Range<usize> { 9 * k..9 * k + 9 };
    for (k, symmetry) in symmetries.iter().enumerate() {
        let before = batch[map(k)].to_vec();
        let view = ArrayViewMut2::from_shape((3, 3), &mut batch[map(k)]).unwrap();
        symmetry.apply(view, Some(0.0));
        // The unknown corner is still one pixel, and a corner; the middle keeps its speed.
        let corners = [0, 2, 6, 8].map(|corner| batch[9 * k + corner]);
        assert_eq!(corners.iter().filter(|x| x.is_nan()).count(), 1);
        assert_eq!(batch[9 * k + 4].abs(), before[4]);
    }
    assert!(Augmentation::None.draw(4, &mut seed::generator(9)).is_empty());
    assert_eq!(Symmetry::all().count(), 16);
}

#[test]
fn what_is_no_map_or_no_number_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 1);
    let set = SampleSet::open(folder.path()).unwrap();
    let refused = |indices: &[usize], change: &dyn Fn(&mut SampleMaps), words: &str| {
        let mut maps = maps();
        change(&mut maps);
        let layout = BranchLayout::image_and_kinematics();
        for error in [
            MapSet::from_samples(&set, indices, &maps).unwrap_err(),
            Normalisation::fit_samples(&set, indices, &layout, &maps).unwrap_err(),
        ] {
            assert!(error.to_string().contains(words), "`{error}` lacks `{words}`");
        }
    };
    refused(&[0, 12], &|_| (), "sample 12 of a set of 12");
    refused(&[0, 1], &|maps| maps.channels[0].1 = "i".into(), "no array `i`");
    let number = "log10_stellar_mass_msun";
    refused(&[0, 1], &|maps| maps.channels[0].1 = number.into(), "of shape [] is no square map");
    refused(&[0, 1], &|maps| maps.targets[0] = "r".into(), "`r` of shape [4, 4] is no single number");
}

#[test]
fn a_target_may_be_one_number_of_several() {
    let folder = tempfile::tempdir().unwrap();
    let (unit, description) = (String::from("1"), String::from("three masses"));
    let masses = ArrayLayout { name: "masses".into(), shape: vec![3], unit, description };
    let description = SetDescription {
        layout: SampleLayout::new(vec![masses]).unwrap(),
        suites: vec!["mock".into()],
        config: serde_json::json!({}),
        seeds: [].into(),
        version: "0.1.0".into(),
        n_shards: 1,
    };
    let mut writer = ShardWriter::create(folder.path(), 0, &description).unwrap();
    for galaxy_id in 0..2 {
        let key = SampleKey { galaxy_id, halo_id: 0, line_of_sight: 0, suite: 0, octant: 255, flags: 0 };
        let first = 10.0 * galaxy_id as f32;
        writer.push(&Sample { key, values: vec![vec![first, first + 1.0, first + 2.0]] }).unwrap();
    }
    writer.finish().unwrap();
    finish_set(folder.path(), &description).unwrap();
    let set = SampleSet::open(folder.path()).unwrap();
    let of = |target: &str| {
        let maps = SampleMaps { channels: vec![], targets: vec![target.into()] };
        MapSet::from_samples(&set, &[1, 0], &maps).map(|copied| copied.targets()[0].values.clone())
    };
    assert_eq!(of("masses[2]").unwrap(), [12.0, 2.0]);
    for target in ["masses", "masses[3]", "masses[-1]", "masses[]", "absent[0]"] {
        assert!(of(target).is_err(), "{target}");
    }
    let error = of("masses[3]").unwrap_err().to_string();
    assert!(error.contains("`masses[3]` of shape [3] is no single number"), "{error}");
}

#[test]
fn samples_keep_their_order_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 2);
    let set = SampleSet::open(folder.path()).unwrap();
    let copied = MapSet::from_samples(&set, &[23, 4], &maps()).unwrap();
    let light = copied.channel(Channel::Light).unwrap();
    for (place, k) in [(0, 23), (1, 4)] {
        assert!(light.index_axis(Axis(0), place).iter().eq(&sample(k).values[0]));
    }
    let mass = f64::from(sample(23).values[3][0]);
    assert_eq!(copied.target("log10_stellar_mass_msun").unwrap()[0], mass);
}
