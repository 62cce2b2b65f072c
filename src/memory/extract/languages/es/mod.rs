//! Spanish. The subject is mostly left out: verb forms tell the first person.

mod life;
mod person;
mod words;

use super::super::grammar::Table;
use crate::store::Review;
use words::{ELIDED, PHRASES, WORDS};

pub(super) static SPANISH: Table = Table {
    common: "yo me mi mis nosotros nuestro nuestra el la los las un una unos unas de del soy estoy tengo no y pero o en a al para con por que qué quién tú te ti tu tus cómo puedes puede podrías \
             llamo vivo trabajo gusta gustan encanta odio como bebo porque cuando si nunca siempre recuerda olvida hola también ya desde ser él ella su sus muy responde es son mi respóndeme \
             prefiero alérgico alérgica hablo ahora más años hay está esta este traduce quiero necesito hace llamarme juego mis nací",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[],
    elided: ELIDED,
    groups: &[
        (
            "thing",
            "coche carro auto carnet licencia bici bicicleta moto jardín balcón horno impresora piano guitarra barco caravana ordenador mac iphone lavavajillas mascotas mascota hijos hermanos perro perra gato gata huerto tarjeta alergias",
        ),
        (
            "diet",
            "vegano vegana vegetariano vegetariana pescetariano pescetariana celíaco celíaca celiaco celiaca flexitariano flexitariana kosher halal",
        ),
        (
            "marital",
            "casado casada divorciado divorciada soltero soltera viudo viuda comprometido comprometida separado separada casados",
        ),
        ("kin", "mujer esposa marido esposo pareja novia novio madre mamá padre papá jefe jefa prometido prometida"),
        (
            "family",
            "niño niña niños niñas gemelos mellizos hámster conejo conejos loro tortuga gallinas suegra suegro cuñado cuñada perrita perrito cachorro gatito hijastro hijastra hijo hija hijos hijas hermano hermana hermanos hermanas perro perra perros gato gata gatos mellizos gemelos gemelas sobrino sobrina tío tía primo prima abuelo abuela nieto nieta caballo conejo bebé \
             mujer esposa marido esposo pareja novia novio madre mamá padre papá padres familia jefe jefa compañero compañera",
        ),
        ("number", "un una dos tres cuatro cinco seis 1 2 3 4 5 6 varios varias"),
        (
            "habit",
            "juego toco colecciono bebo como leo cocino fumo corro nado pinto canto enseño uso tengo conduzco hablo veo escucho practico tomo programo bailo monto",
        ),
    ],
    slots: &[
        ("wife", "mujer esposa"),
        ("husband", "marido esposo"),
        ("partner", "pareja"),
        ("girlfriend", "novia"),
        ("boyfriend", "novio"),
        ("fiance", "prometido prometida"),
        ("mother", "madre mamá"),
        ("father", "padre papá"),
        ("boss", "jefe jefa"),
        ("name", "nombre"),
        ("nickname", "apodo"),
        ("home", "dirección domicilio"),
        ("job", "profesión oficio trabajo"),
        ("employer", "empresa empleador"),
        ("birthday", "cumpleaños"),
        ("age", "edad"),
        ("diet", "dieta"),
        ("nationality", "nacionalidad"),
        ("religion", "religión"),
        ("height", "altura estatura"),
        ("weight", "peso"),
        ("timezone", "huso"),
        ("colour", "color"),
        ("food", "comida plato"),
        ("film", "película"),
        ("book", "libro"),
        ("author", "autor autora escritor escritora"),
        ("band", "grupo banda"),
        ("song", "canción"),
        ("animal", "animal"),
        ("team", "equipo"),
        ("drink", "bebida"),
        ("season", "estación"),
        ("sport", "deporte"),
        ("music", "música"),
    ],
    gone: &[("ya no", ""), ("no", "más")],
    noise: &[
        "tengo una|un|otra|unas|algunas [pequeña] pregunta|preguntas|duda|dudas|problema|error|idea|consulta",
        "quiero|quisiera|necesito|busco|quería|puedo|debo|voy ~",
        "tengo que ~",
        "me gusta|encanta [mucho] esta|este|esa|eso|esto|tu|la|lo ~ versión|respuesta|idea",
    ],
    orders_freely: false,
    held: &[
        (
            Review::Instruction,
            "ignora,ignorar,instruccion,instrucción,mensaje del sistema,prompt del sistema,jailbreak,el asistente,al asistente,el usuario,los usuarios,al usuario,el modelo,el bot,reglas de seguridad,obedece,obedecer,clave api,revela,\
             alguien pregunta,sin restricciones",
        ),
        (
            Review::Tool,
            "la herramienta,una herramienta,llamada a la función,ejecuta,ejecutar,la función,descarga,sube el,envía un correo,envía un mail,línea de comandos",
        ),
    ],
    rules: &[person::RULES, life::RULES],
};
