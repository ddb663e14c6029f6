//! Colours: three perceptually uniform, colour-blind-safe maps, and the few flat inks of the figures.
//!
//! The maps are short tables of anchors, linear in sRGB between them: within 2 of 255 of their full tables.

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const BLACK: Rgb = Rgb(0, 0, 0);
pub(crate) const WHITE: Rgb = Rgb(255, 255, 255);
/// Text and spines: a shade softer than black.
pub(crate) const INK: Rgb = Rgb(30, 30, 30);
/// Reference lines that should stay behind the data.
pub(crate) const REFERENCE: Rgb = Rgb(110, 110, 110);
/// The ground of pixels of which nothing is known, and the hatching that tells it from a pale colour.
pub(crate) const UNKNOWN: Rgb = Rgb(240, 240, 240);
pub(crate) const HATCH: Rgb = Rgb(196, 196, 196);
/// Two colours that every form of colour blindness tells apart (Okabe & Ito 2008).
pub(crate) const BLUE: Rgb = Rgb(0, 114, 178);
pub(crate) const VERMILION: Rgb = Rgb(213, 94, 0);
/// More of theirs, for figures with many series.
pub(crate) const GREEN: Rgb = Rgb(0, 158, 115);
pub(crate) const PURPLE: Rgb = Rgb(204, 121, 167);
pub(crate) const ORANGE: Rgb = Rgb(230, 159, 0);

impl Rgb {
    /// The colour in which words can be read on this one.
    pub(crate) fn of_words_on_it(self) -> Rgb {
        // In the middle between those of ink and of white.
        if self.lightness() < 55.0 { WHITE } else { INK }
    }

    /// CIE lightness L*, 0 to 100.
    fn lightness(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2);
        if luminance > 216.0 / 24389.0 { 116.0 * luminance.cbrt() - 16.0 } else { luminance * 24389.0 / 27.0 }
    }
}

/// The colours of series, in order.
pub(crate) const PALETTE: [Rgb; 6] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, INK];

/// A run of colours over 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColourMap {
    /// Black over red to pale yellow, for light.
    Inferno,
    /// Violet over green to yellow, for magnitudes without a sign.
    Viridis,
    /// Blue over light grey to red, for quantities with a sign.
    CoolWarm,
}

impl ColourMap {
    /// The colour at `fraction`, which is clipped to 0..=1.
    pub(crate) fn colour(self, fraction: f64) -> Rgb {
        let anchors = self.anchors();
        let position = fraction.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let below = (position as usize).min(anchors.len() - 2);
        let share = position - below as f64;
        let (low, high) = (anchors[below], anchors[below + 1]);
        Rgb(mix(low.0, high.0, share), mix(low.1, high.1, share), mix(low.2, high.2, share))
    }

    fn anchors(self) -> &'static [Rgb] {
        match self {
            Self::Inferno => &INFERNO,
            Self::Viridis => &VIRIDIS,
            Self::CoolWarm => &COOL_WARM,
        }
    }
}

fn mix(low: u8, high: u8, share: f64) -> u8 {
    (f64::from(low) + share * (f64::from(high) - f64::from(low))).round() as u8
}

/// Every 17th of the 256 colours of `inferno` (N. Smith & S. van der Walt, matplotlib, CC0).
const INFERNO: [Rgb; 16] = [
    Rgb(0, 0, 4),
    Rgb(12, 8, 38),
    Rgb(36, 12, 79),
    Rgb(66, 10, 104),
    Rgb(93, 18, 110),
    Rgb(120, 28, 109),
    Rgb(147, 38, 103),
    Rgb(174, 48, 92),
    Rgb(199, 62, 76),
    Rgb(221, 81, 58),
    Rgb(237, 105, 37),
    Rgb(248, 133, 15),
    Rgb(252, 165, 10),
    Rgb(250, 198, 45),
    Rgb(242, 230, 97),
    Rgb(252, 255, 164),
];

/// Every 17th of the 256 colours of `viridis` (N. Smith, S. van der Walt & E. Firing, matplotlib, CC0).
const VIRIDIS: [Rgb; 16] = [
    Rgb(68, 1, 84),
    Rgb(72, 26, 108),
    Rgb(71, 47, 125),
    Rgb(65, 68, 135),
    Rgb(57, 86, 140),
    Rgb(49, 104, 142),
    Rgb(42, 120, 142),
    Rgb(35, 136, 142),
    Rgb(31, 152, 139),
    Rgb(34, 168, 132),
    Rgb(53, 183, 121),
    Rgb(84, 197, 104),
    Rgb(122, 209, 81),
    Rgb(165, 219, 54),
    Rgb(210, 226, 27),
    Rgb(253, 231, 37),
];

/// Every second of the 33 control points of the cool to warm map of Moreland (2009), "Diverging Color Maps for
/// Scientific Visualization", ISVC, 92.
const COOL_WARM: [Rgb; 17] = [
    Rgb(59, 76, 192),
    Rgb(77, 104, 215),
    Rgb(98, 130, 234),
    Rgb(119, 154, 247),
    Rgb(141, 176, 254),
    Rgb(163, 194, 255),
    Rgb(184, 208, 249),
    Rgb(204, 217, 238),
    Rgb(221, 221, 221),
    Rgb(236, 211, 197),
    Rgb(245, 196, 173),
    Rgb(247, 177, 148),
    Rgb(244, 154, 123),
    Rgb(236, 127, 99),
    Rgb(222, 96, 77),
    Rgb(203, 62, 56),
    Rgb(180, 4, 38),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn lightnesses(map: ColourMap) -> Vec<f64> {
        (0..=100).map(|percent| map.colour(f64::from(percent) / 100.0).lightness()).collect()
    }

    #[test]
    fn sequential_maps_grow_steadily_lighter() {
        for map in [ColourMap::Inferno, ColourMap::Viridis] {
            let steps: Vec<f64> = lightnesses(map).windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(steps.iter().all(|&step| step > 0.0 && step < 2.5), "{map:?}: {steps:?}");
        }
    }

    #[test]
    fn the_diverging_map_is_lightest_at_zero_and_equally_dark_at_its_ends() {
        let lightnesses = lightnesses(ColourMap::CoolWarm);
        assert!(lightnesses[..51].is_sorted());
        assert!(lightnesses[50..].is_sorted_by(|a, b| a >= b));
        assert!((lightnesses[0] - lightnesses[100]).abs() < 3.0);
    }

    #[test]
    fn the_diverging_map_is_blue_below_and_red_above() {
        let (low, high) = (ColourMap::CoolWarm.colour(0.0), ColourMap::CoolWarm.colour(1.0));
        assert!(low.2 > low.0 && high.0 > high.2);
        assert_eq!(ColourMap::CoolWarm.colour(0.5), Rgb(221, 221, 221));
    }

    #[test]
    fn words_stand_out_from_every_colour_of_every_map() {
        for map in [ColourMap::Inferno, ColourMap::Viridis, ColourMap::CoolWarm] {
            for percent in 0..=100 {
                let ground = map.colour(f64::from(percent) / 100.0);
                let apart = (ground.lightness() - ground.of_words_on_it().lightness()).abs();
                assert!(apart > 40.0, "{map:?} at {percent} %: {apart}");
            }
        }
    }

    #[test]
    fn fractions_beyond_the_ends_are_clipped() {
        for map in [ColourMap::Inferno, ColourMap::Viridis, ColourMap::CoolWarm] {
            assert_eq!(map.colour(-3.0), map.colour(0.0));
            assert_eq!(map.colour(f64::INFINITY), map.colour(1.0));
        }
    }
}
