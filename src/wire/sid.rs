//! What a plan of locators tells about SIDs: fields of no header, shown where
//! SIDs stand.

use crate::wire::field::{At, Field, fields};

fields! {
    CSID = Field::ipv6("csid", "SID", At::Derived)
        .own("A SID still to visit, taken out of a compressed one by --locator; the current one first");
    CSIDS = Field::group("csid.list", "SIDs still to visit").own("The compressed SIDs of an address, expanded");
    CARRIED = Field::text("csid.argument", "Argument", At::Derived)
        .own("What stands behind the SIDs of a carrier and is none, by --locator, in hexadecimal");
    NAME = Field::text("sid.name", "Name", At::Derived).own("What --locators calls a SID");
    BEHAVIOR = Field::text("sid.behavior", "Behavior", At::Derived).own("The behaviour that --locators gives a SID");
    LOCATOR = Field::text("sid.locator", "Locator", At::Derived).own("The locator of a SID, by --locators");
    FUNCTION = Field::hex("sid.function", "Function", At::Derived).size(8).own("The function of a SID, by --locators");
    ARGUMENT = Field::text("sid.argument", "Argument", At::Derived).own("The argument of a SID, by --locators, in hexadecimal");
    QFI = Field::dec("sid.mob.qfi", "QoS Flow Identifier", At::Derived).size(1).own("RFC 9433 Args.Mob.Session: QFI");
    REFLECTIVE = Field::bool("sid.mob.r", "Reflective QoS Indication", At::Derived).own("RFC 9433 Args.Mob.Session: R");
    U_BIT = Field::bool("sid.mob.u", "U bit", At::Derived).own("RFC 9433 Args.Mob.Session: U");
    SESSION = Field::hex("sid.mob.session", "PDU Session ID", At::Derived).own("RFC 9433 Args.Mob.Session: PDU Session ID");
    NEXT_PLAN = Field::text("csid.next", "NEXT-C-SID block", At::Derived)
        .own("The block whose SIDs a path packs into NEXT-C-SID carriers, and the bits of a C-SID: fcbb:bb00::/32:16").arg("csid");
    REPLACE_PLAN = Field::text("csid.replace", "REPLACE-C-SID block", At::Derived)
        .own("The block whose SIDs a path packs into REPLACE-C-SID containers: 2001:db8:b::/48:32").arg("replace-csid");
    LINUX_PLAIN = Field::text("srh.linux.address", "Linux, plain address", At::Derived)
        .own("What Linux would do with the SRH if the destination were a plain address of its own");
    LINUX_END = Field::text("srh.linux.end", "Linux, End SID", At::Derived)
        .own("What Linux would do with the SRH if the destination were a seg6local End SID of its own");
}
