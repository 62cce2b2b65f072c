use jiff::civil::date;

use super::*;
use crate::memory::analysis::Words;

/// Thursday, 15 June 2023.
const NOW: i64 = 1_686_830_400_000;

fn spans(question: &str) -> Vec<(String, String)> {
    let words = Words::of(question);
    let epoch = date(1970, 1, 1);
    let day = |day: Day| epoch.checked_add(i64::from(day).days()).unwrap().to_string();
    find(words.plain(), words.guess(), NOW).iter().map(|span| (day(span.from), day(span.to))).collect()
}

#[track_caller]
fn means(question: &str, from: &str, to: &str) {
    assert_eq!(spans(question), [(from.to_owned(), to.to_owned())], "{question}");
}

#[test]
fn days_are_found_however_they_are_written() {
    for question in [
        "What did I do on 8 May 2023?",
        "What happened on May 8, 2023?",
        "on the 8th of May, 2023",
        "Was war am 8. Mai 2023?",
        "Qu'est-ce que j'ai fait le 8 mai 2023 ?",
        "¿Qué hice el 8 de mayo de 2023?",
        "Cosa ho fatto l'8 maggio 2023?",
        "O que fiz no dia 8 de maio de 2023?",
        "Wat deed ik op 8 mei 2023?",
        "Что я делал 8 мая 2023 года?",
        "Who called me on 2023-05-08?",
        "What about the 8th of May?",
    ] {
        means(question, "2023-05-08", "2023-05-08");
    }
}

#[test]
fn months_are_found_with_their_year_or_the_latest() {
    for question in [
        "Where was I in May 2023?",
        "Where was I last May?",
        "Where was I in May?",
        "Wo war ich im Mai?",
        "Où étais-je en mai ?",
        "¿Dónde estuve en mayo?",
        "Dove ero a maggio?",
        "Onde estive em maio?",
        "Waar was ik in mei?",
        "Где я был в мае?",
    ] {
        means(question, "2023-05-01", "2023-05-31");
    }
    means("What did I plan in December?", "2022-12-01", "2022-12-31");
}

#[test]
fn words_that_only_look_like_months_are_none() {
    for question in
        ["May I ask you something?", "Did they march?", "Is Marco at home?", "Who is June?", "Hier wohne ich", "one two"]
    {
        assert_eq!(spans(question), [], "{question}");
    }
}

#[test]
fn relative_days_are_reckoned_from_now() {
    for question in [
        "yesterday",
        "gestern",
        "Was habe ich gestern gegessen?",
        "¿Qué comí ayer?",
        "Qu'est-ce que j'ai mangé hier ?",
        "ieri",
        "ontem",
        "gisteren",
        "вчера",
    ] {
        means(question, "2023-06-14", "2023-06-14");
    }
    for question in [
        "last week",
        "letzte Woche",
        "la semaine dernière",
        "la semana pasada",
        "la settimana scorsa",
        "na semana passada",
        "vorige week",
        "на прошлой неделе",
    ] {
        means(question, "2023-06-05", "2023-06-11");
    }
    for question in [
        "last month",
        "letzten Monat",
        "le mois dernier",
        "el mes pasado",
        "il mese scorso",
        "no mês passado",
        "vorige maand",
        "в прошлом месяце",
    ] {
        means(question, "2023-05-01", "2023-05-31");
    }
    for question in [
        "last year",
        "letztes Jahr",
        "l'année dernière",
        "el año pasado",
        "l'anno scorso",
        "no ano passado",
        "vorig jaar",
        "в прошлом году",
        "2022",
    ] {
        means(question, "2022-01-01", "2022-12-31");
    }
    for question in [
        "last summer",
        "letzten Sommer",
        "l'été dernier",
        "el verano pasado",
        "l'estate scorsa",
        "no verão passado",
        "summer 2023",
    ] {
        means(question, "2023-06-01", "2023-08-31");
    }
    for question in [
        "two weeks ago",
        "vor zwei Wochen",
        "il y a deux semaines",
        "hace dos semanas",
        "due settimane fa",
        "há duas semanas",
        "twee weken geleden",
        "две недели назад",
    ] {
        means(question, "2023-05-29", "2023-06-04");
    }
    means("3 days ago", "2023-06-12", "2023-06-12");
}

#[test]
fn a_day_close_by_fits_less() {
    let span = Span { from: 100, to: 110 };
    for (day, fit) in [(96, 0.0), (97, NEARLY), (100, 1.0), (110, 1.0), (113, NEARLY), (114, 0.0)] {
        assert!((span.fit(day) - fit).abs() < f32::EPSILON, "{day}");
    }
    assert_eq!(day_of(-1), Some(-1));
    assert_eq!(day_of(i64::MAX), None);
}

#[test]
fn any_time_and_any_text_is_taken() {
    for now in [i64::MIN, 0, i64::MAX] {
        for question in ["31 february 2023", "9999 years ago", "255 years ago", "2023-99-99", "last day", "8 8 8 may may"] {
            let words = Words::of(question);
            let _ = find(words.plain(), words.guess(), now);
        }
    }
}
