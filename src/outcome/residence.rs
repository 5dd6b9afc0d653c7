//! Did this person, whom only registers know, live here at the reference time?
