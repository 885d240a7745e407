//! The registry of SRv6 endpoint behaviours (IANA "SRv6 Endpoint Behaviors"):
//! code points and names, as control planes announce them.

/// A registered behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behavior {
    /// The code point.
    pub code: u16,
    /// The name without flavors: `End.X`.
    pub name: &'static str,
    /// The flavors, comma separated; empty for none.
    pub flavors: &'static str,
}

impl std::fmt::Display for Behavior {
    /// `End.X with PSP, USD`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        if self.flavors.is_empty() { Ok(()) } else { write!(f, " with {}", self.flavors) }
    }
}

/// The behaviour of a code point; `None` where the registry has no entry.
pub fn by_code(code: u16) -> Option<Behavior> {
    REGISTRY
        .iter()
        .find_map(|(first, name, flavors)| {
            let index = usize::from(code.checked_sub(*first)?);
            Some(Behavior { code, name, flavors: flavors.get(index)? })
        })
        .or_else(|| {
            SINGLE.iter().find(|(known, ..)| *known == code).map(|&(_, name, flavors)| Behavior { code, name, flavors })
        })
}

/// Whether a name is that of a registered behaviour, flavors aside.
pub fn is_name(name: &str) -> bool {
    REGISTRY.iter().any(|(_, known, _)| *known == name) || SINGLE.iter().any(|(_, known, _)| *known == name)
}

/// The order of flavors in the first rows of End, End.X and End.T.
const BASIC: &[&str] = &["", "PSP", "USP", "PSP, USP"];
/// The order in their USD rows.
const USD: &[&str] = &["USD", "PSP, USD", "USP, USD", "PSP, USP, USD"];
/// The order in their NEXT-C-SID rows.
const NEXT: &[&str] = &[
    "NEXT-CSID",
    "NEXT-CSID, PSP",
    "NEXT-CSID, USP",
    "NEXT-CSID, PSP, USP",
    "NEXT-CSID, USD",
    "NEXT-CSID, PSP, USD",
    "NEXT-CSID, USP, USD",
    "NEXT-CSID, PSP, USP, USD",
];
/// The order in their first REPLACE-C-SID rows.
const REPLACE: &[&str] = &["REPLACE-CSID", "REPLACE-CSID, PSP", "REPLACE-CSID, USP", "REPLACE-CSID, PSP, USP"];
/// The order in their REPLACE-C-SID rows with USD.
const REPLACE_USD: &[&str] =
    &["REPLACE-CSID, USD", "REPLACE-CSID, PSP, USD", "REPLACE-CSID, USP, USD", "REPLACE-CSID, PSP, USP, USD"];

/// Runs of code points: first, name, the flavors of each in turn.
const REGISTRY: &[(u16, &str, &[&str])] = &[
    (1, "End", BASIC),
    (5, "End.X", BASIC),
    (9, "End.T", BASIC),
    (28, "End", USD),
    (32, "End.X", USD),
    (36, "End.T", USD),
    (43, "End", NEXT),
    (52, "End.X", NEXT),
    (85, "End.T", NEXT),
    (101, "End", REPLACE),
    (105, "End.X", REPLACE),
    (109, "End.T", REPLACE),
    (128, "End", REPLACE_USD),
    (132, "End.X", REPLACE_USD),
    (136, "End.T", REPLACE_USD),
    (79, "End.BXC", &["", "PSP", "USP", "USD", "PSP, USP, USD"]),
    (
        150,
        "End.XU",
        &["", "PSP", "USP", "USD", "PSP, USP, USD", "REPLACE-CSID", "REPLACE-CSID, PSP", "REPLACE-CSID, PSP, USP, USD"],
    ),
];

/// Single code points.
const SINGLE: &[(u16, &str, &str)] = &[
    (13, "End.B6.Insert", ""),
    (14, "End.B6.Encaps", ""),
    (15, "End.BM", ""),
    (16, "End.DX6", ""),
    (17, "End.DX4", ""),
    (18, "End.DT6", ""),
    (19, "End.DT4", ""),
    (20, "End.DT46", ""),
    (21, "End.DX2", ""),
    (22, "End.DX2V", ""),
    (23, "End.DT2U", ""),
    (24, "End.DT2M", ""),
    (26, "End.B6.Insert.Red", ""),
    (27, "End.B6.Encaps.Red", ""),
    (40, "End.MAP", ""),
    (41, "End.Limit", ""),
    (42, "End", "NEXT-ONLY-CSID"),
    (51, "End.X", "NEXT-ONLY-CSID"),
    (60, "End.DX6", "NEXT-CSID"),
    (61, "End.DX4", "NEXT-CSID"),
    (62, "End.DT6", "NEXT-CSID"),
    (63, "End.DT4", "NEXT-CSID"),
    (64, "End.DT46", "NEXT-CSID"),
    (65, "End.DX2", "NEXT-CSID"),
    (66, "End.DX2V", "NEXT-CSID"),
    (67, "End.DT2U", "NEXT-CSID"),
    (68, "End.DT2M", "NEXT-CSID"),
    (69, "End.M.GTP6.D", ""),
    (70, "End.M.GTP6.Di", ""),
    (71, "End.M.GTP6.E", ""),
    (72, "End.M.GTP4.E", ""),
    (73, "End.DTM", ""),
    (74, "End.M", ""),
    (75, "End.Replicate", ""),
    (76, "End.DTMC4", ""),
    (77, "End.DTMC6", ""),
    (78, "End.DTMC46", ""),
    (84, "End.NSH", ""),
    (93, "End.B6.Encaps", "NEXT-CSID"),
    (94, "End.B6.Encaps.Red", "NEXT-CSID"),
    (95, "End.BM", "NEXT-CSID"),
    (96, "End.LBS", "NEXT-CSID"),
    (97, "End.XLBS", "NEXT-CSID"),
    (98, "End.B6.Encaps.Red", "NEXT-CSID, PSP, USD"),
    (99, "End.B6.Insert.Red", "NEXT-CSID, PSP, USD"),
    (100, "End.PSID", ""),
    (114, "End.B6.Encaps", "REPLACE-CSID"),
    (115, "End.BM", "REPLACE-CSID"),
    (116, "End.DX6", "REPLACE-CSID"),
    (117, "End.DX4", "REPLACE-CSID"),
    (118, "End.DT6", "REPLACE-CSID"),
    (119, "End.DT4", "REPLACE-CSID"),
    (120, "End.DT46", "REPLACE-CSID"),
    (121, "End.DX2", "REPLACE-CSID"),
    (122, "End.DX2V", "REPLACE-CSID"),
    (123, "End.DT2U", "REPLACE-CSID"),
    (124, "End.DT2M", "REPLACE-CSID"),
    (127, "End.B6.Encaps.Red", "REPLACE-CSID"),
    (140, "End.LBS", "REPLACE-CSID"),
    (141, "End.XLBS", "REPLACE-CSID"),
    (142, "End.DTM46", ""),
    (143, "End.DXM4", ""),
    (144, "End.DXM6", ""),
    (145, "End.DXM2", ""),
    (158, "End.DX1", ""),
    (159, "End.DX1", "NEXT-CSID"),
    (160, "End.DX1", "REPLACE-CSID"),
    (161, "End.AN", ""),
    (162, "End.AS", ""),
    (163, "End.AD", ""),
    (164, "End.AM", ""),
    (165, "End.AM", "NAT"),
    (166, "End.AM", "Caching"),
    (167, "End.AM", "NAT, Caching"),
    (168, "End.M.GTP6.E.Red", ""),
    (169, "End.AN.CI.S", ""),
    (170, "End.AN.CI.D.A", ""),
    (171, "End.AN.CI.D.T", ""),
    (172, "End.AN.CI.D.V", ""),
    (173, "End.AN.CI.D.D", ""),
    (180, "End.AS", "REPLACE-CSID"),
    (181, "End.AS", "NEXT-CSID"),
    (182, "End.AD", "REPLACE-CSID"),
    (183, "End.AD", "NEXT-CSID"),
    (184, "End.AM", "REPLACE-CSID"),
    (185, "End.AM", "NEXT-CSID"),
    (186, "End.AMN", "REPLACE-CSID"),
    (187, "End.AMN", "NEXT-CSID"),
    (32767, "RFC 8754 SID", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_point_has_two_entries() {
        let runs = REGISTRY.iter().flat_map(|(first, _, flavors)| (0..flavors.len()).map(move |i| first + i as u16));
        let mut codes: Vec<_> = runs.chain(SINGLE.iter().map(|(code, ..)| *code)).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn names_carry_their_flavors() {
        let shown = |code| by_code(code).map(|behavior| behavior.to_string());
        assert_eq!(shown(1).as_deref(), Some("End"));
        assert_eq!(shown(29).as_deref(), Some("End with PSP, USD"));
        assert_eq!(shown(50).as_deref(), Some("End with NEXT-CSID, PSP, USP, USD"));
        assert_eq!(shown(20).as_deref(), Some("End.DT46"));
        assert_eq!(shown(25), None);
        assert_eq!(shown(0), None);
        assert!(is_name("End.DT46") && !is_name("End.Nothing"));
    }
}
