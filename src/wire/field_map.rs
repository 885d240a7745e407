//! What somebody knows of fields, found by the field itself.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::wire::field::Field;

/// A map from fields to what is known of them. A field is the static that
/// defines it: several may have one name.
#[derive(Debug, Clone)]
pub struct FieldMap<T>(HashMap<usize, T, BuildHasherDefault<Spread>>);

impl<T> FieldMap<T> {
    /// What is known of `field`; if nothing, what `learn` finds out, from now on.
    pub fn entry(&mut self, field: &'static Field, learn: impl FnOnce() -> T) -> &mut T {
        self.0.entry(std::ptr::from_ref(field).addr()).or_insert_with(learn)
    }
}

impl<T> Default for FieldMap<T> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

/// Spreads addresses, which come from no adversary, over all bits.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, number: usize) {
        // Fibonacci hashing: the golden ratio's bits, and the product's upper
        // half where the lower would be needed.
        let product = u128::from(self.0 ^ number as u64) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::proto::all_fields;

    #[test]
    fn every_field_has_its_own_entry() {
        let mut map = FieldMap::default();
        for round in 0..2 {
            for (_, field) in all_fields() {
                let name = *map.entry(field, || if round == 0 { field.name } else { "" });
                assert_eq!(name, field.name);
            }
        }
        assert!(map.0.len() > 200);
    }
}
