//! Words that tell nothing of what a text is about, by language. They tell the language itself.
//!
//! Folded, marks kept; contractions stand without apostrophe. Words that are something else too stay out on purpose: the month "may".

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Language;

const LISTS: [(Language, &str); 8] = [
    (Language::English, ENGLISH),
    (Language::German, GERMAN),
    (Language::French, FRENCH),
    (Language::Spanish, SPANISH),
    (Language::Italian, ITALIAN),
    (Language::Portuguese, PORTUGUESE),
    (Language::Dutch, DUTCH),
    (Language::Russian, RUSSIAN),
];

/// The languages in which `word` is a stop word, one bit each; see [`Language::bit`].
pub(super) fn languages_of(word: &str) -> u32 {
    static WORDS: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
        let mut words = HashMap::new();
        for (language, list) in LISTS {
            for word in list.split_ascii_whitespace() {
                *words.entry(word).or_default() |= language.bit();
            }
        }
        words
    });
    WORDS.get(word).copied().unwrap_or_default()
}

const ENGLISH: &str = "a about after again all also am an and any anything are arent around as at be because been before being between \
both but by can cant could couldnt did didnt do does doesnt doing dont during each either ever every for from had has hasnt have \
havent having he hed her here hers herself him himself his how i id if ill im in into is isnt it its itself ive just kind let like \
likely many me might mine more most much my myself no nor not of off on or other our ours out over own same she should since so \
some something sort still such than that thats the their theirs them themselves then there theres these they theyre thing things \
this those through to too type under until up us very was wasnt we were weve what whats when where which while who whom whose why \
will with wont would wouldnt yes yet you youd your youre yours yourself youve even";

const GERMAN: &str = "aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bin bis bist da damit \
dann das dass dein deine deinem deinen deiner dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch du durch \
ein eine einem einen einer eines er es etwas euch euer eure für gern gerne habe haben hast hat hatte hatten ich ihm ihn ihnen ihr \
ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes kann kannst kein keine keinem keinen könnte man mein meine \
meinem meinen meiner meines mich mir mit muss nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seinem seinen \
seiner sich sie sind so soll sollte um und uns unser unsere unserem unseren unter vom von vor wann war waren warum was weil welche \
welchem welchen welcher welches wem wen wenn wer werde werden wie wieder will wir wird wo woher wohin worden wurde wurden würde zu \
zum zur zwischen über";

const FRENCH: &str = "à ai aime as au aucun aussi autre aux avait avais avant avec avez avoir avons c ce cela celle celui ces cet cette \
ceux chez combien comme comment cest d dans de depuis des du elle elles en encore est es et étaient étais était être eu eux fait font \
il ils j je jai l la là le les leur leurs lors lui m ma mais me même mes moi mon my n ne ni non nos notre nous on ont ou où par pas \
peu peut plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si son sont sous suis sur t ta te \
tes toi ton tous tout toute toutes très tu un une vers vos votre vous y été jaime quest";

const SPANISH: &str = "a al algo algún alguna algunos ante antes aquel aquella así aun aunque bajo bien cada como cómo con contra cual \
cuál cuáles cuando cuándo cuánto cuántos de del desde donde dónde dos durante e el él ella ellas ellos en entre era eran eres es esa \
esas ese eso esos esta está están estaba estamos estar estas este esto estos estoy fue fueron ha había han has hasta hay he la las \
le les lo los más me mi mí mis mucho muy nada ni no nos nosotros nuestra nuestro o os otra otro otros para pero poco por porque qué \
que quien quién se sea según ser si sí sin sobre son soy su sus también tan tanto te tengo tenía ti tiene tienen todo todos tu tú \
tus un una uno unos usted va y ya yo";

const ITALIAN: &str = "a abbiamo ad agli ai al alla alle allo anche ancora avere avete aveva avevo c che chi ci ciò co come con contro cosa \
cosè cui d da dagli dai dal dalla dalle dallo degli dei del della delle dello dentro di dove dovè dopo e è ed era erano eri ero fa \
fra gli ha hai hanno ho i il in io l la le lei li lo loro lui ma me mi mia mie miei mio molto ne negli nei nel nella nelle nello no \
noi non nostra nostro o ogni per perché però più poco prima qual quale quali qualche quando quanti quanto quella quelle quelli quello \
questa queste questi questo sarà se sei senza si sì sia siamo sono sta stato stata su sua sue sugli sui sul sulla suo suoi te tra \
ti tu tua tue tuo tuoi tutti tutto un una uno vi voi";

const PORTUGUESE: &str = "a à ao aos às algum alguma antes ao aquela aquele aqui as até cada com como da das de dela dele deles depois do \
dos e é ela elas ele eles em entre era eram és essa esse esta está estão estar estava estou eu foi foram há isso isto já lhe lo mais \
mas me mesmo meu meus mim minha minhas muito na não nas nem no nos nós nossa nosso num numa o onde os ou para pela pelas pelo pelos \
perto por porque pra qual quais quando quanto quantos que quê quem se seja sem ser será seu seus sim são só sobre sou sua suas \
também te tem têm tenho ter teu tinha tive toda todas todo todos tu tua um uma umas uns vai você vocês";

const DUTCH: &str = "aan al alle alles als altijd andere ben bij dan dat de deze die dit doen door dus een en er ging had hadden heb \
hebben hebt heeft hem het hier hij hoe hun iets ik in is ja je jij jou jouw jullie kan kun kunnen maar me meer met mij mijn moet na \
naar naast niet niets nog nu of om omdat onder ons onze ook op over sinds te tegen toch toen tot tussen u uit uw van veel voor waar \
waarom wanneer want waren was wat we wel welk welke wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou";

const RUSSIAN: &str = "а без был была были было быть в вам вас ваш весь во вот все всё всех вы где да даже для до его ее её ей если есть еще \
ещё же за зачем и из или им их к как какая какие какой какую когда кого кому который кто куда ли меня мне мной мой моя мое моё моего \
моей моем моём мои моих мою мы на над нам нас наш не него нее неё нет ни них но ну о об он она они оно от очень по под почему при про \
с сам себя со так такой там тебе тебя то тоже только тот ты у уже чего чем что чтобы эта эти это этот я";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_belong_to_several_languages() {
        assert_eq!(languages_of("the"), Language::English.bit());
        assert_eq!(languages_of("de") & Language::French.bit(), Language::French.bit());
        assert_eq!(languages_of("de") & Language::Dutch.bit(), Language::Dutch.bit());
        assert_eq!(languages_of("may"), 0);
    }
}
