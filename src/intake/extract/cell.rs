//! What does a typed cell say as text or as a day?
//!
//! Takes Arrow arrays of any flat type, gives a [`Column`]: text, or days on the study's local calendar. Numbers are
//! written without a needless `.0`; a number too large to be exact is written as a spreadsheet shows it
//! (`1.20106E+17`), so that later rooms see that digits were lost.

use std::borrow::Cow;

use arrow::array::types::{
    Date64Type, Float32Type, Float64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Date32Array, PrimitiveArray, StringArray, StringBuilder};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{ArrowPrimitiveType, ArrowTemporalType, DataType, TimeUnit};

use super::Column;

const DAY_SECONDS: i64 = 86_400;

/// Can a column of this type be read?
pub(super) fn is_flat(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null | DataType::Float16 | DataType::Date64 | DataType::Timestamp(..) => true,
        DataType::FixedSizeBinary(_) => true,
        DataType::Dictionary(_, value) => is_flat(value),
        nested if nested.is_nested() => false,
        other => can_cast_types(other, &DataType::Utf8),
    }
}

/// What a column holds, in words; files of one source must agree on it. `None`: nothing, which agrees with everything.
pub(super) fn class(data_type: &DataType) -> Option<&'static str> {
    Some(match data_type {
        DataType::Null => return None,
        DataType::Dictionary(_, value) => return class(value),
        DataType::Boolean => "truth values",
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "floating-point numbers",
        DataType::Date32 | DataType::Date64 => "dates",
        DataType::Timestamp(unit, None) => match unit {
            TimeUnit::Second => "times in seconds",
            TimeUnit::Millisecond => "times in milliseconds",
            TimeUnit::Microsecond => "times in microseconds",
            TimeUnit::Nanosecond => "times in nanoseconds",
        },
        DataType::Timestamp(unit, Some(_)) => match unit {
            TimeUnit::Second => "times in seconds with a zone",
            TimeUnit::Millisecond => "times in milliseconds with a zone",
            TimeUnit::Microsecond => "times in microseconds with a zone",
            TimeUnit::Nanosecond => "times in nanoseconds with a zone",
        },
        whole if whole.is_integer() => "whole numbers",
        decimal if decimal.is_decimal() => "decimal numbers",
        _ => TEXT,
    })
}

/// The class of text.
pub(super) const TEXT: &str = "text";

/// A column as text or days, and the rows whose bytes are no text (they are null in the column).
pub(super) fn column(array: &ArrayRef, offset_seconds: i32) -> Option<(Column, Vec<usize>)> {
    if array.null_count() == array.len() || *array.data_type() == DataType::Null {
        return Some((Column::Null, Vec::new()));
    }
    let shift = i64::from(offset_seconds);
    let column = match array.data_type() {
        DataType::Utf8 => Column::Text(array.as_string_opt::<i32>()?.clone()),
        DataType::Binary => return binary_text(array.as_binary_opt::<i32>()?),
        DataType::FixedSizeBinary(_) | DataType::LargeBinary | DataType::BinaryView => {
            return binary_text(cast(array, &DataType::Binary).ok()?.as_binary_opt::<i32>()?);
        }
        DataType::Dictionary(_, value) => return column(&cast(array, value).ok()?, offset_seconds),
        DataType::Float16 => return column(&cast(array, &DataType::Float32).ok()?, offset_seconds),
        DataType::Float32 => Column::Text(
            array.as_primitive_opt::<Float32Type>()?.iter().map(|number| number.map(short_number_text)).collect(),
        ),
        DataType::Float64 => Column::Text(
            array.as_primitive_opt::<Float64Type>()?.iter().map(|number| number.map(number_text)).collect(),
        ),
        DataType::Date32 => Column::Day(array.as_primitive_opt().cloned()?),
        DataType::Date64 => days::<Date64Type>(array, 1_000, 0)?,
        DataType::Timestamp(unit, zone) => {
            let shift = if zone.is_some() { shift } else { 0 };
            match unit {
                TimeUnit::Second => days::<TimestampSecondType>(array, 1, shift)?,
                TimeUnit::Millisecond => days::<TimestampMillisecondType>(array, 1_000, shift)?,
                TimeUnit::Microsecond => days::<TimestampMicrosecondType>(array, 1_000_000, shift)?,
                TimeUnit::Nanosecond => days::<TimestampNanosecondType>(array, 1_000_000_000, shift)?,
            }
        }
        decimal if decimal.is_decimal() => {
            let written = cast(array, &DataType::Utf8).ok()?;
            Column::Text(written.as_string_opt::<i32>()?.iter().map(|number| number.map(without_zeros)).collect())
        }
        _ => Column::Text(cast(array, &DataType::Utf8).ok()?.as_string_opt::<i32>()?.clone()),
    };
    Some((column, Vec::new()))
}

/// Are these instants of UTC, without a zone, all midnights where clocks are so many seconds ahead of it?
pub(super) fn are_midnights(array: &ArrayRef, offset_seconds: i32) -> bool {
    let shift = i64::from(offset_seconds);
    let is_midnight = |instant: i64| {
        let seconds = instant.div_euclid(1_000).saturating_add(shift);
        instant.rem_euclid(1_000) == 0 && summer_midnight(seconds, shift).rem_euclid(DAY_SECONDS) == 0
    };
    let instants = array.as_primitive_opt::<TimestampMillisecondType>();
    instants.is_some_and(|instants| instants.iter().flatten().all(is_midnight))
}

/// The local days of instants of UTC, without a zone.
pub(super) fn local_days(array: &ArrayRef, offset_seconds: i32) -> Option<Column> {
    days::<TimestampMillisecondType>(array, 1_000, i64::from(offset_seconds))
}

/// Instants as days; a day that no calendar has stays out of range instead of turning into another one.
fn days<T>(array: &ArrayRef, per_second: i64, shift_seconds: i64) -> Option<Column>
where
    T: ArrowPrimitiveType<Native = i64> + ArrowTemporalType,
{
    let instants: &PrimitiveArray<T> = array.as_primitive_opt()?;
    let day = |instant: i64| local_day(instant.div_euclid(per_second), shift_seconds);
    let days: Date32Array = instants.iter().map(|instant| instant.map(day)).collect();
    Some(Column::Day(days))
}

/// The day, from 1970-01-01, on which an instant of so many seconds since then falls where clocks are so many seconds
/// ahead of UTC.
#[must_use]
pub fn local_day(seconds: i64, shift_seconds: i64) -> i32 {
    let seconds = summer_midnight(seconds.saturating_add(shift_seconds), shift_seconds);
    let bound = if seconds < 0 { i32::MIN } else { i32::MAX };
    i32::try_from(seconds.div_euclid(DAY_SECONDS)).unwrap_or(bound)
}

/// In the summers of 1986 to 1991 China's clocks were an hour ahead, and in the time zone of Shanghai, by which
/// programs write instants, they were so in the summers of 1919, 1940, 1941 and 1946 to 1949 and throughout from
/// February 1942 to August 1945:
/// midnight there and then is 23:00 of the day before by the study's offset. Nothing else that is kept by days falls on
/// that hour. Before 1901 they showed the mean time of the place: the 1900-01-01 of empty cells is 23:54:17 so.
fn summer_midnight(seconds: i64, shift_seconds: i64) -> i64 {
    // In seconds since 1970, from a few days or hours before the first hour ahead to a few after the last.
    const AHEAD: [std::ops::Range<i64>; 3] =
        [-1_600_700_000..-1_585_800_000, -933_700_000..-649_900_000, 515_000_000..685_000_000];
    const MEAN_TIME_UNTIL: i64 = -2_177_452_800;
    const MEAN_TIME_AHEAD: i64 = 343;
    if shift_seconds == 28_800
        && seconds < MEAN_TIME_UNTIL
        && seconds.rem_euclid(DAY_SECONDS) == DAY_SECONDS - MEAN_TIME_AHEAD
    {
        return seconds + MEAN_TIME_AHEAD;
    }
    let is_last_hour = seconds.rem_euclid(DAY_SECONDS) == DAY_SECONDS - 3_600;
    let is_ahead = || AHEAD.iter().any(|range| range.contains(&seconds));
    if shift_seconds == 28_800 && is_last_hour && is_ahead() { seconds + 3_600 } else { seconds }
}

fn binary_text(array: &BinaryArray) -> Option<(Column, Vec<usize>)> {
    if let Ok(text) = StringArray::try_from_binary(array.clone()) {
        return Some((Column::Text(text), Vec::new()));
    }
    let mut text = StringBuilder::with_capacity(array.len(), array.value_data().len());
    let mut undecodable = Vec::new();
    for (row, bytes) in array.iter().enumerate() {
        match bytes.map(std::str::from_utf8) {
            Some(Ok(value)) => text.append_value(value),
            Some(Err(_)) => {
                undecodable.push(row);
                text.append_null();
            }
            None => text.append_null(),
        }
    }
    Some((Column::Text(text.finish()), undecodable))
}

/// Identifiers of 16 bytes as they are written everywhere: `123e4567-e89b-12d3-a456-426614174000`.
pub(super) fn identifiers(array: &ArrayRef) -> Option<Column> {
    let bytes = array.as_fixed_size_binary_opt()?;
    let written = |bytes: &[u8]| {
        let mut text = String::new();
        for (at, byte) in bytes.iter().enumerate() {
            text.push_str(if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" });
            text.push_str(&format!("{byte:02x}"));
        }
        text
    };
    let text: StringArray = bytes.iter().map(|value| value.map(written)).collect();
    Some(if text.null_count() == text.len() { Column::Null } else { Column::Text(text) })
}

/// A number as text: `1` for 1.0, `1.20106E+17` for what is too large to be exact.
pub(super) fn number_text(number: f64) -> String {
    const EXACT_BELOW: f64 = 9_007_199_254_740_992.0; // 2^53
    if number.fract() == 0.0 && number.abs() < EXACT_BELOW {
        return format!("{}", number as i64);
    }
    if number.is_finite() && number.abs() >= EXACT_BELOW {
        scientific(format!("{number:E}"))
    } else {
        number.to_string()
    }
}

fn short_number_text(number: f32) -> String {
    const EXACT_BELOW: f32 = 16_777_216.0; // 2^24
    if number.fract() == 0.0 && number.abs() < EXACT_BELOW {
        return format!("{}", number as i64);
    }
    if number.is_finite() && number.abs() >= EXACT_BELOW {
        scientific(format!("{number:E}"))
    } else {
        number.to_string()
    }
}

/// `1.2E17` as spreadsheets write it: `1.2E+17`.
fn scientific(text: String) -> String {
    text.replace('E', "E+")
}

/// A decimal number without zeros that only its column's scale asks for: `12.5` for 12.5000, `1` for 1.0000000000.
fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A whole number as it was before a program wrote it with a decimal point, as for a column with gaps.
#[must_use]
pub fn without_point(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_whole = |digits: &&str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(length) = text.strip_suffix(".0").filter(is_whole).map(str::len) else { return text };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..length).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(length);
            Cow::Owned(text)
        }
    }
}

/// A text without white space around it. Most have none: their first and last bytes tell.
pub(super) fn trimmed(text: &str) -> &str {
    // Visible ASCII, or the first byte of a character from U+4000 to U+FFFF: none of these is white space.
    let is_visible = |byte: Option<&u8>| matches!(byte, Some(b'!'..=b'~'));
    let is_far = |byte: Option<&u8>| matches!(byte, Some(0xe4..=0xef));
    let bytes = text.as_bytes();
    let third_last = bytes.len().checked_sub(3).and_then(|at| bytes.get(at));
    let starts = is_visible(bytes.first()) || is_far(bytes.first());
    if starts && (is_visible(bytes.last()) || is_far(third_last)) { text } else { text.trim() }
}

/// A day number as `YYYY-MM-DD` (proleptic Gregorian).
pub(super) fn day_text(day: i32) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().try_days(i64::from(day));
    match span.and_then(|span| epoch.checked_add(span)) {
        Ok(date) => date.to_string(),
        Err(_) => String::from("out-of-range"),
    }
}

#[cfg(test)]
mod tests {
    use super::{column, is_flat, number_text};
    use arrow::array::*;
    use arrow::datatypes::{DataType, Field, Int32Type};
    use std::borrow::Cow;
    use std::sync::Arc;

    #[test]
    fn a_birth_in_a_summer_of_shifted_clocks_stays_on_its_day() {
        // Midnight of 15 July 1988, 24 July 1980 and 15 July 1995 in Shanghai, and an hour later on the first; then
        // midnights of 15 July 1919, 1 August 1940, 10 January 1943, 15 June 1948, 27 May 1949, 1 June 1949 and 15 July
        // 1935, and of 1 January 1900.
        let at = |seconds: i64| -> ArrayRef {
            Arc::new(TimestampSecondArray::from(vec![seconds]).with_timezone("Asia/Shanghai"))
        };
        for (seconds, day) in [
            (584_895_600, 6770),
            (584_899_200, 6770),
            (333_216_000, 3857),
            (805_737_600, 9326),
            (-1_592_643_600, -18_433),
            (-928_400_400, -10_745),
            (-851_331_600, -9853),
            (-680_000_400, -7870),
            (-650_106_000, -7524),
            (-649_670_400, -7519),
            (-1_087_718_400, -12_589),
            (-2_209_017_943, -25_567),
        ] {
            assert_eq!(column(&at(seconds), 8 * 3600).unwrap().0.day(0), Some(day), "{seconds}");
        }
    }

    fn shown(array: ArrayRef) -> Vec<Option<String>> {
        let rows = array.len();
        let (column, undecodable) = column(&array, 8 * 3600).unwrap();
        assert!(undecodable.is_empty());
        (0..rows).map(|row| column.text(row).map(Cow::into_owned)).collect()
    }

    fn check(array: impl Array + 'static, expected: &[Option<&str>]) {
        let name = format!("{:?}", array.data_type());
        let expected: Vec<_> = expected.iter().map(|text| text.map(str::to_owned)).collect();
        assert_eq!(shown(Arc::new(array)), expected, "{name}");
    }

    #[test]
    fn white_space_of_any_kind_goes_off_both_ends() {
        let plain = ["王", "a", "12-3", "李 x", "é", "", "\u{3000}", " "];
        let kinds = ["", " ", "\t", "\u{a0}", "\u{2003}", "\u{202f}", "\u{3000}", "\u{feff}"];
        for (text, kind) in plain.iter().flat_map(|text| kinds.map(|kind| (text, kind))) {
            for written in [format!("{kind}{text}"), format!("{text}{kind}"), format!("{kind}{text}{kind}")] {
                assert_eq!(super::trimmed(&written), written.trim(), "{written:?}");
            }
        }
    }

    #[test]
    fn a_whole_number_has_no_point() {
        for (text, expected) in [
            ("1.0", "1"),
            ("13812345678.0", "13812345678"),
            ("1.00", "1.00"),
            ("1.5.0", "1.5.0"),
            (".0", ".0"),
            ("a.0", "a.0"),
            ("10", "10"),
        ] {
            assert_eq!(super::without_point(Cow::Borrowed(text)), expected);
            assert_eq!(super::without_point(Cow::Owned(text.to_owned())), expected);
        }
    }

    #[test]
    fn every_flat_type_is_text_or_a_day() {
        check(StringArray::from(vec![Some(" a "), None, Some("　")]), &[Some("a"), None, None]);
        check(LargeStringArray::from(vec!["a", "中"]), &[Some("a"), Some("中")]);
        check(
            StringViewArray::from(vec!["a", "a text that is longer than twelve"]),
            &[Some("a"), Some("a text that is longer than twelve")],
        );
        check(BinaryArray::from(vec![b"a".as_slice(), "中".as_bytes()]), &[Some("a"), Some("中")]);
        check(DictionaryArray::<Int32Type>::from_iter([Some("a"), None, Some("a")]), &[Some("a"), None, Some("a")]);
        check(NullArray::new(2), &[None, None]);
        check(Int64Array::from(vec![Some(-5), None]), &[Some("-5"), None]);
        check(UInt8Array::from(vec![7]), &[Some("7")]);
        check(BooleanArray::from(vec![true, false]), &[Some("true"), Some("false")]);
        check(Float64Array::from(vec![1.0, 2.5, 1.201_06e17]), &[Some("1"), Some("2.5"), Some("1.20106E+17")]);
        check(Float32Array::from(vec![3.0, 0.1]), &[Some("3"), Some("0.1")]);
        let decimals =
            |numbers: Vec<i128>, scale| Decimal128Array::from(numbers).with_precision_and_scale(38, scale).unwrap();
        check(decimals(vec![1250, 100, 0, -5], 2), &[Some("12.5"), Some("1"), Some("0"), Some("-0.05")]);
        check(decimals(vec![120_106_001_004 * 10_i128.pow(10)], 10), &[Some("120106001004")]);
        check(decimals(vec![1000, 7], 0), &[Some("1000"), Some("7")]);
        check(decimals(vec![12], -2), &[Some("1200")]);
        check(Date32Array::from(vec![18_567]), &[Some("2020-11-01")]);
        check(Date64Array::from(vec![18_567 * 86_400_000 + 5, -1]), &[Some("2020-11-01"), Some("1969-12-31")]);
    }

    #[test]
    fn an_instant_falls_on_the_local_day_only_if_it_has_a_zone() {
        // 2020-10-31 16:00 UTC is midnight of 1 November in the study's zone (+08:00).
        let second = 18_566 * 86_400 + 16 * 3_600;
        check(TimestampSecondArray::from(vec![second]), &[Some("2020-10-31")]);
        check(
            TimestampSecondArray::from(vec![second, second - 1]).with_timezone("UTC"),
            &[Some("2020-11-01"), Some("2020-10-31")],
        );
        check(TimestampMillisecondArray::from(vec![second * 1_000]).with_timezone("UTC"), &[Some("2020-11-01")]);
        check(TimestampMicrosecondArray::from(vec![second * 1_000_000]).with_timezone("+03:00"), &[Some("2020-11-01")]);
        check(TimestampNanosecondArray::from(vec![second * 1_000_000_000]), &[Some("2020-10-31")]);
        check(
            TimestampSecondArray::from(vec![i64::MAX, i64::MIN]).with_timezone("UTC"),
            &[Some("out-of-range"), Some("out-of-range")],
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_null_and_named() {
        let array: ArrayRef = Arc::new(BinaryArray::from(vec![b"a".as_slice(), b"\xff", b"b"]));
        let (column, undecodable) = column(&array, 0).unwrap();
        assert_eq!(undecodable, [1]);
        assert_eq!(
            (column.text(0).as_deref(), column.text(1), column.text(2).as_deref()),
            (Some("a"), None, Some("b"))
        );
    }

    #[test]
    fn numbers_keep_their_digits_or_show_that_they_lost_them() {
        let check = |number: f64, expected: &str| assert_eq!(number_text(number), expected);
        check(0.0, "0");
        check(-0.0, "0");
        check(-3.0, "-3");
        check(20_201_101.0, "20201101");
        check(9_007_199_254_740_991.0, "9007199254740991");
        check(110_105_194_912_310_000.0, "1.1010519491231E+17");
        check(43.5, "43.5");
        check(f64::NAN, "NaN");
    }

    #[test]
    fn nested_types_are_not_flat() {
        let item = Arc::new(Field::new("item", DataType::Utf8, true));
        assert!(!is_flat(&DataType::List(item)));
        assert!(!is_flat(&DataType::Struct(vec![Field::new("a", DataType::Utf8, true)].into())));
        for flat in [DataType::Utf8, DataType::Null, DataType::Date64, DataType::Decimal128(18, 0), DataType::Int8] {
            assert!(is_flat(&flat), "{flat:?}");
        }
    }
}
