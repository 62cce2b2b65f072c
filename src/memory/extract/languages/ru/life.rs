//! Russian: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, order, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    taste("favourite", "мой|моя|моё|мои|мое любимый|любимая|любимое|любимые ~", ""),
    taste("prefers", "я предпочитаю ~", ""),
    taste("prefers", "предпочитаю ~", ""),
    taste("likes", "я|мы люблю|обожаю|любим ~", ""),
    taste("likes", "обожаю|люблю ~", ""),
    taste("likes", "мне [очень] нравится|нравятся ~", ""),
    taste("likes", "я [большой|большая] фанат|фанатка|поклонник|поклонница ~", ""),
    taste("likes", "я увлекаюсь ~", ""),
    taste("dislikes", "я|мы ненавижу|терпеть ~", ""),
    taste("dislikes", "ненавижу ~", ""),
    taste("dislikes", "я не люблю|переношу|выношу ~", ""),
    taste("dislikes", "не люблю ~", ""),
    taste("dislikes", "мне не нравится|нравятся ~", ""),
    habit("habit", "я [не] {habit} ~", ""),
    habit("habit", "мы {habit} ~", ""),
    habit("habit", "{habit} ~", ""),
    profile("attribute", "у меня [нет|есть] машины|машина|велосипед|квартира|дом|дача|сад ~", ""),
    profile(
        "attribute",
        "мой|моя|мои машина|телефон|квартира|дом|свадьба|экзамен|рейс|врач|стоматолог|компьютер|велосипед|размер|бюджет|зарплата|сад|хобби ~",
        "",
    ),
    trade("is_a", "я [по] [профессии] ~", "?trade"),
    order("style", "обращайся|говори ко|со мне|мной [всегда] на|по ~"),
    order("style", "давай на ты"),
    past("gone", "раньше я|мы жил|жила|жили в|во|на ~", "home"),
    past("gone", "я|мы раньше жил|жила|жили в|во|на ~", "home"),
    past("gone", "раньше я работал|работала в|на ~", "employer"),
    past("gone", "я раньше работал|работала в|на ~", "employer"),
    past("gone", "я уволился|уволилась из|с ~", "employer"),
    past("gone", "я бросил|бросила|перестал|перестала ~", ""),
    past("gone", "мы расстались|развелись|разошлись", "marital_status"),
    past("gone", "я расстался|рассталась|развёлся|развелась с|со ~", "marital_status"),
];
