//! Spanish: what words and phrases are.

use super::super::super::grammar::{Class, Role};

pub(super) const WORDS: &[(Class, &str)] = &[
    (Class::ONCE, "aquí esta este esto"),
    (Class::EVERY, "los cada todos"),
    (Class::TONGUE, "inglés español francés alemán italiano portugués neerlandés ruso japonés chino latín árabe catalán"),
    (
        Class::FILLER,
        "hola buenas hey oye bueno pues y pero también sí ok vale oh porque ya-que gracias entonces además bien eh mira claro perdón o por-cierto nota ah sino aunque ojo",
    ),
    (
        Class::ADVERB,
        "también ahora actualmente todavía ya siempre realmente muy mucho especialmente principalmente generalmente normalmente solo sólo solamente estrictamente absolutamente totalmente originalmente aún recientemente últimamente bastante casi mucho yo",
    ),
    (Class::JOINT, "y pero porque pues o aunque e"),
    (
        Class::OPENER,
        "llámame dime qué que cómo cuál cuáles dónde cuándo quién puedes puede podrías él ella ellos ellas eso esto da dame dime muestra escribe explica explícame ayuda recomienda pero porque si aunque hay es tienes \
                     necesito quiero quisiera busco y no o gracias responde alguna algún me se te le cuánto por puedo debo podría",
    ),
    (
        Class::SUBJECT,
        "qué cómo cuál dónde puedes él ella ahora cuando si busco quiero necesito quisiera me no también ya aquí te",
    ),
    (Class::REASON, "como porque aunque"),
    (
        Class::SELF,
        "padezco sufro llevo cumplo vengo nací llamo gano dirijo adoro aprendo uso duermo yo mi mis nosotros nosotras nuestro nuestra nuestros soy vivo trabajo tengo estoy vivimos tenemos llamo estudio hablo odio prefiero nací fui me nos somos estamos fuimos juego toco colecciono bebo conduzco leo cocino \
                   nado pinto detesto adoro amo fumo corro uso enseño practico programo bailo compré conocí empecé visité viajé dejé perdí gané hice tuve crecí mudé vi aprendí estuve monto comí viví estudié trabajé dirijo cuido crío",
    ),
    (
        Class::REQUEST,
        "qué que cómo cuál cuáles dónde cuándo quién puedes puede podrías dame dime muestra escribe explica explícame ayuda ayúdame recomienda recomiéndame hay es haz crea genera traduce resume sugiere por cuánto cuánta existe tienes puedo debo debería",
    ),
    (
        Class::UNSURE,
        "si quizás quizá tal-vez podría sería quisiera gustaría supuestamente ojalá viviera fuera tuviera posiblemente jaja lol jajaja imagina",
    ),
    (Class::REPORT, "dice dijo escribió afirma cuenta contó según respondió preguntó comentó asegura"),
    (Class::TODAY, "hoy mañana ayer"),
    (
        Class::NO_NAME,
        "no un una el la muy tan si en a cómo qué que mi yo y o de del para tu difícil cansado cansada aquí español española mexicano mexicana argentino argentina colombiano",
    ),
    (
        Class::TALK,
        "hazlo otra esto eso esta este ese esa tu tus te ti que cuando cómo qué lo respuesta versión idea propuesta primera segunda todo nada le mucho bastante si más",
    ),
    (Class::NO_PLACE, "miedo paz un una esta este mi general contra acuerdo duda casa-de desacuerdo guerra busca"),
    (
        Class::NO_TRADE,
        "poco idiota principiante fan humano robot caballero mago dragón pirata vampiro rey tu un-poco mejor peor mayor menor sincero sincera primero primera tercero consciente serio seria necesario necesaria entero contrario contraria realista optimista pesimista diferente importante inteligente impaciente paciente presente el la lo quien",
    ),
    (
        Class::ADDRESS,
        "responde respóndeme responder escribe escríbeme habla háblame usa utiliza da dame llama explica explícame evita sé incluye muestra muéstrame cita añade empieza termina traduce resume tutéame trátame corrige corrígeme mantén haz recuérdame uses des respondas hables escribas contesta contéstame",
    ),
    (Class::ALWAYS, "siempre nunca jamás"),
    (Class::TOWARDS, "pida pregunte escriba diga mande pido pregunto"),
    (
        Class::LEAD,
        "en desde hace antes después durante el la este esta actualmente ahora a los las para cada por como últimamente ayer hoy mañana con normalmente antes-de originalmente aquí cuando de",
    ),
    (Class::END, "desde porque y pero con como para por durante cuando si donde que hace hasta"),
    (
        Class::WORK,
        "traduce traducir corrige corregir reescribe resume redacta escribe analiza mejora revisa descifra continúa completa parafrasea evalúa lee",
    ),
    (
        Class::TEXT,
        "novela haiku comienzo capítulo estrofa poesía texto carta correo mail email e-mail historia cuento poema canción letra frase frases párrafo mensaje diálogo discurso guion siguiente siguientes esto artículo ensayo diario escena comentario",
    ),
    (
        Class::DATED,
        "ayer hoy mañana pasado pasada enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado domingo semana mes año próximo próxima hace",
    ),
    (
        Class::PAST,
        "fui era estaba tenía tuve hice compré conocí empecé visité viajé vi perdí gané aprendí estuve fuimos mudé nací crecí",
    ),
    (Class::YOU, "tú te ti tu tus usted ustedes contigo"),
    (Class::ARTICLE, "el la los las un una"),
    (Class::NOT, "no nunca"),
    (Class::TAG, "verdad no cierto eh"),
    (
        Class::TRADE,
        "profesor profesora maestro maestra médico médica doctor doctora enfermero enfermera ingeniero ingeniera desarrollador desarrolladora programador programadora abogado abogada cocinero cocinera panadero panadera \
         carpintero electricista mecánico mecánica fontanero albañil pintor pintora estudiante periodista artista músico música fotógrafo fotógrafa arquitecto arquitecta diseñador diseñadora científico científica físico \
         química químico biólogo bióloga psicólogo psicóloga terapeuta policía bombero soldado vendedor vendedora contable contador contadora consultor consultora gerente peluquero peluquera jardinero agricultor agricultora \
         conductor conductora piloto camarero camarera traductor traductora escritor escritora farmacéutico farmacéutica dentista veterinario veterinaria matrona jubilado jubilada juez jueza secretaria funcionario funcionaria \
         bibliotecario bibliotecaria fisioterapeuta autónomo autónoma freelance taxista cirujano cirujana actor actriz cantante",
    ),
    (Class::OTHERS, "él ella ellos ellas su sus hay alguien"),
    (Class::PRAISE, "genial mejor crack grande amable máquina increíble sol"),
    (Class::NO_WISH, "cuando cómo qué dónde de"),
];

pub(super) const PHRASES: &[(Role, &str)] = &[
    (Role::Presents, "aquí está, aquí tienes, este es, aquí va"),
    (
        Role::Filler,
        "para que lo sepas, para que sepas, solo para que sepas, por si acaso, te cuento que, te comento que, como contexto, por cierto, buenos días, buenas tardes, buenas noches, muchas gracias, de hecho, para tu información, como sabes, la verdad es que, eso no es cierto, eso está mal, mucho gusto, sobre mí, que sepas que, ya que, puesto que, es que",
    ),
    (Role::Condition, "ojalá que, si, a menos que, en caso de que, siempre que, supongamos que, por ejemplo, ojalá"),
    (Role::Temporal, "cuando, mientras, hasta que, en cuanto, después de que"),
    (
        Role::Fiction,
        "para este juego, en mi libro, en mi juego, cómo se diría, cómo dirías, vamos a fingir, vamos a imaginar, juguemos a, vamos a hacer un juego, hagamos como que, hagamos como si, quiero que actúes, quiero que interpretes, mi personaje, haz de, imagina, imagínate, imaginemos, supón, supongamos, finge, finjamos, haz de cuenta, juguemos, juego de rol, hagamos un juego de rol, vamos a jugar, en esta historia, en la historia, en este juego, en este escenario, traduce, traducir, érase una vez, había una vez, \
         cómo se dice, cómo digo, capítulo, en mi sueño, en mi novela, la frase, ejemplo, querido diario, empieza con, digamos que, haz como si, interpreta, actúa como",
    ),
    (Role::Cast, "tú eres, eres, ahora eres, usted es, tú serás"),
    (Role::Joke, "es broma, es una broma, bromeo, era broma, estoy bromeando"),
    (Role::Known, "ya sabes que, sabes que, como sabes"),
    (
        Role::Wish,
        "recuerda que, recuérdalo, recuerda, no olvides que, acuérdate de que, ten en cuenta que, guarda que, memoriza que, apunta que, anota que, que no se te olvide que, por favor recuerda que, recuerde que",
    ),
    (
        Role::PersonalWish,
        "debes saber que, has de saber que, ten presente, toma nota, considera que, ten presente que, no olvides, toma nota de que, debes saber que",
    ),
    (Role::Polite, "por favor, puedes, podrías, me puedes, y, porfa"),
    (
        Role::FromNow,
        "de ahora en adelante, a partir de ahora, desde ahora, en el futuro, en adelante, de aquí en adelante, a partir de hoy",
    ),
    (Role::Asked, "quiero que, necesito que, quisiera que, debes, deberías, me gustaría que"),
    (Role::Never, "bajo ningún concepto, en ningún caso"),
    (Role::Whenever, "cada vez que, siempre que, cuando te, cuando yo, todas las veces que"),
    (Role::ForgetThat, "olvida que, olvídate de que, olvida el hecho de que, borra que, por favor olvida que"),
    (
        Role::ForgetAbout,
        "olvida lo que te dije de, olvida lo que te conté de, olvida lo que dije de, olvida lo que sabes de, olvida lo que te dije sobre, olvida lo que dije sobre, olvida lo que te conté sobre, olvida todo sobre, olvida mi, olvida mis, borra mi, borra mis, elimina mi, olvídate de mi, olvida lo de",
    ),
    (
        Role::ForgetAll,
        "olvida todo lo que sabes de mí, olvida todo lo que sabes sobre mí, olvida todo sobre mí, olvídame, borra todo lo que sabes de mí, borra todo lo que sabes sobre mí, borra todos mis datos, elimina todos mis datos, elimina todo lo que sabes de mí, olvida lo que sabes de mí, borra mis datos, borra todo sobre mí, olvida todo acerca de mí",
    ),
    (
        Role::Noise,
        "vengo de leer, vengo de ver, creo, yo creo, pienso, espero, quiero, quisiera, necesito, busco, me pregunto, entiendo, no entiendo, no sé, sé, veo, estoy intentando, tengo una pregunta, tengo una duda, estoy perdido, estoy perdida, estoy cansado, estoy cansada, mi pregunta, mi problema, mi código, mi texto, quería, me gustaría, \
         estoy buscando, estoy seguro, no estoy seguro, estoy de acuerdo, te agradezco, puedo, podemos, tenemos que, me parece, me refiero, soy tu, estoy listo, me puedes, me podrías, me ayudas, me recomiendas, me das, me explicas, me dices, me sale, me alegro, me da",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[
    ("soy", "alérgico a, alérgica a, alérgico al, alérgica al, vegetariano, vegetariana, vegano, vegana, celíaco, celíaca"),
    ("estoy", "casado con, casada con, casado y, casada y, jubilado, jubilada"),
];
