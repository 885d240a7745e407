//! Bytes → layers and diagnostics, for any bytes.
//!
//! [`Dissection::of`] walks a frame once and notes where each header lies, in
//! a fixed-size list: no copy, no failure, and no heap that a dissection filled
//! again does not have already. What cannot be read as a
//! header is a layer of data; the layers cover every byte of the frame. Typed
//! views ([`crate::wire`]) answer questions from the bytes; [`Packet::visit`]
//! shows every field to a [`Visitor`] for outputs that need them all.
//! Packets of the most usual headers have a shorter way through both halves, with
//! the same result.
//!
//! This module must never panic, whatever the bytes, and never call
//! [`crate::craft`]: what one of them gets wrong the other must not hide.
//!
//! ```
//! use sr6::capture::Frame;
//! use sr6::dissect::{Dissection, Packet};
//! use sr6::wire::link_type::LinkType;
//! use sr6::wire::proto::Proto;
//!
//! let bytes = [0x60, 0, 0, 0, 0, 0, 59, 64].into_iter().chain([0; 32]).collect::<Vec<u8>>();
//! let frame = Frame::new(LinkType::IPV6, &bytes);
//! let dissection = Dissection::of(&frame);
//! let packet = Packet::new(&frame, &dissection);
//! assert_eq!(packet.layers().iter().map(|l| l.proto).collect::<Vec<_>>(), [Proto::Ipv6]);
//! ```

mod checksum;
mod describe;
mod diagnose;
pub mod diagnosis;
mod packet;
pub mod refrain;
mod settings;
mod usual;
mod visit;
mod walk;

pub use checksum::{Checksum, Unverified, UsedDestination};
pub use diagnosis::{Diagnosis, Finding, Severity};
pub use packet::Packet;
pub use settings::Settings;
pub use visit::{Again, FieldSet, Item, Shown, Visitor};

use std::sync::Arc;

use crate::capture::Frame;
use crate::wire::proto::Proto;
pub(crate) use usual::{Network, Usual};

/// The most layers a dissection notes; deeper nesting ends in a layer of data
/// and a diagnosis that says so.
pub const MAX_LAYERS: usize = 64;

/// The most diagnoses a dissection notes.
pub const MAX_FINDINGS: usize = 32;

/// One header, or one run of data, and the bytes it governs. Offsets count
/// bytes from the start of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// What it is.
    pub proto: Proto,
    /// Whether it lies inside a packet that an ICMP error quotes.
    pub quoted: bool,
    /// The index of the IPv4 or IPv6 layer it belongs to: itself for those,
    /// [`Layer::NO_NETWORK`] below the first.
    pub network: u8,
    /// Its first byte.
    pub start: u32,
    /// The byte after its header; of data, after its last byte.
    pub header_end: u32,
    /// The byte after what it carries, as far as it was captured.
    pub end: u32,
    /// The byte after what it carries, as its own and the enclosing length
    /// fields claim; more than `end` where the capture lacks bytes.
    pub claimed_end: u32,
}

impl Layer {
    /// The `network` of layers outside any IP packet.
    pub const NO_NETWORK: u8 = u8::MAX;

    /// Bytes of the header.
    pub fn header_len(&self) -> usize {
        (self.header_end - self.start) as usize
    }

    /// Whether bytes that the length fields claim are missing.
    pub fn is_cut(&self) -> bool {
        self.end < self.claimed_end
    }
}

/// Where the layers of one frame lie. Reusable: [`Dissection::refill`] starts over.
#[derive(Debug, Clone)]
pub struct Dissection {
    settings: Arc<Settings>,
    layers: [Layer; MAX_LAYERS],
    layer_count: usize,
    /// Where the headers lie, if the packet is a usual one.
    usual: Option<Usual>,
    findings: Findings,
    /// What the walk notes for itself, here so that it need not be cleared
    /// for each frame.
    tails: [walk::Tail; walk::MAX_TAILS],
}

/// What was found about one frame.
#[derive(Debug, Clone)]
struct Findings {
    list: [Finding; MAX_FINDINGS],
    count: u8,
    checksums: Vec<KnownChecksum>,
}

/// What checking a checksum found, with the first byte of its layer: whoever
/// shows it needs it again, and it takes a walk over all bytes.
type KnownChecksum = (u32, Checksum);

impl Findings {
    const NONE: Self = Self { list: [Finding::NOTHING; MAX_FINDINGS], count: 0, checksums: Vec::new() };

    fn clear(&mut self) {
        self.count = 0;
        self.checksums.clear();
    }

    fn list(&self) -> &[Finding] {
        &self.list[..usize::from(self.count)]
    }

    /// Notes a finding; the last place is kept for saying that there were more.
    fn add(&mut self, finding: Finding) {
        let index = usize::from(self.count);
        if let Some(place) = self.list.get_mut(index) {
            *place = if index + 1 == MAX_FINDINGS {
                Finding { what: Diagnosis::TooManyFindings, ..finding }
            } else {
                finding
            };
            self.count += 1;
        }
    }
}

impl Dissection {
    /// An empty dissection, to be filled, without settings.
    pub fn new() -> Self {
        Self::with(Arc::default())
    }

    /// An empty dissection, to be filled by what `settings` know.
    pub fn with(settings: Arc<Settings>) -> Self {
        let nothing = Layer {
            proto: Proto::Data,
            quoted: false,
            network: Layer::NO_NETWORK,
            start: 0,
            header_end: 0,
            end: 0,
            claimed_end: 0,
        };
        Self {
            settings,
            layers: [nothing; MAX_LAYERS],
            layer_count: 0,
            usual: None,
            findings: Findings::NONE,
            tails: [walk::Tail::NONE; walk::MAX_TAILS],
        }
    }

    /// Dissects `frame`.
    pub fn of(frame: &Frame<'_>) -> Self {
        let mut dissection = Self::new();
        dissection.refill(frame);
        dissection
    }

    /// Dissects `frame`, forgetting what was here.
    pub fn refill(&mut self, frame: &Frame<'_>) {
        self.refill_layers(frame);
        self.complete(frame);
    }

    /// The first half of [`Dissection::refill`]: notes the layers, and of the
    /// findings only those that stand in the way of walking on. Enough for
    /// whoever asks for fields, at a fraction of the time.
    pub fn refill_layers(&mut self, frame: &Frame<'_>) {
        self.findings.clear();
        let usual = Usual::of(frame, &self.settings);
        (self.usual, self.layer_count) = (usual, 0);
        match usual {
            Some(usual) => self.layer_count = usual.note(&mut self.layers, frame.data.len() as u32),
            None => walk::walk(self, frame),
        }
    }

    /// The second half: adds what is wrong or unusual in the layers, which must
    /// be those of `frame`.
    pub fn complete(&mut self, frame: &Frame<'_>) {
        let Self { settings, layers, layer_count, usual, findings, .. } = self;
        let packet = Packet::unjudged(frame, settings, &layers[..*layer_count], usual.as_ref());
        judge(&packet, findings);
    }

    /// Dissects `frame` and returns it as a packet of which nothing is found yet, and
    /// how to find something: that takes longer than noting the layers does, and who
    /// does not want the packet need not have it.
    ///
    /// The same as [`refill_layers`](Self::refill_layers) and then perhaps
    /// [`complete`](Self::complete), with all of it put together once, in its place.
    #[inline(always)]
    pub fn begin<'a>(&'a mut self, frame: &'a Frame<'a>) -> (Packet<'a>, Unjudged<'a>) {
        self.refill_layers(frame);
        let Self { settings, layers, layer_count, usual, findings, .. } = self;
        let layers = layers.get(..*layer_count).unwrap_or_default();
        (Packet::unjudged(frame, settings, layers, usual.as_ref()), Unjudged(findings))
    }

    /// What it knows beyond the packet's bytes.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The layers, outermost first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers[..self.layer_count]
    }

    /// What is wrong or unusual, in the order of the bytes.
    pub fn findings(&self) -> &[Finding] {
        self.findings.list()
    }

    /// Notes a layer; `None` where the list is full.
    fn push(&mut self, layer: Layer) -> Option<u8> {
        let index = self.next_index();
        *self.layers.get_mut(self.layer_count)? = layer;
        self.layer_count += 1;
        Some(index)
    }

    /// The index of the layer that is noted next, which is [`MAX_LAYERS`] at most.
    fn next_index(&self) -> u8 {
        self.layer_count as u8
    }
}

/// What is to be found about a packet that has its layers.
pub struct Unjudged<'a>(&'a mut Findings);

impl<'a> Unjudged<'a> {
    /// Adds to the packet what stood in the way of noting its layers, and if
    /// `judged`, what is wrong or unusual in them.
    #[inline(always)]
    pub fn complete(self, packet: &mut Packet<'a>, judged: bool) {
        if judged {
            judge(packet, self.0);
        }
        packet.judge(self.0);
    }
}

/// Adds what is wrong or unusual in the layers of a packet.
fn judge(packet: &Packet<'_>, findings: &mut Findings) {
    match packet.usual().and_then(|usual| usual.judge(packet.frame.data)) {
        Some(good) => findings.checksums.push(good),
        None => diagnose::diagnose(packet, findings),
    }
}

impl Default for Dissection {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::link_type::LinkType;
    use proptest::prelude::*;

    const LINKS: [u16; 13] = [0, 1, 9, 50, 51, 101, 104, 108, 113, 228, 229, 276, 147];

    /// Counts what it is shown, and checks that every place is in the frame.
    struct Bounds(u32, usize);

    impl Visitor for Bounds {
        fn leaf(&mut self, item: &Item<'_>) {
            assert!(item.start + item.len <= self.0, "{}", item.field.name);
        }

        fn open(&mut self, item: &Item<'_>) {
            self.leaf(item);
            self.1 += 1;
        }

        fn close(&mut self) {
            self.1 -= 1;
        }
    }

    fn check(link: u16, bytes: &[u8], missing: u32) {
        let mut frame = Frame::new(LinkType(link), bytes);
        frame.original_len += missing;
        let dissection = Dissection::of(&frame);
        // Every byte belongs to exactly one layer.
        let mut covered = 0;
        for layer in dissection.layers() {
            assert_eq!(layer.start, covered, "{:?}", dissection.layers());
            assert!(layer.header_end > layer.start && layer.header_end <= layer.end, "{layer:?}");
            covered = layer.header_end;
        }
        assert_eq!(covered as usize, bytes.len());
        let mut bounds = Bounds(bytes.len() as u32, 0);
        Packet::new(&frame, &dissection).visit(&mut bounds);
        assert_eq!(bounds.1, 0);
    }

    /// Bytes that start like real headers, so that the walk gets far.
    fn plausible() -> impl Strategy<Value = Vec<u8>> {
        let next = prop::sample::select(vec![0u8, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 135, 137, 143]);
        prop::collection::vec((next, 0u8..4, any::<[u8; 38]>()), 1..12).prop_map(|headers| {
            let mut bytes = Vec::new();
            let first = headers[0].0;
            bytes.extend([0x60, 0, 0, 0, 1, 0, first, 64]);
            bytes.extend([0x20; 32]);
            for (next, units, noise) in headers {
                bytes.extend([next, units, 4, units / 2]);
                bytes.extend(&noise[..4 + usize::from(units) * 8]);
            }
            bytes
        })
    }

    /// An IPv6 packet whose payload starts as each of these, and goes on with
    /// noise: what has lengths and counts of its own.
    fn with_counts() -> impl Strategy<Value = Vec<u8>> {
        let udp = |port: u16| {
            let [high, low] = port.to_be_bytes();
            (17u8, vec![0xc0, 0, high, low, 0, 0, 0, 0])
        };
        let icmp = |kind: u8| (58u8, vec![kind, 0, 0, 0]);
        let starts = vec![
            udp(2152),
            udp(4789),
            udp(6081),
            udp(862),
            udp(6635),
            icmp(1),
            icmp(130),
            icmp(134),
            icmp(135),
            icmp(137),
            icmp(143),
            icmp(160),
            (47, vec![0x60, 0, 0x86, 0xdd]),
            (47, vec![0xf0, 1, 0x88, 0x0b]),
            (51, vec![41, 4, 0, 0]),
            (137, vec![0, 0, 0x11, 64]),
            (143, vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 40, 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd]),
            (143, vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0x64, 0x11, 0, 0, 1, 0, 60, 0, 0x57]),
            (143, vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]),
            (60, vec![59, 8, 0x31, 40, 0, 0, 0, 1, 0x10, 2]),
            (43, vec![59, 4, 3, 1, 0x99, 0x20]),
            (43, vec![59, 2, 5, 1]),
            (6, vec![0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0xf0, 2, 0, 0, 0, 0, 0, 0]),
        ];
        let noise = prop::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..160);
        (prop::sample::select(starts), noise).prop_map(|((next, start), noise)| {
            let length = (start.len() + noise.len()) as u16;
            let mut bytes = vec![0x60, 0, 0, 0, (length >> 8) as u8, length as u8, next, 64];
            bytes.extend([0x20; 32]);
            bytes.extend(start);
            bytes.extend(noise);
            bytes
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_covered(link in 0..LINKS.len(), bytes in prop::collection::vec(any::<u8>(), 0..300), missing in 0u32..9) {
            check(LINKS[link], &bytes, missing);
        }

        #[test]
        fn plausible_bytes_are_covered(bytes in plausible(), cut in 0usize..400, missing in 0u32..9) {
            check(229, &bytes[..bytes.len().saturating_sub(cut).max(1)], missing);
        }

        #[test]
        fn counts_are_not_believed(bytes in with_counts(), cut in 0usize..60, missing in 0u32..9) {
            check(229, &bytes[..bytes.len().saturating_sub(cut).max(1)], missing);
        }
    }

    #[test]
    fn nesting_ends_with_a_finding() {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            bytes.extend([0x60, 0, 0, 0, 0, 0, 41, 64]);
            bytes.extend([0; 32]);
        }
        check(229, &bytes, 0);
        let dissection = Dissection::of(&Frame::new(LinkType(229), &bytes));
        assert!(dissection.findings().iter().any(|f| f.what == Diagnosis::TooDeep));
    }
}
