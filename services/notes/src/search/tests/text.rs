//! Made-up notes and queries in many scripts, from few words, so that they meet.

use super::*;
use crate::ranked::{Clause, Query, Scope};

/// Words that differ by case, by diacritics, by one letter, by their endings, and in scripts with and without blanks.
const WORDS: [&str; 56] = [
    "note",
    "Note",
    "notes",
    "noted",
    "north",
    "planet",
    "planets",
    "plant",
    "keyboard",
    "keybord",
    "Straße",
    "STRASSE",
    "straßen",
    "Größe",
    "grosse",
    "übung",
    "Übungen",
    "café",
    "cafe",
    "naïve",
    "İstanbul",
    "istanbul",
    "ılık",
    "ışık",
    "Σίσυφος",
    "ΣΊΣΥΦΟΣ",
    "λόγος",
    "λογος",
    "中文",
    "中",
    "文字",
    "日本語",
    "ひらがな",
    "カタカナ",
    "ｶﾀｶﾅ",
    "한국어",
    "한국",
    "العربية",
    "عربي",
    "ภาษาไทย",
    "ไทย",
    "हिन्दी",
    "🙂",
    "👍🏽",
    "a",
    "b",
    "c",
    "1984",
    "3.14",
    "e-mail",
    "don't",
    "ﬁne",
    "fine",
    "é",
    "x",
    "antidisestablishmentarianism",
];
const TAGS: [&str; 8] = ["work", "Work", "wörk", "two words", "", "家", " home ", "home"];
const GAPS: [&str; 6] = [" ", " ", ", ", "\n", " - ", "。"];

/// Writes what it draws from its stream.
pub(super) struct Writer(Stream);

impl Writer {
    pub(super) fn new(seed: u64) -> Self {
        Self(Entropy::seeded(seed).stream("search", "test"))
    }

    pub(super) fn below(&self, bound: usize) -> usize {
        self.0.below(u32::try_from(bound).unwrap()) as usize
    }

    pub(super) fn one_in(&self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn any<'a>(&self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn text(&self, words: usize) -> String {
        (0..self.below(words + 1)).flat_map(|_| [self.any(&WORDS), self.any(&GAPS)]).collect()
    }

    fn tags(&self) -> Vec<Text> {
        (0..self.below(4)).map(|_| text(self.any(&TAGS))).collect()
    }

    pub(super) fn draft(&self) -> Draft {
        Draft {
            title: Title::new(text(self.text(4).chars().take(60).collect::<String>().as_str())).unwrap(),
            content: text(&self.text(12)),
            tags: self.tags(),
            is_pinned: self.one_in(8),
            is_archived: self.one_in(4),
            background_color: Draft::default_background(),
        }
    }

    pub(super) fn note(&self, author: AccountId, now: i64) -> Note {
        Note::new(NoteId::random(&self.0), author, self.draft(), Timestamp::from_millis(now))
    }

    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            query: self.query(),
            is_archived: self.one_in(4),
            tag: self.one_in(5).then(|| text(self.any(&TAGS))),
            page: Page::new(1 + self.below(3) as u64, 1 + self.below(12) as u64),
        }
    }

    fn query(&self) -> Query {
        let clauses = (0..self.below(4)).map(|_| Clause {
            is_excluded: self.one_in(4),
            choices: (0..=self.below(8) / 6).map(|_| self.term()).collect(),
        });
        Query { clauses: clauses.collect() }
    }

    fn term(&self) -> Term {
        if self.one_in(8) {
            return Term::Tag(crate::ranked::folded(self.any(&TAGS)));
        }
        let mut words = Vec::new();
        while words.is_empty() {
            let count = 1 + self.below(6) / 4;
            let spoken: String = (0..count).flat_map(|_| [self.any(&WORDS), " "]).collect();
            crate::ranked::words(&spoken, |word, _| words.push(self.mistyped(word)));
        }
        let is_prefix = self.one_in(4);
        if let Some(last) = words.last_mut().filter(|_| is_prefix) {
            *last = last.chars().take(1 + self.below(3)).collect();
        }
        let scope = if self.one_in(5) { Scope::Title } else { Scope::Anywhere };
        Term::Words { scope, words, is_prefix }
    }

    fn mistyped(&self, word: &str) -> String {
        if !self.one_in(6) {
            return word.to_owned();
        }
        let skipped = self.below(word.chars().count());
        let kept: String =
            word.chars().enumerate().filter(|(at, _)| *at != skipped).map(|(_, char)| char).collect();
        if kept.is_empty() { word.to_owned() } else { kept }
    }
}
