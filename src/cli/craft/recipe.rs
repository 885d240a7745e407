//! Packets of recipe files.

use std::path::Path;

use super::output::Output;
use crate::cli::Failure;
use crate::pipeline;
use crate::recipe::{Batch, Recipe, RecipeError, Record};

/// Takes the packets of the recipe at `path` to `output`, parsed and built on
/// all cores.
pub fn run(path: &Path, output: &mut Output) -> Result<(), Failure> {
    let mut recipe = Recipe::open(path).map_err(Failure::input)?;
    pipeline::turns(
        None,
        |batch: &mut Batch| recipe.next_batch(batch).map_err(Failure::input),
        |batch, records: &mut Vec<Result<Record, RecipeError>>| {
            records.clear();
            // What follows an error goes nowhere.
            for record in (0..batch.len()).map_while(|index| batch.record(index)) {
                let failed = record.is_err();
                records.push(record);
                if failed {
                    break;
                }
            }
        },
        |_, records| records.drain(..).try_for_each(|record| output.record(&record.map_err(Failure::input)?)),
    )
}
