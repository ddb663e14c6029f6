//! Tensors that go two ways, and where their gradients meet on the way back.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

/// Maps that go several ways, as the input of a residual block does: into its first convolution and past it.
///
/// [`conv2d_of_fork`](crate::conv2d_of_fork) and [`batch_norm_add_relu_of_fork`](crate::batch_norm_add_relu_of_fork) take
/// it. On the way back their gradients are added where they are, in place of by Burn, which is slow where channels lie side
/// by side.
///
/// What comes of all ways must go into what gradients are asked of: the first of them waits for the others.
#[derive(Clone, Debug)]
pub struct Fork<B: Backend> {
    pub(crate) maps: Tensor<B, 4>,
    pub(crate) meeting: Meeting,
}

impl<B: Backend> Fork<B> {
    /// Maps `[n, channels, height, width]` before they part.
    pub fn new(maps: Tensor<B, 4>) -> Self {
        Self { maps, meeting: Meeting::default() }
    }

    /// The maps, on a way of which nothing is known here: its gradient is added by Burn.
    pub fn maps(&self) -> Tensor<B, 4> {
        self.maps.clone()
    }
}

/// Where the gradients of the ways meet.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Meeting(Arc<Mutex<Guests>>);

#[derive(Default)]
struct Guests {
    n_expected: usize,
    n_arrived: usize,
    sum: Option<Box<dyn Any + Send>>,
}

impl Meeting {
    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that one more gradient will come.
    pub(crate) fn expect_one(&self) {
        self.guests().n_expected += 1;
    }

    /// Brings a gradient, and takes away the sum if it was the last.
    pub(crate) fn bring<T: Any + Send>(&self, gradient: T, add: fn(T, T) -> T) -> Option<T> {
        let mut guests = self.guests();
        let sum = match guests.sum.take().map(|sum| sum.downcast::<T>()) {
            Some(Ok(sum)) => add(gradient, *sum),
            _ => gradient,
        };
        guests.n_arrived += 1;
        if guests.n_arrived == guests.n_expected {
            guests.n_arrived = 0;
            return Some(sum);
        }
        guests.sum = Some(Box::new(sum));
        None
    }
}

impl fmt::Debug for Meeting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guests = self.guests();
        write!(formatter, "{} of {} gradients", guests.n_arrived, guests.n_expected)
    }
}
