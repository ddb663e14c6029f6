//! Numbers in formats that know only finite ones, as JSON: the others are words.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.collect_str(value) }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    struct AnyNumber;

    impl Visitor<'_> for AnyNumber {
        type Value = f64;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number, \"inf\", \"-inf\" or \"NaN\"")
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
            Ok(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_str<E: Error>(self, word: &str) -> Result<f64, E> {
            match word {
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                "NaN" => Ok(f64::NAN),
                _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
            }
        }
    }

    deserializer.deserialize_any(AnyNumber)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Holder(#[serde(with = "super")] f64);

    #[test]
    fn all_numbers_survive_json() {
        for value in [0.1, -2.0, 3.0, 1e300, f64::INFINITY, f64::NEG_INFINITY] {
            let text = serde_json::to_string(&Holder(value)).unwrap();
            assert_eq!(serde_json::from_str::<Holder>(&text).unwrap().0, value, "{text}");
        }
        assert!(serde_json::from_str::<Holder>("\"NaN\"").is_ok_and(|holder| holder.0.is_nan()));
        assert!(serde_json::from_str::<Holder>("7").is_ok_and(|holder| holder.0 == 7.0));
        assert!(serde_json::from_str::<Holder>("\"7\"").is_err());
    }
}
