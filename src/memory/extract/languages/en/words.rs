//! English: what words and phrases are.

use super::super::super::grammar::{Class, Role};
use crate::store::Review;

pub(super) const WORDS: &[(Class, &str)] = &[
    (
        Class::TONGUE,
        "english german french spanish italian portuguese dutch russian chinese mandarin japanese korean arabic polish turkish latin swedish greek",
    ),
    (
        Class::FILLER,
        "hi hey hello well ok okay so and but also btw fyi ps actually yes yeah yep yup no nope nah oh because since as plus anyway thanks \
         basically honestly although though however note sorry important sure right hmm um uh or update edit reminder thus ah cool great \
         wow alright haha hiya greetings cheers please correction cuz cos that's",
    ),
    (
        Class::ADVERB,
        "really also just actually currently now still usually generally strongly absolutely totally mostly already personally definitely \
         recently mainly both originally very much strictly always often sometimes regularly primarily officially finally simply truly \
         certainly typically normally do only lately nowadays presently severely kinda pretty so quite too happily",
    ),
    (Class::JOINT, "and but so because since or although though plus while whereas cuz cos"),
    (
        Class::OPENER,
        "need looking wanna nice even he she they you it this that what how which where when who why whose can could would should shall will do does did is are am was were have \
         has any please give tell suggest help write recommend find show explain call so but because since if unless though although remember \
         always never now right correct thanks however let make think not got summarise summarize translate sum correct fix so what's that's there here and forget used",
    ),
    (
        Class::SUBJECT,
        "he she they you can could what how which where why please would should give tell suggest recommend do call always never if when now everyone everybody home people \
         remember it this that there forget",
    ),
    (Class::REASON, "since because as although though"),
    (Class::SELF, "i my we our mine myself"),
    (
        Class::REQUEST,
        "what how which where who why can could would should do does did any please give tell suggest help write recommend find show explain think make \
         let is are am was were will shall has translate summarize summarise list name create generate draft describe compare imagine answer convert \
         fix rewrite check review calculate solve plan",
    ),
    (
        Class::UNSURE,
        "if would could might maybe perhaps hypothetically wish pretend imagine unless supposed supposedly allegedly whether suppose assuming \
         lol haha hahaha lmao",
    ),
    (Class::OBJECT, "me us myself ourselves"),
    (
        Class::REPORT,
        "said says told saying claims claimed wrote writes replied texted according quoted goes allegedly mentioned tells claiming",
    ),
    (Class::TODAY, "today tonight tomorrow yesterday"),
    (
        Class::NO_NAME,
        "not a an the on in too very so hard difficult spelled spelt pronounced common unusual mentioned written crazy stupid back later when if \
         tomorrow paranoid old what whatever anything because at for by to as and or i my is it this that you your ok okay here there \
         german french spanish italian english dutch russian american british irish scottish welsh canadian australian indian chinese japanese \
         korean mexican brazilian polish turkish greek swedish norwegian danish finnish swiss austrian portuguese european african asian \
         same nothing everyone anyone everybody anybody someone somebody user student developer newbie beginner mom mum dad still only \
         christian muslim catholic jewish hindu buddhist ukrainian belgian",
    ),
    (
        Class::TALK,
        "it this that these those you your how when what where him her them to not if all option answer idea suggestion approach version one \
         response draft second first latter former way so both here there into out lot bit code error issue question example explanation the's \
         solution reply output result yours everything something anything nothing why who some which style its i we being",
    ),
    (
        Class::NO_PLACE,
        "part moment past future present fear hope a an my our denial peace it this that constant where there here you your next new another not such these those what poverty harmony \
         debt sin step work home agreement touch love trouble pain doubt charge need time bed school college general total case favor favour awe \
         shock the's front order two three four five",
    ),
    (
        Class::NO_TRADE,
        "bit little lot few mess failure fool idiot moron while loss beginner newbie noob total complete fraid robot bot language ai human hurry big huge \
         fan believer couple potato genius long new certain single real person good bad terrible great horrible lost type kind sort one great \
         stranger way creep weirdo million thousand knight wizard pirate witch vampire dragon elf king queen ghost superhero god your you",
    ),
    (
        Class::ADDRESS,
        "always never answer respond reply use do don't call speak write keep give be avoid only explain talk address format include stop start \
         provide show make add assume translate summarize summarise ask remind tell suggest quote list end refer skip cite prefer limit treat begin write \
         present sign greet correct consider put send return mention",
    ),
    (Class::ALWAYS, "always never whenever"),
    (Class::EVERY, "every each most mornings evenings nights afternoons"),
    (Class::ONCE, "here this that these next"),
    (Class::OWN, "my our"),
    (
        Class::NO_ORDER,
        "mind saw here there heard been had have knew thought wanted seen said loved liked a an the in on at going nice good great happy again too before \
         know ever ending really will would did does was were is are has can could went got gonna once sure more enough works fails eat not i it he she \
         they we my you your start look trust remember happy apologize judge underestimate forget give",
    ),
    (Class::TOWARDS, "ask say mention write send talk paste post share type request speak tell give show greet want need"),
    (
        Class::LEAD,
        "in on at last since for after before during this next two three four five six ten several many some years ago yesterday every back by as with \
         when these those one over once until throughout growing into",
    ),
    (Class::END, "since because but and so as until after if when though who which where for with from at on"),
    (
        Class::WORK,
        "translate rewrite rephrase proofread summarize summarise correct fix paraphrase improve edit analyze analyse continue complete write draft \
         compose repeat convert review check polish shorten classify decode rate critique format transcribe grade finish parse \
         decipher reword simplify evaluate compare turn make create generate read play",
    ),
    (
        Class::TEXT,
        "novel haiku memoir ballad limerick sonnet eulogy toast fanfic opening ending stanza rap blurb story poem song lyrics letter email e-mail mail essay text sentence sentences paragraph dialogue bio message messages following this these speech script \
         monologue post review person article document transcript log logs output result results page tweet passage excerpt chapter conversation chat quote \
         quotation description snippet note's cv resume code error abstract caption diary joke verse screenplay scene line lines phrase content file \
         comment prompt profile",
    ),
    (
        Class::DATED,
        "yesterday ago last january february april june july august september october november december monday tuesday wednesday thursday friday saturday \
         sunday weekend tonight tomorrow next spring summer autumn winter jan feb mar apr jun jul aug sep sept oct nov dec week month",
    ),
    (
        Class::PAST,
        "was were went had did got made saw took came met found left bought gave told felt started began moved lost won broke ran spent taught thought \
         visited attended finished joined signed tried decided learned painted adopted booked created planned hiked played enjoyed watched wrote read \
         called invited helped worked lived studied graduated passed fell built chose drove ate flew grew hurt kept led sold sent slept spoke stood \
         swam wore quit cut put set turned stopped received celebrated traveled travelled married hosted launched cooked baked ordered \
         remembered realized realised discovered completed organized organised volunteered hired opened shared ended",
    ),
    (Class::YOU, "you your yours yourself u ya"),
    (Class::ARTICLE, "the a an"),
    (Class::NOT, "not that never"),
    (Class::TAG, "right correct do am is have was does are isn't eh no huh innit yes"),
    (
        Class::TRADE,
        "nurse doctor teacher engineer developer programmer lawyer attorney carpenter plumber electrician mechanic pilot chef cook baker butcher farmer \
         gardener florist designer architect artist musician singer actor actress writer author journalist editor photographer scientist researcher \
         chemist physicist biologist mathematician statistician economist accountant auditor banker broker trader analyst consultant manager director \
         executive ceo cto cfo founder entrepreneur salesman saleswoman salesperson clerk cashier receptionist secretary assistant administrator \
         librarian translator interpreter professor lecturer tutor student postdoc student dentist surgeon veterinarian vet pharmacist therapist psychologist \
         psychiatrist physiotherapist midwife paramedic firefighter policeman policewoman soldier sailor officer detective judge paralegal notary driver \
         courier postman waiter waitress bartender barista hairdresser barber tailor jeweller jeweler goldsmith blacksmith welder mason bricklayer \
         roofer painter plasterer builder contractor surveyor planner technician operator machinist sysadmin admin tester freelancer contractor intern \
         apprentice trainee coach trainer instructor dancer choreographer composer conductor producer filmmaker animator illustrator potter sculptor \
         cartographer geologist geographer historian archaeologist astronomer meteorologist biochemist radiologist cardiologist dermatologist \
         paediatrician pediatrician anaesthetist optician optometrist nutritionist dietitian carer caregiver nanny babysitter housekeeper cleaner janitor \
         locksmith watchmaker shoemaker fisherman forester ranger zookeeper beekeeper breeder realtor recruiter marketer copywriter blogger streamer \
         youtuber priest pastor vicar rabbi imam nun monk devops sre electrician lecturer headmaster principal librarian handyman truck",
    ),
    (Class::OTHERS, "he she they it there who someone everyone people his her their its"),
    (
        Class::PRAISE,
        "great good genius legend star lifesaver best amazing wonderful awesome real big huge life perfect brilliant right wrong kind fantastic bit sweetheart \
         treasure angel",
    ),
    (Class::NO_WISH, "to when how what where me time day one song guy why who"),
];

pub(super) const PHRASES: &[(Role, &str)] = &[
    (
        Role::Presents,
        "here is, here 's, here are, below is, this is the opening, this is the beginning, this is my, this is a, this is an, this is from, feedback on, thoughts on, any feedback, critique, opinions on, haiku, poem, lyrics",
    ),
    (
        Role::Play,
        "start the role play, start the roleplay, start the role-play, begin the roleplay, begin the role play, continue the roleplay, start roleplaying, do a mock interview, a mock interview with, run a mock interview, practice interview, improv game, improv scene, do improv, do some improv, in this roleplay, for this roleplay, stay in character, stay in role, as the candidate i, as the patient i, as the interviewer, i will be the, and i will be, you be the, you will be the, you play the, you are the interviewer, you are the customer, you are the narrator, you are the dm, you are the game master",
    ),
    (
        Role::Filler,
        "just so you are aware, just fyi, so you know, a little about me, some info, just to clarify, to clarify, just for context, quick fact, good to know, worth knowing, worth mentioning, also note that, by the way, for the record, for your information, for future reference, just so you know, as you know, you should know that, \
         you should know, thank you, thanks a lot, good morning, good evening, good afternoon, about me, a bit about me, some background, some context, for context, that is wrong, that's wrong, \
         that 's wrong, in case it helps, in case it matters, if it helps, if that helps, heads up, just to let you know, let me tell you, \
         you know, so you know, fun fact, first of all, to be honest, in fact, of course, at the moment, right now, these days, hey there, hi there, \
         hello there, quick note, as i said, like i said, as i mentioned, you can save that, nice to meet you, the thing is, ok so, okay so",
    ),
    (
        Role::Condition,
        "if, unless, whether, assuming, provided, supposing, in case, even if, as if, as though, what if, only if, were i, had i, should i, \
         for example, for instance, e.g, such as, say i, i wish, if only",
    ),
    (Role::Temporal, "when, whenever, while, until, once, by the time, as soon as"),
    (
        Role::Fiction,
        "for the sake of the game, for the sake of the story, for the sake of this, in my campaign, in our campaign, in my d&d, in our d&d, in my dnd, in our dnd, in this campaign, in this roleplay, for this game, for the game, for this story, for the story, for this scene, for this campaign, for this session, for this exercise, for this character, for the purposes of this, i want you to play, i want you to act, i want you to pretend, i want you to be, i want you to roleplay, i need you to play, i need you to act, you are going to play, play a, play an, play my, be my, act the part, let us roleplay, let us role-play, let us do a roleplay, let us do some improv, how would you translate, what is the french for, what is the german for, what is the spanish for, what is the italian for, what is the word for, you be, you will be my, you can be, i 'll be, once there was, in my book, in my game, in my screenplay, in my play, my character, as my character, as a character, translate, rewrite, rephrase, proofread, paraphrase, transcribe, imagine, pretend, suppose, supposing, hypothetically, roleplay, role-play, rp, scenario, scene, let 's say, let 's pretend, let 's imagine, \
         let 's play, let 's roleplay, let 's role-play, let 's suppose, let 's do a roleplay, let us say, let us pretend, let us play, lets say, lets \
         pretend, lets play, lets roleplay, act as, act like, say that, what if, in this story, in the story, in this scenario, in this game, in the game, in this scene, in this \
         adventure, in this world, in my dream, in my story, in my novel, in a dream, in the novel, in the book, in the movie, in the film, in \
         character, how do you say, how do i say, how would you say, how would i say, how would a, how to say, chapter one, chapter 1, once upon a time, \
         for this roleplay, for the roleplay, in a parallel universe, in another life, in a past life, in my past life, take the role of, play the role of, \
         you play, you will play, you will be playing, i will play, i will be playing, i play the role, we are playing, we play, start with, the sentence, the phrase, the following, \
         example, sample, dear diary",
    ),
    (Role::Cast, "i am your, you are my, you are, you are now, you will be, and you are"),
    (Role::Joke, "just kidding, jk, kidding, j/k, sarcasm, just joking, april fools, not really serious, only joking"),
    (Role::Known, "you know, as you know"),
    (
        Role::Wish,
        "remember this, remember that, remember the following, do not forget that, please remember, make a note that, make a note, save this, \
         save that, save to memory, save to memory that, add to memory, add to memory that, memorize that, memorise that, store that, remember please that, remember please, \
         never forget that, always remember that, keep this in mind, remember for later, remember for the future, remember for next time",
    ),
    (
        Role::PersonalWish,
        "make sure you remember that, make sure you remember, make sure to remember that, make sure to remember, be sure to remember that, be sure to remember, please note that, please note, do remember that, try to remember that, it helps to know that, you need to know that, please know that, remember, do not forget, keep in mind that, keep in mind, bear in mind that, bear in mind, take note that, note that, note, for future reference, \
         please be aware that, be aware that, know that, take into account that, always remember, take into consideration that",
    ),
    (
        Role::Polite,
        "please, can you, could you, will you, would you, you can, you may, you, pls, plz, kindly, can we, just, can you please, and",
    ),
    (
        Role::FromNow,
        "for all code, for any code, for all your code, in all code, in any code, for all scripts, for all recipes, for any recipe, for every recipe, for all measurements, in any answer, in any reply, for any answer, in all conversations, in all our chats, in our chats, for all chats, for all our chats, whatever i ask, no matter what i ask, in all your answers, in all your replies, in all your responses, in your answers, in your replies, in your responses, in every answer, in every reply, for all answers, in all answers, in all replies, in all responses, for all your answers, until further notice, for every answer, from now on, going forward, in future, in the future, from here on, from here on out, henceforth, from this point on, from today on, in all future",
    ),
    (
        Role::Asked,
        "i want you to, i need you to, i expect you to, i would like you to, i would prefer you to, you should, you must, make sure to, make sure you, be sure to, \
         i prefer you to, i prefer it if you, i want, i would prefer that you, i would appreciate it if you",
    ),
    (Role::Never, "do not ever, do not under any circumstances, under no circumstances"),
    (
        Role::Whenever,
        "when you give, when you show, when you suggest, when you recommend, when you send, when you translate, when giving, when suggesting, when you write code, when you answer, when you reply, when you respond, when you explain, when answering, when replying, when explaining, when writing code, when you talk to me, when you write to me, when you write for me, any time you, every time you, whenever, every time, each time, when i, if i, anytime, any time i",
    ),
    (
        Role::ForgetThat,
        "stop remembering where, stop remembering how, stop remembering what, forget that, forget the fact that, do not remember that, stop remembering that, no longer remember that, forget i, delete the fact that, \
         delete the memory that, remove the fact that, remove the memory that, please forget that",
    ),
    (
        Role::ForgetAbout,
        "forget what i said about, forget what i told you about, forget what you know about, forget about, forget everything about, \
         forget everything i said about, forget everything i told you about, forget all about, do not remember, delete what i said about, \
         delete what i told you about, delete everything about, remove what i said about, forget what i wrote about, forget what i mentioned about, forget my, forget our, delete my, erase my, \
         delete the memory about, delete the memory of, remove the memory about, delete any memory of, forget any mention of, erase what i told you about",
    ),
    (
        Role::ForgetAll,
        "forget everything i have told you, forget everything i told you, forget all i told you, forget all i have told you, forget all that i told you, forget everything that i told you, forget everything that i have told you, erase everything i told you, erase everything i have told you, delete everything i told you, delete everything i have told you, delete everything you remember about me, erase everything you remember about me, delete all you remember about me, wipe everything you remember about me, forget everything you know about me, forget everything about me, forget all about me, forget all you know about me, forget me, \
         forget everything i told you about me, forget everything i have told you about me, forget everything i told you about myself, forget everything you have learned about me, forget everything you learned about me, \
         forget what you know about me, forget anything you know about me, delete everything you know about me, erase everything you know about me, \
         delete all memories of me, delete all memories about me, delete all my memories, delete my memories, erase my memories, erase all my memories, clear my memories, clear my memory, \
         wipe my memory, wipe your memory of me, clear your memory of me, erase your memory of me, delete all my data, delete all you know about me, remove everything you know about me, \
         forget everything you remember about me, forget everything that you know about me, delete everything about me, wipe everything you know about me, forget everything you ever learned about me",
    ),
    (
        Role::Noise,
        "i think, i guess, i believe, i suppose, i hope, i wonder, i mean, i see, i know, i understand, i agree, i disagree, i doubt, i bet, i assume, \
         i feel like, i feel that, i need, we need, i want you, i want to know, i want to ask, i want to understand, i want to see, i want it, i want a, i want an, i want the, i want this, i want some, i have to ask, i have a question, i would like, i would love, i would be, i would say, i would have, i would want, i would need, i would not, i would appreciate, i will, we will, i should, we should, i must, i can see, i can not see, i can not find, \
         we can, we could, we must, we have to, we know, we see, we get, we let, we assume, we say, \
         i do not understand, i do not get, i do not think, i do not know, i do not see, i do not need, i do not want, i do not believe, i do not care, i do not mind, i do not follow, i did not understand, \
         i did not mean, i did not ask, i did not say, i did not get, i meant, i asked, i said, i told, i get it, i got it, i got this, i am looking for, i am looking to, i am trying to understand, \
         i am trying to get, i am trying to run, i am wondering, i was wondering, i am curious, i am asking, i was asking, i am sorry, i am confused, i am not sure, i am unsure, i am sure, i am here, i am glad, i am happy to, i am interested in your, i am just, i am stuck, i am lost, \
         i am getting an, i am getting the, i am getting this, i am using this, i am talking about, i am referring, i am saying, i am afraid that, i am happy with, i am not happy with, i am not asking, i am kidding, i am ready, i am done, i am back, i am good, i am fine, i am ok, i am okay, i am basically, i am pretty sure, \
         i appreciate, i apologize, i apologise, i thank, i love it, i like it, i love this, i like this, i like that, i love that, i love how, i like how, i wish, i just want, i just wanted, i wanted to ask, i wanted to know, i was hoping, i was thinking, \
         i can not remember, i can not recall, i can not believe, i can not get, i can not figure, i forgot to mention, i am going to ask, i give up, i try again, i tried that, i tried this, i tried it, i tried your, i have tried that, i have tried this, i have tried your, i have tried it, \
         i noticed that, i noticed you, i see that, i read that, i heard that, i have heard that, i found this, i found that, i found a bug, my question, my questions, my prompt, my request, my message, my point, my previous, my last message, my last question, my first question, my code, my query, \
         my input, my bad, my apologies, my pleasure, my goodness, my god, my guess, my thanks, my understanding, my mistake, my instructions, my error, my function, my script, my next question, my text, my question is, my essay, my program, our conversation, our chat, our discussion, \
         i run into, i ran into, i run this, i run the, i write a, i use this, i call this, i get an error, i get this, i get the, i get a, i have the following, i have this, i have these, i have an error, i have a problem with, i have a bug, i have no idea, i have an idea, i have trouble understanding, i have a doubt, \
         i have some questions, i have another question, i have one more, i have two questions, i have a few questions, i have a list, i have a function, i have a dataset, i have a table, i have a file, i have a class, i have an array, i have a string, i have a script, i have a task, i have an assignment, i have a text, i have a piece of, i have to write, \
         i could not care less, i am all ears, i can wait, i take it, i will take, i rest my case, i beg, i repeat, i insist, i ask, i say, i call, i am at a loss, i am on it, i am with you, i am impressed, i am amazed, i am your, i am listening, i am serious, i am bored, i am tired, i am hungry, \
         i am a little, i am a bit, i am too, i can not tell, i am not able, i am unable, i am able, i dare, i tell, i swear, i promise, i speak for, i own up, i follow you, i follow that, i support that, i read your, i read this, i read the, i watch the, i play with the idea",
    ),
];

pub(super) const NOISE: &[&str] = &[
    "i am [not] [just] working|trying|attempting|struggling|getting [on|to|with] this|that|it|the|an|a function|script|error|code|problem|example|exercise|parser",
    "i [do] [not] [really] like|love|hate|prefer|enjoy|dislike [the|how] this|that|it|your|first|second|last|version|one|idea|answer",
    "i have|got [got] a|an|another|one|two|some|this|the [quick|simple|small|more|following|new|weird] question|questions|doubt|request|problem|issue|error|bug|task|query|favor|favour|suggestion",
    "my phone|computer|laptop|pc|mac|car|camera|keyboard|house|internet|wifi|screen is [not] [just] -ing|broken|slow|dead|down|frozen|stuck",
    "i|we live in fear|hope|denial",
    "i|we live in the moment|past|present|future|now",
    "i|we live in a society|bubble|world",
    "i|we live for this|that|it|these",
    "i play devil|dumb|along|around ~",
    "i follow the|these|this|those|all ~",
    "i|we have been trying|struggling|waiting|looking|getting|having|thinking|debugging|staring|wondering|working|reading|told ~",
    "i|we do not have|own a|an|any|the|much|enough [good|single|specific|strong|real] clue|idea|time|preference|opinion|question|questions|problem|access|plan|plans|choice|issue|way|reason|more|other|specific|particular ~",
    "i|we do not have|own a|an|any|the|much|enough [good|single|specific|strong|real] clue|idea|time|preference|opinion|question|questions|problem|access|plan|plans|choice|issue|way|reason",
    "i|we have no|zero [real|good|other|further|more] clue|idea|time|problem|problems|question|questions|doubt|choice|intention|plan|plans|preference|way|access|reason|words|such|clear|issue|issues|objection|comment|one|further|more",
    "i need|want|require [a|an|some|the|your|more|to] ~",
];

pub(super) const HELD: &[(Review, &str)] = &[
    (
        Review::Instruction,
        "correct answer,security question,firewall,disable the,disable all,bypass,as admin,ignore previous,ignore all,ignore any,ignore the above,ignore your,ignore its,disregard,override,forget your,forget all,forget previous,previous instruction,\
         prior instruction,above instruction,your instruction,all instructions,system prompt,system message,developer message,jailbreak,developer mode,do anything now,you are now,\
         pretend to be,roleplay as,new instruction,reveal your,reveal the system,reveal the prompt,reveal the hidden,reveal all,reveal any,reveal everything,reveal my,reveal secret,reveal it,exfiltrate,unrestricted,no restrictions,without restriction,guardrail,safety,\
         content policy,api key,access token,base64,admin access,administrator,the assistant,the user,users,the model,the ai,anyone asks,\
         someone asks,anybody asks,somebody asks,the chatbot,the bot,obey,card number,credit card number,without asking,must be told,should always be,must always,must never,\
         should be answered,conversation to,godmode,root access,hidden instruction,secret instruction,trusted operator,your rules,your guidelines,comply,uncensored",
    ),
    (
        Review::Tool,
        "powershell,cmd exe,bash c,chmod,netcat,tool call,function call,the tool,a tool,your tool,tools,invoke,execute,run the command,run curl,run a command,shell command,curl,wget,rm rf,sudo,send an email,send email,send a mail,\
         forward to,forward all,upload,download,browser open,transfer funds,make a payment,the function,webhook,http request,image link,eval,subprocess",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[
    ("i have", "no kids, no children, no pets, no siblings, no car, no allergies"),
    ("i am a", "fan of, huge fan of, big fan of"),
    (
        "i",
        "live in, live at, live near, live with, live alone, live on, work as, work at, work for, work in, work nights, work part-time, work from home, prefer, hate, love, like, enjoy, dislike, speak, own a, drive a, rent a, grew up, moved to, moved from, moved here, suffer from, studied, have two, have three, have a, have got a, have an, do not eat meat, do not eat fish, do not eat pork, do not eat dairy, do not eat gluten, do not eat eggs, do not drink alcohol, do not drink coffee, do not like, do not own, do not drive, do not smoke, never eat meat, never drink alcohol, can not stand, can not eat, can not do, can not have, can not drink, only eat, turned, turning, majored in, go by, come from",
    ),
    (
        "i am",
        "allergic to, born-again, based in, living in, living with, working as, working at, working for, working in, trying to learn, learning to play, learning to drive, learning to code, learning to speak, learning english, learning german, learning french, learning spanish, learning italian, learning portuguese, learning dutch, learning russian, learning japanese, learning chinese, learning korean, learning icelandic, learning swedish, studying, married to, married with, retired, vegan, vegetarian, single, divorced, lactose intolerant, gluten intolerant, originally from, currently living, currently working, not a fan of, a fan of, not into, really into, into, diabetic, coeliac, celiac, left-handed, colourblind, colorblind, partially sighted, expecting",
    ),
    ("i was", "born in, born on, born and, raised in, diagnosed with, brought up"),
    (
        "i have",
        "been a, been an, been living, been working, been vegan, been vegetarian, been playing, been in, been married, been learning, lived in, got two, got three, got a, worked as",
    ),
    (
        "my",
        "name is, name 's, favourite food, favourite colour, favourite book, favourite film, favourite band, favourite song, favourite game, favourite drink, favourite animal, favourite sport, favourite team, favourite author, favourite season, favourite city, birthday is, birthday 's, wife is, wife 's, husband is, pronouns are, native language, mother tongue, dog is, dog 's, cat is, cat 's, diet :",
    ),
];
