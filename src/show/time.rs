//! Moments and spans of time as text. Everything is UTC, so that the same
//! capture reads the same everywhere.

use std::cell::RefCell;
use std::thread::LocalKey;

use crate::capture::Timestamp;
use crate::dissect::Packet;
use crate::show::row::Row;
use crate::show::text::{append, decimal, nine_digits};

const NANOS: i128 = 1_000_000_000;

/// How a packet's line tells the time; as tshark's `-t`, but always UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Since the first packet.
    #[default]
    Relative,
    /// Since the packet before.
    Delta,
    /// The time of day.
    Clock,
    /// The date and the time of day.
    Date,
    /// Seconds since 1970.
    Epoch,
}

/// Adds the packet's time, right-aligned in ten columns, in microseconds
/// unless the capture is finer. What `spare` holds is lost.
#[inline(always)]
pub fn column<'r>(row: Row<'r>, spare: &mut Vec<u8>, packet: &Packet<'_>, form: Form) -> Row<'r> {
    let Some(time) = packet.frame.time else { return row.put(&[b' '; WIDTH]) };
    let since = |earlier: Option<Timestamp>| time.0 - earlier.unwrap_or(time).0;
    let digits = usize::from(packet.time_digits.min(9));
    let nanos = match form {
        Form::Relative => since(packet.first_time),
        Form::Delta => since(packet.previous_time),
        Form::Epoch | Form::Clock | Form::Date => time.0,
    };
    match (u64::try_from(nanos), form) {
        (Ok(nanos), Form::Relative | Form::Delta | Form::Epoch) => {
            let (whole, fraction) = (nanos / NANOS as u64, (nanos % NANOS as u64) as u32);
            row.right(whole, WIDTH - 1 - digits).put(b".").few(&nine_digits(fraction), digits)
        }
        _ => rare_column(row, spare, nanos, digits, form),
    }
}

/// Columns that the time takes at least.
const WIDTH: usize = 10;

/// As [`column`]: dates, and moments before the ones they are counted from.
#[inline(never)]
fn rare_column<'r>(row: Row<'r>, spare: &mut Vec<u8>, nanos: i128, digits: usize, form: Form) -> Row<'r> {
    spare.clear();
    match form {
        Form::Relative | Form::Delta | Form::Epoch => seconds(spare, nanos),
        Form::Clock => clock(spare, &Date::new(nanos)),
        Form::Date => {
            let date = Date::new(nanos);
            day(spare, &date);
            spare.push(b' ');
            clock(spare, &date);
        }
    }
    spare.truncate(spare.len() - (9 - digits));
    row.few(&[b' '; WIDTH], WIDTH.saturating_sub(spare.len())).bytes(spare)
}

/// A moment taken apart in the Gregorian calendar, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year; negative before the year 0.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

impl Date {
    /// Takes apart nanoseconds since 1970-01-01T00:00:00 UTC; moments that no
    /// calendar reaches saturate.
    pub fn new(nanos: i128) -> Self {
        const FAR: i128 = 1 << 55;
        let (seconds, nanos) = match u64::try_from(nanos) {
            Ok(nanos) => ((nanos / NANOS as u64) as i64, (nanos % NANOS as u64) as u32),
            Err(_) => (nanos.div_euclid(NANOS).clamp(-FAR, FAR) as i64, nanos.rem_euclid(NANOS) as u32),
        };
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Days from 0000-03-01, in eras of 400 years: the leap day comes last
        // in such a year, so months have a fixed start.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8,
            hour: (second_of_day / 3600) as u8,
            minute: (second_of_day / 60 % 60) as u8,
            second: (second_of_day % 60) as u8,
            nanos,
        }
    }
}

/// Appends a number of at least two digits.
fn two(out: &mut Vec<u8>, number: u8) {
    out.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
}

/// Appends nine digits of nanoseconds.
fn nine(out: &mut Vec<u8>, nanos: u32) {
    out.extend_from_slice(&nine_digits(nanos));
}

/// Appends hours, minutes, seconds and nanoseconds: `11:37:22.182377000`.
pub fn clock(out: &mut Vec<u8>, date: &Date) {
    second_of_day(out, date);
    nine(out, date.nanos);
}

/// Appends hours, minutes and seconds, and what stands before the rest: `11:37:22.`.
fn second_of_day(out: &mut Vec<u8>, date: &Date) {
    two(out, date.hour);
    out.push(b':');
    two(out, date.minute);
    out.push(b':');
    two(out, date.second);
    out.push(b'.');
}

/// The text of a second, from its year to the point after it.
struct Second {
    /// Since 1970; none where there is no text yet.
    number: Option<u64>,
    text: [u8; LONGEST_SECOND],
    length: usize,
}

/// Room for it in any year that [`Date`] knows.
const LONGEST_SECOND: usize = 32;

impl Second {
    const fn none() -> RefCell<Self> {
        RefCell::new(Self { number: None, text: [0; LONGEST_SECOND], length: 0 })
    }
}

thread_local! {
    /// The second that this thread wrote last, as Wireshark writes it, and in the
    /// RFC 3339 form: most packets come in the same second as the one before.
    static LAST_DATE: RefCell<Second> = const { Second::none() };
    static LAST_RFC3339: RefCell<Second> = const { Second::none() };
}

/// Appends a moment, whose second `write` appends unless it is the `last` one.
fn moment(
    out: &mut Vec<u8>,
    nanos: i128,
    last: &'static LocalKey<RefCell<Second>>,
    write: fn(&mut Vec<u8>, date: &Date),
) {
    let Ok(positive) = u64::try_from(nanos) else {
        let date = Date::new(nanos);
        write(out, &date);
        return nine(out, date.nanos);
    };
    let number = positive / NANOS as u64;
    last.with_borrow_mut(|last| {
        if last.number == Some(number) {
            return append(out, &last.text, last.length);
        }
        let start = out.len();
        write(out, &Date::new(nanos));
        let written = &out[start..];
        if let Some(place) = last.text.get_mut(..written.len()) {
            place.copy_from_slice(written);
            (last.number, last.length) = (Some(number), written.len());
        }
    });
    nine(out, (positive % NANOS as u64) as u32);
}

/// Appends a moment as Wireshark writes arrival times:
/// `Nov 23, 2026 11:37:22.182377000 UTC`.
pub fn date(out: &mut Vec<u8>, nanos: i128) {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    moment(out, nanos, &LAST_DATE, |out, date| {
        out.extend_from_slice(MONTHS[usize::from(date.month.clamp(1, 12)) - 1]);
        out.push(b' ');
        if date.day < 10 {
            out.push(b' ');
        }
        decimal(out, u64::from(date.day));
        out.extend_from_slice(b", ");
        year(out, date.year);
        out.push(b' ');
        second_of_day(out, date);
    });
    out.extend_from_slice(b" UTC");
}

/// Appends a moment in the RFC 3339 form: `2026-11-23T11:37:22.182377000Z`.
pub fn rfc3339(out: &mut Vec<u8>, nanos: i128) {
    moment(out, nanos, &LAST_RFC3339, |out, date| {
        day(out, date);
        out.push(b'T');
        second_of_day(out, date);
    });
    out.push(b'Z');
}

/// Appends year, month and day: `2026-11-23`.
pub fn day(out: &mut Vec<u8>, date: &Date) {
    year(out, date.year);
    out.push(b'-');
    two(out, date.month);
    out.push(b'-');
    two(out, date.day);
}

fn year(out: &mut Vec<u8>, year: i64) {
    if year < 0 {
        out.push(b'-');
    }
    let year = year.unsigned_abs();
    for place in [1000, 100, 10] {
        if year < place {
            out.push(b'0');
        }
    }
    decimal(out, year);
}

/// Appends seconds with nine decimals: `1795433842.182377000`.
pub fn seconds(out: &mut Vec<u8>, nanos: i128) {
    if nanos < 0 {
        out.push(b'-');
    }
    let nanos = nanos.unsigned_abs();
    // 64 bits reach to the year 2554, and divide faster.
    let (whole, fraction) = match u64::try_from(nanos) {
        Ok(nanos) => (nanos / NANOS as u64, nanos % NANOS as u64),
        Err(_) => (u64::try_from(nanos / NANOS as u128).unwrap_or(u64::MAX), (nanos % NANOS as u128) as u64),
    };
    decimal(out, whole);
    out.push(b'.');
    nine(out, fraction as u32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Frame;
    use crate::dissect::Dissection;
    use crate::show::row::Room;
    use crate::wire::link_type::LinkType;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dates_are_the_calendars() {
        for (seconds, expected) in [
            (0i128, "1970-01-01T00:00:00.000000000Z"),
            (1_795_433_842, "2026-11-23T11:37:22.000000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.000000000Z"),
            (-62_135_596_801, "0000-12-31T23:59:59.000000000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000000000Z"),
        ] {
            assert_eq!(text(|out| rfc3339(out, seconds * NANOS)), expected);
        }
        assert_eq!(text(|out| date(out, 1_795_433_842_182_377_000)), "Nov 23, 2026 11:37:22.182377000 UTC");
        assert_eq!(text(|out| seconds(out, -1_500_000_000)), "-1.500000000");
    }

    fn in_column(packet: &Packet<'_>, form: Form) -> String {
        text(|out| {
            let mut room = Room::default();
            column(Row::new(&mut room), &mut Vec::new(), packet, form).done();
            room.empty(out);
        })
    }

    #[test]
    fn columns_are_as_wide_as_the_capture_is_fine() {
        let time = |nanos| Some(Timestamp(1_700_000_000 * NANOS + nanos));
        let frame = Frame { time: time(1_500_042_000), ..Frame::new(LinkType::RAW, &[]) };
        let dissection = Dissection::of(&frame);
        let mut packet = Packet::new(&frame, &dissection);
        (packet.first_time, packet.previous_time) = (time(0), time(2_000_000_000));
        let check = |form, digits, expected| {
            let mut packet = packet;
            packet.time_digits = digits;
            assert_eq!(in_column(&packet, form), expected);
        };
        check(Form::Relative, 6, "  1.500042");
        check(Form::Relative, 9, "1.500042000");
        check(Form::Delta, 6, " -0.499958");
        check(Form::Epoch, 6, "1700000001.500042");
        check(Form::Clock, 6, "22:13:21.500042");
        check(Form::Date, 9, "2023-11-14 22:13:21.500042000");
        let timeless = Frame { time: None, ..frame };
        let packet = Packet::new(&timeless, &dissection);
        assert_eq!(in_column(&packet, Form::Date), " ".repeat(10));
    }

    #[test]
    fn no_moment_is_too_far() {
        for nanos in [i128::MIN, i128::MAX] {
            assert!(!text(|out| date(out, nanos)).is_empty());
        }
    }
}
