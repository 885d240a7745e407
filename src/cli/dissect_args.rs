//! The options that tell a dissection what packets do not carry.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::Failure;
use crate::dissect::Settings;
use crate::srv6::csid::Locators;
use crate::srv6::hmac::{Key, Keys};
use crate::wire::proto::Proto;

/// The help of `--locators`: the file's form, as it is to be laid out.
const LOCATORS_HELP: &str = "\
Locators, and names and behaviours of SIDs, from this TOML file

    [[locator]]               # a block of compressed SIDs
    prefix = \"fcbb:bb00::/32\"
    csid = 16                 # bits of a C-SID
    flavor = \"next\"           # or \"replace\"
    [[sid]]                   # a SID, or all SIDs of a prefix
    sid = \"fc00:a::/48\"
    name = \"n2\"
    behavior = \"End.DT46\"     # of IANA's registry
    locator = 48              # bits of the locator, and of the function; the rest is
    function = 16             # the argument
    argument = \"mob-session\"  # RFC 9433's Args.Mob.Session";

/// What dissecting needs to know beyond the packets.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Knowledge")]
pub struct DissectArguments {
    /// Verify HMAC TLVs with this key: ID:sha1|sha256:SECRET; may be repeated (others can see the
    /// secret in the list of processes: rather use --hmac-keys)
    #[arg(long, value_name = "KEY")]
    hmac_key: Vec<Secret>,
    /// Verify HMAC TLVs with the keys in this file, one ID:sha1|sha256:SECRET a line
    ///
    /// ID is the Key ID, in decimal or after 0x; the secret goes up to the end of the line, blanks
    /// included. Empty lines, and those that start with #, are skipped.
    #[arg(long, value_name = "FILE")]
    hmac_keys: Option<PathBuf>,
    /// Take compressed SIDs apart: BLOCK/LENGTH:C-SID-LENGTH[:next|replace], or auto to guess
    /// F3216; may be repeated
    #[arg(long, value_name = "LOCATOR")]
    locator: Vec<String>,
    /// Locators, and names and behaviours of SIDs, from this TOML file
    #[arg(long, value_name = "FILE", long_help = LOCATORS_HELP)]
    locators: Option<PathBuf>,
    /// Dissect what goes over a UDP port as a protocol: 5000=stamp; may be repeated
    #[arg(long, value_name = "PORT=PROTOCOL")]
    decode_as: Vec<String>,
}

/// Text with a secret in it, which nothing shows.
#[derive(Clone)]
struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl DissectArguments {
    /// Reads the files and checks everything.
    pub fn settings(&self) -> Result<Arc<Settings>, Failure> {
        let mut settings = Settings::default();
        keys(self, &mut settings.keys)?;
        locators(self, &mut settings.locators)?;
        for text in &self.decode_as {
            settings.decode_as.push(decode_as(text)?);
        }
        Ok(Arc::new(settings))
    }
}

fn keys(arguments: &DissectArguments, keys: &mut Keys) -> Result<(), Failure> {
    if let Some(path) = &arguments.hmac_keys {
        let text = read(path)?;
        keys.add_file(&text).map_err(|e| Failure::input(format_args!("{}: {e}", path.display())))?;
    }
    for Secret(text) in &arguments.hmac_key {
        // The error never repeats the text: it has a secret in it.
        keys.add(Key::parse(text).map_err(|e| Failure::input(format_args!("--hmac-key: {e}")))?);
    }
    Ok(())
}

fn locators(arguments: &DissectArguments, locators: &mut Locators) -> Result<(), Failure> {
    if let Some(path) = &arguments.locators {
        let text = read(path)?;
        locators.add_file(&text).map_err(|e| Failure::input(format_args!("{}: {e}", path.display())))?;
    }
    for text in &arguments.locator {
        locators.add(text).map_err(|e| Failure::input(format_args!("--locator: {e}")))?;
    }
    Ok(())
}

fn decode_as(text: &str) -> Result<(u16, Proto), Failure> {
    let wrong = |why: &str| Failure::input(format_args!("--decode-as {}: {why}", text.escape_debug()));
    let (port, name) = text.split_once('=').ok_or_else(|| wrong("write PORT=PROTOCOL"))?;
    let port = port.parse().map_err(|_| wrong("the port is no number from 0 to 65535"))?;
    let proto = Proto::ALL.iter().find(|proto| proto.info().name == name || proto.info().notation == name);
    Ok((port, *proto.ok_or_else(|| wrong("there is no such protocol; 'sr6 fields' lists them"))?))
}

fn read(path: &PathBuf) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| Failure::input(format_args!("{}: {e}", path.display())))
}
