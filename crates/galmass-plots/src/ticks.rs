//! Where an axis is ticked, and what stands beside the ticks.

/// A labelled tick.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// The ticks of an axis; the minor ones have no label.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) major: Vec<Tick>,
    pub(crate) minor: Vec<f64>,
}

/// A range is widened by this share before ticks are kept, so that rounding does not lose one on its edge.
const EDGE: f64 = 1e-9;

/// Ticks at multiples of 1, 2 or 5 times a power of ten: at most `at_most` (2 or more) of them over `low < high`.
pub(crate) fn linear(low: f64, high: f64, at_most: usize) -> Ticks {
    stepped(low, high, at_most, 0.0)
}

/// As [`linear`], at whole numbers only; there may be none.
pub(crate) fn whole(low: f64, high: f64, at_most: usize) -> Ticks {
    stepped(low, high, at_most, 1.0)
}

fn stepped(low: f64, high: f64, at_most: usize, least_step: f64) -> Ticks {
    let at_most = at_most.max(2);
    let (step, decimals) = steps_from(((high - low) / (at_most as f64 + 1.0)).max(least_step))
        .find(|&(step, _)| multiples(low, high, step).len() <= at_most)
        .unwrap_or((high - low, 0));
    let values: Vec<f64> = multiples(low, high, step).into_iter().map(|index| index as f64 * step).collect();
    let labels = linear_labels(&values, decimals);
    Ticks { major: label_with(values, labels), minor: Vec::new() }
}

/// Ticks over `0 < low < high` of a logarithmic axis: powers of ten where there are three or more of them, else
/// 1, 2 and 5 times powers of ten, else as on a linear axis.
pub(crate) fn logarithmic(low: f64, high: f64, at_most: usize) -> Ticks {
    let powers = powers_of_ten(low, high);
    if powers.len() >= 3 {
        return decades(low, high, &powers, at_most);
    }
    let minor = || within(low, high, &powers_of_ten(low / 10.0, high), 2..10);
    let one_two_five: Vec<(f64, String)> = powers_of_ten(low / 10.0, high)
        .into_iter()
        .flat_map(|exponent| [1, 2, 5].map(|digit| (digit, exponent)))
        .map(|(digit, exponent)| (power(digit, exponent), digit_label(digit, exponent)))
        .filter(|&(value, _)| holds(low, high, value))
        .collect();
    match one_two_five.len() {
        3.. if one_two_five.len() <= at_most => {
            let (values, labels) = one_two_five.into_iter().unzip();
            Ticks { major: label_with(values, labels), minor: minor() }
        }
        3.. if powers.len() == 2 => decades(low, high, &powers, at_most),
        _ => linear(low, high, at_most),
    }
}

/// A number in few characters, with a true minus sign: `0.012`, `−35`, `1.2×10⁷`.
pub(crate) fn number(value: f64, significant: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // The exponent after rounding, so that 9.999 with 3 digits is 10.0 and not 10.00.
    let rounded: f64 = format!("{value:.*e}", significant.max(1) - 1).parse().unwrap_or(value);
    let exponent = exponent_of(rounded);
    if (-4..5).contains(&exponent) {
        let decimals = (significant as i32 - 1 - exponent).max(0) as usize;
        return plain(rounded, decimals);
    }
    scientific(rounded, exponent, significant.max(1) - 1)
}

fn decades(low: f64, high: f64, powers: &[i32], at_most: usize) -> Ticks {
    let stride = powers.len().div_ceil(at_most.max(2)) as i32;
    let labelled: Vec<i32> = powers.iter().copied().filter(|exponent| exponent % stride == 0).collect();
    let plain = labelled.iter().all(|exponent| (-2..=2).contains(exponent));
    let label = |&exponent: &i32| if plain { digit_label(1, exponent) } else { power_label(exponent) };
    let labels = labelled.iter().map(label).collect();
    let values = labelled.iter().map(|&exponent| power(1, exponent)).collect();
    let minor = if stride == 1 {
        within(low, high, &powers_of_ten(low / 10.0, high), 2..10)
    } else {
        within(low, high, powers, 1..2)
    };
    Ticks { major: label_with(values, labels), minor }
}

/// The digits of each decade that lie between `low` and `high`.
fn within(low: f64, high: f64, exponents: &[i32], digits: std::ops::Range<u32>) -> Vec<f64> {
    exponents
        .iter()
        .flat_map(|&exponent| digits.clone().map(move |digit| power(digit, exponent)))
        .filter(|&value| holds(low, high, value))
        .collect()
}

fn holds(low: f64, high: f64, value: f64) -> bool {
    value >= low * (1.0 - EDGE) && value <= high * (1.0 + EDGE)
}

fn powers_of_ten(low: f64, high: f64) -> Vec<i32> {
    ((low.log10() - EDGE).ceil() as i32..=(high.log10() + EDGE).floor() as i32).collect()
}

/// `digit` x 10^`exponent`, read as decimal text: 0.3 and not 0.30000000000000004.
fn power(digit: u32, exponent: i32) -> f64 {
    format!("{digit}e{exponent}").parse().unwrap_or(f64::NAN)
}

/// Steps of 1, 2, 5, 10, ... from just below `least` on, each with the decimals that its multiples need.
fn steps_from(least: f64) -> impl Iterator<Item = (f64, usize)> {
    let start = least.log10().floor() as i32;
    (start..start + 4)
        .flat_map(|exponent| [1, 2, 5].map(|digit| (power(digit, exponent), (-exponent).max(0) as usize)))
}

fn multiples(low: f64, high: f64, step: f64) -> Vec<i64> {
    let first = (low / step - EDGE).ceil() as i64;
    let last = (high / step + EDGE).floor() as i64;
    // A range narrower than the precision of its ends would have more multiples than an axis has pixels.
    (first..=last.min(first.saturating_add(1000))).collect()
}

fn linear_labels(values: &[f64], decimals: usize) -> Vec<String> {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 || (largest < 1e5 && decimals <= 4) {
        return values.iter().map(|&value| plain(value, decimals)).collect();
    }
    let exponent = exponent_of(largest);
    let step = values.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(largest);
    let mantissa_decimals = (exponent - exponent_of(step)).max(0) as usize;
    values.iter().map(|&value| scientific(value, exponent, mantissa_decimals)).collect()
}

fn label_with(values: Vec<f64>, labels: Vec<String>) -> Vec<Tick> {
    values.into_iter().zip(labels).map(|(value, label)| Tick { value, label }).collect()
}

fn exponent_of(value: f64) -> i32 {
    // The shortest decimal text knows the exponent exactly, where log10 can be off by a rounding.
    let text = format!("{:e}", value.abs());
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().any(|c| ('1'..='9').contains(&c)) => format!("−{digits}"),
        Some(zero) => zero.to_owned(),
        None => text,
    }
}

fn scientific(value: f64, exponent: i32, decimals: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let mantissa = plain(shifted(value, -exponent), decimals);
    match mantissa.as_str() {
        "1" => power_label(exponent),
        "−1" => format!("−{}", power_label(exponent)),
        _ => format!("{mantissa}×{}", power_label(exponent)),
    }
}

/// `value` x 10^`by`, through decimal text: dividing by a power of ten would leave the last digits wrong.
fn shifted(value: f64, by: i32) -> f64 {
    let text = format!("{value:e}");
    let moved = text.split_once('e').and_then(|(mantissa, exponent)| {
        let exponent: i32 = exponent.parse().ok()?;
        format!("{mantissa}e{}", exponent + by).parse().ok()
    });
    moved.unwrap_or(value)
}

/// `0.05`, `200`, `2×10⁶`.
fn digit_label(digit: u32, exponent: i32) -> String {
    match exponent {
        -4..=4 => plain(power(digit, exponent), (-exponent).max(0) as usize),
        _ if digit == 1 => power_label(exponent),
        _ => format!("{digit}×{}", power_label(exponent)),
    }
}

/// `10⁶`.
fn power_label(exponent: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_carry_the_decimals_of_their_step() {
        assert_eq!(labels(&linear(-10.0, 10.0, 5)), ["−10", "−5", "0", "5", "10"]);
        assert_eq!(labels(&linear(-0.31, 0.34, 4)), ["−0.2", "0.0", "0.2"]);
        assert_eq!(labels(&linear(9.0, 11.6, 6)), ["9.0", "9.5", "10.0", "10.5", "11.0", "11.5"]);
        assert_eq!(labels(&linear(0.0, 300.0, 4)), ["0", "100", "200", "300"]);
    }

    #[test]
    fn whole_ticks_have_no_fractions() {
        assert_eq!(labels(&whole(0.5, 3.5, 7)), ["1", "2", "3"]);
        assert_eq!(labels(&whole(0.5, 1.5, 7)), ["1"]);
        assert_eq!(labels(&whole(0.5, 200.5, 5)), ["50", "100", "150", "200"]);
    }

    #[test]
    fn large_and_small_linear_ticks_are_scientific() {
        assert_eq!(labels(&linear(0.0, 3.0e8, 4)), ["0", "10⁸", "2×10⁸", "3×10⁸"]);
        assert_eq!(labels(&linear(-1.0e8, 0.0, 2)), ["−10⁸", "0"]);
        assert_eq!(labels(&linear(0.0, 2.0e-6, 3)), ["0", "10⁻⁶", "2×10⁻⁶"]);
        assert_eq!(labels(&linear(1.0e8, 1.5e8, 3)), ["1.0×10⁸", "1.2×10⁸", "1.4×10⁸"]);
    }

    #[test]
    fn log_ticks_go_from_powers_over_one_two_five_to_linear_as_the_range_shrinks() {
        assert_eq!(labels(&logarithmic(1e4, 1e8, 6)), ["10⁴", "10⁵", "10⁶", "10⁷", "10⁸"]);
        assert_eq!(labels(&logarithmic(0.005, 20.0, 6)), ["0.01", "0.1", "1", "10"]);
        assert_eq!(labels(&logarithmic(0.04, 1.1, 6)), ["0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(labels(&logarithmic(0.04, 1.1, 4)), ["0.1", "1"]);
        assert_eq!(labels(&logarithmic(0.31, 0.44, 5)), ["0.35", "0.40"]);
        assert_eq!(logarithmic(1.0, 100.0, 5).minor.len(), 16);
    }

    #[test]
    fn many_decades_are_thinned() {
        let ticks = logarithmic(1e-12, 1e12, 5);
        assert_eq!(labels(&ticks), ["10⁻¹⁰", "10⁻⁵", "10⁰", "10⁵", "10¹⁰"]);
    }

    #[test]
    fn no_axis_gets_more_ticks_than_asked_for_and_few_get_none() {
        for (low, width) in [(0.0, 1.0), (-3.7, 9.1), (1e6, 1.0), (-1e-9, 3e-9), (123.4, 1e5), (1e15, 4.0)] {
            for at_most in 2..9 {
                let ticks = linear(low, low + width, at_most);
                assert!((1..=at_most).contains(&ticks.major.len()), "{low} {width} {at_most}: {ticks:?}");
            }
        }
    }

    #[test]
    fn numbers_have_their_significant_digits() {
        assert_eq!(number(0.012345, 2), "0.012");
        assert_eq!(number(-35.04, 3), "−35.0");
        assert_eq!(number(9.999, 3), "10.0");
        assert_eq!(number(1.234e7, 2), "1.2×10⁷");
        assert_eq!(number(2.0e-5, 1), "2×10⁻⁵");
        assert_eq!(number(0.0, 3), "0");
        assert_eq!(number(f64::NAN, 3), "–");
    }
}
