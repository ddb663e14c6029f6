//! Tensors as the primitives of their backend, and those of Flex as slices.

use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{Bytes, DType, Shape, Tensor, TensorData, TensorPrimitive};
use burn_flex::{FlexTensor, Layout};
use rayon::prelude::*;

/// Values that are worth a thread.
const GRAIN: usize = 1 << 14;

pub(crate) fn primitive<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}

pub(crate) fn tensor<B: Backend, const D: usize>(primitive: FloatTensor<B>) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(primitive))
}

pub(crate) fn dims(tensor: &FlexTensor) -> [usize; 4] {
    tensor.layout().shape().dims()
}

/// Takes the tensor, so that one that was contiguous and not shared stays so.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

pub(crate) fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("callers have made it contiguous and checked its type")
}

pub(crate) fn to_vec(tensor: &FlexTensor) -> Vec<f32> {
    slice(tensor).to_vec()
}

pub(crate) fn from_vec<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// Maps `[n, channels, height, width]` with the channels of a pixel side by side in memory, copied where they are not: their
/// storage is `[n, height, width, channels]`.
pub(crate) fn channels_last(maps: FlexTensor) -> FlexTensor {
    let layout = layout(dims(&maps));
    let n_values = layout.num_elements();
    let is_so = maps.storage::<f32>().len() == n_values
        && maps.layout().start_offset() == 0
        && strides(maps.layout()).eq(strides(&layout));
    if is_so {
        return maps.with_layout(layout);
    }
    let pixels = maps.layout().permute(&[0, 2, 3, 1]);
    let copy = maps.with_layout(pixels).to_contiguous();
    copy.with_layout(layout)
}

/// Maps of these sizes from values `[n, height, width, channels]`.
pub(crate) fn from_channels_last(values: Vec<f32>, dims: [usize; 4]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), layout(dims), DType::F32)
}

/// The sum of two maps, in the first where that is not shared.
pub(crate) fn add(maps: FlexTensor, others: FlexTensor) -> FlexTensor {
    let [mut maps, others] = [maps, others].map(channels_last);
    let sums = maps.storage_mut::<f32>().par_chunks_mut(GRAIN);
    sums.zip(others.storage::<f32>().par_chunks(GRAIN)).for_each(|(sums, others)| {
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum += other;
        }
    });
    maps
}

/// Strides that matter: those of axes with more than one place.
fn strides(layout: &Layout) -> impl Iterator<Item = (usize, isize)> {
    let shape = layout.shape().to_vec();
    layout.strides().iter().copied().enumerate().filter(move |(axis, _)| shape[*axis] > 1)
}

fn layout([n, channels, height, width]: [usize; 4]) -> Layout {
    let [of_row, of_column] = [width * channels, channels].map(|stride| stride as isize);
    let strides = vec![height as isize * of_row, 1, of_row, of_column];
    Layout::new(Shape::new([n, channels, height, width]), strides, 0)
}
