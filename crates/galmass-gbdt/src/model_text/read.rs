//! From text to boosters.

use super::section::{Line, Section, cut, parse};
use super::{CATEGORICAL, ModelTextError as Error, missing_of};
use crate::booster::Prepared;
use crate::feature::Domain;
use crate::{Booster, CategorySet, Child, Feature, Leaf, Node, Rule, Tree};

const LAST: &str = "end of trees";

pub(super) fn booster(text: &str) -> Result<Booster, Error> {
    let n_lines = text.lines().count();
    let mut lines = text.lines().enumerate().map(|(index, text)| (index + 1, text)).peekable();
    expect(lines.next(), n_lines, "tree")?;
    let header = Section::new(1, &mut lines)?;
    let mut booster = header_of(&header)?;
    loop {
        let line = lines.find(|(_, text)| !text.is_empty());
        if line.is_some_and(|(_, text)| text == LAST) {
            break;
        }
        let (line, text) = line.ok_or(Error::Unfinished { line: n_lines + 1, expected: LAST })?;
        let index = booster.trees.len();
        match text.strip_prefix("Tree=").map(str::parse::<usize>) {
            Some(Ok(found)) if index == found => {}
            Some(_) => {
                return Err(Error::Unexpected { line, expected: "the next tree", found: cut(text) });
            }
            None => {
                return Err(Error::Unexpected { line, expected: "Tree= or end of trees", found: cut(text) });
            }
        }
        let tree = tree(&Section::new(line, &mut lines)?, booster.features.len())?;
        booster.trees.push(tree);
    }
    check_number_of_trees(&header, &booster)?;
    booster.parameters = parameters(&mut lines, n_lines)?;
    Ok(booster)
}

fn expect(line: Option<Line<'_>>, n_lines: usize, expected: &'static str) -> Result<(), Error> {
    match line {
        Some((_, text)) if text == expected => Ok(()),
        Some((line, text)) => Err(Error::Unexpected { line, expected, found: cut(text) }),
        None => Err(Error::Unfinished { line: n_lines + 1, expected }),
    }
}

/// A booster without trees.
fn header_of(header: &Section<'_>) -> Result<Booster, Error> {
    let (line, version) = header.require("version")?;
    if !["v3", "v4"].contains(&version) {
        return Err(Error::Unsupported { line, key: "version", value: cut(version) });
    }
    let n_classes = header.number("num_class")?;
    let n_outputs = match header.get("num_tree_per_iteration") {
        Some(_) => header.number("num_tree_per_iteration")?,
        None => n_classes,
    };
    let last: i64 = header.number("max_feature_idx")?;
    let n_features = usize::try_from(last.saturating_add(1)).unwrap_or(0);
    Ok(Booster {
        trees: Vec::new(),
        features: features(header, n_features)?,
        objective: header.get("objective").map_or("", |(_, objective)| objective).to_owned(),
        n_classes,
        n_outputs,
        is_averaged: header.get("average_output").is_some(),
        label_index: header.number("label_index")?,
        parameters: String::new(),
        forest: Prepared::default(),
    })
}

fn features(header: &Section<'_>, n_features: usize) -> Result<Vec<Feature>, Error> {
    let words = |key: &'static str| {
        let (line, text) = header.require(key)?;
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let found = words.len();
        if found == n_features {
            Ok(words)
        } else {
            Err(Error::Count { line, key, expected: n_features, found })
        }
    };
    let names = words("feature_names")?;
    let infos = words("feature_infos")?;
    let monotone = header.numbers_or("monotone_constraints", n_features, 0)?;
    let line = header.line_of("feature_infos");
    let feature = |((&name, info), monotone)| {
        Ok(Feature { name: str::to_owned(name), domain: domain(line, info)?, monotone })
    };
    names.iter().zip(infos).zip(monotone).map(feature).collect()
}

fn domain(line: usize, info: &str) -> Result<Domain, Error> {
    const KEY: &str = "feature_infos";
    if info == "none" {
        return Ok(Domain::Unused);
    }
    if let Some(range) = info.strip_prefix('[') {
        let ends = range.strip_suffix(']').and_then(|range| range.split_once(':'));
        let malformed = || Error::Malformed { line, key: KEY, value: cut(info), expected: "[low:high]" };
        let (low, high) = ends.ok_or_else(malformed)?;
        return Ok(Domain::Range(parse(line, KEY, low)?, parse(line, KEY, high)?));
    }
    info.split(':')
        .map(|category| parse(line, KEY, category))
        .collect::<Result<_, _>>()
        .map(Domain::Categories)
}

/// The number of trees is that of their sizes, and a multiple of that of outputs.
fn check_number_of_trees(header: &Section<'_>, booster: &Booster) -> Result<(), Error> {
    let found = booster.trees.len();
    if let Some((line, sizes)) = header.get("tree_sizes") {
        let expected = sizes.split(' ').filter(|size| !size.is_empty()).count();
        if expected != found {
            return Err(Error::Count { line, key: "tree_sizes", expected: found, found: expected });
        }
    }
    let key = "num_tree_per_iteration";
    let n_outputs = booster.n_outputs;
    // Without a tree there is one output: how much memory predictions take must not hang on one number.
    if n_outputs == 0 || !found.is_multiple_of(n_outputs) || (found == 0 && n_outputs > 1) {
        let line = header.line_of(key);
        let (value, expected) = (n_outputs.to_string(), "a divisor of the number of trees");
        return Err(Error::Malformed { line, key, value, expected });
    }
    Ok(())
}

fn tree(section: &Section<'_>, n_features: usize) -> Result<Tree, Error> {
    const LEAVES: &str = "num_leaves";
    if section.get("is_linear").is_some_and(|(_, value)| value != "0") {
        let (line, value) = section.require("is_linear")?;
        return Err(Error::Unsupported { line, key: "is_linear", value: cut(value) });
    }
    let n_leaves: usize = section.number(LEAVES)?;
    let values = section.numbers_but("leaf_value", n_leaves, |value| !value.is_finite())?;
    let Some(n) = n_leaves.checked_sub(1) else {
        let (line, value) = (section.line_of(LEAVES), n_leaves.to_string());
        return Err(Error::Malformed { line, key: LEAVES, value, expected: "a number from 1 on" });
    };
    let weights = section.numbers_or("leaf_weight", n_leaves, 0.0)?;
    let counts = section.numbers_or("leaf_count", n_leaves, 0)?;
    let leaves = values.iter().zip(weights).zip(counts);
    let leaves = leaves.map(|((&value, weight), count)| Leaf { value, weight, count }).collect();
    let shrinkage = match section.get("shrinkage") {
        Some(_) => section.number("shrinkage")?,
        None => 1.0,
    };
    let nodes = if n == 0 { Vec::new() } else { nodes(section, n, n_features)? };
    let no_tree = |fault| Error::NoTree { line: section.line_of("left_child"), key: "left_child", fault };
    Tree::new(nodes, leaves, shrinkage).map_err(no_tree)
}

fn nodes(section: &Section<'_>, n: usize, n_features: usize) -> Result<Vec<Node>, Error> {
    let features: Vec<usize> = section.numbers("split_feature", n)?;
    let [left, right] = ["left_child", "right_child"].map(|key| section.numbers::<i64>(key, n));
    let (left, right) = (left?, right?);
    let rules = rules(section, n)?;
    let gains = section.numbers_or("split_gain", n, 0.0)?;
    let values = section.numbers_or("internal_value", n, 0.0)?;
    let weights = section.numbers_or("internal_weight", n, 0.0)?;
    let counts = section.numbers_or("internal_count", n, 0)?;
    if let Some(feature) = features.iter().find(|&&feature| feature >= n_features) {
        let (line, value) = (section.line_of("split_feature"), feature.to_string());
        let expected = "a feature of the model";
        return Err(Error::Malformed { line, key: "split_feature", value, expected });
    }
    let node = |(index, rule): (usize, Rule)| Node {
        feature: features[index],
        rule,
        gain: gains[index],
        left: child(left[index]),
        right: child(right[index]),
        value: values[index],
        weight: weights[index],
        count: counts[index],
    };
    Ok(rules.into_iter().enumerate().map(node).collect())
}

/// The rules of the nodes.
fn rules(section: &Section<'_>, n: usize) -> Result<Vec<Rule>, Error> {
    // Infinite thresholds part numbers from missing values.
    let is_bad = |threshold: f64| threshold.is_nan() || threshold == f64::NEG_INFINITY;
    let thresholds = section.numbers_but("threshold", n, is_bad)?;
    let decision_types: Vec<u8> = section.numbers_or("decision_type", n, 0)?;
    let mut sets = category_sets(section)?;
    let rule = |(&threshold, &decision_type): (&f64, &u8)| {
        let Some(missing) = missing_of(decision_type) else {
            let (line, value) = (section.line_of("decision_type"), decision_type.to_string());
            return Err(Error::Unsupported { line, key: "decision_type", value });
        };
        if decision_type & CATEGORICAL == 0 {
            return Ok(Rule::UpTo { threshold, missing });
        }
        // Negative numbers become 0 on the way to an index. A set is for one node: copies could fill the memory.
        let set = if threshold >= 0.0 { sets.get_mut(threshold as usize) } else { None };
        let Some(categories) = set.and_then(Option::take) else {
            let (line, value) = (section.line_of("threshold"), threshold.to_string());
            let expected = "a set of categories that no other node has";
            return Err(Error::Malformed { line, key: "threshold", value, expected });
        };
        Ok(Rule::OneOf { categories, missing })
    };
    thresholds.iter().zip(&decision_types).map(rule).collect()
}

fn category_sets(section: &Section<'_>) -> Result<Vec<Option<CategorySet>>, Error> {
    const KEY: &str = "cat_boundaries";
    let n_sets: usize = section.number("num_cat")?;
    if n_sets == 0 {
        return Ok(Vec::new());
    }
    let boundaries: Vec<usize> = section.numbers(KEY, n_sets.saturating_add(1))?;
    let words: Vec<u32> = section.numbers("cat_threshold", boundaries.last().copied().unwrap_or(0))?;
    let set = |pair: &[usize]| {
        let words = words.get(pair[0]..pair[1]).ok_or_else(|| Error::Malformed {
            line: section.line_of(KEY),
            key: KEY,
            value: format!("{} {}", pair[0], pair[1]),
            expected: "ascending",
        })?;
        Ok(Some(CategorySet::from_words(words)))
    };
    boundaries.windows(2).map(set).collect()
}

fn child(index: i64) -> Child {
    match usize::try_from(index) {
        Ok(node) => Child::Node(node),
        // -1 is leaf 0: all bits the other way round.
        Err(_) => Child::Leaf(usize::try_from(!index).unwrap_or(usize::MAX)),
    }
}

/// The settings of the training, as they stand after the trees.
fn parameters<'a>(lines: &mut impl Iterator<Item = Line<'a>>, n_lines: usize) -> Result<String, Error> {
    const END: &str = "end of parameters";
    if lines.find(|(_, text)| *text == "parameters:").is_none() {
        return Ok(String::new());
    }
    let mut parameters = Vec::new();
    for (_, text) in lines {
        if text == END {
            return Ok(parameters.join("\n"));
        }
        if !text.is_empty() {
            parameters.push(text);
        }
    }
    Err(Error::Unfinished { line: n_lines + 1, expected: END })
}
