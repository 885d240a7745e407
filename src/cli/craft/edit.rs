//! Packets of a capture file, changed.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::output::Output;
use crate::capture::{Frame, Reader};
use crate::cli::{Exit, Failure, Outcome};
use crate::craft::vary;
use crate::dissect::Packet;
use crate::edit::{Change, ChangeError, Edit, EditError, Edited, Editor, Place, Selector};
use crate::filter::Filter;
use crate::pipeline::{self, Batch, Failed, Options, Work};
use crate::sys::signal;

/// What to change in captured packets.
#[derive(Debug, Args)]
#[command(next_help_heading = "Changing captured packets")]
pub struct EditArguments {
    /// Take the packets of this capture file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["packets", "file", "time", "interval", "count"])]
    from: Option<PathBuf>,
    /// Change only packets that this display filter is true of; others stay as they are
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", requires = "from")]
    filter: Option<String>,
    /// Change only the packet with this number, counted from 1; may be repeated
    #[arg(long, value_name = "N", requires = "from", value_parser = clap::value_parser!(u64).range(1..))]
    packet: Vec<u64>,
    /// Leave out the packets that are not to be changed
    #[arg(long, requires = "from")]
    only: bool,
    /// Take a layer out: vlan, srh, ip6[1] (the second), inner.udp, vlan[*] (all); may be repeated
    #[arg(long, value_name = "LAYER", requires = "from")]
    pop: Vec<String>,
    /// Put layers in: 'vlan(id=7)', 'ip6(src=::1)/srh(path=[::2, ::3])'; may be repeated
    #[arg(long, value_name = "LAYERS", requires = "from")]
    push: Vec<String>,
    /// Where --push puts them: as the layer with this number, counted from 0 [default: where such
    /// layers usually are]
    #[arg(long, value_name = "N", requires = "push", conflicts_with_all = ["before", "after"])]
    at: Option<usize>,
    /// Where --push puts them: before this layer
    #[arg(long, value_name = "LAYER", requires = "push", conflicts_with = "after")]
    before: Option<String>,
    /// Where --push puts them: after this layer
    #[arg(long, value_name = "LAYER", requires = "push")]
    after: Option<String>,
    /// Give a field: srh.tag=7, ip6[1].hlim=3, inner.udp.dport=53, data=\"text\"; auto computes it;
    /// Wireshark's names will do (ipv6.hlim=3); values may vary (udp.sport=1024..2048), the first for
    /// packet number 1; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", requires = "from")]
    set: Vec<String>,
    /// Write MAC address B wherever A is; may be repeated, as all maps
    #[arg(long, value_name = "A=B", requires = "from")]
    map_mac: Vec<String>,
    /// Write addresses of prefix B wherever those of A are, in segment lists, tunnels and quoted
    /// packets too: 2001:db8:1::/48=2001:db8:2::/48
    #[arg(long, value_name = "A=B", requires = "from")]
    map_addr: Vec<String>,
    /// Write UDP or TCP port B wherever A is
    #[arg(long, value_name = "A=B", requires = "from")]
    map_port: Vec<String>,
    /// Write VLAN B wherever A is
    #[arg(long, value_name = "A=B", requires = "from")]
    map_vlan: Vec<String>,
    /// Make wrong checksums right
    #[arg(long, requires = "from")]
    fix: bool,
}

impl EditArguments {
    /// The file to take packets from, if there is one.
    pub fn from(&self) -> Option<&PathBuf> {
        self.from.as_ref()
    }

    /// What is to be done, and which packets it is done to.
    fn plan(&self, vary: vary::Options) -> Result<(Edit, Choice), Failure> {
        let mut edit = Edit { fix: self.fix, vary, ..Edit::default() };
        let wrong = |option: &str, text: &str, error: ChangeError| {
            Failure::input(format_args!("{option} {}: {error}", text.escape_debug()))
        };
        for text in &self.pop {
            edit.changes.push(Change::pop(text).map_err(|error| wrong("--pop", text, error))?);
        }
        let selector = |option, text: &String| Selector::layer(text).map_err(|error| wrong(option, text, error));
        let place = match (self.at, &self.before, &self.after) {
            (Some(number), ..) => Place::At(number),
            (_, Some(text), _) => Place::Before(selector("--before", text)?),
            (.., Some(text)) => Place::After(selector("--after", text)?),
            (None, None, None) => Place::Usual,
        };
        for text in &self.push {
            let change = Change::push(text, place.clone());
            edit.changes.push(change.map_err(|error| wrong("--push", text, error))?);
        }
        for text in &self.set {
            edit.changes.push(Change::set(text).map_err(|error| wrong("--set", text, error))?);
        }
        let maps = &mut edit.maps;
        let mapped = self.map_mac.iter().try_for_each(|text| maps.add_mac(text));
        let mapped = mapped.and_then(|()| self.map_addr.iter().try_for_each(|text| maps.add_address(text)));
        let mapped = mapped.and_then(|()| self.map_port.iter().try_for_each(|text| maps.add_port(text)));
        let mapped = mapped.and_then(|()| self.map_vlan.iter().try_for_each(|text| maps.add_vlan(text)));
        mapped.map_err(|error| Failure::input(format_args!("a map: {error}")))?;
        let filter = self.filter.as_deref().map(Filter::parse).transpose().map_err(Failure::input)?;
        let mut numbers = self.packet.clone();
        numbers.sort_unstable();
        Ok((edit, Choice { filter, numbers }))
    }
}

/// Which packets are to be changed.
#[derive(Clone)]
struct Choice {
    filter: Option<Filter>,
    /// In order; none for all.
    numbers: Vec<u64>,
}

/// What each thread does.
#[derive(Clone)]
struct Changing {
    choice: Choice,
    editor: Editor,
}

/// What became of a batch.
#[derive(Default)]
struct Changed {
    bytes: Vec<u8>,
    /// In the order of the batch.
    chosen: Vec<Chosen>,
    failure: Option<EditError>,
}

/// A packet that was to be changed.
struct Chosen {
    position: usize,
    /// Where its bytes end and what else it is now, if anything of it changed.
    edited: Option<(usize, Edited)>,
}

impl Work for Changing {
    type Output = Changed;

    fn wants(&mut self, packet: &Packet<'_>) -> bool {
        let Choice { filter, numbers } = &self.choice;
        (numbers.is_empty() || numbers.binary_search(&packet.frame.number).is_ok())
            && filter.as_ref().is_none_or(|filter| filter.asks_findings() || filter.matches(packet))
    }

    fn needs_findings(&self) -> bool {
        self.choice.filter.as_ref().is_some_and(Filter::asks_findings)
    }

    fn packet(&mut self, packet: &Packet<'_>, position: usize, output: &mut Changed) {
        let filter = self.choice.filter.as_ref().filter(|filter| filter.asks_findings());
        if output.failure.is_some() || filter.is_some_and(|filter| !filter.matches(packet)) {
            return;
        }
        match self.editor.edit(packet, &mut output.bytes) {
            Ok(edited) => {
                let edited = edited.map(|edited| (output.bytes.len(), edited));
                output.chosen.push(Chosen { position, edited });
            }
            Err(failure) => output.failure = Some(failure),
        }
    }
}

/// What was done in all.
#[derive(Default)]
struct Tally {
    packets: u64,
    changed: u64,
    unsigned: u64,
}

/// Takes the packets of the file at `from` to `output`, changed.
pub fn run(arguments: &EditArguments, vary: vary::Options, from: &PathBuf, mut output: Output) -> Outcome {
    let (edit, choice) = arguments.plan(vary)?;
    if edit.changes.is_empty() && edit.maps.is_empty() && !edit.fix {
        return Err(Failure::input("nothing to change: give --set, --push, --pop, a --map-… or --fix"));
    }
    let asked = choice.numbers.last().copied();
    let reader = Reader::open(from).map_err(Failure::input)?;
    let work = Changing { choice, editor: Editor::new(Arc::new(edit)) };
    let mut tally = Tally::default();
    let result = pipeline::run(
        reader,
        &Options::default(),
        || work.clone(),
        |batch, changed: &mut Changed| take(batch, changed, arguments.only, &mut output, &mut tally),
    );
    if signal::caught().is_some() {
        return Ok(Exit::Interrupted);
    }
    let failure = match result {
        Ok(()) => None,
        // What was read before is whole.
        Err(Failed::Source(error)) => Some(Failure::input(error)),
        Err(Failed::Sink(failure)) => return Err(failure),
    };
    if let (Some(number), None) = (asked.filter(|number| *number > tally.packets), &failure) {
        let (from, packets) = (from.display(), tally.packets);
        return Err(Failure::input(format_args!("there is no packet {number}: {from} has {packets}")));
    }
    output.finish()?;
    anstream::eprintln!("{} of {} packets changed", tally.changed, tally.packets);
    if tally.unsigned > 0 {
        anstream::eprintln!(
            "{} of them carry an HMAC or an authentication header, which were not made anew",
            tally.unsigned
        );
    }
    match failure {
        Some(failure) => Err(failure),
        None if tally.changed == 0 => Ok(Exit::No),
        None => Ok(Exit::Done),
    }
}

/// Hands on a batch: the packets that changed, and those that did not as they
/// are.
fn take(
    batch: &Batch,
    changed: &mut Changed,
    only: bool,
    output: &mut Output,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut chosen = changed.chosen.drain(..).peekable();
    let mut start = 0;
    let mut result = Ok(());
    for position in 0..batch.len() {
        let Some(frame) = batch.frame(position) else { continue };
        if changed.failure.as_ref().is_some_and(|failure| failure.number == frame.number) {
            break;
        }
        tally.packets += 1;
        let choice = chosen.next_if(|choice| choice.position == position);
        result = match choice {
            Some(Chosen { edited: Some((end, edited)), .. }) => {
                tally.changed += 1;
                tally.unsigned += u64::from(edited.unsigned);
                let data = changed.bytes.get(start..end).unwrap_or_default();
                start = end;
                output.captured(&Frame { data, link: edited.link, original_len: edited.original_len, ..frame })
            }
            None if only => Ok(()),
            Some(Chosen { edited: None, .. }) | None => output.captured(&frame),
        };
        if result.is_err() {
            break;
        }
    }
    drop(chosen);
    changed.bytes.clear();
    match changed.failure.take() {
        Some(failure) if result.is_ok() => Err(Failure::input(failure)),
        _ => result,
    }
}
