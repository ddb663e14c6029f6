//! The plane of the sky and the line of sight across it.

/// A frame of an observer: the plane of the sky by its unit vectors, and the line of sight away from the observer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sky {
    right: [f64; 3],
    up: [f64; 3],
    depth: [f64; 3],
}

impl Sky {
    pub(crate) fn new(right: [f64; 3], up: [f64; 3]) -> Self {
        let depth = [
            right[1] * up[2] - right[2] * up[1],
            right[2] * up[0] - right[0] * up[2],
            right[0] * up[1] - right[1] * up[0],
        ];
        Self { right, up, depth }
    }

    /// A vector's components to the right and up.
    pub(crate) fn plane(&self, vector: &[f64; 3]) -> [f64; 2] {
        [dot(vector, &self.right), dot(vector, &self.up)]
    }

    /// The distance from the middle of the sky.
    pub(crate) fn radius(&self, position: &[f64; 3]) -> f64 {
        let [right, up] = self.plane(position);
        right.hypot(up)
    }

    /// A vector's component along the line of sight; a positive velocity recedes.
    pub(crate) fn depth(&self, vector: &[f64; 3]) -> f64 {
        dot(vector, &self.depth)
    }
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
