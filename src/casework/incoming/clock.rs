//! Is what stands behind a day a time of day?
//!
//! Takes it as programs and people write it: 00:00:00, 8:30 p.m., 下午3点半, 10:00-11:00, 晚, with a day of the week or not.
//! A number that is no time of a clock may be another day, and belongs into the notes.

/// Behind these a number alone is an hour.
const PARTS_OF_DAY: &[&str] = &[
    "上午", "下午", "早上", "早晨", "清晨", "凌晨", "中午", "正午", "午后", "傍晚", "晚上", "夜晚", "夜里", "夜间",
    "半夜", "深夜", "午夜", "早", "晚", "夜",
];
const WEEKS: &[&str] = &["星期", "礼拜", "周"];
const DAYS_OF_WEEK: &[&str] = &["一", "二", "三", "四", "五", "六", "日", "天"];
const ABOUT: &[&str] =
    &["大约", "约", "左右", "前后", "以前", "以后", "之前", "之后", "前", "后", "许", "多", "钟", "整", "半"];
const BETWEEN: &[&str] = &["至", "到", "~", "–", "—"];
const OF_A_CLOCK: &[&str] = &["点", "點", "时", "時", "分", "秒", "刻", "o'clock", "am", "pm"];
const DIGITS: &[char] = &['零', '一', '二', '两', '三', '四', '五', '六', '七', '八', '九'];
const WORDS: &str = "am pm o clock t z at about around in the morning noon afternoon evening night midnight \
                     mon tue tues wed thu thur thurs fri sat sun \
                     monday tuesday wednesday thursday friday saturday sunday";

/// Is it a time of day, a day of the week, or nothing?
pub(super) fn is_time(text: &str) -> bool {
    let text = text.to_lowercase().replace("a.m", "am").replace("p.m", "pm");
    let mut words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    if !words.all(|word| WORDS.split(' ').any(|known| known == word)) {
        return false;
    }
    let clock = as_clock(&text);
    clock.chars().all(|c| c.is_ascii_digit() || " :.+-#,;/、()".contains(c)) && are_times(&clock)
}

/// Every word of a clock as `:`, a part of the day as `#`, what stands between two times as `-`; no other words, and of
/// a number in characters that there is one.
fn as_clock(text: &str) -> String {
    let replaced =
        |text: String, words: &[&str], by: &str| words.iter().fold(text, |text, word| text.replace(word, by));
    let days = WEEKS.iter().flat_map(|week| DAYS_OF_WEEK.iter().map(move |day| format!("{week}{day}")));
    let text = days.fold(text.to_owned(), |text, day| text.replace(&day, " "));
    let text = replaced(text, PARTS_OF_DAY, "#");
    let text = replaced(text, OF_A_CLOCK, ":");
    let text = replaced(replaced(text, ABOUT, " "), BETWEEN, "-");
    let mut clock = String::new();
    for c in text.chars() {
        match c {
            '十' if clock.ends_with('1') => {}
            '十' => clock.push('1'),
            c if DIGITS.contains(&c) && clock.ends_with('1') => {}
            c if DIGITS.contains(&c) => clock.push('1'),
            c if c.is_ascii_alphabetic() || c.is_whitespace() => clock.push(' '),
            c => clock.push(c),
        }
    }
    clock.split_whitespace().collect::<Vec<_>>().join(" ").replace(" :", ":")
}

/// Is every number a time of a clock: with its minutes or its hour said, or the hour behind a part of the day, the
/// first of two times, or how far the time is from UTC?
fn are_times(clock: &str) -> bool {
    let is_of_time = |c: char| c.is_ascii_digit() || ":.".contains(c);
    let mut times: Vec<(&str, &str)> = Vec::new();
    let mut rest = clock;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let (time, behind) = from.split_at(from.find(|c| !is_of_time(c)).unwrap_or(from.len()));
        times.push((before, time));
        rest = behind;
    }
    let is_time = |(at, (before, time)): (usize, &(&str, &str))| {
        let is_hour = time.parse().is_ok_and(|hour: u8| hour <= 24);
        let is_clock = |at: Option<usize>| at.and_then(|at| times.get(at)).is_some_and(|(_, time)| time.contains(':'));
        let is_first = times.get(at + 1).is_some_and(|(between, _)| between.trim() == "-");
        time.contains(':')
            || (is_hour && before.trim_end().ends_with('#'))
            || (is_hour && is_first && is_clock(Some(at + 1)))
            || (*before == "+" && is_clock(at.checked_sub(1)))
    };
    times.iter().enumerate().all(is_time)
}

#[cfg(test)]
mod tests {
    use super::is_time;

    #[test]
    fn what_people_write_behind_a_day_is_a_time_unless_it_may_be_another_day() {
        for time in [
            "",
            "00:00:00",
            "00:00:00.000z",
            "10:00:00+08:00",
            "10:00:00+0800",
            "8:30 PM",
            "8:30 p.m.",
            "8 pm",
            "8 o'clock",
            "about 10:00 in the morning",
            "Thu",
            "Thursday",
            "(Sun) 10:00",
            "10:00-11:00",
            "10:00~11:00",
            "10-11点",
            "上午9点至11点",
            "下午3-5点",
            "晚",
            "早",
            "傍晚",
            "凌晨",
            "夜里8点",
            "下午3",
            "下午 3",
            "下午3点半",
            "三点",
            "上午十点",
            "二十三点四十五分",
            "晚上十二点一刻",
            "约10点",
            "上午10点左右",
            "10:00以后",
            "20时",
            "10时30分",
            "10 点 30 分",
            "(星期四) 上午",
            "周日",
            "礼拜天下午",
            "上午、晚上",
        ] {
            assert!(is_time(time), "{time}");
        }
        for other in [
            "2020-12-03",
            "03 05",
            "05",
            "5日",
            "三日",
            "12月3",
            "12-05",
            "12.5",
            "12/05 10:00",
            "12-05 10:00",
            "10:00 05",
            "10:00 12-05",
            "10点、5日",
            "晚 12-05",
            "晚 2020",
            "下午31",
            "1530",
            "+05",
            "Dec 5",
            "nobody met",
            "和五日",
            "晚饭后",
            "家中无人",
            "第2次",
        ] {
            assert!(!is_time(other), "{other}");
        }
    }
}
