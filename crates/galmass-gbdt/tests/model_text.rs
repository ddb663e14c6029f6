//! Models of LightGBM, read: predictions, leaves, contributions and importances are its own, and written again they are
//! the same text. `fixtures/make_models.py` made them, on the same tables.

use galmass_gbdt::{Booster, GbdtError, ModelTextError};
use ndarray::{Array2, array};
use proptest::prelude::*;

const CASES: [&str; 12] = [
    "regression",
    "categorical",
    "zero_as_missing",
    "root",
    "binary",
    "multiclass",
    "one_against_all",
    "poisson",
    "cross_entropy",
    "forest",
    "monotone",
    "constant",
];
const FEATURES: usize = 5;
const TEST_ROWS: usize = 40;

fn fixture(file: &str) -> String {
    let path = format!("{}/tests/fixtures/models/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Numbers from 0 to 1, those of `make_models.py`.
fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / 2f64.powi(31)
    };
    (0..n).map(|_| next()).collect()
}

fn test_table() -> Array2<f64> {
    let numbers = uniform(TEST_ROWS * FEATURES, 7);
    let mut x = Array2::from_shape_fn((TEST_ROWS, FEATURES), |(i, k)| 6.0 * numbers[i * FEATURES + k] - 3.0);
    x.column_mut(1).mapv_inplace(|x| (2.0 * (x + 3.0)).floor());
    x.column_mut(2).mapv_inplace(|x| (70.0 * (x + 3.0) / 6.0).floor());
    let (is_missing, is_zero) = (uniform(TEST_ROWS, 8), uniform(TEST_ROWS, 9));
    for row in 0..TEST_ROWS {
        if is_missing[row] < 0.2 {
            x[[row, 3]] = f64::NAN;
        }
        if is_zero[row] < 0.5 {
            x[[row, 4]] = 0.0;
        }
    }
    let infinity = f64::INFINITY;
    let odd = [
        f64::NAN,
        -1.0,
        -0.5,
        0.0,
        1e-36,
        -1e-36,
        3.7,
        31.0,
        32.0,
        69.9,
        96.0,
        1e10,
        -1e10,
        infinity,
        -infinity,
    ];
    for (row, value) in odd.into_iter().enumerate() {
        x[[row, row % FEATURES]] = value;
        x[[row, (row + 2) % FEATURES]] = value;
    }
    x
}

/// The lines of a kind among the predictions of LightGBM.
fn expected(case: &str, kind: &str) -> Vec<Vec<f64>> {
    let text = fixture(&format!("{case}.predictions"));
    let lines = text.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    lines.map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect()).collect()
}

fn rows(found: &Array2<f64>) -> Vec<Vec<f64>> {
    found.rows().into_iter().map(|row| row.to_vec()).collect()
}

fn assert_close(found: &Array2<f64>, expected: &[Vec<f64>], tolerance: f64, what: &str) {
    let found = rows(found);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= tolerance, "{what}, row {index}: {found} {expected}");
        }
    }
}

#[test]
fn predictions_are_those_of_lightgbm() {
    let table = test_table();
    for case in CASES {
        let booster = Booster::from_text(&fixture(&format!("{case}.txt"))).unwrap();
        // Sums of the same numbers in the same order.
        assert_eq!(rows(&booster.predict_raw(table.view()).unwrap()), expected(case, "raw"), "{case}");
        // Two libraries may compute exponentials that differ in the last digit.
        let response = booster.predict_outputs(table.view()).unwrap();
        assert_close(&response, &expected(case, "response"), 1e-14, case);
        let leaves = booster.predict_leaf(table.view()).unwrap().mapv(f64::from);
        assert_eq!(rows(&leaves), expected(case, "leaf"), "{case}");
        let contributions = booster.predict_contrib(table.view()).unwrap();
        assert_close(&contributions, &expected(case, "contrib"), 1e-13, case);
    }
}

#[test]
fn predictions_by_the_first_iterations_are_those_of_lightgbm() {
    let table = test_table();
    for case in CASES {
        let booster = Booster::from_text(&fixture(&format!("{case}.txt"))).unwrap();
        let stages = booster.predict_staged(table.view(), &[1, 2, 2, 1000]).unwrap();
        for (index, n) in [(0, 1), (1, 2)] {
            let stage = booster.iterations(..n).predict_outputs(table.view()).unwrap();
            assert_close(&stage, &expected(case, &format!("stage{n}")), 1e-14, case);
            assert_eq!(stages.index_axis(ndarray::Axis(0), index), stage, "{case}");
        }
        assert_eq!(stages.index_axis(ndarray::Axis(0), 2), stages.index_axis(ndarray::Axis(0), 1));
        let all = booster.predict_outputs(table.view()).unwrap();
        assert_eq!(stages.index_axis(ndarray::Axis(0), 3), all, "{case}");
    }
}

#[test]
fn importances_are_those_of_lightgbm() {
    for case in CASES {
        let booster = Booster::from_text(&fixture(&format!("{case}.txt"))).unwrap();
        let by_split: Vec<f64> = booster.importance_by_split().iter().map(|&n| n as f64).collect();
        assert_eq!(by_split, expected(case, "split")[0], "{case}");
        let gains = Array2::from_shape_vec((1, FEATURES), booster.importance_by_gain()).unwrap();
        // LightGBM keeps the gains that it reads in single precision.
        let most = gains.fold(1.0, |most: f64, &gain| most.max(gain));
        assert_close(&gains, &expected(case, "gain"), 1e-6 * most, case);
    }
}

#[test]
fn texts_are_written_as_they_were_read() {
    for case in CASES {
        let text = fixture(&format!("{case}.txt"));
        let booster = Booster::from_text(&text).unwrap();
        // Python adds a line for pandas at the end.
        let expected = text.split("\npandas_categorical").next().unwrap();
        assert_eq!(booster.to_text(), expected, "{case}");
        assert_eq!(Booster::from_text(&booster.to_text()).unwrap(), booster, "{case}");
        let json = serde_json::to_string(&booster).unwrap();
        assert_eq!(serde_json::from_str::<Booster>(&json).unwrap(), booster, "{case}");
    }
}

#[test]
fn lines_may_end_as_on_windows_and_versions_be_older() {
    let text = fixture("categorical.txt");
    let booster = Booster::from_text(&text).unwrap();
    assert_eq!(Booster::from_text(&text.replace('\n', "\r\n")).unwrap(), booster);
    let older = text.replace("version=v4", "version=v3").replace("is_linear=0\n", "");
    assert_eq!(Booster::from_text(&older).unwrap(), booster);
}

fn error(text: &str) -> ModelTextError {
    match Booster::from_text(text) {
        Err(GbdtError::ModelText(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_name_the_line_and_the_key() {
    let text = fixture("categorical.txt");
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        error(&text.replacen(from, to, 1)).to_string()
    };
    assert_eq!(with("tree\n", "trees\n"), "line 1: tree is expected, not \"trees\"");
    assert_eq!(with("version=v4", "version=v9"), "line 2, version: \"v9\" is not supported");
    assert_eq!(with("num_class=1\n", ""), "line 1, num_class: there is none in the section that begins here");
    assert_eq!(
        with("num_tree_per_iteration=1", "num_tree_per_iteration=3"),
        "line 4, num_tree_per_iteration: \"3\" is not a divisor of the number of trees"
    );
    assert_eq!(
        with("max_feature_idx=4", "max_feature_idx=5"),
        "line 8, feature_names: 5 where 6 are expected"
    );
    assert_eq!(
        with("max_feature_idx=4", "max_feature_idx=x"),
        "line 6, max_feature_idx: \"x\" is not an integer"
    );
    assert_eq!(with("label_index", "version"), "line 5, version: it is there already");
    assert_eq!(with("Tree=1\n", "Tree=2\n"), "line 33: the next tree is expected, not \"Tree=2\"");
    assert_eq!(with("num_leaves=9", "num_leaves=8"), "line 21, leaf_value: 9 where 8 are expected");
    assert_eq!(
        with("num_leaves=9", "num_leaves=18446744073709551615"),
        "line 21, leaf_value: 9 where 18446744073709551615 are expected"
    );
    assert!(with("split_feature=", "split_feature=9").contains("line 15, split_feature: "));
    assert_eq!(with("is_linear=0", "is_linear=1"), "line 29, is_linear: \"1\" is not supported");
    assert!(with("leaf_value=", "leaf_value=inf").contains("line 21, leaf_value: "));
    assert!(with("leaf_value=", "leaf_value=1e999 ").contains("line 21, leaf_value: "));
    assert!(with("decision_type=", "decision_type=1").contains("line 18, decision_type: "));
    assert_eq!(with("end of trees", "end of tree"), with_last_line(&text));
    let linear = error(&fixture("linear.txt"));
    assert!(matches!(linear, ModelTextError::Unsupported { key: "is_linear", .. }), "{linear}");
    let empty = ModelTextError::Unfinished { line: 1, expected: "tree" };
    assert_eq!(error(""), empty);
}

/// The error for a text whose last line of trees is another.
fn with_last_line(text: &str) -> String {
    let line = text.lines().position(|line| line == "end of trees").unwrap() + 1;
    format!("line {line}: Tree= or end of trees is expected, not \"end of tree\"")
}

#[test]
fn sets_of_categories_are_for_one_node() {
    let text = fixture("categorical.txt");
    // The second set in the place of the first: it would be there twice.
    let tree =
        text.split("\nTree=").find(|tree| tree.contains("\nnum_cat=2") || tree.contains("\nnum_cat=3"));
    let line = tree.unwrap().lines().find(|line| line.starts_with("threshold=")).unwrap();
    let twice = line.replacen("=0 ", "=1 ", 1).replacen(" 0 ", " 1 ", 1);
    assert_ne!(line, twice);
    let error = error(&text.replace(line, &twice));
    assert!(matches!(error, ModelTextError::Malformed { key: "threshold", .. }), "{error}");
}

#[test]
fn a_table_of_other_columns_is_refused() {
    let booster = Booster::from_text(&fixture("binary.txt")).unwrap();
    let error = GbdtError::LengthMismatch { what: "a row", expected: 5, found: 2 };
    assert_eq!(booster.predict(array![[1.0, 2.0]].view()), Err(error));
    let booster = Booster::from_text(&fixture("multiclass.txt")).unwrap();
    let error = GbdtError::SeveralOutputs { n_outputs: 3 };
    assert_eq!(booster.predict(test_table().view()), Err(error));
    let error = GbdtError::NotAscending { what: "the stages", index: 1 };
    assert_eq!(booster.predict_staged(test_table().view(), &[2, 1]), Err(error));
}

/// Numbers that nothing is ready for.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1",
    "2",
    "-2",
    "9",
    "255",
    "256",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "nan",
    "-inf",
];

/// The words of a text, and what follows each of them.
fn words(text: &str) -> (Vec<&str>, Vec<&str>) {
    text.split_inclusive([' ', '=', '\n', ':']).map(|word| word.split_at(word.len() - 1)).unzip()
}

/// What comes of a text that may be corrupt: an error that says where, or a booster that can be used.
fn read_and_use(text: &str) {
    let read = Booster::from_text(text);
    if let Err(error) = &read {
        let message = error.to_string();
        let place = message.strip_prefix("line ").and_then(|rest| rest.split([':', ',']).next());
        let line: usize = place.and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("{message}"));
        assert!((1..=text.lines().count() + 1).contains(&line), "{message}");
        assert!(message.len() < 300, "{message}");
    }
    if let Ok(booster) = read {
        let table = Array2::from_shape_fn((3, booster.n_features()), |(i, k)| (i * 7 + k) as f64 - 3.0);
        booster.predict_outputs(table.view()).unwrap();
        booster.predict_leaf(table.view()).unwrap();
        match booster.predict_contrib(table.view()) {
            Ok(_) | Err(GbdtError::NoRows { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        let again = Booster::from_text(&booster.to_text()).unwrap();
        assert_eq!(again.predict_leaf(table.view()), booster.predict_leaf(table.view()));
    }
}

#[test]
fn a_text_cut_short_is_no_model() {
    let text = fixture("one_against_all.txt");
    let end = text.find("end of trees").unwrap() + "end of trees".len();
    for cut in 0..end {
        assert!(Booster::from_text(&text[..cut]).is_err(), "{cut}");
    }
    assert!(Booster::from_text(&text[..end]).is_ok());
    let text = fixture("regression.txt");
    let (begin, end) =
        (text.find("parameters:\n").unwrap() + 12, text.find("end of parameters").unwrap() + 17);
    assert!((begin..end).all(|cut| Booster::from_text(&text[..cut]).is_err()));
}

proptest! {
    #[test]
    fn other_bytes_never_panic(
        case in prop::sample::select(&["categorical", "multiclass", "zero_as_missing", "monotone"][..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"0123456789-=. \neE:[]abctlTn\0"[..])), 1..8),
    ) {
        let mut bytes = fixture(&format!("{case}.txt")).into_bytes();
        for (index, byte) in changes {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        read_and_use(&String::from_utf8(bytes).unwrap());
    }

    /// Numbers in the places of others: counts that do not fit, children that lead back, sets that are not there.
    #[test]
    fn other_numbers_never_panic(
        case in prop::sample::select(&CASES[..]),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::sample::select(&NUMBERS[..])),
            1..4,
        ),
        takes_others in any::<bool>(),
    ) {
        let text = fixture(&format!("{case}.txt"));
        let (words, breaks) = words(&text);
        let mut changed = words.clone();
        let places: Vec<usize> =
            (0..words.len()).filter(|&index| words[index].parse::<f64>().is_ok()).collect();
        for (place, other, number) in changes {
            let place = places[place.index(places.len())];
            changed[place] = if takes_others { words[places[other.index(places.len())]] } else { number };
        }
        let joined: String = changed.iter().zip(&breaks).flat_map(|(word, end)| [*word, *end]).collect();
        read_and_use(&joined);
    }

    /// Children alone: most of these are no tree, and none of them is a way without end.
    #[test]
    fn other_children_never_lead_astray(
        case in prop::sample::select(&["regression", "categorical", "root"][..]),
        key in prop::sample::select(&["left_child=", "right_child="][..]),
        tree in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        child in -12i64..12,
    ) {
        let text = fixture(&format!("{case}.txt"));
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(key)).collect();
        let line = lines[tree.index(lines.len())];
        let mut children: Vec<String> = line[key.len()..].split(' ').map(str::to_owned).collect();
        let place = place.index(children.len());
        let is_other = children[place] != child.to_string();
        children[place] = child.to_string();
        let changed = text.replacen(line, &format!("{key}{}", children.join(" ")), 1);
        read_and_use(&changed);
        // One child less is one that cannot be reached.
        let error = Booster::from_text(&changed).err();
        let is_no_tree = matches!(error, Some(GbdtError::ModelText(ModelTextError::NoTree { .. })));
        assert_eq!(is_no_tree, is_other, "{error:?}");
    }

    #[test]
    fn parts_taken_out_or_doubled_never_panic(
        case in prop::sample::select(&["categorical", "multiclass", "constant"][..]),
        places in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        is_doubled in any::<bool>(),
    ) {
        let text = fixture(&format!("{case}.txt"));
        let (a, b) = (places.0.index(text.len()), places.1.index(text.len()));
        let (begin, end) = (a.min(b), a.max(b));
        let changed = if is_doubled {
            format!("{}{}", &text[..end], &text[begin..])
        } else {
            format!("{}{}", &text[..begin], &text[end..])
        };
        read_and_use(&changed);
    }
}
