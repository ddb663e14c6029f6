//! How a component gets the columns that only it has.

/// Defines the two methods of an optional column of numbers, one value a particle: the one that adds it, checked, and
/// the one that returns it. The struct has a field `particles` and a field of the column's name; the last name, if
/// given, is a further check.
macro_rules! column {
    ($get:ident, $with:ident, $name:literal, $doc:literal $(, $check:ident)?) => {
        #[doc = concat!(
            "Adds ", $doc, ".\n\n# Errors\n[`ParticleError`](crate::ParticleError) where the length differs or a value \
             cannot be."
        )]
        pub fn $with(mut self, values: Vec<f64>) -> Result<Self, crate::ParticleError> {
            crate::particles::check_length($name, self.particles.len(), values.len())?;
            crate::particles::check_finite($name, &values)?;
            $( crate::particles::$check($name, &values)?; )?
            self.$get = Some(values);
            Ok(self)
        }

        #[doc = concat!("Returns ", $doc, ", where the source has it.")]
        pub fn $get(&self) -> Option<&[f64]> {
            self.$get.as_deref()
        }
    };
}

pub(crate) use column;
