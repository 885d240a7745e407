//! From the text of an expectation file to a [`Case`]. The first thing wrong is
//! told, at its place.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::case::{Breaks, Case, CaseError, CaseProblem, Expectation, Order, Other, Simulate, What};
use super::cursor::{Cursor, statements};
use super::golden::golden;
use crate::caret::{Fault, ParseError, Span};
use crate::dissect::{Diagnosis, Settings, Severity};
use crate::filter::Filter;
use crate::show::choose;
use crate::simulate::{Network, NodeId};
use crate::srv6::endpoint::{Interface, Profile};
use crate::topology::{BUILT_IN, Topology};
use crate::wire::field::{Field, Kind};
use crate::wire::proto::{Proto, field_by_name};

/// What gives the text of a file that an expectation file names.
pub type ReadText<'r> = dyn Fn(&Path) -> io::Result<String> + 'r;

/// The longest expectation file, in bytes.
const MAX_LEN: u64 = 1 << 20;

/// What ends the name of an expectation file.
pub const ENDING: &str = "check";

/// What captures are called; looked for where a case names none.
pub(super) const CAPTURE_ENDINGS: [&str; 8] =
    ["pcap", "pcapng", "cap", "trc", "pcap.gz", "pcapng.gz", "pcap.zst", "pcapng.zst"];

/// The words that statements begin with.
pub(super) const WORDS: [&str; 16] = [
    "capture",
    "hmac-keys",
    "locators",
    "locator",
    "decode-as",
    "breaks",
    "golden",
    "packets",
    "packet",
    "count",
    "every",
    "any",
    "no",
    "diagnostics",
    "path",
    "simulate",
];

impl Case {
    /// Reads the expectation file at `file`.
    ///
    /// # Errors
    /// It cannot be read, or says something that nobody understands.
    pub fn load(file: &Path) -> Result<Self, CaseError> {
        let error = |problem| CaseError { name: name_of(file), file: file.to_owned(), problem };
        let unreadable = |reason: String| error(CaseProblem::Unreadable(reason));
        let about = fs::metadata(file).map_err(|e| unreadable(e.to_string()))?;
        if about.len() > MAX_LEN {
            return Err(unreadable(format!("an expectation file has {MAX_LEN} bytes at most")));
        }
        let bytes = fs::read(file).map_err(|e| unreadable(e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("the text is not UTF-8".to_owned()))?;
        Self::parse(file, &text, &|path| fs::read_to_string(path)).map_err(|fault| {
            let before = &text[..fault.span().start];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
            error(CaseProblem::Text(Box::new(fault), line, column))
        })
    }

    /// Reads the text of an expectation file, which would be at `file` and need
    /// not be there. Nothing is opened: what the text names of keys, locators
    /// and networks is asked of `read`, in which a text from elsewhere may have
    /// to be refused. (Only whether the capture with the name of the case is
    /// there, which the text has no say in, is looked up.)
    ///
    /// # Errors
    /// It says something that nobody understands, or that `read` refuses.
    ///
    /// ```
    /// use std::{io, path::Path};
    /// use sr6::check::Case;
    ///
    /// let nothing = |_: &Path| Err(io::ErrorKind::PermissionDenied.into());
    /// let file = Path::new("suite/ping.check");
    /// let case = Case::parse(file, "capture ping.pcap\npackets == 4", &nothing)?;
    /// assert_eq!(case.capture, Path::new("suite/ping.pcap"));
    /// assert!(Case::parse(file, "hmac-keys /etc/shadow\npackets == 4", &nothing).is_err());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(file: &Path, text: &str, read: &ReadText<'_>) -> Result<Self, ParseError> {
        Self::parsed(file, text, read).map_err(|fault| fault.within(text))
    }

    fn parsed(file: &Path, text: &str, read: &ReadText<'_>) -> Result<Self, Fault> {
        let directory = file.parent().unwrap_or(Path::new(""));
        let mut parser = Parser {
            text,
            directory,
            read,
            stem: file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
            capture: None,
            settings: Settings::default(),
            networks: Vec::new(),
        };
        let mut breaks = None;
        let mut goldens = Vec::new();
        let mut expectations = Vec::new();
        let mut files = BTreeSet::new();
        for mut cursor in statements(text) {
            let place = cursor.span();
            if cursor.eat("golden") {
                let golden = golden(&mut cursor, directory, &parser.stem)?;
                if !files.insert(golden.file.clone()) {
                    let file = golden.file.file_name().unwrap_or_default().to_string_lossy();
                    let message = format!("{file} is another golden's already; name a file for this one: > FILE");
                    return Err(Fault::new(place, message));
                }
                goldens.push(golden);
            } else if cursor.eat("breaks") {
                if breaks.is_some() || cursor.is_empty() {
                    return Err(Fault::new(place, "expected one reason, as `sr6 read` gives it after the file's name"));
                }
                breaks = Some(Breaks { line: cursor.line(), reason: cursor.rest().to_owned() });
            } else if !parser.setting(&mut cursor)? {
                let (line, start) = (cursor.line(), cursor.clone());
                let what = parser.expectation(&mut cursor)?;
                cursor.finish()?;
                let text = start.rest().trim_end().to_owned();
                expectations.push(Expectation { line, fields: named_fields(&text), text, what });
            }
        }
        if goldens.is_empty() && expectations.is_empty() && breaks.is_none() {
            let message = "nothing is checked here; write what must be true, such as 'packets == 3' or 'golden line'";
            return Err(Fault::new(0..0, message));
        }
        let capture = parser.capture.take().unwrap_or_else(|| beside(directory, &parser.stem));
        let settings = Arc::new(parser.settings);
        Ok(Self { name: name_of(file), file: file.to_owned(), capture, settings, breaks, goldens, expectations })
    }
}

/// The name of a case: the file's path without its ending.
pub(super) fn name_of(file: &Path) -> String {
    let name = file.display().to_string();
    name.strip_suffix(".check").map(str::to_owned).unwrap_or(name)
}

/// The capture of a case that names none: the one with its name.
fn beside(directory: &Path, stem: &str) -> PathBuf {
    let candidates = CAPTURE_ENDINGS.iter().map(|ending| directory.join(format!("{stem}.{ending}")));
    let whole = [directory.join(stem)];
    let found = candidates.chain(whole).find(|path| path.is_file());
    found.unwrap_or_else(|| directory.join(format!("{stem}.pcap")))
}

/// Reads a filter that stands at `start` of the whole text.
pub(super) fn filter_in(text: &str, start: usize) -> Result<Filter, Fault> {
    Filter::parse(text).map_err(|error| {
        let Span { start: from, end: to } = error.span();
        Fault::new(start + from..start + to, error.message())
    })
}

/// The fields that a statement names.
fn named_fields(text: &str) -> Vec<&'static Field> {
    let mut fields: Vec<&'static Field> = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')) {
        if let Some(field) = Filter::field_name(word).and_then(field_by_name).filter(|field| field.kind != Kind::Group)
            && !fields.iter().any(|known| known.name == field.name)
        {
            fields.push(field);
        }
    }
    fields
}

struct Parser<'t> {
    text: &'t str,
    directory: &'t Path,
    read: &'t ReadText<'t>,
    /// The file's name without its ending.
    stem: String,
    capture: Option<PathBuf>,
    settings: Settings,
    networks: Vec<(String, Arc<Network>)>,
}

impl Parser<'_> {
    /// Reads a statement about the capture or about how to read it; false where
    /// it is none.
    fn setting(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
        if cursor.eat("capture") {
            let span = cursor.span();
            let name = self.file(cursor)?;
            if self.capture.replace(name).is_some() {
                return Err(Fault::new(span, "a case is about one capture"));
            }
        } else if cursor.eat("hmac-keys") {
            let (span, text) = self.text_of(cursor)?;
            self.settings.keys.add_file(&text).map_err(|e| Fault::new(span, e.to_string()))?;
        } else if cursor.eat("locators") {
            let (span, text) = self.text_of(cursor)?;
            self.settings.locators.add_file(&text).map_err(|e| Fault::new(span, e.to_string()))?;
        } else if cursor.eat("locator") {
            let (text, span) = cursor.word()?;
            self.settings.locators.add(&text).map_err(|e| Fault::new(span, e.to_string()))?;
            cursor.finish()?;
        } else if cursor.eat("decode-as") {
            let port = cursor.value("PORT=PROTOCOL, with a port from 0 to 65535")?;
            cursor.expect("=")?;
            let (name, span) = cursor.bare();
            let named = |proto: &&Proto| [proto.info().name, proto.info().notation].contains(&name);
            let names = Proto::ALL.iter().map(|proto| proto.info().name);
            let proto = Proto::ALL.iter().find(named).filter(|_| !name.is_empty());
            let proto = proto.ok_or_else(|| Fault::unknown(span, "protocol", name, "", names))?;
            self.settings.decode_as.push((port, *proto));
            cursor.finish()?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// A file, relative to the expectation file: the rest of the line, or in
    /// quotes.
    fn file(&self, cursor: &mut Cursor<'_>) -> Result<PathBuf, Fault> {
        let name = if cursor.rest().starts_with(['"', '\'']) {
            let (name, _) = cursor.word()?;
            cursor.finish()?;
            name
        } else {
            cursor.rest().to_owned()
        };
        if name.is_empty() {
            return Err(cursor.fault("expected a file"));
        }
        Ok(self.directory.join(name))
    }

    /// The text of a file.
    fn text_of(&self, cursor: &mut Cursor<'_>) -> Result<(Span, String), Fault> {
        let span = cursor.span();
        let path = self.file(cursor)?;
        let text = (self.read)(&path);
        text.map(|text| (span.clone(), text)).map_err(|e| Fault::new(span, format!("{}: {e}", path.display())))
    }

    fn expectation(&mut self, cursor: &mut Cursor<'_>) -> Result<What, Fault> {
        if cursor.eat("packets") {
            let number = |cursor: &Cursor<'_>| cursor.rest().starts_with(|c: char| c.is_ascii_digit());
            if number(cursor) {
                let range = cursor.span();
                let (first, last) = packets(cursor)?;
                if last < first {
                    return Err(Fault::new(range.start..range.start, "the range ends before it begins"));
                }
                return Ok(What::These { first, last, filter: self.condition(cursor)? });
            }
            let (order, number) = comparison(cursor)?;
            return Ok(What::Packets(order, number));
        }
        if cursor.eat("count") {
            let mut inside = cursor.parenthesized()?;
            // As `sr6 read` has it.
            inside.eat("-Y");
            let filter = self.filter(&inside)?;
            let (order, number) = comparison(cursor)?;
            return Ok(What::Count(filter, order, number));
        }
        if cursor.eat("every") {
            cursor.expect("packet")?;
            let of = match cursor.rest().starts_with('(') {
                true => Some(self.filter(&cursor.parenthesized()?)?),
                false => None,
            };
            return Ok(What::Every { of, filter: self.condition(cursor)? });
        }
        if cursor.eat("any") {
            cursor.expect("packet")?;
            return Ok(What::Any(self.condition(cursor)?));
        }
        if cursor.eat("no") {
            if cursor.eat("packet") {
                return Ok(What::No(self.condition(cursor)?));
            }
            if !cursor.eat("diagnostics") {
                return Err(cursor.fault("expected 'packet: FILTER' or 'diagnostics'"));
            }
            return no_diagnostics(cursor);
        }
        if cursor.eat("diagnostics") {
            let number = self.of_packet(cursor)?;
            let ids = list(cursor, |cursor| diagnosis(cursor))?;
            return Ok(What::Diagnostics(number, ids));
        }
        if cursor.eat("path") {
            let number = self.of_packet(cursor)?;
            let path = list(cursor, |cursor| cursor.value::<Ipv6Addr>("an IPv6 address"))?;
            return Ok(What::Path(number, path));
        }
        if cursor.eat("simulate") {
            return self.simulate(cursor).map(What::Simulate);
        }
        if cursor.eat("packet") {
            let number = packet_number(cursor)?;
            if cursor.eat("==") {
                return self.other(cursor).map(|other| What::Same(number, other));
            }
            let filter = self.condition(cursor)?;
            return Ok(What::These { first: number, last: number, filter });
        }
        let (word, span) = cursor.bare();
        Err(Fault::unknown(span, "statement", word, "", WORDS))
    }

    /// `: FILTER`, to the end of the line.
    fn condition(&self, cursor: &mut Cursor<'_>) -> Result<Filter, Fault> {
        cursor.expect(":")?;
        let filter = self.filter(cursor)?;
        cursor.skip();
        Ok(filter)
    }

    fn filter(&self, of: &Cursor<'_>) -> Result<Filter, Fault> {
        let span = of.span();
        if of.is_empty() {
            return Err(Fault::new(span, "expected a filter"));
        }
        filter_in(&self.text[span.clone()], span.start)
    }

    /// `of packet N ==`
    fn of_packet(&self, cursor: &mut Cursor<'_>) -> Result<u64, Fault> {
        cursor.expect("of")?;
        cursor.expect("packet")?;
        let number = packet_number(cursor)?;
        cursor.expect("==")?;
        Ok(number)
    }

    /// `packet M of FILE except FIELD, FIELD`; all but the first may be left out.
    fn other(&self, cursor: &mut Cursor<'_>) -> Result<Other, Fault> {
        cursor.expect("packet")?;
        let packet = packet_number(cursor)?;
        let file = if cursor.eat("of") { Some(self.directory.join(cursor.word()?.0)) } else { None };
        let mut except = Vec::new();
        if cursor.eat("except") {
            except.push(field(cursor)?);
            while cursor.eat(",") {
                except.push(field(cursor)?);
            }
        }
        Ok(Other { packet, file, except })
    }

    /// `(NET, packet N, from NODE by INTERFACE, linux) at NODE == packet M of FILE`
    fn simulate(&mut self, cursor: &mut Cursor<'_>) -> Result<Simulate, Fault> {
        let mut inside = cursor.parenthesized()?;
        let (name, span) = inside.argument()?;
        let network = self.network(&name, span)?;
        inside.expect(",")?;
        inside.expect("packet")?;
        let packet = packet_number(&mut inside)?;
        let (mut from, mut profile) = (None, Profile::Rfc);
        while inside.eat(",") {
            if inside.eat("from") {
                let node = node(&mut inside, &network)?;
                let interface = if inside.eat("by") { Some(interface(&mut inside, &network, node)?) } else { None };
                from = Some((node, interface));
            } else if inside.eat("linux") {
                profile = Profile::Linux;
            } else if inside.eat("rfc") {
                profile = Profile::Rfc;
            } else {
                return Err(inside.fault("expected 'from NODE', 'from NODE by INTERFACE', 'linux' or 'rfc'"));
            }
        }
        inside.finish()?;
        let at = if cursor.eat("at") { Some(node(cursor, &network)?) } else { None };
        cursor.expect("==")?;
        let result = if cursor.eat("nothing") { None } else { Some(self.other(cursor)?) };
        Ok(Simulate { network, profile, packet, from, at, result })
    }

    fn network(&mut self, name: &str, span: Span) -> Result<Arc<Network>, Fault> {
        if let Some((_, known)) = self.networks.iter().find(|(known, _)| known == name) {
            return Ok(Arc::clone(known));
        }
        let topology = if BUILT_IN.iter().any(|(known, _)| *known == name) {
            Topology::load(name)
        } else {
            Topology::load_by(&self.directory.join(name).to_string_lossy(), |path| (self.read)(path))
        };
        let topology = topology.map_err(|e| Fault::new(span.clone(), e.to_string()))?;
        let network = Network::new(&topology).map_err(|e| Fault::new(span, format!("{name}: {e}")))?;
        let network = Arc::new(network);
        self.networks.push((name.to_owned(), Arc::clone(&network)));
        Ok(network)
    }
}

fn node(cursor: &mut Cursor<'_>, network: &Network) -> Result<NodeId, Fault> {
    let (name, span) = cursor.bare();
    let names = || network.ids().map(|id| network.name(id));
    let of = format!(" of {}, which has {}", network.title(), names().collect::<Vec<_>>().join(", "));
    network.find(name).ok_or_else(|| Fault::unknown(span, "node", name, &of, names()))
}

fn interface(cursor: &mut Cursor<'_>, network: &Network, node: NodeId) -> Result<Interface, Fault> {
    let (name, span) = cursor.bare();
    let names = || network.node(node).interfaces.iter().map(|port| port.name.as_str());
    let of = format!(" of {}, which has {}", network.name(node), names().collect::<Vec<_>>().join(", "));
    network.find_interface(node, name).ok_or_else(|| Fault::unknown(span, "interface", name, &of, names()))
}

/// A field, by any name that a filter has for it.
fn field(cursor: &mut Cursor<'_>) -> Result<&'static Field, Fault> {
    let (name, span) = cursor.bare();
    let known = Filter::field_name(name).unwrap_or(name);
    choose::field(known).map_err(|error| Fault::new(span, error.to_string()))
}

/// A packet's number.
fn packet_number(cursor: &mut Cursor<'_>) -> Result<u64, Fault> {
    let fault = cursor.fault("expected a packet's number, counted from 1");
    // Not the colon that may follow.
    let length = cursor.rest().find(|c: char| !c.is_ascii_digit()).unwrap_or(cursor.rest().len());
    cursor.digits(length).parse().ok().filter(|number| *number > 0).ok_or(fault)
}

/// `N..M`, both included.
fn packets(cursor: &mut Cursor<'_>) -> Result<(u64, u64), Fault> {
    let first = packet_number(cursor)?;
    cursor.expect("..")?;
    cursor.eat("=");
    Ok((first, packet_number(cursor)?))
}

/// `== N`
fn comparison(cursor: &mut Cursor<'_>) -> Result<(Order, u64), Fault> {
    let fault = cursor.fault("expected ==, !=, <, <=, > or >=, and a number");
    let order = Order::SIGNS.iter().find(|(sign, _)| cursor.eat(sign)).map(|(_, order)| *order).ok_or(fault)?;
    Ok((order, cursor.value("a number")?))
}

/// `[A, B]`
fn list<'t, T>(cursor: &mut Cursor<'t>, one: impl Fn(&mut Cursor<'t>) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    cursor.expect("[")?;
    let mut all = Vec::new();
    while !cursor.eat("]") {
        if !all.is_empty() {
            cursor.expect(",")?;
        }
        all.push(one(cursor)?);
    }
    Ok(all)
}

fn diagnosis(cursor: &mut Cursor<'_>) -> Result<Diagnosis, Fault> {
    let (id, span) = cursor.bare();
    let known = || Diagnosis::ALL.iter();
    let found = known().find(|diagnosis| diagnosis.id() == id).copied();
    found.ok_or_else(|| Fault::unknown(span, "diagnosis", id, "", known().map(|diagnosis| diagnosis.id())))
}

/// `above SEVERITY except ID, ID`, both may be left out.
fn no_diagnostics(cursor: &mut Cursor<'_>) -> Result<What, Fault> {
    let mut allowed = None;
    if cursor.eat("above") {
        let (name, span) = cursor.bare();
        let severities = [Severity::Note, Severity::Warn, Severity::Error];
        let found = severities.into_iter().find(|severity| severity.name() == name);
        let unknown = || {
            Fault::unknown(span, "severity", name, "; they are note, warn and error", severities.map(Severity::name))
        };
        allowed = Some(found.ok_or_else(unknown)?);
    }
    let mut except = Vec::new();
    if cursor.eat("except") {
        except.push(diagnosis(cursor)?);
        while cursor.eat(",") {
            except.push(diagnosis(cursor)?);
        }
    }
    Ok(What::NoDiagnostics { allowed, except })
}
