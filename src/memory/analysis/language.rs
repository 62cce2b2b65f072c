//! Which language a text is in, as far as stemming cares.

use rust_stemmers::{Algorithm, Stemmer};

use super::stop_words::languages_of;

/// The language whose stop words and stemmer apply. Its number is stored with each analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Language {
    /// A language without a stemmer: its words are compared as they are.
    Other = 0,
    English = 1,
    German = 2,
    French = 3,
    Spanish = 4,
    Italian = 5,
    Portuguese = 6,
    Dutch = 7,
    Russian = 8,
    Greek = 9,
    Arabic = 10,
    Tamil = 11,
}

/// Those that are told apart by their words, since they share a script.
const LATIN: [Language; 7] = [
    Language::English,
    Language::German,
    Language::French,
    Language::Spanish,
    Language::Italian,
    Language::Portuguese,
    Language::Dutch,
];

impl Language {
    /// How many there are.
    pub const COUNT: usize = 12;

    pub(super) const ALL: [Self; Self::COUNT] = [
        Self::Other,
        Self::English,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Italian,
        Self::Portuguese,
        Self::Dutch,
        Self::Russian,
        Self::Greek,
        Self::Arabic,
        Self::Tamil,
    ];

    /// The language of a number that was stored.
    pub(super) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// This language's bit in a set.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The languages of a set, in order of number.
    pub fn each(set: u32) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |language| set & language.bit() != 0)
    }

    pub(super) fn stemmer(self) -> Option<Stemmer> {
        let algorithm = match self {
            Self::Other => return None,
            Self::English => Algorithm::English,
            Self::German => Algorithm::German,
            Self::French => Algorithm::French,
            Self::Spanish => Algorithm::Spanish,
            Self::Italian => Algorithm::Italian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Dutch => Algorithm::Dutch,
            Self::Russian => Algorithm::Russian,
            Self::Greek => Algorithm::Greek,
            Self::Arabic => Algorithm::Arabic,
            Self::Tamil => Algorithm::Tamil,
        };
        Some(Stemmer::create(algorithm))
    }
}

/// What was found out about a text's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    pub language: Language,
    /// Something in the text speaks for it. Without, English is the guess for the Latin script.
    pub evident: bool,
}

/// Evidence for each language, gathered word by word.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    latin: [u32; LATIN.len()],
    latin_letters: u32,
    cyrillic: u32,
    beyond_russian: u32,
    greek: u32,
    arabic: u32,
    tamil: u32,
    other: u32,
}

/// A stop word counts as much as this many letters that few languages have.
const STOP_WORD: u32 = 2;

impl Evidence {
    /// Takes a folded word, marks kept.
    pub(super) fn take(&mut self, word: &str) {
        let set = languages_of(word);
        for (language, count) in LATIN.iter().zip(&mut self.latin) {
            *count += if set & language.bit() == 0 { 0 } else { STOP_WORD };
        }
        if word.is_ascii() {
            self.latin_letters += 1;
            return;
        }
        for c in word.chars() {
            let at_home: &[Language] = match c {
                'ß' | 'ä' | 'ö' | 'ü' => &[Language::German],
                'ñ' => &[Language::Spanish],
                'ã' | 'õ' => &[Language::Portuguese],
                'î' | 'û' | 'œ' => &[Language::French],
                'á' | 'í' | 'ó' | 'ú' => &[Language::Spanish, Language::Portuguese],
                'ç' | 'â' | 'ê' | 'ô' => &[Language::French, Language::Portuguese],
                'é' => &[Language::French, Language::Spanish, Language::Portuguese],
                'à' | 'è' | 'ù' => &[Language::French, Language::Italian],
                'ì' | 'ò' => &[Language::Italian],
                _ => &[],
            };
            for (language, count) in LATIN.iter().zip(&mut self.latin) {
                *count += u32::from(at_home.contains(language));
            }
        }
        let script = match word.chars().find(|c| c.is_alphabetic()).unwrap_or('a') {
            '\u{400}'..='\u{52f}' => &mut self.cyrillic,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => &mut self.greek,
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => &mut self.arabic,
            '\u{b80}'..='\u{bff}' => &mut self.tamil,
            '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => &mut self.latin_letters,
            _ => &mut self.other,
        };
        *script += 1;
        if word.contains(['і', 'ї', 'є', 'ґ', 'ў', 'ј', 'љ', 'њ', 'ћ', 'ђ', 'џ']) {
            self.beyond_russian += 1;
        }
    }

    /// The language with the most evidence; of equals the first in order, which is English.
    pub(super) fn guess(&self) -> Guess {
        let scripts = [
            (self.latin_letters, Language::English),
            (self.cyrillic, if self.beyond_russian > 0 { Language::Other } else { Language::Russian }),
            (self.greek, Language::Greek),
            (self.arabic, Language::Arabic),
            (self.tamil, Language::Tamil),
            (self.other, Language::Other),
        ];
        let (_, by_script) = scripts.into_iter().rev().max_by_key(|(words, _)| *words).unwrap_or((0, Language::English));
        if by_script != Language::English {
            return Guess { language: by_script, evident: true };
        }
        let (most, language) =
            self.latin.into_iter().zip(LATIN).rev().max_by_key(|(count, _)| *count).unwrap_or((0, Language::English));
        // One letter is no evidence: "café" is English too.
        if most < STOP_WORD { Guess { language: Language::English, evident: false } } else { Guess { language, evident: true } }
    }
}

#[cfg(test)]
mod tests {
    use super::super::detect;
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        for (text, language) in [
            ("Where does my sister live?", Language::English),
            ("Meine Schwester wohnt in Hamburg", Language::German),
            ("Ma sœur habite à Lyon", Language::French),
            ("Mi hermana vive en Sevilla", Language::Spanish),
            ("Mia sorella abita a Torino", Language::Italian),
            ("Minha irmã mora em Lisboa", Language::Portuguese),
            ("Mijn zus woont in Utrecht", Language::Dutch),
            ("Моя сестра живёт в Москве", Language::Russian),
            ("Моя сестра мешкає у Києві", Language::Other),
            ("Η αδελφή μου μένει στην Αθήνα", Language::Greek),
            ("أختي تعيش في القاهرة", Language::Arabic),
            ("私は東京に住んでいます", Language::Other),
        ] {
            assert_eq!(detect(text), Guess { language, evident: true }, "{text}");
        }
        for text in ["", "42", "Berlin", "pizza!"] {
            assert_eq!(detect(text), Guess { language: Language::English, evident: false }, "{text}");
        }
    }

    #[test]
    fn a_stored_number_gives_its_language_back() {
        for language in Language::ALL {
            assert_eq!(Language::of_number(language as u8), Some(language));
        }
        assert_eq!(Language::of_number(200), None);
        assert_eq!(Language::each(Language::German.bit() | Language::English.bit()).count(), 2);
    }
}
