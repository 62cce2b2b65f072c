//! What words are, and what phrases are good for.

use std::ops::BitOr;

/// What a word is, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Class(pub(super) u64);

impl Class {
    /// Says nothing at the beginning of a clause: greetings, conjunctions.
    pub(super) const FILLER: Self = Self(1);
    /// May stand between the words of a pattern.
    pub(super) const ADVERB: Self = Self(1 << 1);
    /// Joins clauses: "and", "but".
    pub(super) const JOINT: Self = Self(1 << 2);
    /// Begins a clause behind a comma.
    pub(super) const OPENER: Self = Self(1 << 3);
    /// Begins a clause behind a joint, without a comma.
    pub(super) const SUBJECT: Self = Self(1 << 4);
    /// Begins a clause that ends at the next comma: "since", "because".
    pub(super) const REASON: Self = Self(1 << 5);
    /// The first person: "I", "my", "we", and verb forms that say it alone.
    pub(super) const SELF: Self = Self(1 << 6);
    /// Begins a request or a question.
    pub(super) const REQUEST: Self = Self(1 << 7);
    /// Makes a statement no statement of fact: "would", "maybe".
    pub(super) const UNSURE: Self = Self(1 << 8);
    /// Holds for today only.
    pub(super) const TODAY: Self = Self(1 << 9);
    /// Cannot begin a name.
    pub(super) const NO_NAME: Self = Self(1 << 10);
    /// What people say they like and mean the conversation: "that", "your", "answer".
    pub(super) const TALK: Self = Self(1 << 11);
    /// Cannot begin the name of a place.
    pub(super) const NO_PLACE: Self = Self(1 << 12);
    /// Not what a person is by trade: "a bit", "a fool".
    pub(super) const NO_TRADE: Self = Self(1 << 13);
    /// Addresses the one who answers: "answer", "use".
    pub(super) const ADDRESS: Self = Self(1 << 14);
    /// "Always", "never".
    pub(super) const ALWAYS: Self = Self(1 << 15);
    /// Begins words of time or place that may stand before the subject: "in", "last".
    pub(super) const LEAD: Self = Self(1 << 16);
    /// Ends the value of a slot: "since", "because".
    pub(super) const END: Self = Self(1 << 17);
    /// Works on a text: "translate".
    pub(super) const WORK: Self = Self(1 << 18);
    /// The text that is worked on.
    pub(super) const TEXT: Self = Self(1 << 19);
    /// Somebody says something: "says", "wrote".
    pub(super) const REPORT: Self = Self(1 << 20);
    /// Says when: "yesterday", "ago", months.
    pub(super) const DATED: Self = Self(1 << 21);
    /// A verb of the past.
    pub(super) const PAST: Self = Self(1 << 22);
    /// "You", "your".
    pub(super) const YOU: Self = Self(1 << 23);
    pub(super) const ARTICLE: Self = Self(1 << 24);
    pub(super) const NOT: Self = Self(1 << 25);
    /// Begins a tag question: "…, right?".
    pub(super) const TAG: Self = Self(1 << 26);
    /// Cannot follow "always" or "never" in an order.
    pub(super) const NO_ORDER: Self = Self(1 << 27);
    /// What a person does towards the one who answers: "ask", "send".
    pub(super) const TOWARDS: Self = Self(1 << 28);
    /// A trade: "nurse".
    pub(super) const TRADE: Self = Self(1 << 29);
    /// Other people: "he", "they", "she".
    pub(super) const OTHERS: Self = Self(1 << 30);
    /// What one says of a good answer: "you are a great help".
    pub(super) const PRAISE: Self = Self(1 << 31);
    /// The first person as somebody to whom things happen: "me".
    pub(super) const OBJECT: Self = Self(1 << 33);
    /// Behind "remember", a memory or a task: "remember when…", "remember to…".
    pub(super) const NO_WISH: Self = Self(1 << 32);
    /// A language, into which something is put: "in French".
    pub(super) const TONGUE: Self = Self(1 << 34);
    /// Beside a day, says that it comes again and again: "every Sunday", "Sunday mornings".
    pub(super) const EVERY: Self = Self(1 << 35);
    /// Makes an order hold for one answer only: "here", "this".
    pub(super) const ONCE: Self = Self(1 << 36);
    /// What is the person's: "my", "our".
    pub(super) const OWN: Self = Self(1 << 37);

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Class {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a phrase is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Says nothing at the beginning of a clause.
    Filler,
    /// Nothing behind it in the sentence holds unconditionally: "if".
    Condition,
    /// What stands behind holds at a time only: "when".
    Temporal,
    /// A story, a role or somebody's text begins.
    Fiction,
    /// Anywhere in the turn: it was not meant.
    Joke,
    /// Anywhere in the turn: a part is played, before and behind.
    Play,
    /// Somebody's text may follow, if the sentence names one: "here is", "feedback on".
    Presents,
    /// "Remember that": anything may follow.
    Wish,
    /// "Note that": only a statement in the first person may follow, since tasks are worded so too.
    PersonalWish,
    Polite,
    /// "From now on".
    FromNow,
    /// "I want you to": an order, if "always" stands in it.
    Asked,
    /// "Do not ever": an order follows.
    Never,
    /// "You know": what follows is told, even where it ends as a question.
    Known,
    /// "You are", "you play": a part to play follows.
    Cast,
    /// "Whenever", "every time": an order may stand behind the condition.
    Whenever,
    /// "Forget that": a statement follows.
    ForgetThat,
    /// "Forget what I said about": words follow that the facts hold.
    ForgetAbout,
    /// "Forget everything you know about me": nothing follows.
    ForgetAll,
    /// The beginning of a clause that tells nothing of the person: "I think", "I need help".
    Noise,
}

impl Role {
    /// The role as one bit of a set.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }
}
