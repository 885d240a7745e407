//! Colours for terminals: those of Wireshark's default rules.

use std::io::Write;

use anstyle::{AnsiColor, Color, RgbColor, Style};

use crate::dissect::{Packet, Severity};
use crate::wire::bytes::u8_at;
use crate::wire::proto::Proto;

/// The first line of a layer in a tree.
pub const TITLE: Style = Style::new().bold();

const DARK: Color = Color::Rgb(RgbColor(0x12, 0x27, 0x2e));

const fn on(background: RgbColor) -> Style {
    Style::new().fg_color(Some(DARK)).bg_color(Some(Color::Rgb(background)))
}

const fn dark(text: RgbColor) -> Style {
    Style::new().fg_color(Some(Color::Rgb(text))).bg_color(Some(DARK))
}

const BROKEN: Style = dark(RgbColor(0xf7, 0x87, 0x87));
const ICMP_ERROR: Style = dark(RgbColor(0xb7, 0xf7, 0x74));
const ICMP: Style = on(RgbColor(0xfc, 0xe0, 0xff));
const ARP: Style = on(RgbColor(0xfa, 0xf0, 0xd7));
const TCP_RESET: Style = Style::new()
    .fg_color(Some(Color::Rgb(RgbColor(0xff, 0xfc, 0x9c))))
    .bg_color(Some(Color::Rgb(RgbColor(0xa4, 0, 0))));
const TCP_EDGE: Style = on(RgbColor(0xa0, 0xa0, 0xa0));
const TCP: Style = on(RgbColor(0xe7, 0xe6, 0xff));
const UDP: Style = on(RgbColor(0xda, 0xee, 0xff));

/// How serious a finding is.
pub fn of_severity(severity: Severity) -> Style {
    Style::new().fg_color(Some(Color::Ansi(match severity {
        Severity::Note => AnsiColor::Cyan,
        Severity::Warn => AnsiColor::Yellow,
        Severity::Error => AnsiColor::Red,
    })))
}

/// The colour of a packet's line, by the first of Wireshark's rules that fits.
pub fn of_packet(packet: &Packet<'_>) -> Style {
    if packet.findings().iter().any(|finding| finding.what.severity() == Severity::Error) {
        return BROKEN;
    }
    let upper = packet.layers().iter().rfind(|layer| {
        !layer.quoted && matches!(layer.proto, Proto::Arp | Proto::Icmpv4 | Proto::Icmpv6 | Proto::Tcp | Proto::Udp)
    });
    let Some(layer) = upper else { return Style::new() };
    let octet = |at| u8_at(packet.header(layer), at).unwrap_or_default();
    match layer.proto {
        Proto::Icmpv6 if octet(0) < 128 => ICMP_ERROR,
        Proto::Icmpv4 if matches!(octet(0), 3..=5 | 11) => ICMP_ERROR,
        Proto::Arp => ARP,
        Proto::Icmpv6 | Proto::Icmpv4 => ICMP,
        Proto::Tcp if octet(13) & 4 != 0 => TCP_RESET,
        Proto::Tcp if octet(13) & 3 != 0 => TCP_EDGE,
        Proto::Tcp => TCP,
        Proto::Udp => UDP,
        _ => Style::new(),
    }
}

/// Puts the line that `write` appends, without its end, into `style`.
pub fn line(out: &mut Vec<u8>, style: Style, write: impl FnOnce(&mut Vec<u8>)) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{style}");
    write(out);
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    let _ = writeln!(out, "{style:#}");
}
