//! How alike are two short texts, without asking twice?
//!
//! Takes texts and their [`Sketch`]es, gives what `strsim` would; for ASCII texts of up to 64 bytes it allocates
//! nothing. A sketch bounds how many characters two texts can share. That settles most pairs of strangers.

/// What is known of a text before it is compared: which characters it has, once or twice, how it begins or which of
/// them stands where, and how long it is. Sixteen bytes, four to a cache line: fetching them is most of what comparing
/// costs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sketch {
    /// Bit of each character's bucket ([`BUCKETS`]), and above them a bit of each bucket that has a second character.
    /// If the text is [`Form::Placed`], its first sixteen characters, four bits each.
    bits: u64,
    /// The first four characters of an ASCII text; of a date, its day; of a placed text, the bits of its buckets.
    start: u32,
    /// Characters beyond those of the kinds.
    further: u8,
    /// Characters; [`TOO_LONG`] if they are more than can be told.
    length: u8,
    form: Form,
    /// How many records have the text; [`MANY`] if they are more than can be told.
    records: u8,
}

/// What the bits of a [`Sketch`] say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Form {
    /// Which characters there are, all of them ASCII.
    Ascii,
    /// Which characters there are.
    #[default]
    Other,
    /// Which characters stand where.
    Placed,
}

/// So many records have a text that its sketch does not tell.
const MANY: u8 = u8::MAX;

/// A text that names no day.
pub(super) const NO_DAY: i32 = i32::MIN;

/// How many characters two texts can begin with alike, as far as it counts: none, or up to four.
pub(super) const PREFIXES: usize = 5;

/// Letters, digits, the space, and all others.
const BUCKETS: u32 = 38;

/// Buckets of letters.
const LETTERS: u32 = 26;

/// Characters whose places a sketch has room for, and the bits of each.
const PLACES: u32 = 16;
const PLACE_BITS: u32 = 4;

/// The bits of the buckets that are no letters'.
const KINDS: u32 = (1 << (BUCKETS - LETTERS)) - 1;

/// The lowest bit of each place.
const EACH_PLACE: u64 = 0x1111_1111_1111_1111;

/// Most edits that places are held against.
const EDITS_MAX: u32 = 3;

/// Length of a text that is too long for a sketch.
const TOO_LONG: u8 = u8::MAX;

/// Lengths that a [`JaroWinklerBound`] has in its table.
const LENGTHS: usize = 40;

/// By the lengths of two texts and the letters that they begin with alike, the fewest shared characters with which
/// their Jaro-Winkler similarity can reach a bound.
#[derive(Debug, Clone)]
pub(super) struct JaroWinklerBound {
    fewest: Vec<u8>,
}

impl JaroWinklerBound {
    pub(super) fn new(least: f64) -> JaroWinklerBound {
        let reach = |a: usize, b: usize, prefix: usize, shared: usize| {
            let (length_a, length_b, shared) = (a as f64, b as f64, shared as f64);
            let jaro = (shared / length_a + shared / length_b + 1.0) / 3.0;
            let winkler = if jaro + 1e-9 > 0.7 { jaro + 0.1 * prefix as f64 * (1.0 - jaro) } else { jaro };
            winkler + 1e-9 >= least
        };
        let mut fewest = vec![0; LENGTHS * LENGTHS * PREFIXES];
        for (place, fewest) in fewest.iter_mut().enumerate() {
            let (a, b, prefix) = (place / (PREFIXES * LENGTHS), place / PREFIXES % LENGTHS, place % PREFIXES);
            if a > 0 && b > 0 {
                let shared = (0..=a.min(b)).find(|shared| reach(a, b, prefix, *shared));
                *fewest = shared.and_then(|shared| u8::try_from(shared).ok()).unwrap_or(u8::MAX);
            }
        }
        JaroWinklerBound { fewest }
    }

    /// How many characters two texts must share, times the sum of the inverses of their lengths, for their similarity
    /// to reach `least`, if they begin with so many equal ones.
    pub(super) fn shares(least: f64, prefix: usize) -> f64 {
        let boost = 0.1 * prefix as f64;
        // Only what is above 0.7 is raised for the prefix.
        let jaro = if least <= 0.7 { least } else { ((least - boost) / (1.0 - boost)).max(0.7) };
        3.0 * jaro - 1.0
    }

    /// Can the similarity of these two reach the bound?
    pub(super) fn may_be_reached(&self, one: Sketch, other: Sketch) -> bool {
        let (a, b) = (usize::from(one.length), usize::from(other.length));
        if a >= LENGTHS || b >= LENGTHS {
            return true;
        }
        let alike = one.start ^ other.start;
        // Where a text is not ASCII, its first characters are not known.
        let prefix = if one.is_ascii() && other.is_ascii() { (alike.trailing_zeros() / 8) as usize } else { 4 };
        self.fewest
            .get((a * LENGTHS + b) * PREFIXES + prefix)
            .is_none_or(|fewest| one.shared_most(other) >= u32::from(*fewest))
    }
}

/// Letters and digits have buckets of their own, other characters share one.
fn bucket(character: char) -> u32 {
    match character {
        'a'..='z' => u32::from(character) - u32::from('a'),
        '0'..='9' => 26 + u32::from(character) - u32::from('0'),
        ' ' => 36,
        _ => 37,
    }
}

impl Sketch {
    pub(super) fn of(text: &str) -> Sketch {
        let mut sketch = Sketch { form: if text.is_ascii() { Form::Ascii } else { Form::Other }, ..Sketch::default() };
        for character in text.chars() {
            let bucket = bucket(character);
            // Digits share the bits of a second character with letters.
            let (once, twice) = (1 << bucket, 1 << (BUCKETS + bucket % LETTERS));
            if sketch.bits & once == 0 {
                sketch.bits |= once;
            } else if sketch.bits & twice == 0 {
                sketch.bits |= twice;
            } else {
                sketch.further = sketch.further.saturating_add(1);
            }
            sketch.length = sketch.length.saturating_add(1);
        }
        let mut start = [0; 4];
        start.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
        sketch.start = u32::from_le_bytes(start);
        sketch
    }

    /// The sketch of a text that is compared by edits: if it has no letters, what stands where.
    pub(super) fn of_edited(text: &str) -> Sketch {
        let sketch = Sketch::of(text);
        if text.chars().any(|character| bucket(character) < LETTERS) {
            return sketch;
        }
        let place = |character: char| u64::from(bucket(character) - LETTERS + 1);
        let places = text.chars().take(PLACES as usize).zip(0..);
        let bits = places.fold(0, |bits, (character, at)| bits | place(character) << (PLACE_BITS * at));
        let (once, twice) = (sketch.bits >> LETTERS, sketch.bits >> BUCKETS);
        let start = (once & u64::from(KINDS) | twice << (BUCKETS - LETTERS)) as u32;
        Sketch { bits, start, form: Form::Placed, ..sketch }
    }

    /// The sketch of a date.
    pub(super) fn with_day(mut self, day: i32) -> Sketch {
        self.start = day.cast_unsigned();
        self
    }

    /// The sketch of a text that so many records have.
    pub(super) fn of_records(mut self, records: u32) -> Sketch {
        self.records = u8::try_from(records).unwrap_or(MANY);
        self
    }

    /// Bits of the characters that the text has.
    pub(super) fn kinds(self) -> u64 {
        if self.form != Form::Placed {
            return self.bits;
        }
        let (once, twice) = (self.start & KINDS, self.start >> (BUCKETS - LETTERS));
        u64::from(once) << LETTERS | u64::from(twice) << BUCKETS
    }

    /// Characters beyond those of the bits.
    pub(super) fn further(self) -> u32 {
        u32::from(self.further)
    }

    /// Characters, if they are not more than can be told.
    pub(super) fn length(self) -> Option<u8> {
        (self.length != TOO_LONG).then_some(self.length)
    }

    /// The first four characters of an ASCII text, or a date's day.
    pub(super) fn start(self) -> u32 {
        self.start
    }

    /// Is every character ASCII?
    pub(super) fn is_ascii(self) -> bool {
        self.form == Form::Ascii
    }

    /// How many records have the text, if that can be told.
    #[inline]
    pub(super) fn records(self) -> Option<u32> {
        (self.records != MANY).then_some(u32::from(self.records))
    }

    /// The day of a date, if it names one.
    pub(super) fn day(self) -> Option<i32> {
        Some(self.start.cast_signed()).filter(|day| *day != NO_DAY)
    }

    /// The most characters that the two texts can have in common.
    fn shared_most(self, other: Sketch) -> u32 {
        (self.kinds() & other.kinds()).count_ones() + u32::from(self.further.min(other.further))
    }

    /// Can the texts be at most so many edits apart?
    pub(super) fn may_be_within(self, other: Sketch, most: u32) -> bool {
        let longer = self.length.max(other.length);
        longer == TOO_LONG
            || (u32::from(longer).saturating_sub(self.shared_most(other)) <= most
                && self.astray(other, most) <= most
                && other.astray(self, most) <= most)
    }

    /// How many characters of the text are nowhere near their place in the other one, as far as it is known: an edit
    /// takes one away, or moves others by one place, the last of them to where it is not known any more.
    fn astray(self, other: Sketch, most: u32) -> u32 {
        if self.form != Form::Placed || other.form != Form::Placed || most > EDITS_MAX {
            return 0;
        }
        let differs = |other: u64| {
            let unlike = self.bits ^ other;
            unlike | unlike >> 1 | unlike >> 2 | unlike >> 3
        };
        let near = |by: u32| differs(other.bits << (PLACE_BITS * by)) & differs(other.bits >> (PLACE_BITS * by));
        let unlike = (1..=most).fold(differs(other.bits), |unlike, by| unlike & near(by));
        let taken = 1u64.checked_shl(PLACE_BITS * u32::from(self.length)).map_or(u64::MAX, |end| end - 1);
        (unlike & taken & EACH_PLACE).count_ones()
    }
}

/// Bytes of a text that the quick ways take.
const BYTES_MAX: usize = 64;

fn is_short(one: &str, other: &str) -> bool {
    one.len() <= BYTES_MAX && other.len() <= BYTES_MAX && one.is_ascii() && other.is_ascii()
}

/// Jaro-Winkler similarity, or something below `least` if it is below.
pub(super) fn jaro_winkler(one: &str, other: &str, least: f64) -> f64 {
    if !is_short(one, other) || one.is_empty() || other.is_empty() {
        return strsim::jaro_winkler(one, other);
    }
    let (a, b) = (one.as_bytes(), other.as_bytes());
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count() as f64;
    let (length_a, length_b) = (a.len() as f64, b.len() as f64);
    let range = (a.len().max(b.len()) / 2).saturating_sub(1);
    // Where each character stands in the second text (Hyyrö 2005 does this for edit distances).
    let mut places = [0u64; 128];
    for (j, y) in b.iter().enumerate() {
        places[usize::from(*y) & 127] |= 1 << j;
    }
    let (mut found_a, mut found_b) = (0u64, 0u64);
    for (i, x) in a.iter().enumerate() {
        let below = |end: usize| if end >= 64 { u64::MAX } else { (1 << end) - 1 };
        let window = below(i + range + 1) & !below(i.saturating_sub(range));
        let open = places[usize::from(*x) & 127] & window & !found_b;
        // The first place that is free, if any.
        found_b |= open & open.wrapping_neg();
        found_a |= u64::from(open != 0) << i;
    }
    let matches = found_a.count_ones();
    if matches == 0 {
        return 0.0;
    }
    let matched = f64::from(matches);
    // Without counting transpositions: can it still reach `least`?
    let best = (matched / length_a + matched / length_b + 1.0) / 3.0;
    if best + 0.1 * prefix * (1.0 - best) + 1e-9 < least {
        return 0.0;
    }
    let mut odd = 0u32;
    while found_a != 0 {
        let (i, j) = (found_a.trailing_zeros() as usize, found_b.trailing_zeros() as usize);
        odd += u32::from(a.get(i) != b.get(j));
        found_a &= found_a - 1;
        found_b &= found_b - 1;
    }
    let jaro = ((matched / length_a) + (matched / length_b) + (f64::from(matches - odd / 2) / matched)) / 3.0;
    if jaro > 0.7 { jaro + 0.1 * prefix * (1.0 - jaro) } else { jaro }
}

/// The texts without what they begin and end with alike.
fn core<'a>(one: &'a [u8], other: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let start = one.iter().zip(other).take_while(|(x, y)| x == y).count();
    let (one, other) = (one.get(start..).unwrap_or_default(), other.get(start..).unwrap_or_default());
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(x, y)| x == y).count();
    (one.get(..one.len() - end).unwrap_or_default(), other.get(..other.len() - end).unwrap_or_default())
}

/// Damerau-Levenshtein distance (any transposition of what then are neighbours), or something above `most` if it is
/// above.
pub(super) fn damerau_levenshtein(one: &str, other: &str, most: usize) -> usize {
    if !is_short(one, other) {
        return strsim::damerau_levenshtein(one, other);
    }
    let (a, b) = core(one.as_bytes(), other.as_bytes());
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len());
    }
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    match (a, b) {
        ([_], [_]) => return 1,
        ([first, second], [third, fourth]) if first == fourth && second == third => return 1,
        // Whatever is one edit apart has been seen by now.
        _ if most == 1 => return 2,
        _ => {}
    }
    if a.len() > CORE_MAX || b.len() > CORE_MAX {
        return strsim::damerau_levenshtein(one, other);
    }
    distance(a, b, most)
}

/// Bytes of a core that the table below holds.
const CORE_MAX: usize = 22;

/// Lowrance and Wagner 1975, row by row; two rows that are above `most` all over settle it.
fn distance(a: &[u8], b: &[u8], most: usize) -> usize {
    const WIDTH: usize = CORE_MAX + 1;
    let mut table = [[0u8; WIDTH]; WIDTH];
    let mut last_row = [0u8; 128];
    let cell = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    for (column, value) in table[0].iter_mut().enumerate() {
        *value = cell(column);
    }
    let mut above = 0;
    for i in 1..=a.len() {
        table[i][0] = cell(i);
        let mut last_column = 0usize;
        let mut least = table[i][0];
        for j in 1..=b.len() {
            let equal = a[i - 1] == b[j - 1];
            let mut best = table[i - 1][j - 1] + u8::from(!equal);
            best = best.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            let row = usize::from(last_row[usize::from(b[j - 1]) & 127]);
            if row > 0 && last_column > 0 {
                let between = (i - row - 1) + (j - last_column - 1) + 1;
                best = best.min(table[row - 1][last_column - 1].saturating_add(cell(between)));
            }
            if equal {
                last_column = j;
            }
            table[i][j] = best;
            least = least.min(best);
        }
        last_row[usize::from(a[i - 1]) & 127] = cell(i);
        above = if usize::from(least) > most { above + 1 } else { 0 };
        if above == 2 {
            return most + 1;
        }
    }
    usize::from(table[a.len()][b.len()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{JaroWinklerBound, Sketch, damerau_levenshtein, jaro_winkler};

    fn sketched(one: &str, other: &str) -> (Sketch, Sketch) {
        (Sketch::of(one), Sketch::of(other))
    }

    #[test]
    fn the_same_digits_elsewhere_are_no_few_edits() {
        for (one, other, most, expected) in [
            ("123456789", "987654321", 2, false),
            ("123456789", "132456789", 1, true),
            ("1234567890123456789", "1234567890123456799", 1, true),
            ("120106198503187713", "120106198503178731", 2, true),
            ("120106198503187713", "503187713120106198", 2, false),
            // Where there are letters, it is not known what stands where.
            ("abc", "cab", 1, true),
        ] {
            let (a, b) = (Sketch::of_edited(one), Sketch::of_edited(other));
            assert_eq!(a.may_be_within(b, most), expected, "{one} {other}");
            assert_eq!((a.kinds(), a.further()), (Sketch::of(one).kinds(), Sketch::of(one).further()), "{one}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn quick_distances_are_the_known_ones(one in "[ab1]{0,9}|[a-d]{0,26}|[0-9]{9}|.{0,6}", other in "[ab1]{0,9}|[a-d]{0,26}|[0-9]{9}|.{0,6}") {
            let known = strsim::damerau_levenshtein(&one, &other);
            for most in 1..4usize {
                let quick = damerau_levenshtein(&one, &other, most);
                prop_assert_eq!(quick.min(most + 1), known.min(most + 1), "{} {} {}", one, other, most);
                let (a, b) = sketched(&one, &other);
                prop_assert!(known > most || a.may_be_within(b, most as u32));
            }
        }

        #[test]
        fn whoever_is_so_many_edits_apart_may_be(
            text in "[0-9]{0,20}|[0-9 -]{14,18}",
            edits in proptest::collection::vec((0..4u8, 0..24usize, 0..12u8), 1..4),
        ) {
            let mut edited: Vec<char> = text.chars().collect();
            for (edit, at, character) in &edits {
                let (at, character) = (at % (edited.len() + 1), char::from(b"0123456789 -"[usize::from(*character)]));
                match edit {
                    0 => edited.insert(at, character),
                    1 if at < edited.len() => drop(edited.remove(at)),
                    2 if at + 1 < edited.len() => edited.swap(at, at + 1),
                    3 if at < edited.len() => edited[at] = character,
                    _ => {}
                }
            }
            let edited: String = edited.into_iter().collect();
            let known = strsim::damerau_levenshtein(&text, &edited).max(1);
            let (a, b) = (Sketch::of_edited(&text), Sketch::of_edited(&edited));
            prop_assert!(a.may_be_within(b, known as u32) && b.may_be_within(a, known as u32), "{} {}", text, edited);
            prop_assert_eq!((b.kinds(), b.length()), (Sketch::of(&edited).kinds(), Sketch::of(&edited).length()));
        }

        #[test]
        fn quick_similarities_are_the_known_ones(one in "[ab1]{0,9}|[a-d]{0,66}|.{0,6}|a[b-eé]{0,9}", other in "[ab1]{0,9}|[a-d]{0,66}|.{0,6}|a[b-eé]{0,9}") {
            let known = strsim::jaro_winkler(&one, &other);
            for least in [0.0, 0.7, 0.88, 0.92] {
                let quick = jaro_winkler(&one, &other, least);
                prop_assert!(if known >= least { quick == known } else { quick < least }, "{} {} {}", one, other, least);
                let (a, b) = sketched(&one, &other);
                prop_assert!(known < least || JaroWinklerBound::new(least).may_be_reached(a, b));
            }
        }
    }
}
