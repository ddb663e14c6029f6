//! Numbers as C writes them.

/// Writes a number as `%.{digits}g` does: as many significant digits, without zeros at the end, and with an exponent
/// where it is below -4 or not below `digits`.
pub(super) fn push(text: &mut String, value: f64, digits: usize) {
    if !value.is_finite() {
        text.push_str(if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        });
        return;
    }
    let decimals = digits.saturating_sub(1);
    let scientific = format!("{value:.decimals$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent >= -4 && exponent < digits as i32 {
        let decimals = (decimals as i32 - exponent).max(0) as usize;
        text.push_str(without_zeros(&format!("{value:.decimals$}")));
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push_str(without_zeros(mantissa));
        text.push_str(&format!("e{sign}{:02}", exponent.abs()));
    }
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64, digits: usize) -> String {
        let mut text = String::new();
        push(&mut text, value, digits);
        text
    }

    #[test]
    fn numbers_are_those_of_printf() {
        // By printf of the shell's C library.
        let with_17 = [0.1, 1.0, -2.5, 1e300, 1e17, 123456789012345680.0, 1e-4, 1e-5, 0.0, -0.0, 1e16];
        let expected = [
            "0.10000000000000001",
            "1",
            "-2.5",
            "1.0000000000000001e+300",
            "1e+17",
            "1.2345678901234568e+17",
            "0.0001",
            "1.0000000000000001e-05",
            "0",
            "-0",
            "10000000000000000",
        ];
        assert_eq!(with_17.map(|value| number(value, 17)), expected);
        let with_6 = [123456.0, 1234567.0, 999999.5, 0.5, 1e-10, 100.0, 18_833.0, 1e6];
        let expected = ["123456", "1.23457e+06", "1e+06", "0.5", "1e-10", "100", "18833", "1e+06"];
        assert_eq!(with_6.map(|value| number(value, 6)), expected);
        let others = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(others.map(|value| number(value, 6)), ["nan", "inf", "-inf"]);
    }

    #[test]
    fn seventeen_digits_are_enough() {
        for bits in (0..1000u64).map(|k| k.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                assert_eq!(number(value, 17).parse::<f64>(), Ok(value));
            }
        }
    }
}
