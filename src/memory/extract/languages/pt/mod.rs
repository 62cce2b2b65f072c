//! Portuguese, of Brazil and Portugal. The subject is mostly left out: verb forms tell the first person.

mod life;
mod person;
mod words;

use super::super::grammar::Table;
use crate::store::Review;
use words::{ELIDED, PHRASES, WORDS};

pub(super) static PORTUGUESE: Table = Table {
    common: "eu me mim meu minha meus minhas nós nosso nossa o os as um uma uns umas do da dos das sou estou tenho não e mas ou em no na nos nas ao para pra com por que quê quem você tu te teu tua como \
             pode podes poderia chamo moro vivo trabalho gosto adoro amo odeio bebo porque quando se nunca sempre lembra lembre esquece esqueça olá oi também já desde ser ele ela seu sua muito responde responda é \
             prefiro alérgico alérgica falo agora anos há chamar chama traduz traduza finge de a à há preciso quero faz isso este esta ali só tenho moramos",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[("nao", "não"), ("voce", "você"), ("pra", "para")],
    elided: ELIDED,
    groups: &[
        (
            "thing",
            "carro carta carteira habilitação bicicleta bici moto jardim varanda forno impressora piano violão guitarra barco computador mac iphone celular animais filhos irmãos cachorro cão gato horta televisão alergias airfryer",
        ),
        (
            "diet",
            "vegano vegana vegetariano vegetariana pescetariano pescetariana celíaco celíaca celiaco flexitariano kosher halal",
        ),
        ("marital", "casado casada divorciado divorciada solteiro solteira viúvo viúva noivo noiva separado separada casados"),
        ("kin", "mulher esposa marido esposo companheira companheiro namorada namorado mãe pai chefe noiva noivo"),
        (
            "family",
            "menino menina meninos meninas gêmeos gémeos hamster coelho coelhos papagaio tartaruga galinhas sogra sogro cunhado cunhada cachorrinho cachorrinha gatinho gatinha enteado enteada cadela filho filha filhos filhas irmão irmã irmãos irmãs cão cães cachorro cachorra cachorros gato gata gatos gêmeos gémeos sobrinho sobrinha tio tia primo prima avô avó neto neta cavalo coelho bebê bebé criança crianças \
             mulher esposa marido esposo companheira companheiro namorada namorado mãe pai pais família chefe colega",
        ),
        ("number", "um uma dois duas três quatro cinco seis 1 2 3 4 5 6 alguns"),
        (
            "habit",
            "jogo toco coleciono colecciono bebo como leio cozinho fumo corro nado pinto canto ensino uso dirijo conduzo falo vejo ouço pratico tomo programo danço ando",
        ),
    ],
    slots: &[
        ("wife", "mulher esposa"),
        ("husband", "marido esposo"),
        ("partner", "companheira companheiro"),
        ("girlfriend", "namorada"),
        ("boyfriend", "namorado"),
        ("fiance", "noiva noivo"),
        ("mother", "mãe"),
        ("father", "pai"),
        ("boss", "chefe"),
        ("name", "nome"),
        ("nickname", "apelido alcunha"),
        ("home", "endereço morada"),
        ("job", "profissão emprego trabalho"),
        ("employer", "empresa empregador"),
        ("birthday", "aniversário"),
        ("age", "idade"),
        ("diet", "dieta"),
        ("nationality", "nacionalidade"),
        ("religion", "religião"),
        ("height", "altura"),
        ("weight", "peso"),
        ("timezone", "fuso"),
        ("colour", "cor"),
        ("food", "comida prato"),
        ("film", "filme"),
        ("book", "livro"),
        ("author", "autor autora escritor escritora"),
        ("band", "banda"),
        ("song", "música canção"),
        ("animal", "animal"),
        ("team", "time equipa"),
        ("drink", "bebida"),
        ("sport", "esporte desporto"),
    ],
    gone: &[("já não", ""), ("não", "mais"), ("não", "já")],
    noise: &[
        "tenho uma|um|outra|algumas [pequena] pergunta|perguntas|dúvida|dúvidas|problema|erro|ideia",
        "quero|queria|preciso|procuro|posso|devo|vou|gostaria ~",
        "eu quero|queria|preciso|procuro|posso|devo|vou|gostaria ~",
        "gosto|gostei|adorei [muito] desta|deste|dessa|desse|disso|da|do tua|sua|versão|resposta|ideia",
    ],
    orders_freely: false,
    held: &[
        (
            Review::Instruction,
            "ignore,ignora,ignorar,instruç,mensagem do sistema,prompt do sistema,jailbreak,o assistente,ao assistente,o usuário,os usuários,ao usuário,o utilizador,os utilizadores,o modelo,o bot,regras de segurança,obedeça,obedece,\
             chave api,chave de api,revele,revela,alguém pergunt,sem restrições",
        ),
        (
            Review::Tool,
            "a ferramenta,uma ferramenta,chamada de função,execute,executa,executar,a função,baixe,descarregue,envie um e mail,envia um e mail,envie um email,envia um email,linha de comando",
        ),
    ],
    rules: &[person::RULES, life::RULES],
};
