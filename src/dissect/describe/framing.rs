//! The fields of what lies between a link and IP: LLC, PPP, label stacks.

use crate::dissect::visit::Out;
use crate::wire::bytes::{tail, u16_at};
use crate::wire::field::Value;
use crate::wire::mpls::{self, Entry};
use crate::wire::ppp::{self, Ppp};
use crate::wire::proto::Proto;
use crate::wire::{chdlc, llc, pppoe};

pub(super) fn llc(out: &mut Out<'_, '_>) {
    out.open_group(&llc::HEADER, 0, out.bytes.len(), llc::PROTOCOL.title);
    if out.open_plain(&llc::DSAP) {
        out.fields(&[&llc::DSAP_SAP, &llc::DSAP_IG]);
        out.close();
    }
    if out.open_plain(&llc::SSAP) {
        out.fields(&[&llc::SSAP_SAP, &llc::SSAP_CR]);
        out.close();
    }
    if let Some((control, len)) = llc::control(out.bytes) {
        out.value(&llc::CONTROL, Value::Uint(u64::from(control)), 2, len);
    }
    if llc::is_snap(out.bytes) {
        out.field(&llc::OUI);
        out.field(if llc::snap_type(out.bytes).is_some() { &llc::TYPE } else { &llc::PID });
    }
}

pub(super) fn ppp(out: &mut Out<'_, '_>) {
    out.open_group(&ppp::HEADER, 0, out.bytes.len(), ppp::PROTOCOL.title);
    let Some(header) = Ppp::new(out.bytes) else { return };
    if header.framed {
        out.value(&ppp::ADDRESS, Value::Uint(0xff), 0, 1);
        out.value(&ppp::CONTROL, Value::Uint(0x03), 1, 1);
    }
    let at = header.protocol_offset();
    out.value(&ppp::PROTOCOL_NUMBER, Value::Uint(u64::from(header.protocol)), at, header.protocol_len);
}

/// A PPPoE session's header, or a discovery packet.
pub(super) fn pppoe(proto: Proto, out: &mut Out<'_, '_>) {
    let info = proto.info();
    out.open_group(info.header, 0, out.bytes.len(), info.title);
    out.fields(&[&pppoe::VERSION, &pppoe::TYPE, &pppoe::CODE, &pppoe::SESSION, &pppoe::LENGTH]);
    let bytes = out.bytes;
    let tags = tail(bytes, pppoe::LEN);
    if !tags.is_empty() {
        out.value(&pppoe::discovery::TAGS, Value::Bytes(tags), pppoe::LEN, tags.len());
    }
}

pub(super) fn cisco_hdlc(out: &mut Out<'_, '_>) {
    out.open_group(&chdlc::HEADER, 0, out.bytes.len(), chdlc::PROTOCOL.title);
    out.fields(&[&chdlc::ADDRESS, &chdlc::CONTROL, &chdlc::TYPE]);
}

/// A label as a title shows it: with its name where it is reserved.
struct Label(u32);

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match mpls::label_name(u64::from(self.0)) {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

pub(super) fn mpls(out: &mut Out<'_, '_>) {
    let Some(entry) = Entry::new(out.bytes) else { return };
    out.open_group(
        &mpls::HEADER,
        0,
        out.bytes.len(),
        format_args!(
            "MultiProtocol Label Switching Header, Label: {}, Exp: {}, S: {}, TTL: {}",
            Label(entry.label()),
            entry.traffic_class(),
            u8::from(entry.is_bottom()),
            entry.ttl()
        ),
    );
    out.fields(&[&mpls::LABEL, &mpls::EXP, &mpls::BOTTOM, &mpls::TTL]);
}

pub(super) fn control_word(out: &mut Out<'_, '_>) {
    out.open_group(&mpls::CONTROL_WORD_HEADER, 0, out.bytes.len(), mpls::CONTROL_WORD.title);
    if u16_at(out.bytes, 2).is_some() {
        out.field(&mpls::control_word::SEQUENCE);
    }
}
