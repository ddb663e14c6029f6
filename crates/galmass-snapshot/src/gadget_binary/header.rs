//! The header: 256 bytes that say what follows.

use super::endian::Endian;

/// The types that Gadget sorts particles into.
pub(crate) const N_TYPES: usize = 6;

/// The length of a header \[bytes\].
pub(crate) const HEADER_BYTES: usize = 256;

/// What a header says, as stored: nothing but the masses has been checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GadgetHeader {
    /// The particles of each type in this file.
    pub(crate) n_particles: [u32; N_TYPES],
    /// The particles of each type in all files of the snapshot. Programs that write a single file often leave
    /// this 0.
    pub(crate) n_particles_total: [u64; N_TYPES],
    /// The mass of each particle of a type, or 0 where each has its own.
    pub(crate) masses: [f64; N_TYPES],
    /// The scale factor, or the time in runs without expansion.
    pub(crate) time: f64,
    /// The redshift.
    pub(crate) redshift: f64,
    /// The files of the snapshot. Programs that write a single file may leave this 0.
    pub(crate) n_files: u32,
    /// The side of the periodic box, or 0 for none.
    pub(crate) box_size: f64,
    /// The matter density parameter.
    pub(crate) omega_matter: f64,
    /// The dark energy density parameter.
    pub(crate) omega_lambda: f64,
    /// h, the Hubble constant in 100 km/s/Mpc.
    pub(crate) hubble: f64,
    /// Whether the run formed stars.
    pub(crate) has_star_formation: bool,
    /// Whether gas cooled.
    pub(crate) has_cooling: bool,
    /// Whether stars have ages.
    pub(crate) has_stellar_ages: bool,
    /// Whether gas and stars have metallicities.
    pub(crate) has_metals: bool,
    /// Whether the block of internal energies holds entropies.
    pub(crate) holds_entropy: bool,
}

impl GadgetHeader {
    /// Takes a header apart. Its layout is that of Springel (2005), *User guide for GADGET-2*, table 4.
    pub(crate) fn parse(bytes: &[u8; HEADER_BYTES], endian: Endian) -> Self {
        let int = |offset: usize| endian.u32(at(bytes, offset));
        let float = |offset: usize| endian.f64(at(bytes, offset));
        let ints = |offset: usize| std::array::from_fn(|part_type| int(offset + 4 * part_type));
        let [low_words, high_words]: [[u32; N_TYPES]; 2] = [ints(96), ints(168)];
        Self {
            n_particles: ints(0),
            masses: std::array::from_fn(|part_type| float(24 + 8 * part_type)),
            time: float(72),
            redshift: float(80),
            has_star_formation: int(88) != 0,
            has_cooling: int(120) != 0,
            n_files: int(124),
            box_size: float(128),
            omega_matter: float(136),
            omega_lambda: float(144),
            hubble: float(152),
            has_stellar_ages: int(160) != 0,
            has_metals: int(164) != 0,
            n_particles_total: std::array::from_fn(|part_type| {
                u64::from(high_words[part_type]) << 32 | u64::from(low_words[part_type])
            }),
            holds_entropy: int(192) != 0,
        }
    }
}

/// Some bytes of the header. `offset` is one of the numbers above.
fn at<const N: usize>(bytes: &[u8; HEADER_BYTES], offset: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[offset + index])
}
