//! The rows by which bins are found.

/// The linear congruential generator of Microsoft's C library, which LightGBM draws with.
#[derive(Debug)]
pub(crate) struct Lcg(u32);

impl Lcg {
    pub(crate) fn new(seed: u32) -> Self {
        Self(seed)
    }

    fn next_15_bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(214_013).wrapping_add(2_531_011);
        (self.0 >> 16) & 0x7fff
    }

    /// A number from 0 to 1, without 1.
    pub(crate) fn next_f32(&mut self) -> f32 {
        self.next_15_bits() as f32 / 32_768.0
    }

    fn next_31_bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(214_013).wrapping_add(2_531_011);
        self.0 & 0x7fff_ffff
    }

    /// A number from `low` on, below `high`.
    pub(crate) fn next_int(&mut self, low: usize, high: usize) -> usize {
        self.next_31_bits() as usize % (high - low) + low
    }

    /// `k` of the numbers below `n`, in their order.
    pub(crate) fn sample(&mut self, n: usize, k: usize) -> Vec<usize> {
        if k >= n {
            return (0..n).collect();
        }
        if k > 1 && k as f64 > n as f64 / (k as f64).log2() {
            let mut drawn = Vec::with_capacity(k);
            for index in 0..n {
                let chance = (k - drawn.len()) as f64 / (n - index) as f64;
                if f64::from(self.next_f32()) < chance {
                    drawn.push(index);
                }
            }
            return drawn;
        }
        // Robert Floyd's draw without replacement.
        let mut drawn = std::collections::BTreeSet::new();
        for r in n - k..n {
            let candidate = self.next_int(0, r + 1);
            if !drawn.insert(candidate) {
                drawn.insert(r);
            }
        }
        drawn.into_iter().collect()
    }
}

/// The rows of a table by which its bins are found; `None` for all.
pub(crate) fn sampled_rows(n_rows: usize, n_sampled: usize, seed: u32) -> Option<Vec<usize>> {
    (n_rows > n_sampled).then(|| Lcg::new(seed).sample(n_rows, n_sampled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_in_order_and_without_twins() {
        for (n, k) in [(1000, 900), (1000, 3), (10, 10), (5, 1)] {
            let drawn = Lcg::new(1).sample(n, k);
            assert_eq!(drawn.len(), k, "{n} {k}");
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|&index| index < n));
        }
    }

    #[test]
    fn the_generator_is_that_of_the_c_library() {
        // The first numbers of its rand() after srand(1).
        let mut random = Lcg::new(1);
        assert_eq!([0; 5].map(|_| random.next_15_bits()), [41, 18467, 6334, 26500, 19169]);
        assert!(sampled_rows(10, 10, 1).is_none());
    }
}
