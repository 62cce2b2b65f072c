use proptest::prelude::*;

use super::*;
use crate::dialect::conversation::{Content, Role};

mod conversations;

const SETTINGS: ContextSettings = ContextSettings { window: 1000, reserve: 0, target: 500, soft: 750, hard: 950, limit: 950 };

/// A conversation as letters: `s`ystem, `d`eveloper, `u`ser, `a`ssistant, `c`alling assistant, `t`ool, `n`ote in the midst.
fn turns(letters: &str) -> Vec<Turn> {
    let turn = |letter| {
        let role = match letter {
            's' => Role::System,
            'd' => Role::Developer,
            'u' => Role::User,
            'a' | 'c' => Role::Assistant,
            'n' => Role::Aside,
            _ => Role::Tool,
        };
        let calls = (letter == 'c').then_some(0..0);
        Turn { role, span: 0..0, content: Content::Absent, calls, answers: role == Role::Tool, images: 0 }
    };
    letters.chars().map(turn).collect()
}

fn load(tokens: &[u64], fixed: u64) -> Load {
    Load { turns: tokens.to_vec(), fixed, factor: 1000, margin: 1000 }
}

/// Plans for turns of 100 tokens each.
fn cut(letters: &str) -> Vec<usize> {
    plan(&turns(letters), &load(&vec![100; letters.len()], 0), &SETTINGS).unwrap().cut
}

#[test]
fn nothing_goes_below_the_soft_mark() {
    assert!(cut("suauaua").is_empty());
    let exact = load(&[750], 0);
    assert_eq!(plan(&turns("u"), &exact, &SETTINGS).unwrap().tokens_after, 750);
}

#[test]
fn whole_exchanges_go_oldest_first() {
    // 900 tokens: at least 250 are to be saved, which takes two exchanges.
    assert_eq!(cut("suauauaua"), [1, 2, 3, 4]);
    // Late instructions stay.
    assert_eq!(cut("suasuauau"), [1, 2, 4, 5]);
    // Tool calls go with their results, and a greeting goes first.
    assert_eq!(cut("sauctauau"), [1, 2, 3, 4, 5]);
    assert_eq!(cut("suctctauau"), [1, 2, 3, 4, 5, 6]);
    // An aside cannot stand without the turn that it follows.
    assert_eq!(cut("sunauctnauau"), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn the_last_user_turn_stays_with_its_tool_loop() {
    assert_eq!(cut("suauctctct"), [1, 2]);
    assert_eq!(cut("suauauauu"), [1, 2, 3, 4]);
    // Without any user turn, the last turn stays with the calls that it answers.
    assert_eq!(cut("saaaaactt"), [1, 2, 3, 4, 5]);
}

#[test]
fn what_must_stay_and_does_not_fit_is_refused_with_the_excess() {
    let overflow = plan(&turns("suau"), &load(&[300, 100, 100, 700], 50), &SETTINGS).unwrap_err();
    assert_eq!(overflow, Overflow { over_by: 100, needed: 1050, limit: 950 });
    assert_eq!(overflow.code(), "context_length_exceeded");
    assert!(overflow.to_string().contains("1050 tokens, 100 more than the 950 that fit"), "{overflow}");
    assert_eq!(overflow.message(Api::OpenAi), overflow.to_string());
    assert_eq!(overflow.message(Api::Anthropic), format!("prompt is too long: 1050 tokens > 950 maximum. {overflow}"));
    // Between soft and hard it passes, with nothing older.
    let trim = plan(&turns("suau"), &load(&[100, 100, 100, 800], 0), &SETTINGS).unwrap();
    assert_eq!((trim.cut, trim.tokens_before, trim.tokens_after), (vec![1, 2], 1100, 900));
}

#[test]
fn caution_cuts_but_does_not_refuse() {
    let cautious = |tokens: &[u64]| plan(&turns("uau"), &Load { margin: 1250, factor: 1250, ..load(tokens, 0) }, &SETTINGS);
    assert_eq!(cautious(&[50, 50, 1100]).unwrap().cut, [0, 1]);
    assert_eq!(cautious(&[50, 50, 1250]), Err(Overflow { over_by: 50, needed: 1000, limit: 950 }));
}

#[test]
fn many_tools_leave_room_for_history() {
    // Tools alone reach the soft mark; a third of what is left below hard is kept for history.
    let tokens = [10; 41];
    let trim = plan(&turns(&format!("{}u", "ua".repeat(20))), &load(&tokens, 750), &SETTINGS).unwrap();
    assert!((750 + 60..=750 + 134).contains(&trim.tokens_after), "{trim:?}");
}

/// An exchange: a user turn, tool calls with results, answers, now and then an instruction.
fn exchange() -> impl Strategy<Value = String> {
    "u{1,2}(ct{1,3}){0,2}s?a?|uas|ua|u"
}

fn any_letters() -> impl Strategy<Value = String> {
    ("[sd]{0,2}a?", prop::collection::vec(exchange(), 0..25)).prop_map(|(head, rest)| head + &rest.concat())
}

/// Marks of every shape.
fn any_settings() -> impl Strategy<Value = ContextSettings> {
    (50_u64..500, 1_u64..500, 1_u64..500).prop_map(|(target, soft, hard)| ContextSettings {
        window: 2000,
        reserve: 0,
        target,
        soft: target + soft,
        hard: target + soft + hard,
        limit: target + soft + hard,
    })
}

/// Turns that always stay.
fn stays(turns: &[Turn]) -> Vec<bool> {
    let tail = turns.iter().rposition(|turn| turn.role == Role::User);
    turns.iter().enumerate().map(|(index, turn)| turn.role.instructs() || tail.is_some_and(|tail| index >= tail)).collect()
}

proptest! {
    #[test]
    fn what_is_cut_and_kept_is_sound(letters in any_letters(), tokens in prop::collection::vec(0_u64..120, 200), fixed in 0_u64..1000, settings in any_settings()) {
        let (turns, load) = (turns(&letters), load(&tokens[..letters.len()], fixed));
        let stays = stays(&turns);
        let must: u64 = fixed + stays.iter().zip(&load.turns).filter(|(stays, _)| **stays).map(|(_, tokens)| tokens).sum::<u64>();
        let trim = match plan(&turns, &load, &settings) {
            Ok(trim) => trim,
            Err(overflow) => {
                prop_assert_eq!((overflow.limit, overflow.needed), (settings.hard, settings.hard + overflow.over_by));
                if turns.iter().any(|turn| turn.role == Role::User) {
                    prop_assert_eq!(overflow.needed, must);
                }
                return Ok(());
            }
        };
        let saved: u64 = trim.cut.iter().map(|index| load.turns[*index]).sum();
        prop_assert_eq!((trim.tokens_before, trim.tokens_after), (load.total(), load.total() - saved));
        prop_assert!(trim.tokens_after <= settings.hard);
        prop_assert!(trim.cut.is_sorted());
        prop_assert!(trim.cut.iter().all(|index| !stays[*index]));
        if load.total() <= settings.soft {
            prop_assert!(trim.cut.is_empty());
        }
        let kept = |index: &usize| trim.cut.binary_search(index).is_err();
        let spoken: Vec<usize> = (0..turns.len()).filter(|index| !turns[*index].role.instructs()).collect();
        for pair in spoken.windows(2) {
            if turns[pair[1]].answers {
                prop_assert_eq!(kept(&pair[0]), kept(&pair[1]), "a tool group was split at {:?}", pair);
            }
            prop_assert!(kept(&pair[1]) || !kept(&pair[0]), "a newer turn went before an older one");
        }
        if let (false, Some(first)) = (trim.cut.is_empty(), spoken.iter().find(|index| kept(index))) {
            prop_assert_eq!(turns[*first].role, Role::User);
        }
    }

    #[test]
    fn as_a_conversation_grows_the_cut_only_moves_forward(letters in any_letters(), tokens in prop::collection::vec(0_u64..120, 200), fixed in 0_u64..300, settings in any_settings()) {
        let leading = letters.find(|letter| !"sd".contains(letter)).unwrap_or(letters.len());
        let mut before: Vec<usize> = Vec::new();
        for end in leading..=letters.len() {
            if let Ok(trim) = plan(&turns(&letters[..end]), &load(&tokens[..end], fixed), &settings) {
                prop_assert!(trim.cut.starts_with(&before), "{:?} after {:?}", trim.cut, before);
                before = trim.cut;
            }
        }
    }

    /// The cut stays put: it moves at most once for each step (soft less target) that the conversation grows.
    #[test]
    fn the_cut_moves_rarely(exchanges in prop::collection::vec("u(ct){0,2}a", 20..60), tokens in prop::collection::vec(5_u64..20, 400), fixed in 0_u64..150) {
        let letters = format!("s{}", exchanges.concat());
        let mut moves = 0;
        let mut before = Vec::new();
        for end in 1..=letters.len() {
            let trim = plan(&turns(&letters[..end]), &load(&tokens[..end], fixed), &SETTINGS).unwrap();
            moves += u64::from(trim.cut != before);
            before = trim.cut;
            prop_assert!(trim.tokens_after <= SETTINGS.soft);
        }
        let total: u64 = tokens[..letters.len()].iter().sum::<u64>() + fixed;
        let steps = total.saturating_sub(SETTINGS.soft).div_ceil(SETTINGS.soft - SETTINGS.target);
        prop_assert_eq!(moves, steps);
    }
}
