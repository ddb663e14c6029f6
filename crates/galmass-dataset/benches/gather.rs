//! Shuffled samples of the paper's layout from the page cache, beside a plain copy of as many bytes; writing and checking.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::seed;
use galmass_dataset::{
    ArrayLayout, Sample, SampleKey, SampleLayout, SampleSet, SetDescription, ShardWriter, finish_set,
};
use rand::seq::SliceRandom;

const SHARDS: u32 = 4;
const SAMPLES_A_SHARD: u64 = 100;
const BATCH: usize = 32;

/// Two images of 300 and two kinematic maps of 48 pixels a side.
fn description() -> SetDescription {
    let array = |(name, n_px): (&str, usize)| ArrayLayout {
        name: name.into(),
        shape: vec![n_px, n_px],
        unit: "1".into(),
        description: String::new(),
    };
    let arrays = [("r", 300), ("g_minus_r", 300), ("velocity", 48), ("dispersion", 48)].map(array);
    SetDescription {
        layout: SampleLayout::new(arrays.into()).unwrap(),
        suites: vec!["mock".into()],
        config: serde_json::Value::Null,
        seeds: [].into(),
        version: "1".into(),
        n_shards: SHARDS,
    }
}

fn write_shard(folder: &Path, description: &SetDescription, index: u32) {
    let arrays = description.layout.arrays();
    let mut writer = ShardWriter::create(folder, index, description).unwrap();
    for k in 0..SAMPLES_A_SHARD {
        let galaxy_id = u64::from(index) * SAMPLES_A_SHARD + k;
        let (line_of_sight, suite, octant, flags) = (0, 0, SampleKey::NO_OCTANT, 0);
        let key = SampleKey { galaxy_id, halo_id: galaxy_id, line_of_sight, suite, octant, flags };
        let values = arrays.iter().map(|array| vec![galaxy_id as f32; array.n_values()]).collect();
        writer.push(&Sample { key, values }).unwrap();
    }
    writer.finish().unwrap();
}

fn gather(criterion: &mut Criterion) {
    let (folder, description) = (tempfile::tempdir().unwrap(), description());
    (0..SHARDS).for_each(|index| write_shard(folder.path(), &description, index));
    finish_set(folder.path(), &description).unwrap();
    let n_bytes = (description.layout.n_values() * size_of::<f32>()) as u64;

    let mut group = criterion.benchmark_group("gather");
    group.sample_size(10).throughput(Throughput::Bytes(n_bytes * BATCH as u64));
    let mut buffers: Vec<Vec<f32>> =
        description.layout.arrays().iter().map(|array| vec![0.0; BATCH * array.n_values()]).collect();
    let sources = buffers.clone();
    group.bench_function("copy/memory", |bencher| {
        bencher.iter(|| {
            for (source, buffer) in sources.iter().zip(&mut buffers) {
                buffer.copy_from_slice(black_box(source));
            }
        });
    });
    let set = SampleSet::open(folder.path()).unwrap();
    let mut order: Vec<usize> = (0..set.n_samples()).collect();
    order.shuffle(&mut seed::generator(1));
    let mut batches = order.chunks_exact(BATCH).cycle();
    group.bench_function("shuffled/open", |bencher| {
        bencher.iter(|| {
            let batch = batches.next().unwrap();
            for (array, buffer) in description.layout.arrays().iter().zip(&mut buffers) {
                set.array(&array.name).unwrap().gather(batch, buffer).unwrap();
            }
        });
    });
    // A set that is opened anew has no page of it in the tables of the process: the dearest way to touch each sample once.
    group.throughput(Throughput::Bytes(n_bytes * (order.len() / BATCH * BATCH) as u64));
    group.bench_function("shuffled/first_touch", |bencher| {
        bencher.iter(|| {
            let set = SampleSet::open(folder.path()).unwrap();
            for batch in order.chunks_exact(BATCH) {
                for (array, buffer) in description.layout.arrays().iter().zip(&mut buffers) {
                    set.array(&array.name).unwrap().gather(batch, buffer).unwrap();
                }
            }
        });
    });
    group.bench_function("verify", |bencher| bencher.iter(|| assert!(set.verify().is_empty())));
    group.throughput(Throughput::Bytes(n_bytes * SAMPLES_A_SHARD));
    group.bench_function("write", |bencher| bencher.iter(|| write_shard(folder.path(), &description, 0)));
    group.finish();
}

criterion_group!(benches, gather);
criterion_main!(benches);
