#![allow(missing_docs)]
pub struct ArrayLayout {
    pub name: String,
    pub shape: Vec<usize>,
    pub unit: String,
    pub description: String,
}
pub struct SampleLayout {
    pub arrays: Vec<ArrayLayout>,
}
#[derive(Clone, Debug, PartialEq)]
pub struct SampleKey {
    pub galaxy_id: u64,
    pub halo_id: u64,
    pub line_of_sight: u32,
    pub suite: u16,
    pub octant: u8,
    pub flags: u32,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub key: SampleKey,
    pub values: Vec<Vec<f32>>,
}
