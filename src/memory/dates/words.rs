//! The words of dates in eight languages, folded and without marks: `März` is `marz`.

/// A length of time that questions count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Year,
    /// By its first month, on the northern half of the Earth.
    Season(i8),
}

/// What a word may mean in a date. One may mean several things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a word may be several of these at once")]
pub(super) struct Word {
    pub(super) month: Option<i8>,
    /// The month's name is a common word or somebody's name too.
    pub(super) ambiguous: bool,
    pub(super) year: Option<i16>,
    /// In digits or as a word.
    pub(super) number: Option<u8>,
    in_digits: bool,
    pub(super) unit: Option<Unit>,
    pub(super) last: bool,
    pub(super) ago: bool,
    /// Often stands before a month.
    pub(super) opens: bool,
    /// Stands between the parts of a date.
    pub(super) link: bool,
    pub(super) days_ago: Option<u8>,
}

impl Word {
    pub(super) fn of(word: &str) -> Self {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return Self::in_digits(word);
        }
        Self {
            month: month(word),
            ambiguous: is_ambiguous(word),
            number: number(word),
            unit: unit(word),
            last: is_last(word),
            ago: matches!(word, "ago" | "vor" | "y" | "hace" | "fa" | "ha" | "atras" | "geleden" | "назад"),
            opens: is_opening(word),
            link: matches!(word, "of" | "the" | "de" | "del" | "do" | "da" | "di" | "den" | "des"),
            days_ago: days_ago(word),
            ..Self::default()
        }
    }

    fn in_digits(word: &str) -> Self {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        match &word[digits.len()..] {
            "" | "st" | "nd" | "rd" | "th" | "er" | "e" | "o" | "a" => {}
            _ => return Self::default(),
        }
        let year = digits.parse().ok().filter(|year| digits.len() == 4 && (1900..2100).contains(year));
        Self { year, number: digits.parse().ok(), in_digits: true, ..Self::default() }
    }

    /// A day of the month.
    pub(super) fn day(self) -> Option<i8> {
        let day = self.number.filter(|day| self.in_digits && (1..=31).contains(day))?;
        i8::try_from(day).ok()
    }
}

fn month(word: &str) -> Option<i8> {
    Some(match word {
        "january" | "jan" | "januar" | "janner" | "janvier" | "enero" | "gennaio" | "janeiro" | "januari" | "январь"
        | "января" | "январе" => 1,
        "february" | "feb" | "februar" | "fevrier" | "febrero" | "febbraio" | "fevereiro" | "februari" | "февраль"
        | "февраля" | "феврале" => 2,
        "march" | "mar" | "marz" | "mars" | "marzo" | "marco" | "maart" | "март" | "марта" | "марте" => 3,
        "april" | "apr" | "avril" | "abril" | "aprile" | "апрель" | "апреля" | "апреле" => 4,
        "may" | "mai" | "mayo" | "maggio" | "maio" | "mei" | "май" | "мая" | "мае" => 5,
        "june" | "jun" | "juni" | "juin" | "junio" | "giugno" | "junho" | "июнь" | "июня" | "июне" => 6,
        "july" | "jul" | "juli" | "juillet" | "julio" | "luglio" | "julho" | "июль" | "июля" | "июле" => 7,
        "august" | "aug" | "aout" | "agosto" | "augustus" | "август" | "августа" | "августе" => 8,
        "september" | "sep" | "sept" | "septembre" | "septiembre" | "setiembre" | "settembre" | "setembro" | "сентябрь"
        | "сентября" | "сентябре" => 9,
        "october" | "oct" | "oktober" | "octobre" | "octubre" | "ottobre" | "outubro" | "октябрь" | "октября" | "октябре" => {
            10
        }
        "november" | "nov" | "novembre" | "noviembre" | "novembro" | "ноябрь" | "ноября" | "ноябре" => 11,
        "december" | "dec" | "dezember" | "decembre" | "diciembre" | "dicembre" | "dezembro" | "декабрь" | "декабря"
        | "декабре" => 12,
        _ => return None,
    })
}

fn is_ambiguous(word: &str) -> bool {
    matches!(
        word,
        "may"
            | "march"
            | "mars"
            | "marco"
            | "julio"
            | "april"
            | "june"
            | "mei"
            | "jan"
            | "feb"
            | "mar"
            | "apr"
            | "jun"
            | "jul"
            | "aug"
            | "sep"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
    )
}

fn is_opening(word: &str) -> bool {
    matches!(
        word,
        "in" | "on"
            | "of"
            | "by"
            | "since"
            | "until"
            | "till"
            | "during"
            | "early"
            | "late"
            | "mid"
            | "this"
            | "im"
            | "seit"
            | "bis"
            | "anfang"
            | "ende"
            | "mitte"
            | "en"
            | "de"
            | "du"
            | "depuis"
            | "debut"
            | "fin"
            | "em"
            | "a"
            | "ad"
            | "begin"
            | "eind"
    )
}

fn number(word: &str) -> Option<u8> {
    Some(match word {
        "a" | "an" | "one" | "ein" | "eine" | "einem" | "einer" | "un" | "une" | "una" | "um" | "uma" | "een" | "один"
        | "одну" => 1,
        "two" | "couple" | "zwei" | "deux" | "dos" | "due" | "dois" | "duas" | "twee" | "два" | "две" => 2,
        "three" | "drei" | "trois" | "tres" | "tre" | "drie" | "три" => 3,
        "four" | "vier" | "quatre" | "cuatro" | "quattro" | "quatro" | "четыре" => 4,
        "five" | "funf" | "cinq" | "cinco" | "cinque" | "vijf" | "пять" => 5,
        "six" | "sechs" | "seis" | "sei" | "zes" | "шесть" => 6,
        "seven" | "sieben" | "sept" | "siete" | "sette" | "sete" | "zeven" | "семь" => 7,
        "eight" | "acht" | "huit" | "ocho" | "otto" | "oito" | "восемь" => 8,
        "nine" | "neun" | "neuf" | "nueve" | "nove" | "negen" | "девять" => 9,
        "ten" | "zehn" | "dix" | "diez" | "dieci" | "dez" | "tien" | "десять" => 10,
        _ => return None,
    })
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "day" | "days" | "tag" | "tage" | "tagen" | "jour" | "jours" | "dia" | "dias" | "giorno" | "giorni" | "dag" | "dagen"
        | "день" | "дня" | "дней" => Unit::Day,
        "week" | "weeks" | "weekend" | "woche" | "wochen" | "wochenende" | "semaine" | "semaines" | "semana" | "semanas"
        | "settimana" | "settimane" | "weken" | "неделя" | "неделе" | "неделю" | "недели" | "недель" => {
            Unit::Week
        }
        "month" | "months" | "monat" | "monate" | "monaten" | "mois" | "mes" | "meses" | "mese" | "mesi" | "maand"
        | "maanden" | "месяц" | "месяца" | "месяце" | "месяцев" => Unit::Month,
        "year" | "years" | "jahr" | "jahre" | "jahren" | "an" | "ans" | "annee" | "annees" | "ano" | "anos" | "anno" | "anni"
        | "jaar" | "jaren" | "год" | "года" | "году" | "лет" => Unit::Year,
        "spring" | "fruhling" | "fruhjahr" | "printemps" | "primavera" | "lente" | "весна" | "весной" | "весну" => {
            Unit::Season(3)
        }
        "summer" | "sommer" | "ete" | "verano" | "estate" | "verao" | "zomer" | "лето" | "летом" => Unit::Season(6),
        "autumn" | "fall" | "herbst" | "automne" | "otono" | "autunno" | "outono" | "herfst" | "осень" | "осенью" => {
            Unit::Season(9)
        }
        "winter" | "hiver" | "invierno" | "inverno" | "зима" | "зимой" | "зиму" => Unit::Season(12),
        _ => return None,
    })
}

fn is_last(word: &str) -> bool {
    const STEMS: [&str; 8] = ["letzte", "vergangene", "vorige", "dernier", "passe", "pasad", "scors", "прошл"];
    matches!(
        word,
        "last"
            | "past"
            | "previous"
            | "vorig"
            | "afgelopen"
            | "ultimo"
            | "ultima"
            | "passado"
            | "passada"
            | "passato"
            | "passata"
    ) || STEMS.iter().any(|stem| word.strip_prefix(stem).is_some_and(|ending| ending.chars().count() <= 3))
}

fn days_ago(word: &str) -> Option<u8> {
    Some(match word {
        "today" | "tonight" | "heute" | "aujourdhui" | "hoy" | "oggi" | "hoje" | "vandaag" | "сегодня" => 0,
        "yesterday" | "gestern" | "hier" | "ayer" | "ieri" | "ontem" | "gisteren" | "вчера" => 1,
        "vorgestern" | "anteayer" | "anteontem" | "eergisteren" | "позавчера" => 2,
        _ => return None,
    })
}
