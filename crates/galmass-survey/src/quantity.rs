//! The numbers of a sample beside its maps, by name.

/// An array of a sample that is no map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    pub(crate) name: String,
    /// None for one number.
    pub(crate) shape: Vec<usize>,
    pub(crate) unit: String,
    pub(crate) description: String,
}

impl Quantity {
    pub(crate) fn scalar(name: impl Into<String>, unit: &str, description: impl Into<String>) -> Self {
        Self { name: name.into(), shape: Vec::new(), unit: unit.into(), description: description.into() }
    }
}
