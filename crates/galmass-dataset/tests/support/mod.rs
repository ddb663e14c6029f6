//! A small set of samples whose every number can be told from its place.

use std::path::Path;

use galmass_dataset::{
    ArrayLayout, Manifest, Sample, SampleKey, SampleLayout, SetDescription, ShardWriter, finish_set,
};
use serde_json::json;

pub(crate) fn description(n_shards: u32) -> SetDescription {
    let array = |name: &str, shape: &[usize], unit: &str| ArrayLayout {
        name: name.into(),
        shape: shape.into(),
        unit: unit.into(),
        description: format!("the {name} of a galaxy"),
    };
    let arrays = vec![
        array("r", &[4, 4], "Lsun"),
        array("velocity", &[3, 3], "km/s"),
        array("dispersion", &[3, 3], "km/s"),
        array("log10_stellar_mass_msun", &[], "1"),
    ];
    SetDescription {
        layout: SampleLayout::new(arrays).unwrap(),
        suites: vec!["cored".into(), "contracted".into()],
        config: json!({"n_lines_of_sight": 3, "image": {"n_px": 4, "half_width_rhsm": 3.0}}),
        seeds: [("population".to_string(), 7), ("lines_of_sight".to_string(), u64::MAX)].into(),
        version: "0.1.0".into(),
        n_shards,
    }
}

/// Line of sight `k % 3` of galaxy `k / 3`.
pub(crate) fn sample(k: u64) -> Sample {
    let galaxy_id = k / 3;
    let key = SampleKey {
        galaxy_id,
        halo_id: galaxy_id / 2,
        line_of_sight: (k % 3) as u32,
        suite: (galaxy_id % 2) as u16,
        octant: (galaxy_id % 8) as u8,
        flags: k as u32,
    };
    let value = |array: usize, place: usize| 1.0 + k as f32 + 0.25 * array as f32 + 0.01 * place as f32;
    let mut values: Vec<Vec<f32>> = [16, 9, 9, 1]
        .iter()
        .enumerate()
        .map(|(a, &n)| (0..n).map(|place| value(a, place)).collect())
        .collect();
    values[1][0] = f32::NAN;
    Sample { key, values }
}

/// Four galaxies, twelve samples, a shard.
pub(crate) fn samples_of(shard: u32) -> impl Iterator<Item = Sample> {
    (u64::from(shard) * 12..u64::from(shard) * 12 + 12).map(sample)
}

pub(crate) fn write_shard(folder: &Path, shard: u32, description: &SetDescription) {
    let mut writer = ShardWriter::create(folder, shard, description).unwrap();
    samples_of(shard).for_each(|sample| writer.push(&sample).unwrap());
    writer.finish().unwrap();
}

pub(crate) fn write_set(folder: &Path, n_shards: u32) -> Manifest {
    let description = description(n_shards);
    (0..n_shards).for_each(|shard| write_shard(folder, shard, &description));
    finish_set(folder, &description).unwrap()
}
