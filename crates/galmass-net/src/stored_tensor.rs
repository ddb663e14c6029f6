//! Tensors on their way into a safetensors file.

use std::borrow::Cow;

use safetensors::tensor::{Dtype, TensorView, View};

/// A tensor, its bytes those of another file or its own.
pub(crate) struct StoredTensor<'a> {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Cow<'a, [u8]>,
}

impl<'a> StoredTensor<'a> {
    /// The tensor of another file.
    pub(crate) fn of_view(view: &TensorView<'a>) -> Self {
        Self { dtype: view.dtype(), shape: view.shape().into(), bytes: Cow::Borrowed(view.data()) }
    }
}

impl View for StoredTensor<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
