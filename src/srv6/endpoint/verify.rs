//! The HMAC TLV at a node: what its policy asks, and signing what it makes.

use crate::srv6::hmac::{Form, HmacTlv, Key, LINUX_TLV_LEN, Signed};
use crate::srv6::linux as rules;

use super::decision::Reason;
use super::model::HmacPolicy;
use super::packet::{Header, Packet, next};
use super::run::{Next, Run};
use super::trace::Step;

impl Run<'_> {
    fn hmac_policy(&self) -> HmacPolicy {
        let port = self.input.interface.and_then(|interface| self.node.interfaces.get(interface.0));
        port.map_or(HmacPolicy::default(), |port| port.hmac)
    }
}

/// `seg6_hmac_validate_skb`: it looks at the header that the IPv6 header (or
/// its Hop-by-Hop Options) names, whichever SRH is being processed.
pub(super) fn linux(run: &mut Run<'_>) -> Result<(), Reason> {
    let mut header = run.packet.first_header();
    if header.number == next::HOP_BY_HOP {
        header = run.packet.header_after(header).unwrap_or(header);
    }
    let policy = run.hmac_policy();
    if policy == HmacPolicy::Ignore {
        return Ok(());
    }
    let srh = run.packet.srh(header.offset).filter(|_| header.number == next::ROUTING);
    let Some((srh, hmac)) = srh.and_then(|srh| Some((srh, rules::hmac_tlv(&srh)?))) else {
        return if policy == HmacPolicy::Required { Err(Reason::HmacMissing) } else { Ok(()) };
    };
    let key = run.node.hmac_keys.get(hmac.key_id).ok_or(Reason::HmacUnknownKey)?;
    let signed = Signed::of(&srh).filter(|_| !rules::is_too_long_to_sign(&srh));
    let digest = signed.map(|signed| key.digest(Form::Linux, run.packet.source6(), &signed, 0));
    if digest.is_none_or(|digest| digest.linux()[..] != *hmac.digest) {
        return Err(Reason::HmacWrong);
    }
    run.step(Step::HmacGood { key: hmac.key_id });
    Ok(())
}

/// RFC 8754 §2.1.2.1. TLVs are processed only where HMACs are of interest:
/// where keys are known, or required.
pub(super) fn rfc(run: &mut Run<'_>, header: Header) -> Result<(), Next> {
    let policy = run.hmac_policy();
    let wanted = match policy {
        HmacPolicy::Ignore => false,
        HmacPolicy::IfPresent => !run.node.hmac_keys.is_empty(),
        HmacPolicy::Required => true,
    };
    let Some(srh) = run.packet.srh(header.offset).filter(|_| wanted) else { return Ok(()) };
    if srh.tlvs().any(|tlv| tlv.overruns) {
        return Err(run.error(4, 0, header.offset as u32 + 1, Reason::TlvOverrun));
    }
    let tlv = srh.tlvs().find_map(|tlv| Some((header.offset + tlv.offset, HmacTlv::of(&tlv)?)));
    let Some((offset, hmac)) = tlv else {
        return match policy {
            // There is no TLV to point at.
            HmacPolicy::Required => Err(Next::dropped(Reason::HmacMissing)),
            _ => Ok(()),
        };
    };
    let (left, last) = (srh.segments_left(), srh.last_entry());
    // The destination is the active segment, unless a reduced list lacks it.
    let fitting = if left > last { hmac.d_bit() } else { srh.segment(left.into()) == Some(run.packet.destination6()) };
    let reason = match run.node.hmac_keys.get(hmac.key_id) {
        None => Reason::HmacUnknownKey,
        Some(key) => {
            let digest =
                Signed::of(&srh).map(|signed| key.digest(Form::Rfc8754, run.packet.source6(), &signed, hmac.reserved));
            if fitting && digest.is_some_and(|digest| *digest.rfc8754() == *hmac.digest) {
                let key = hmac.key_id;
                run.step(Step::HmacGood { key });
                return Ok(());
            }
            Reason::HmacWrong
        }
    };
    Err(run.error(4, 0, offset as u32, reason))
}

/// Bytes of the TLV that a headend signs with.
pub(super) fn tlv_len(key: &Key, form: Form) -> usize {
    use crate::srv6::hmac::Algorithm;
    match (form, key.algorithm) {
        (Form::Rfc8754, Algorithm::Sha1) => 8 + 24,
        (Form::Rfc8754, Algorithm::Sha256) | (Form::Linux, _) => LINUX_TLV_LEN,
    }
}

/// Writes the HMAC TLV into the last bytes of the SRH at `offset`.
pub(super) fn sign(packet: &mut Packet, offset: usize, key: &Key, form: Form, reduced: bool) -> Result<(), Reason> {
    let tlv_len = tlv_len(key, form);
    let reserved = if reduced && form == Form::Rfc8754 { 0x8000 } else { 0 };
    let srh = packet.srh(offset).ok_or(Reason::HmacUnsigned)?;
    if form == Form::Linux && rules::is_too_long_to_sign(&srh) {
        return Err(Reason::HmacUnsigned);
    }
    let at = offset + srh.len() - tlv_len;
    let signed = Signed::of(&srh).ok_or(Reason::HmacUnsigned)?;
    let digest = key.digest(form, packet.source6(), &signed, reserved);
    packet.put(at, &[crate::srv6::hmac::TLV_TYPE, (tlv_len - 2) as u8]);
    packet.put(at + 2, &u16::to_be_bytes(reserved));
    packet.put(at + 4, &key.id.to_be_bytes());
    packet.put(at + 8, &digest.linux()[..tlv_len - 8]);
    Ok(())
}
