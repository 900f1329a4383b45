//! Random texts in many scripts, and needles that are in some of them.

use chassis::entropy::Stream;

use crate::note::Draft;

/// Words and what stands between words. Several differ by case alone, some only in languages other than ours.
const WORDS: [&str; 56] = [
    "the",
    "The",
    "meeting",
    "100%",
    "_underscore_",
    "it's",
    "\"quoted\"",
    "a\\b",
    "*",
    "?",
    "Straße",
    "STRASSE",
    "STRAẞE",
    "Köln",
    "köln",
    "KÖLN",
    "ko\u{308}ln",
    "İstanbul",
    "istanbul",
    "ISTANBUL",
    "ıstanbul",
    "Iğdır",
    "ſtraſſe",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "Σίσυφοσ",
    "ὈΔΥΣΣΕΎΣ",
    "ὀδυσσεύς",
    "会议",
    "会議",
    "記錄",
    "笔记",
    "ノート",
    "のーと",
    "メモ帳",
    "ﾒﾓ",
    "مذكرة",
    "اجتماع",
    "مُذَكِّرَة",
    "🙂",
    "👩‍👩‍👧",
    "🇩🇪",
    "\n",
    "\r\n",
    "\t",
    "K",
    "Å",
    "ǅ",
    "ﬃ",
    "Ꭰ",
    "ꭰ",
    "Ⴀ",
    "ⴀ",
    "𐐀",
    "𐐨",
    "",
];

/// One to twelve words, some without a space between them.
fn some_words(dice: &Stream, words_max: u32) -> String {
    let mut text = String::new();
    for _ in 0..=dice.below(words_max) {
        text.push_str(WORDS[dice.below(u32::try_from(WORDS.len()).unwrap()) as usize]);
        if dice.below(3) > 0 {
            text.push(' ');
        }
    }
    text
}

/// A title.
pub(super) fn title(dice: &Stream) -> String {
    some_words(dice, 3)
}

/// A content.
pub(super) fn content(dice: &Stream) -> String {
    some_words(dice, 12)
}

/// A needle: mostly a piece of `draft`, in the case that it has or in another; sometimes anything.
pub(super) fn needle(dice: &Stream, draft: Option<&Draft>) -> String {
    let Some(draft) = draft.filter(|_| dice.below(8) > 0) else {
        return some_words(dice, 2);
    };
    let field = if dice.below(3) == 0 { draft.title.as_str() } else { draft.content.as_str() };
    let chars: Vec<char> = field.chars().collect();
    let from = dice.below(u32::try_from(chars.len()).unwrap() + 1) as usize;
    let piece = chars.iter().skip(from).take(1 + dice.below(9) as usize);
    match dice.below(3) {
        0 => piece.collect(),
        1 => piece.flat_map(|char| char.to_uppercase()).collect(),
        _ => piece.flat_map(|char| char.to_lowercase()).collect(),
    }
}
