//! Where sr6 means to differ from tshark, and why.

use sr6::dissect::{Diagnosis, Severity};
use sr6::wire::field::Field;

/// A field of a packet in which the two differ.
pub struct Cell<'a> {
    /// The field's name.
    pub field: &'a str,
    /// What sr6 prints.
    pub ours: &'a str,
    /// What tshark prints.
    pub theirs: &'a str,
    /// The names of the columns of `row`.
    pub fields: &'a [&'static Field],
    /// All that sr6 prints of the packet.
    pub row: &'a [String],
    /// What sr6 found about the packet.
    pub findings: &'a [Diagnosis],
}

impl Cell<'_> {
    /// What sr6 prints of another field of the packet.
    fn other(&self, name: &str) -> &str {
        let column = self.fields.iter().position(|field| field.name == name);
        column.and_then(|column| self.row.get(column)).map_or("", String::as_str)
    }

    /// Whether the two differ on checksums only where sr6's verdict is `ours`
    /// and tshark's `theirs`, in Wireshark's numbers: 0 bad, 1 good, 2 unverified.
    /// Of the calculated sums, which sr6 has only where it verified one, sr6's
    /// verdicts alone are looked at.
    fn verdicts(&self, ours: &str, theirs: &str) -> bool {
        match self.field.strip_suffix(".checksum_calculated") {
            None => {
                let pairs = || self.ours.split(',').zip(self.theirs.split(','));
                self.ours.len() == self.theirs.len() && pairs().all(|pair| pair.0 == pair.1 || pair == (ours, theirs))
            }
            Some(protocol) => {
                self.other(&format!("{protocol}.checksum.status")).split(',').any(|status| status == ours)
            }
        }
    }

    /// Whether something is broken about the packet, or its end was not captured.
    fn is_broken(&self) -> bool {
        let broken = |finding: &Diagnosis| finding.severity() == Severity::Error || *finding == Diagnosis::SnapLen;
        self.findings.iter().any(broken)
    }

    fn has(&self, finding: Diagnosis) -> bool {
        self.findings.contains(&finding)
    }

    /// Whether the one goes on where the other ends.
    fn one_goes_on(&self) -> bool {
        let separators = [',', ':'];
        // To sr6, what no protocol claims is data.
        let known = self.ours.strip_suffix("data").map_or(self.ours, |known| known.trim_end_matches(':'));
        let (ours, theirs) = (known.split(separators), self.theirs.split(separators));
        known.is_empty() || self.theirs.is_empty() || ours.zip(theirs).all(|(ours, theirs)| ours == theirs)
    }
}

/// A difference that is meant.
pub struct Difference {
    /// The fields it is about; one `*` stands for anything.
    pub fields: &'static [&'static str],
    /// What else has to hold.
    pub when: fn(&Cell<'_>) -> bool,
    /// Why.
    pub reason: &'static str,
}

impl Difference {
    /// Whether it explains what the two say.
    pub fn covers(&self, cell: &Cell<'_>) -> bool {
        let named = |name: &&str| match name.split_once('*') {
            Some((start, end)) => cell.field.starts_with(start) && cell.field.ends_with(end),
            None => cell.field == *name,
        };
        self.fields.iter().any(named) && (self.when)(cell)
    }
}

/// The list.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        fields: &["*"],
        when: |cell| cell.has(Diagnosis::UnknownLinkType),
        reason: "sr6 does not dissect the link type, and says so; tshark knows more of them",
    },
    Difference {
        fields: &["*"],
        when: |cell| cell.has(Diagnosis::TooDeep),
        reason: "sr6 stops at a depth of its own, and says so; tshark at another",
    },
    Difference {
        fields: &["*"],
        when: |cell| cell.has(Diagnosis::LastEntry) && cell.one_goes_on(),
        reason: "where Last Entry exceeds an SRH, tshark loses what follows it; sr6 goes by Hdr Ext Len",
    },
    Difference {
        fields: &["*"],
        when: |cell| cell.is_broken() && cell.one_goes_on(),
        reason: "of what is broken or cut, and said to be, the one shows more than the other",
    },
    Difference {
        fields: &["*"],
        when: |cell| cell.has(Diagnosis::NoPayloadLength) && cell.one_goes_on(),
        reason: "where an IPv6 payload length is 0 and no Jumbo Payload option tells another, tshark ends; sr6 says so and goes on",
    },
    Difference {
        fields: &["ipv6.opt.unknown"],
        when: |cell| cell.is_broken() && cell.theirs.contains("<MISSING>"),
        reason: "tshark takes known options of a wrong length for unknown ones without a value",
    },
    Difference {
        fields: &["*.checksum.status"],
        when: |cell| cell.is_broken() && cell.verdicts("2", "1"),
        reason: "sr6 verifies no checksum over bytes whose number is in doubt",
    },
    Difference {
        fields: &["frame.number"],
        when: |_| true,
        reason: "tshark numbers a pcapng file's custom blocks along with its packets",
    },
    Difference {
        fields: &["frame.time_delta", "frame.time_relative"],
        when: |cell| cell.theirs.len() >= "1000000000.000000000".len(),
        reason: "where a packet has no time, tshark counts from 1970",
    },
    Difference {
        fields: &["frame.interface_name"],
        when: |_| true,
        reason: "in a file of several sections, tshark numbers interfaces over all of them and mixes up their names",
    },
    Difference {
        fields: &["*.checksum.status", "*.checksum_calculated"],
        when: |cell| cell.verdicts("2", "0"),
        reason: "a checksum left to the hardware, or of an IPv4 header that is zero for it: tshark calls it bad",
    },
    Difference {
        fields: &["*.checksum.status", "*.checksum_calculated"],
        when: |cell| cell.verdicts("1", "0") && !cell.other("ipv6.routing.type").is_empty(),
        reason: "a checksum over the IPv6 destination, or the one that a compressed SID arrives with: tshark tries but one",
    },
    Difference {
        fields: &["data.data", "data.len"],
        when: |cell| matches!(cell.other("icmp.type").rsplit(',').next(), Some("0" | "8")),
        reason: "tshark guesses that the first bytes of an ICMP echo's data are a time, 8 of them or 16 by its version",
    },
    Difference {
        fields: &["data.data", "data.len", "frame.protocols"],
        when: |cell| cell.other("frame.protocols").ends_with(":stamp"),
        reason: "tshark has no STAMP",
    },
    Difference {
        fields: &["data.data", "data.len", "vxlan.*"],
        when: |cell| cell.other("udp.port").split(',').any(|port| port == "4790"),
        reason: "sr6 does not know VXLAN-GPE",
    },
    Difference {
        fields: &["data.data", "data.len", "icmp.ext.*", "frame.protocols"],
        when: |cell| matches!(cell.other("icmpv6.type"), "160" | "161") && cell.one_goes_on(),
        reason: "an Extended Echo's data: tshark reads extensions in a request's on, and shows none of a reply's",
    },
];
