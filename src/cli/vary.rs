//! Arguments about values that vary from packet to packet.

use std::hash::{BuildHasher, Hasher, RandomState};

use clap::Args;

use crate::craft::vary::Options;

/// How values that vary go together.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Values that vary")]
pub struct VaryArguments {
    /// Let ranges and lists go side by side, up to the end of the shortest, instead of combining
    /// each value with all others
    #[arg(long)]
    zip: bool,
    /// What random values start from: the same number, the same packets, on any machine [default:
    /// another one each time; -v tells it]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl VaryArguments {
    /// What they come to.
    pub fn options(&self) -> Options {
        // The system's randomness, by the only way that std has to it.
        let seed = self.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        Options { zip: self.zip, seed }
    }

    /// Tells the seed, where nobody gave it.
    pub fn tell(&self, options: &Options) {
        if self.seed.is_none() {
            anstream::eprintln!("--seed {}", options.seed);
        }
    }
}
