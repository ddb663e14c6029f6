//! Shuffles by a seed: the same bits everywhere and for ever.

/// SplitMix64 (Steele, Lea & Flood 2014).
pub(crate) struct Shuffler(u64);

impl Shuffler {
    /// The generator of a stream of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut shuffler = Self(seed);
        shuffler.0 = shuffler.next().wrapping_add(stream);
        shuffler.0 = shuffler.next();
        shuffler
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Puts things in a random order (Fisher & Yates).
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (2..=things.len()).rev() {
            // The high half of the product is below `end`.
            let other = (u128::from(self.next()) * end as u128) >> 64;
            things.swap(end - 1, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_its_published_first_value() {
        assert_eq!(Shuffler(0).next(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn all_orders_are_as_frequent() {
        let mut shuffler = Shuffler::new(1, 2);
        let mut n_seen = std::collections::HashMap::new();
        for _ in 0..6000 {
            let mut things = [0, 1, 2];
            shuffler.shuffle(&mut things);
            *n_seen.entry(things).or_insert(0) += 1;
        }
        // Within five standard deviations of 1000.
        assert_eq!(n_seen.len(), 6);
        assert!(n_seen.values().all(|n: &i32| (n - 1000).abs() < 145), "{n_seen:?}");
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let shuffled = |seed, stream| {
            let mut things: Vec<usize> = (0..20).collect();
            Shuffler::new(seed, stream).shuffle(&mut things);
            things
        };
        assert_eq!(shuffled(1, 2), shuffled(1, 2));
        assert_ne!(shuffled(1, 2), shuffled(2, 1));
        assert_ne!(shuffled(1, 2), shuffled(1, 3));
    }
}
