//! Makes spellings of a word equal that differ by case, by diacritics or by the form of their letters.
//!
//! Language-neutral. Texts are decomposed by compatibility (NFKD), so that `ﬁ` is `fi` and `Ａ` is `a`; accents go;
//! case is folded as for the literal search; letters that Unicode does not decompose are spelled as in [`spelled`];
//! what is left is composed again, so that a Hangul syllable is one letter.

use std::iter;

use icu_normalizer::properties::{CanonicalCombiningClassMap, CanonicalCombiningClassMapBorrowed};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};

use crate::folding::fold;

const DECOMPOSING: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfkd();
const COMPOSING: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();
const CLASSES: CanonicalCombiningClassMapBorrowed<'static> = CanonicalCombiningClassMap::new();

/// The folded form of a whole text, such as a tag; blanks around it go.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    let folded: String = chars(text).collect();
    folded.trim().to_owned()
}

/// The folded form of a text, char by char.
pub(super) fn chars(text: &str) -> impl Iterator<Item = char> {
    let plain = DECOMPOSING.normalize_iter(text.chars()).filter(|char| is_kept(*char));
    COMPOSING.normalize_iter(plain.map(fold).flat_map(|char| {
        let letters = spelled(char);
        letters.chars().chain(iter::once(char).filter(move |_| letters.is_empty()))
    }))
}

/// Whether `char` tells words apart. Points and accents (Hebrew, Arabic and Syriac ones: classes 10 to 36; those of
/// all scripts: 1 and 200 to 240) do not, nor what is not seen. Marks with other classes do: vowels and tones of
/// Indic and South East Asian scripts, the voicing of kana.
fn is_kept(char: char) -> bool {
    match char {
        // Arabic letters drawn out, variation selectors.
        '\u{640}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => false,
        _ if is_invisible(char) || is_skin_tone(char) => false,
        _ => !matches!(CLASSES.get_u8(char), 1 | 10..=36 | 200..=240),
    }
}

/// Format characters that stand within a word and are no part of it: soft hyphens, joiners, marks of direction.
pub(super) const fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{200C}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
    )
}

/// Colours of the emoji before them.
pub(super) const fn is_skin_tone(char: char) -> bool {
    matches!(char, '\u{1F3FB}'..='\u{1F3FF}')
}

/// How a folded letter without a decomposition is spelled with plain ones, as CLDR's Latin-ASCII transform has it;
/// nothing for all other chars.
const fn spelled(letter: char) -> &'static str {
    match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ŋ' => "ng",
        'ⱥ' => "a",
        'ƀ' | 'ƃ' | 'ɓ' => "b",
        'ƈ' | 'ȼ' => "c",
        'đ' | 'ð' | 'ƌ' | 'ɖ' | 'ɗ' => "d",
        'ɇ' => "e",
        'ƒ' => "f",
        'ǥ' | 'ɠ' => "g",
        'ħ' => "h",
        'ı' | 'ɨ' => "i",
        'ȷ' | 'ɉ' => "j",
        'ƙ' | 'ⱪ' => "k",
        'ł' | 'ƚ' => "l",
        'ɲ' | 'ƞ' => "n",
        'ø' => "o",
        'ƥ' => "p",
        'ĸ' | 'ɋ' => "q",
        'ɍ' => "r",
        'ȿ' => "s",
        'ŧ' | 'ƭ' | 'ⱦ' => "t",
        'ʉ' => "u",
        'ʋ' => "v",
        'ƴ' | 'ɏ' => "y",
        'ƶ' | 'ȥ' | 'ɀ' => "z",
        _ => "",
    }
}
