//! Portuguese: what words and phrases are.

use super::super::super::grammar::{Class, Role};

pub(super) const WORDS: &[(Class, &str)] = &[
    (Class::ONCE, "aqui nesta neste desta deste esta este"),
    (Class::EVERY, "aos cada todo toda todos"),
    (Class::TONGUE, "inglês português francês alemão espanhol italiano holandês russo japonês chinês latim árabe"),
    (
        Class::FILLER,
        "olá oi bom boa ei então e mas também sim ok oh porque pois obrigado obrigada bem olha desculpa desculpe ou nota ah aliás tipo gente opa eh porém",
    ),
    (
        Class::ADVERB,
        "também agora atualmente actualmente ainda já sempre realmente muito especialmente principalmente geralmente normalmente só somente apenas estritamente absolutamente totalmente originalmente recentemente ultimamente bastante quase eu infelizmente",
    ),
    (Class::JOINT, "e mas porque pois ou embora porém"),
    (
        Class::OPENER,
        "mesmo conta conte que quê como qual quais onde quando quem pode podes poderia ele ela eles elas isso isto dá me mostra escreve escreva explica explique ajuda ajude recomenda recomende mas porque se há tem tens preciso quero queria \
                     e não ou obrigado responde responda alguma algum o aqui por quanto posso devo né te lhe chama ensina conhece",
    ),
    (Class::SUBJECT, "que qual onde quando pode podes ele ela agora se preciso quero procuro queria não você tu como me aqui"),
    (Class::REASON, "como porque embora pois"),
    (
        Class::SELF,
        "sofro chamo ganho dirijo adoro uso faço cuido evito completo eu meu minha meus minhas nós nosso nossa nossos nossas sou vivo trabalho tenho estou moro moramos vivemos temos chamo estudo falo odeio prefiro nasci fui gosto adoro amo detesto somos estamos jogo toco coleciono bebo \
                   leio cozinho nado pinto fumo corro uso ensino dirijo conduzo comprei conheci comecei visitei viajei perdi ganhei fiz tive cresci mudei vi aprendi programo danço ando colecciono",
    ),
    (
        Class::REQUEST,
        "que quê como qual quais onde quando quem pode podes poderia dá dê mostra mostre escreve escreva explica explique ajuda ajude recomenda recomende há faz faça cria crie gera gere traduz traduza resume resuma sugere sugira por quanto quantos existe tem tens posso devo deveria diga diz",
    ),
    (
        Class::UNSURE,
        "talvez poderia seria gostaria supostamente oxalá morasse fosse tivesse possivelmente quisera kkk kkkk lol haha rsrs tomara vivesse",
    ),
    (Class::REPORT, "diz disse escreveu afirma contou segundo respondeu perguntou alega"),
    (Class::TODAY, "hoje amanhã ontem"),
    (
        Class::NO_NAME,
        "não um uma o a muito tão se em no na como que meu eu e ou de do da para teu difícil cansado cansada aqui brasileiro brasileira português portuguesa angolano",
    ),
    (
        Class::TALK,
        "tu tua isto isso esta este essa esse disso deste desta dessa desse tua teu teus seu sua te você que quando como quê resposta versão ideia proposta primeira segunda tudo nada muito bastante se mais",
    ),
    (Class::NO_PLACE, "medo paz um uma esta este meu minha geral contra acordo dúvida guerra busca"),
    (
        Class::NO_TRADE,
        "pouco idiota iniciante fã humano robô cavaleiro mago dragão pirata vampiro rei teu seu melhor pior maior menor sincero sincera primeiro primeira verdadeiro eu o a realista otimista diferente paciente quem",
    ),
    (
        Class::ADDRESS,
        "responde responda responder escreve escreva fala fale usa use utiliza utilize dá dê chama chame explica explique evita evite sê seja inclui inclua mostra mostre cita cite acrescenta começa comece termina termine traduz traduza resume resuma trata trate corrige corrija mantém mantenha faz faça lembra uses respondas fales escrevas",
    ),
    (Class::ALWAYS, "sempre nunca jamais"),
    (Class::TOWARDS, "pedir perguntar escrever disser mandar peço pergunto peça"),
    (
        Class::LEAD,
        "em no na nos nas desde há antes depois durante este esta atualmente agora a à às ao para por cada como ultimamente ontem hoje amanhã com normalmente originalmente aqui quando o as os de",
    ),
    (Class::END, "desde porque e mas com como para por durante quando se onde que há até faz"),
    (
        Class::WORK,
        "traduz traduza traduzir corrige corrija reescreve reescreva resume resuma redige redija escreve escreva analisa analise melhora melhore revisa revise decifra continua completa complete parafraseia avalia avalie lê leia",
    ),
    (
        Class::TEXT,
        "romance haiku capítulo poesia estrofe conto texto carta email e-mail mail história conto poema canção letra frase frases parágrafo mensagem diálogo discurso roteiro guião seguinte seguintes isto artigo redação ensaio diário cena comentário",
    ),
    (
        Class::DATED,
        "ontem hoje amanhã passado passada janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo semana mês ano próximo próxima",
    ),
    (
        Class::PAST,
        "fui era estava tinha tive fiz comprei conheci comecei visitei viajei vi perdi ganhei aprendi estive fomos mudei nasci cresci",
    ),
    (Class::YOU, "você vocês tu te ti teu tua teus tuas contigo"),
    (Class::ARTICLE, "o a os as um uma"),
    (Class::NOT, "não nunca"),
    (Class::TAG, "né certo não verdade correto"),
    (
        Class::TRADE,
        "professor professora médico médica enfermeiro enfermeira engenheiro engenheira desenvolvedor desenvolvedora programador programadora advogado advogada cozinheiro cozinheira padeiro padeira carpinteiro eletricista \
         electricista mecânico mecânica encanador canalizador pedreiro pintor pintora estudante jornalista artista músico fotógrafo fotógrafa arquiteto arquiteta arquitecto designer cientista físico químico biólogo bióloga \
         psicólogo psicóloga terapeuta policial polícia bombeiro soldado vendedor vendedora contador contadora contabilista consultor consultora gerente cabeleireiro cabeleireira jardineiro agricultor motorista piloto garçom garçonete \
         empregado tradutor tradutora escritor escritora farmacêutico farmacêutica dentista veterinário veterinária parteira aposentado aposentada reformado reformada juiz juíza secretária funcionário funcionária bibliotecário \
         bibliotecária fisioterapeuta autônomo autónomo freelancer taxista cirurgião cirurgiã ator atriz cantor cantora pescador",
    ),
    (Class::OTHERS, "ele ela eles elas seu sua alguém há"),
    (Class::PRAISE, "ótimo ótima melhor demais grande incrível máquina querido querida fera"),
    (Class::NO_WISH, "quando como quê onde de"),
];

pub(super) const PHRASES: &[(Role, &str)] = &[
    (Role::Presents, "aqui está, eis, este é"),
    (
        Role::Filler,
        "só para saberes, só para você saber, só pra você saber, para sua informação, para tua informação, a título de informação, a propósito, bom dia, boa tarde, boa noite, muito obrigado, muito obrigada, na verdade, para tua informação, como sabes, como você sabe, isso está errado, não é verdade, sobre mim, já que, visto que, por acaso, tudo bem, é que",
    ),
    (Role::Condition, "quem me dera, se, a menos que, caso, desde que, suponhamos que, por exemplo, oxalá, tomara"),
    (Role::Temporal, "quando, enquanto, até que, assim que, depois que"),
    (
        Role::Fiction,
        "vamos fazer de conta, faz de conta, vamos fingir, finge que, para este jogo, no meu livro, no meu romance, como se diz, como é que se diz, como você diria, vamos imaginar, vamos jogar, vamos brincar de, quero que você interprete, meu personagem, imagina, imagine, imaginemos, supõe, suponha, suponhamos, finge, finja, vamos fingir, vamos jogar, vamos brincar, faz de conta, jogo de papéis, vamos fazer um rpg, nesta história, na história, neste jogo, neste cenário, traduz, traduza, traduzir, era uma vez, \
         como se diz, como digo, capítulo, no meu sonho, no meu romance, a frase, exemplo, querido diário, começa com, comece com, digamos que, interpreta, interprete",
    ),
    (Role::Cast, "tu és, você é, agora você é, agora és, és, você será"),
    (Role::Joke, "é brincadeira, estou brincando, brincadeira, estou a brincar, tô brincando, era brincadeira"),
    (Role::Known, "sabes que, você sabe que, como sabes"),
    (
        Role::Wish,
        "lembra que, lembra-te que, lembra-te de que, lembra te que, lembra te de que, lembre-se que, lembre-se de que, lembre se que, lembre se de que, lembre que, não esqueças que, não te esqueças que, não te esqueças de que, não esqueça que, não se esqueça que, não se esqueça de que, \
         tem em conta que, tenha em mente que, tem em mente que, guarda que, guarde que, memoriza que, memorize que, anota que, anote que, grava que, lembra, lembre-se, lembre",
    ),
    (
        Role::PersonalWish,
        "tenha em mente que, tem em mente que, saiba que, fica sabendo que, considere que, não esqueças, não esqueça, toma nota que, fica sabendo que, saiba que",
    ),
    (Role::Polite, "por favor, podes, pode, poderia, me pode, e, pf, pfv"),
    (
        Role::FromNow,
        "a partir de agora, de agora em diante, daqui em diante, no futuro, daqui para a frente, daqui para frente, a partir de hoje, doravante",
    ),
    (Role::Asked, "quero que, gostaria que, preciso que, deves, você deve, deverias"),
    (Role::Never, "em hipótese alguma, em caso algum"),
    (Role::Whenever, "sempre que, cada vez que, toda vez que, todas as vezes que, quando eu, quando te"),
    (Role::ForgetThat, "esquece que, esqueça que, esquece o facto de que, esqueça o fato de que, apaga que"),
    (
        Role::ForgetAbout,
        "esquece o que eu disse sobre, esquece o que te disse sobre, esqueça o que eu disse sobre, esqueça o que te disse sobre, esquece tudo sobre, esqueça tudo sobre, esquece o meu, esquece a minha, esqueça o meu, esqueça a minha, esquece meu, esquece minha, esqueça meu, esqueça minha, apaga o meu, apaga a minha, apague meu, apague minha",
    ),
    (
        Role::ForgetAll,
        "esquece tudo o que sabes sobre mim, esquece tudo o que sabes de mim, esqueça tudo o que sabe sobre mim, esqueça tudo que você sabe sobre mim, esqueça tudo o que você sabe sobre mim, esquece tudo que você sabe sobre mim, esquece tudo sobre mim, esqueça tudo sobre mim, apaga tudo o que sabes sobre mim, apague tudo o que sabe sobre mim, apague todos os meus dados, apaga todos os meus dados, apague tudo sobre mim, apaga tudo sobre mim, esquece tudo o que você sabe sobre mim",
    ),
    (
        Role::Noise,
        "acho, eu acho, penso, espero, quero, queria, preciso, procuro, pergunto-me, entendo, não entendo, não sei, sei, vejo, estou tentando, estou a tentar, tenho uma pergunta, tenho uma dúvida, estou confuso, estou confusa, estou cansado, estou cansada, a minha pergunta, meu problema, meu código, meu texto, gostaria, \
         estou procurando, estou à procura, tenho certeza, concordo, agradeço, posso, podemos, temos que, parece-me, quis dizer, sou teu, sou seu, estou pronto, tenho que, gostei, adorei, tenho de, vou",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[(
    "sou",
    "alérgico a, alérgica a, alérgico ao, alérgica ao, vegetariano, vegetariana, vegano, vegana, celíaco, celíaca, casado com, casada com, casado e, casada e, aposentado, aposentada, reformado, reformada",
)];
