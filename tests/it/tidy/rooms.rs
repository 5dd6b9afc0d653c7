//! Which rooms are there, and which may each use?
//!
//! Takes the text of `docs/architecture.md`, gives [`Rooms`]: the rows of the table `| room | may use |`, in order.

/// The rooms in the order of the table, each with the rooms it may use.
#[derive(Debug, PartialEq, Eq)]
pub struct Rooms {
    rows: Vec<(String, Vec<String>)>,
}

impl Rooms {
    /// Reads the table: every line `| `room` | `other` … |` after its heading.
    pub fn read(document: &str) -> Rooms {
        let table = document.lines().skip_while(|line| !line.replace(' ', "").starts_with("|room|mayuse|")).skip(2);
        let row = |line: &str| {
            let mut cells = line.trim_matches('|').split('|');
            let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<String>>();
            let room = quoted(cells.next()?).into_iter().next()?;
            Some((room, quoted(cells.next()?)))
        };
        Rooms { rows: table.map_while(|line| line.starts_with('|').then(|| row(line)).flatten()).collect() }
    }

    /// Names of the rooms.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|(room, _)| room.as_str())
    }

    /// The room that a module path lies in: the row with the longest common beginning.
    pub fn of(&self, path: &[String]) -> Option<&str> {
        let joined = format!("{}/", path.join("/"));
        self.names().filter(|room| joined.starts_with(&format!("{room}/"))).max_by_key(|room| room.len())
    }

    /// Is this the folder of rooms, whether or not it is a room itself?
    pub fn is_hall(&self, path: &[String]) -> bool {
        let folder = format!("{}/", path.join("/"));
        self.names().any(|room| room.starts_with(&folder))
    }

    /// May the one room use the other?
    pub fn allow(&self, room: &str, other: &str) -> bool {
        self.rows.iter().any(|(known, uses)| known == room && uses.iter().any(|used| used == other))
    }

    /// All pairs of a room and one that it may use.
    pub fn allowed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows.iter().flat_map(|(room, uses)| uses.iter().map(|used| (room.as_str(), used.as_str())))
    }

    /// What is wrong with the table itself: an unknown room, or one that stands below (which rules cycles out).
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.rows.is_empty() {
            complaints.push(String::from("docs/architecture.md: no table `| room | may use |`"));
        }
        for (at, (room, uses)) in self.rows.iter().enumerate() {
            if self.rows[..at].iter().any(|(earlier, _)| earlier == room) {
                complaints.push(format!("docs/architecture.md: `{room}` has two rows"));
            }
            for used in uses {
                if !self.rows[..at].iter().any(|(earlier, _)| earlier == used) {
                    complaints.push(format!("docs/architecture.md: `{room}` uses `{used}`, which is not above it"));
                }
            }
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::Rooms;

    fn table(rows: &str) -> Rooms {
        Rooms::read(&format!("# A\n| x |\n\n| room | may use |\n| --- | --- |\n{rows}\nMore.\n| `z` | |\n"))
    }

    #[test]
    fn the_table_is_read_and_nothing_after_it() {
        let rooms = table("| `a` | |\n| `b/c` | `a` |\n| `b` | `a` `b/c` |");
        assert_eq!(rooms.names().collect::<Vec<_>>(), ["a", "b/c", "b"]);
        assert!(rooms.allow("b", "b/c") && rooms.allow("b/c", "a") && !rooms.allow("a", "b"));
        assert_eq!(rooms.complaints(), Vec::<String>::new());
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<String>>();
        assert_eq!(rooms.of(&path("b/c/Noun")), Some("b/c"));
        assert_eq!(rooms.of(&path("b/Noun")), Some("b"));
        assert_eq!(rooms.of(&path("bc")), None);
        assert!(rooms.is_hall(&path("b")) && !rooms.is_hall(&path("a")));
    }

    #[test]
    fn cycles_and_unknown_rooms_are_found() {
        assert_eq!(table("| `a` | `b` |\n| `b` | `a` |").complaints().len(), 1, "a cycle needs a row that looks down");
        assert_eq!(table("| `a` | `a` |").complaints().len(), 1);
        assert_eq!(table("| `a` | `nowhere` |").complaints().len(), 1);
        assert_eq!(table("| `a` | |\n| `a` | |").complaints().len(), 1);
        assert_eq!(Rooms::read("no table").complaints().len(), 1);
    }
}
