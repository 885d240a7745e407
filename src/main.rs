//! The `sr6` command. All of it is in the library's `cli` module.

use std::process::ExitCode;

fn main() -> ExitCode {
    sr6::cli::main()
}
