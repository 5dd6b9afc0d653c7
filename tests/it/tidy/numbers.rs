//! Could this be the number of a living person?
//!
//! Takes the bytes of a file, gives a complaint for each run of 17 digits and a check character (GB 11643, ISO 7064
//! MOD 11-2) that holds. Region 999999 is not in use; three numbers are examples published with the standard's texts.

const PUBLISHED: [&str; 3] = ["11010519491231002X", "440524188001010014", "120106198001010014"];
const UNUSED_REGION: &str = "999999";
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const LENGTH: usize = WEIGHTS.len() + 1;

/// Complaints about a file. They name the line, never the number.
pub fn check(name: &str, bytes: &[u8]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < bytes.len() {
        line += usize::from(bytes[at] == b'\n');
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let with_x = matches!(bytes.get(at + digits), Some(b'X' | b'x'));
        let length = digits + usize::from(with_x && digits == LENGTH - 1);
        if length == LENGTH && is_live(&bytes[at..at + length]) {
            complaints.push(format!("{name}:{line}: an ID number that a living person may have"));
        }
        at += digits;
    }
    complaints
}

fn is_live(number: &[u8]) -> bool {
    let text = String::from_utf8_lossy(number).to_ascii_uppercase();
    let sum: u32 = text.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = char::from(b"10X98765432"[sum as usize % 11]);
    text.ends_with(check) && !text.starts_with(UNUSED_REGION) && !PUBLISHED.contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_number_that_holds_is_found_and_is_not_repeated() {
        // Made here so that it stands nowhere: the sequence number of a published example, one up.
        let number = ["12010619800101", "0022"].concat();
        let complaints = check("a.csv", format!("id\n{number},x\n").as_bytes());
        assert_eq!(complaints, ["a.csv:2: an ID number that a living person may have"]);
        assert!(check("a.csv", format!("1{number}").as_bytes()).is_empty(), "part of a longer number");
        assert!(check("a.csv", b"120106198001010023").is_empty(), "the check character does not hold");
        assert!(check("a.csv", b"11010519491231002X 440524188001010014").is_empty(), "published");
        assert!(check("a.csv", b"999999198001010017,999999198001010025").is_empty(), "unused region");
    }
}
