//! Numbers from bytes, in the order and precision of the machine that wrote them.

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

/// The number of bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Four = 4,
    Eight = 8,
}

impl Width {
    pub(crate) fn n_bytes(self) -> u64 {
        self as u64
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Four => Self::Eight,
            Self::Eight => Self::Four,
        }
    }
}

impl Endian {
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    pub(crate) fn f64(self, bytes: [u8; 8]) -> f64 {
        match self {
            Self::Little => f64::from_le_bytes(bytes),
            Self::Big => f64::from_be_bytes(bytes),
        }
    }

    /// Turns bytes into floating-point numbers, as many as there are of both.
    pub(crate) fn floats(self, width: Width, bytes: &[u8], values: &mut [f64]) {
        match (self, width) {
            (Self::Little, Width::Four) => fill(values, bytes, |b| f32::from_le_bytes(b).into()),
            (Self::Big, Width::Four) => fill(values, bytes, |b| f32::from_be_bytes(b).into()),
            (Self::Little, Width::Eight) => fill(values, bytes, f64::from_le_bytes),
            (Self::Big, Width::Eight) => fill(values, bytes, f64::from_be_bytes),
        }
    }

    /// Turns bytes into whole numbers, as many as there are of both.
    pub(crate) fn integers(self, width: Width, bytes: &[u8], values: &mut [u64]) {
        match (self, width) {
            (Self::Little, Width::Four) => fill(values, bytes, |b| u32::from_le_bytes(b).into()),
            (Self::Big, Width::Four) => fill(values, bytes, |b| u32::from_be_bytes(b).into()),
            (Self::Little, Width::Eight) => fill(values, bytes, u64::from_le_bytes),
            (Self::Big, Width::Eight) => fill(values, bytes, u64::from_be_bytes),
        }
    }
}

fn fill<const N: usize, T>(values: &mut [T], bytes: &[u8], number: impl Fn([u8; N]) -> T) {
    let (numbers, _) = bytes.as_chunks::<N>();
    for (value, &bytes) in values.iter_mut().zip(numbers) {
        *value = number(bytes);
    }
}
