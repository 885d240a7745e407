//! What people choose to see, by name: fields, protocols, layouts, times.

use crate::caret::nearest;
use crate::show::columns::{Layout, Occurrence};
use crate::show::time;
use crate::wire::field::Field;
use crate::wire::proto::{Proto, ProtoSet, all_fields, field_by_name};

/// Why a choice is none, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChoiceError(String);

impl ChoiceError {
    fn unknown<'n>(what: &str, name: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let meant = nearest(name, names).map(|known| format!("; did you mean '{known}'?")).unwrap_or_default();
        Self(format!("there is no {what} '{}'{meant}", name.escape_debug()))
    }
}

/// The field with this name.
///
/// # Errors
/// There is none; the nearest name is told.
pub fn field(name: &str) -> Result<&'static Field, ChoiceError> {
    let unknown = || ChoiceError::unknown("field", name, all_fields().map(|(_, field)| field.name));
    field_by_name(name).ok_or_else(unknown)
}

/// The protocols of these names, which are those that fields or the notation
/// give them.
///
/// # Errors
/// One of them is none; the nearest name is told.
pub fn protocols<T: AsRef<str>>(names: &[T]) -> Result<ProtoSet, ChoiceError> {
    let mut protos = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        let named = |proto: &&Proto| [proto.info().name, proto.info().notation].contains(&name);
        let before = protos.len();
        protos.extend(Proto::ALL.iter().filter(named));
        if protos.len() == before || name.is_empty() {
            let names = Proto::ALL.iter().flat_map(|proto| [proto.info().name, proto.info().notation]);
            return Err(ChoiceError::unknown("protocol", name, names));
        }
    }
    Ok(protos.into_iter().collect())
}

/// The letters of [`time_form`].
pub const TIME_FORMS: [&str; 7] = ["r", "d", "a", "u", "ad", "ud", "e"];

/// The form of time that tshark's `-t` has under these letters.
pub fn time_form(letters: &str) -> Option<time::Form> {
    Some(match letters {
        "r" => time::Form::Relative,
        "d" => time::Form::Delta,
        "a" | "u" => time::Form::Clock,
        "ad" | "ud" => time::Form::Date,
        "e" => time::Form::Epoch,
        _ => return None,
    })
}

/// Reads tshark's `-E NAME=VALUE`, each of them.
///
/// # Errors
/// One of them is no such setting.
pub fn layout<T: AsRef<str>>(settings: &[T]) -> Result<Layout, ChoiceError> {
    let mut layout = Layout::default();
    settings.iter().try_for_each(|setting| set(&mut layout, setting.as_ref()))?;
    Ok(layout)
}

fn set(layout: &mut Layout, setting: &str) -> Result<(), ChoiceError> {
    let wrong = |expected: &str| ChoiceError(format!("-E {}: expected {expected}", setting.escape_debug()));
    let known = "header=y|n, separator=CHAR, occurrence=f|l|a, aggregator=CHAR or quote=d|s|n";
    let (name, value) = setting.split_once('=').ok_or_else(|| wrong(known))?;
    let character = || match value {
        "/t" => Ok(b'\t'),
        "/s" => Ok(b' '),
        _ => match value.as_bytes() {
            [one] if one.is_ascii() && !one.is_ascii_control() => Ok(*one),
            _ => Err(wrong("one character, /t for a tab or /s for a space")),
        },
    };
    match name {
        "header" => {
            layout.header = match value {
                "y" => true,
                "n" => false,
                _ => return Err(wrong("y or n")),
            }
        }
        "separator" => layout.separator = character()?,
        "aggregator" => layout.aggregator = character()?,
        "occurrence" => {
            layout.occurrence = match value {
                "f" => Occurrence::First,
                "l" => Occurrence::Last,
                "a" => Occurrence::All,
                _ => return Err(wrong("f for the first, l for the last or a for all")),
            }
        }
        "quote" => {
            layout.quote = match value {
                "d" => Some(b'"'),
                "s" => Some(b'\''),
                "n" => None,
                _ => return Err(wrong("d for double quotes, s for single ones or n for none")),
            }
        }
        _ => return Err(wrong(known)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        let layout = layout(&["header=y", "separator=/s", "occurrence=l", "aggregator=;", "quote=d"]).unwrap();
        let expected =
            Layout { header: true, separator: b' ', occurrence: Occurrence::Last, aggregator: b';', quote: Some(b'"') };
        assert_eq!(layout, expected);
        for wrong in ["header", "header=x", "separator=ab", "occurrence=z", "quote=x", "depth=1", "separator=\x1b"] {
            assert!(super::layout(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(field("ipv6.hlim").unwrap().name, "ipv6.hlim");
        let error = field("ipv6.hlimm").unwrap_err();
        assert_eq!(error.to_string(), "there is no field 'ipv6.hlimm'; did you mean 'ipv6.hlim'?");
        assert!(protocols(&["srh", "ipv6"]).unwrap().contains(Proto::Srh));
        assert!(protocols(&["srhh"]).unwrap_err().to_string().contains("did you mean 'srh'"));
        assert!(TIME_FORMS.iter().all(|letters| time_form(letters).is_some()));
        assert_eq!(time_form("x"), None);
    }
}
