//! Which names are there?
//!
//! Takes names as they are read, gives each distinct one a symbol: [`NameTable`] keeps them in comparable form, with
//! how often each occurs.

use rustc_hash::FxHashSet;

use super::lexicon::{Lexicon, Symbol};
use super::name::{Name, Script};

/// The distinct names, each in comparable form, with how often it occurs.
#[derive(Debug, Default)]
pub struct NameTable {
    /// Canonical texts.
    pub texts: Lexicon,
    /// The names; index = symbol − 1.
    pub forms: Vec<Name>,
    /// Can no more than one character of the name be read? Index = symbol − 1.
    hardly_readable: Vec<bool>,
    /// Those of which another may have the text.
    ambiguous: FxHashSet<Symbol>,
    /// How many records bear each name; index = symbol.
    pub counts: Vec<u32>,
}

impl NameTable {
    /// The symbol of a name, new or old.
    pub fn intern(&mut self, name: Name) -> Symbol {
        let symbol = self.texts.intern(&name.text);
        if symbol as usize > self.forms.len() {
            self.push(name);
        } else if self.ambiguous.contains(&symbol) {
            self.settle(symbol, name);
        }
        symbol
    }

    /// The symbols of many names, new or old.
    pub(super) fn intern_all(&mut self, names: Vec<Name>) -> Vec<Symbol> {
        let symbols = self.texts.intern_all(names.iter().map(|name| name.text.as_str()));
        for (name, symbol) in names.into_iter().zip(&symbols) {
            if *symbol as usize > self.forms.len() {
                self.push(name);
            } else if self.ambiguous.contains(symbol) {
                self.settle(*symbol, name);
            }
        }
        symbols
    }

    fn push(&mut self, name: Name) {
        if is_ambiguous(&name) {
            self.ambiguous.extend(Symbol::try_from(self.forms.len() + 1));
        }
        self.hardly_readable.push(name.is_hardly_readable());
        self.forms.push(name);
    }

    /// Of two names of one text, takes the same whichever comes first.
    fn settle(&mut self, symbol: Symbol, name: Name) {
        let sounds = |name: &Name| name.tokens.iter().map(|token| token.sounds).collect::<Vec<_>>();
        let rank = |name: &Name| (name.family, name.tokens.len(), sounds(name));
        let at = (symbol as usize).wrapping_sub(1);
        if let Some(known) = self.forms.get_mut(at).filter(|known| rank(&name) > rank(known)) {
            self.hardly_readable[at] = name.is_hardly_readable();
            *known = name;
        }
    }

    /// Keeps the names of these symbols, which are numbered in this order then.
    pub(super) fn renumber(&mut self, symbols: &[Symbol]) {
        let known = std::mem::take(self);
        let mut forms: Vec<Option<Name>> = known.forms.into_iter().map(Some).collect();
        let kept = symbols.iter().filter_map(|symbol| forms.get_mut((*symbol as usize).wrapping_sub(1))?.take());
        self.intern_all(kept.collect());
    }

    /// Can no more than one character of this name be read, though it has more?
    #[must_use]
    pub fn is_hardly_readable(&self, symbol: Symbol) -> bool {
        (symbol as usize).checked_sub(1).and_then(|at| self.hardly_readable.get(at)).copied().unwrap_or(false)
    }

    /// The name of a symbol.
    #[must_use]
    pub fn form(&self, symbol: Symbol) -> Option<&Name> {
        (symbol as usize).checked_sub(1).and_then(|at| self.forms.get(at))
    }

    /// How many records bear the name.
    #[must_use]
    pub fn count(&self, symbol: Symbol) -> u32 {
        self.counts.get(symbol as usize).copied().unwrap_or(0)
    }
}

/// May another name be written alike? 王·伟 is transliterated and 王伟 is not; in xian伟 is a character or are two.
fn is_ambiguous(name: &Name) -> bool {
    let is_undivided = || name.family == 0 && name.tokens.len() <= UNDOTTED_MAX;
    let is_spelt = || name.tokens.iter().any(|token| token.is_wild() && !token.is_unread());
    name.script == Script::Han && (is_undivided() || is_spelt())
}

/// Without a dot, a name of more characters has no family name either.
const UNDOTTED_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::NameTable;
    use crate::person::name::{self, Reading};

    #[test]
    fn what_a_name_is_does_not_depend_on_who_writes_it_first() {
        let read = |text: &str| match name::read(text) {
            Reading::Name(name, _) => name,
            other => panic!("{text}: {other:?}"),
        };
        for (one, other) in [("王·伟", "王伟"), ("阿依·古丽", "阿依古丽"), ("王xi an", "王xian")] {
            let (one, other) = (read(one), read(other));
            assert!(one.text == other.text && one != other, "{}", one.text);
            let forms = [[&one, &other], [&other, &one]].map(|names| {
                let mut singly = NameTable::default();
                assert_eq!(names.map(|name| singly.intern(name.clone())), [1, 1]);
                let mut together = NameTable::default();
                assert_eq!(together.intern_all(names.map(Clone::clone).to_vec()), [1, 1]);
                assert!(singly.form(1) == together.form(1));
                together.forms
            });
            assert!(forms[0] == forms[1] && forms[0].len() == 1, "{}", one.text);
        }
    }
}
