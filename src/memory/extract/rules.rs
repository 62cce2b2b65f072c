//! What an explicit statement looks like: patterns over the words of a clause, anchored at its beginning and in the first person.
//!
//! A pattern is words with alternatives (`in|at`); `~` is the rest, one word at least; `*` is one to four words, the object of the
//! statement. Adverbs ("also", "currently") may stand between.

use super::clause::Word;
use crate::store::Kind;

/// How a rule names the slot that its fact fills.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    None,
    Fixed(&'static str),
    /// `favourite:` and the words that `*` stood for.
    Favourite,
    /// The word that was chosen among the pattern's first alternatives: `timezone`.
    Choice,
    /// As `Choice`, for a relative: `wife.name`.
    RelativeName,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: &'static str,
    pattern: &'static str,
    pub(super) kind: Kind,
    slot: Slot,
    /// Words that the rest must not begin with.
    not_before: &'static [&'static str],
    /// Longest rest in words.
    max_rest: usize,
}

/// A rule that fits a clause.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) rule: &'static Rule,
    pub(super) slot: Option<String>,
}

const ADVERBS: &[&str] = &[
    "really",
    "also",
    "just",
    "actually",
    "currently",
    "now",
    "still",
    "usually",
    "generally",
    "strongly",
    "absolutely",
    "totally",
    "mostly",
    "already",
    "personally",
    "definitely",
    "recently",
    "mainly",
    "both",
    "originally",
    "do",
    "very",
    "much",
    "strictly",
];
/// What makes a statement no statement of fact.
const UNSURE: &[&str] = &[
    "if",
    "would",
    "could",
    "might",
    "maybe",
    "perhaps",
    "hypothetically",
    "wish",
    "said",
    "says",
    "told",
    "pretend",
    "imagine",
    "unless",
    "supposed",
    "supposedly",
    "allegedly",
    "whether",
];
/// What holds for today only.
const PASSING: &[&str] = &["today", "tonight", "tomorrow", "yesterday", "moment"];

/// What people say they like and mean the conversation.
const THIS_TALK: &[&str] = &[
    "it",
    "this",
    "that",
    "these",
    "those",
    "you",
    "your",
    "how",
    "when",
    "what",
    "where",
    "him",
    "her",
    "them",
    "to",
    "not",
    "if",
    "both",
    "all",
    "option",
    "answer",
    "idea",
    "suggestion",
    "approach",
    "version",
    "one",
    "response",
    "draft",
    "second",
    "first",
    "latter",
    "former",
    "way",
];
const NO_TRADE: &[&str] = &[
    "bit", "little", "lot", "few", "mess", "failure", "fool", "idiot", "moron", "while", "loss", "beginner", "newbie", "noob",
    "total", "complete", "fraid", "robot", "bot", "language", "ai", "person", "human", "hurry", "big", "huge",
];
const NO_NAME: &[&str] = &[
    "not",
    "a",
    "an",
    "the",
    "on",
    "in",
    "too",
    "very",
    "so",
    "hard",
    "difficult",
    "spelled",
    "pronounced",
    "common",
    "unusual",
    "mentioned",
    "written",
    "crazy",
    "stupid",
    "back",
    "later",
    "when",
    "if",
    "tomorrow",
    "paranoid",
    "old",
    "what",
    "whatever",
    "anything",
    "because",
    "at",
    "for",
    "by",
    "to",
    "as",
    "and",
    "or",
];
const NO_PLACE: &[&str] = &["fear", "hope", "a", "my", "the", "denial", "peace", "it", "this", "that"];

const fn rule(id: &'static str, pattern: &'static str, kind: Kind, slot: Slot) -> Rule {
    Rule { id, pattern, kind, slot, not_before: &["not", "that"], max_rest: 40 }
}

const fn guarded(
    id: &'static str,
    pattern: &'static str,
    kind: Kind,
    slot: Slot,
    not_before: &'static [&'static str],
    max_rest: usize,
) -> Rule {
    Rule { id, pattern, kind, slot, not_before, max_rest }
}

use Kind::{Preference, Profile};
use Slot::{Choice, Favourite, Fixed, RelativeName};

/// The first rule that fits wins.
static RULES: &[Rule] = &[
    guarded("name", "my name is ~", Profile, Fixed("name"), NO_NAME, 5),
    guarded("name", "my full|first|last|real|legal name is ~", Profile, Slot::None, NO_NAME, 5),
    guarded("name", "i am called|named ~", Profile, Fixed("name"), NO_NAME, 5),
    guarded("call_me", "call me ~", Profile, Fixed("nickname"), NO_NAME, 3),
    guarded("call_me", "please call me ~", Profile, Fixed("nickname"), NO_NAME, 6),
    guarded("call_me", "you can|may|should call me ~", Profile, Fixed("nickname"), NO_NAME, 3),
    guarded("call_me", "i go by ~", Profile, Fixed("nickname"), NO_NAME, 3),
    rule("pronouns", "my pronouns are ~", Profile, Fixed("pronouns")),
    guarded(
        "home",
        "i|we live|reside in|near|on|at ~",
        Profile,
        Fixed("home"),
        &["fear", "hope", "denial", "peace", "it", "this", "that", "constant"],
        12,
    ),
    guarded("home", "i|we moved|relocated to ~", Profile, Fixed("home"), NO_PLACE, 12),
    guarded("home", "i|we have moved|relocated to ~", Profile, Fixed("home"), NO_PLACE, 12),
    guarded("home", "i|we am|are based|living|located in ~", Profile, Fixed("home"), &["fear", "hope", "this"], 12),
    rule("origin", "i am from ~", Profile, Fixed("origin")),
    rule("origin", "i come from ~", Profile, Fixed("origin")),
    rule("birthplace", "i was born in ~", Profile, Slot::None),
    rule("birthday", "i was born on ~", Profile, Fixed("birthday")),
    rule("birthday", "my birthday is ~", Profile, Fixed("birthday")),
    rule("upbringing", "i was raised in ~", Profile, Slot::None),
    rule("upbringing", "i grew up in|on|with ~", Profile, Slot::None),
    guarded(
        "employer",
        "i work at|for ~",
        Profile,
        Fixed("employer"),
        &["home", "night", "free", "hours", "me", "you", "a", "the"],
        12,
    ),
    guarded("employer", "i work at|for ~", Profile, Slot::None, &["night", "free", "hours", "me", "you"], 12),
    rule("employer", "i am employed at|by ~", Profile, Fixed("employer")),
    guarded("employer", "i am working at|for ~", Profile, Fixed("employer"), &["home", "a", "the", "it", "this"], 12),
    rule("job", "i work as ~", Profile, Fixed("job")),
    rule("job", "my job|occupation|profession is ~", Profile, Fixed("job")),
    guarded("work", "i work in|on|with|from ~", Profile, Slot::None, &["this", "that", "it", "here"], 12),
    rule("work", "i am self-employed|retired|unemployed|freelancing", Profile, Slot::None),
    rule("study", "i study ~", Profile, Slot::None),
    rule("study", "i am studying ~", Profile, Slot::None),
    rule("diet", "i am vegan|vegetarian|pescatarian|pescetarian|celiac|coeliac|kosher|halal|keto", Profile, Fixed("diet")),
    rule("diet", "i am a|an vegan|vegetarian|pescatarian|pescetarian|celiac|coeliac|carnivore|omnivore", Profile, Fixed("diet")),
    rule("diet", "i eat only|kosher|halal ~", Profile, Slot::None),
    rule("diet", "i do not eat|drink|consume ~", Profile, Slot::None),
    rule("diet", "i never eat|drink|consume ~", Profile, Slot::None),
    rule("diet", "i can not eat|drink|have|tolerate ~", Profile, Slot::None),
    rule("health", "i am allergic to ~", Profile, Slot::None),
    rule("health", "i am lactose|gluten intolerant", Profile, Slot::None),
    rule("health", "i am lactose-intolerant|gluten-free|gluten-intolerant", Profile, Slot::None),
    guarded(
        "health",
        "i am diabetic|dyslexic|deaf|blind|colorblind|colourblind|asthmatic|epileptic|autistic|pregnant|left-handed",
        Profile,
        Slot::None,
        &["to"],
        6,
    ),
    rule("health", "i have diabetes|asthma|adhd|epilepsy|dyslexia|celiac|migraines|hypertension", Profile, Slot::None),
    rule("health", "i have a|an * allergy|allergies|intolerance", Profile, Slot::None),
    rule("speaks", "i speak ~", Profile, Slot::None),
    rule("language", "my native|first language is ~", Profile, Fixed("language")),
    rule("language", "my mother tongue is ~", Profile, Fixed("language")),
    guarded(
        "marital_status",
        "i am married|divorced|engaged|single|widowed",
        Profile,
        Fixed("marital_status"),
        &["in", "by", "out"],
        6,
    ),
    rule("attribute", "my time zone is ~", Profile, Fixed("timezone")),
    rule("attribute", "my hometown|timezone|nationality|religion|height|weight|age is ~", Profile, Choice),
    guarded(
        "family",
        "my wife's|husband's|partner's|girlfriend's|boyfriend's|mother's|father's|mom's|mum's|dad's|boss's name is ~",
        Profile,
        RelativeName,
        NO_NAME,
        5,
    ),
    guarded(
        "family",
        "my wife|husband|partner|girlfriend|boyfriend|mother|father|mom|mum|dad|boss is called|named ~",
        Profile,
        RelativeName,
        NO_NAME,
        5,
    ),
    guarded("family", "my * name is ~", Profile, Slot::None, NO_NAME, 5),
    guarded("family", "my * names are ~", Profile, Slot::None, NO_NAME, 8),
    guarded("family", "my * is|are called|named ~", Profile, Slot::None, NO_NAME, 8),
    rule(
        "family",
        "i|we have a|an|one|two|three|four|five|2|3|4|5|twin|no kid|kids|child|children|son|sons|daughter|daughters|brother|brothers|sister|sisters|dog|dogs|cat|cats|twins",
        Profile,
        Slot::None,
    ),
    guarded("favourite", "my favorite|favourite * is|are ~", Preference, Favourite, &["not"], 12),
    guarded("prefers", "i prefer|favor|favour ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("likes", "i like|love|enjoy|adore ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("likes", "i am a big|huge fan of ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("likes", "i am a fan of ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("dislikes", "i hate|dislike|loathe|detest|despise ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("dislikes", "i do not like|enjoy ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("dislikes", "i can not stand|bear ~", Preference, Slot::None, THIS_TALK, 20),
    guarded("is_a", "i am a|an ~", Profile, Slot::None, NO_TRADE, 10),
];

/// The rule that `clause` fits, if it is a statement of fact in the first person.
pub(super) fn find_rule(clause: &[Word]) -> Option<Match> {
    let has = |list: &[&str]| clause.iter().any(|w| list.contains(&w.text.as_str()));
    if has(UNSURE) || has(PASSING) {
        return None;
    }
    find_age(clause).or_else(|| RULES.iter().find_map(|rule| fit(rule, clause)))
}

static AGE: Rule = rule("age", "", Kind::Profile, Slot::Fixed("age"));

/// "I am 34", "I'm 34 years old": a number fits no pattern of words.
fn find_age(clause: &[Word]) -> Option<Match> {
    let words: Vec<&str> = clause.iter().map(|w| w.text.as_str()).filter(|w| !ADVERBS.contains(w)).collect();
    let (["i", "am", age] | ["i", "am", age, "years" | "yrs", ..]) = words.as_slice() else { return None };
    let age: u8 = age.parse().ok().filter(|age| (3..=120).contains(age))?;
    (age > 0).then(|| Match { rule: &AGE, slot: Some("age".to_owned()) })
}

fn fit(rule: &'static Rule, clause: &[Word]) -> Option<Match> {
    let mut rest = clause;
    let mut object = None;
    let mut choice = None;
    let mut parts = rule.pattern.split(' ').peekable();
    while let Some(part) = parts.next() {
        match part {
            "~" => {
                rest.first()?;
            }
            "*" => {
                let stop = parts.peek()?;
                let len = rest.iter().take(5).position(|w| stop.split('|').any(|s| s == w.text)).filter(|len| *len > 0)?;
                let (taken, left) = rest.split_at_checked(len)?;
                object = Some(taken.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "));
                rest = left;
            }
            alternatives => {
                let takes = |w: &Word| alternatives.split('|').any(|a| a == w.text);
                let skipped = rest.iter().position(|w| takes(w) || !ADVERBS.contains(&w.text.as_str()))?;
                let (word, left) = rest.get(skipped..)?.split_first().filter(|(w, _)| takes(w))?;
                if alternatives.contains('|') && choice.is_none() {
                    choice = Some(word.text.as_str());
                }
                rest = left;
            }
        }
    }
    if rest.len() > rule.max_rest || begins_with(rest, rule.not_before) {
        return None;
    }
    let slot = match rule.slot {
        Slot::None => None,
        Fixed(slot) => Some(slot.to_owned()),
        Favourite => object.map(|object| format!("favourite:{object}")),
        Choice => choice.map(str::to_owned),
        RelativeName => choice.map(|word| format!("{}.name", relation(word.strip_suffix("'s").unwrap_or(word)))),
    };
    Some(Match { rule, slot })
}

/// Whether `rest` begins with one of `words`, an article before it aside ("the second option").
fn begins_with(rest: &[Word], words: &[&str]) -> bool {
    let listed = |w: &Word| words.contains(&w.text.as_str());
    let Some((first, more)) = rest.split_first() else { return false };
    listed(first) || first.text == "the" && more.first().is_some_and(listed)
}

/// One name for each relation, so that "mum" and "mother" fill one slot.
fn relation(word: &str) -> &str {
    match word {
        "mom" | "mum" => "mother",
        "dad" => "father",
        other => other,
    }
}
