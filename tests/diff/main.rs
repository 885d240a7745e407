//! `sr6 diff`: what is said to be the same, and what is not.

mod captures;
mod cli;
mod corpus;
mod nodes;
mod semantic;
#[path = "../support/mod.rs"]
mod support;
