//! Do drawing and documents name what is in the code?
//!
//! Takes the drawing of `src/lib.rs` and the documents, gives a complaint for each function and constant that is not
//! there.

/// Paths of functions (`room::verb`, `Noun::verb`) in a drawing: the text between the first fences.
fn verbs(drawing: &str) -> Vec<Vec<&str>> {
    let drawing = drawing.split("```").nth(1).unwrap_or("");
    let words = drawing.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
    words.map(|word| word.trim_matches(':').split("::").collect::<Vec<_>>()).filter(|path| path.len() > 1).collect()
}

/// A complaint for each function of the drawing that no public function of its room is called by.
pub fn missing_verbs(drawing: &str, sources: &[(String, String)]) -> Vec<String> {
    let is_there = |path: &Vec<&str>| {
        let (verb, place) = path.split_last().expect("not empty");
        let noun = place.last().expect("a room or a noun");
        let room = format!("/{}", place.join("/"));
        let is_noun = noun.starts_with(char::is_uppercase);
        let has_place = |name: &str, text: &str| {
            let blocks = [format!("impl {noun} "), format!("impl {noun}<"), format!("impl<'a> {noun}<")];
            let files = [format!("{room}.rs"), format!("{room}/mod.rs")];
            if is_noun {
                blocks.iter().any(|block| text.contains(block))
            } else {
                files.iter().any(|file| name.ends_with(file))
            }
        };
        // Its own, or one that it shows of a part of it.
        let is_shown = |line: &str| line.starts_with("pub use ") && line.ends_with(&format!("::{verb};"));
        let function = |text: &str| {
            ["(", "<"].iter().any(|after| text.contains(&format!("pub fn {verb}{after}"))) || text.lines().any(is_shown)
        };
        sources.iter().any(|(name, text)| has_place(name, text) && function(text))
    };
    let paths = verbs(drawing);
    if paths.is_empty() {
        return vec![String::from("src/lib.rs: no function stands in the drawing")];
    }
    let missing = paths.iter().filter(|path| !is_there(path));
    missing
        .map(|path| format!("src/lib.rs: the drawing has `{}`, which is no public function", path.join("::")))
        .collect()
}

/// Names of constants in backticks: capitals, digits, and at least one underscore (`NULL` and `DIR` are words).
fn constants(document: &str) -> Vec<&str> {
    let is_constant = |name: &&str| {
        name.contains('_')
            && name.starts_with(|letter: char| letter.is_ascii_uppercase())
            && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    };
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_constant).collect()
}

/// A complaint for each constant of the documents that is none of the sources, nor a variable that a test reads.
pub fn missing_constants(
    documents: &[(String, String)],
    sources: &[(String, String)],
    tests: &[(String, String)],
) -> Vec<String> {
    let has = |texts: &[(String, String)], marks: &[String]| {
        texts.iter().any(|(_, text)| marks.iter().any(|mark| text.contains(mark.as_str())))
    };
    let is_there = |name: &str| {
        let declared = ["const", "static"].map(|word| format!("{word} {name}:"));
        has(sources, &declared) || has(tests, &[format!("\"{name}\"")])
    };
    let complaint =
        |file: &str, name: &str| format!("{file}: `{name}` is no constant of src/ and no variable of a test");
    let of_document = |(file, text): &(String, String)| {
        constants(text).into_iter().filter(|name| !is_there(name)).map(|name| complaint(file, name)).collect::<Vec<_>>()
    };
    documents.iter().flat_map(of_document).collect()
}
