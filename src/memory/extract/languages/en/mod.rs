//! English.

mod daily;
mod life;
mod person;
mod words;

use super::super::grammar::Table;
use words::{ELIDED, HELD, NOISE, PHRASES, WORDS};

pub(super) static ENGLISH: Table = Table {
    common: "i my me we our us the a an is am are was were have has had do does not and but or in on at of to for with from that this it \
             you your what how can could would like prefer live work name always never remember forget please im don't ive i'm been \
             just so no yes hi hey hello because when if now about there here they he she his her m ve dont will by as than who whom \
             which where love hate allergic any some all also really make use want need be call im's from",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[
        ("im", "i am"),
        ("ive", "i have"),
        ("m", "am"),
        ("ve", "have"),
        ("re", "are"),
        ("ll", "will"),
        ("d", "would"),
        ("dont", "do not"),
        ("doesnt", "does not"),
        ("didnt", "did not"),
        ("cant", "can not"),
        ("cannot", "can not"),
        ("isnt", "is not"),
        ("wasnt", "was not"),
        ("arent", "are not"),
        ("wont", "will not"),
        ("havent", "have not"),
        ("gonna", "going to"),
        ("favorite", "favourite"),
    ],
    elided: ELIDED,
    groups: GROUPS,
    slots: &[
        ("wife", "wife"),
        ("husband", "husband hubby"),
        ("partner", "partner spouse"),
        ("girlfriend", "girlfriend gf"),
        ("boyfriend", "boyfriend bf"),
        ("fiance", "fiance fiancé fiancée fiancee"),
        ("mother", "mother mom mum mama mommy"),
        ("father", "father dad papa daddy"),
        ("boss", "boss manager"),
        ("name", "name"),
        ("home", "home address city town whereabouts location"),
        ("job", "job occupation profession"),
        ("employer", "employer company workplace"),
        ("birthday", "birthday birthdate"),
        ("age", "age"),
        ("diet", "diet"),
        ("timezone", "timezone"),
        ("marital_status", "marriage"),
        ("height", "height"),
        ("weight", "weight"),
        ("nationality", "nationality"),
        ("religion", "religion"),
        ("pronouns", "pronouns"),
        ("nickname", "nickname"),
        ("school", "school university college"),
        ("car", "car"),
        ("colour", "color colour"),
        ("food", "food dish meal"),
        ("film", "film movie"),
        ("book", "book"),
        ("author", "author writer"),
        ("music", "music genre"),
        ("band", "band"),
        ("song", "song"),
        ("animal", "animal"),
        ("sport", "sport"),
        ("team", "team"),
        ("game", "game videogame"),
        ("drink", "drink beverage"),
        ("season", "season"),
        ("language", "language"),
        ("series", "show series"),
    ],
    gone: &[
        ("no longer", ""),
        ("do not", "anymore"),
        ("do not", "any more"),
        ("do not", "any longer"),
        ("can not", "anymore"),
        ("not", "anymore"),
        ("not", "any more"),
        ("not", "any longer"),
        ("used to", ""),
        ("have stopped", ""),
        ("have quit", ""),
        ("have given up", ""),
        ("stopped being", ""),
    ],
    noise: NOISE,
    orders_freely: true,
    held: HELD,
    rules: &[person::RULES, life::RULES, daily::RULES],
};

const GROUPS: &[(&str, &str)] = &[
    (
        "food",
        "gluten nuts peanuts nut dairy milk lactose shellfish eggs egg wheat soy sesame fish meat pork beef alcohol caffeine coffee sugar spicy cheese seafood bread onions onion garlic carbs wine pasta tomatoes mushrooms",
    ),
    (
        "field",
        "payroll accounting marketing sales hr it admin security construction landscaping bookkeeping pr design qa devops consulting customer tech data web freelance graphic translation night odd shift contract social maintenance logistics catering childcare plumbing carpentry nails hair",
    ),
    (
        "thing",
        "car cars bike motorbike motorcycle garden balcony printer oven microwave dishwasher air mac macbook iphone ipad android pc laptop kindle allotment piano guitar violin drum boat van motorhome campervan caravan greenhouse pool sauna telescope tattoo tattoos licence license passport visa degree phd masters bachelor mortgage",
    ),
    (
        "tongue",
        "english german french spanish italian portuguese dutch russian chinese mandarin cantonese japanese korean arabic polish turkish hindi swedish norwegian danish finnish greek czech hungarian romanian ukrainian welsh irish icelandic hebrew",
    ),
    (
        "style",
        "emojis emoji markdown tables table bullet bullets headings headers bold italics jargon slang exclamation lists latex dashes em-dashes abbreviations acronyms metaphors swear buzzwords disclaimers filler small-talk",
    ),
    (
        "years",
        "twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five twenty-six twenty-seven twenty-eight twenty-nine thirty thirty-one thirty-two thirty-three thirty-five thirty-six thirty-eight forty forty-one forty-two forty-five fifty fifty-five sixty sixty-five seventy seventy-five eighty",
    ),
    (
        "doing",
        "eating drinking wearing avoiding attending renting dating playing learning studying collecting teaching riding running living driving practising practicing writing baking brewing cooking knitting painting singing dancing climbing surfing gardening coding programming fostering breeding keeping raising training volunteering fishing cycling swimming sober clean",
    ),
    (
        "done",
        "played learned learnt studied collected taught ridden run lived driven practised practiced baked brewed knitted painted sung danced climbed surfed coded programmed fostered bred kept owned volunteered cycled",
    ),
    (
        "diet",
        "vegans vegetarians vegan vegetarian pescatarian pescetarian coeliac celiac kosher halal keto carnivore omnivore veggie flexitarian gluten-free",
    ),
    ("marital", "remarried cohabiting married divorced engaged single widowed separated"),
    (
        "kin",
        "wife husband hubby partner spouse girlfriend gf boyfriend bf fiance fiancé fiancée fiancee mother mom mum mama mommy father dad papa \
         daddy boss manager",
    ),
    (
        "family",
        "boy boys girl girls twins triplets goldfish budgie guinea ferret tortoise turtle snake lizard chicken chickens hens goat goats labrador labradors poodle beagle husky terrier pug corgi kid kids child children son sons daughter daughters brother brothers sister sisters dog dogs cat cats twins twin siblings grandkids \
         grandchildren grandson granddaughter nephew nephews niece nieces pet pets puppy kitten parrot rabbit rabbits horse horses hamster \
         baby toddler cousin cousins uncle aunt grandma grandpa grandmother grandfather stepson stepdaughter roommate flatmate neighbour neighbor \
         greyhound wife husband hubby partner spouse girlfriend gf boyfriend bf fiance fiancé fiancée fiancee mother mom mum mama mommy father dad \
         papa daddy boss manager parents family in-laws",
    ),
    (
        "illness",
        "hay crohn's parkinson's ptsd ocd hepatitis hiv osteoporosis sciatica scoliosis fibromyalgia rosacea glaucoma vertigo reflux gerd anorexia bulimia narcolepsy apnea apnoea diabetes asthma adhd add epilepsy dyslexia celiac coeliac migraines hypertension ibs eczema psoriasis arthritis anemia anaemia \
         depression anxiety insomnia tinnitus autism hypothyroidism endometriosis pcos lupus ms hayfever gout allergies",
    ),
    (
        "condition",
        "sighted visually hearing hard-of-hearing disabled paraplegic quadriplegic vaccinated immunocompromised menopausal hypoglycemic hyperactive dyspraxic diabetic dyslexic deaf blind colorblind colourblind colour-blind color-blind asthmatic epileptic autistic pregnant left-handed \
         lefthanded right-handed bilingual trilingual short-sighted nearsighted lactose-intolerant gluten-intolerant anemic anaemic bipolar \
         hypothyroid insomniac introverted extroverted neurodivergent transgender trans gay bisexual lesbian queer nonbinary non-binary",
    ),
    (
        "habit",
        "play collect own rent drive ride teach coach speak wear drink eat smoke run sing paint knit sew garden volunteer commute cycle swim \
         surf climb hike bake cook brew code program grow breed keep raise practise practice attend manage freelance write read blog use \
         take follow support watch sleep train lift dance fish hunt sail ski skate meditate travel share",
    ),
    (
        "mine",
        "apartment flat house office shoe passport licence license car bike motorbike bicycle budget salary income anniversary wedding exam \
         exams thesis flight dentist doctor therapist blood phone computer laptop mac pc keyboard camera height weight nationality religion \
         hometown major degree university school college course team garden kitchen shift commute hobby hobbies goal dream clothing ring \
         cabin visa birthday age locker parking allotment landlord insurance pronouns ethnicity background heritage star zodiac",
    ),
    (
        "hobby",
        "ride play climb row knit crochet weave sculpt paddle kayak canoe skateboard golf jog bowl box wrestle juggle quilt embroider whittle \
         forage camp busk snowboard ski surf sail cycle swim hike bake garden fish dance meditate volunteer foster babysit paint sew",
    ),
    (
        "nation",
        "german french spanish italian english dutch russian american british irish scottish welsh canadian australian indian chinese japanese korean \
         mexican brazilian polish turkish greek swedish norwegian danish finnish swiss austrian portuguese ukrainian belgian egyptian nigerian \
         kenyan ghanaian moroccan iranian iraqi syrian lebanese israeli palestinian pakistani bangladeshi vietnamese thai filipino indonesian \
         malaysian argentinian chilean colombian peruvian venezuelan cuban jamaican czech slovak hungarian romanian bulgarian serbian croatian \
         icelandic estonian latvian lithuanian georgian armenian kiwi māori maori ethiopian somali",
    ),
    (
        "circle",
        "board committee council team army navy military marines reserves band choir orchestra union pta squad club league police jury cooperative \
         co-op society association quartet trio ensemble theatre theater troupe guild forces congregation crew",
    ),
    (
        "seat",
        "member members part captain chair chairman chairwoman chairperson secretary treasurer president leader head owner co-owner director trustee \
         co-founder founder manager mayor veteran graduate survivor descendant citizen resident",
    ),
    (
        "together",
        "are have live share run own love hate speak play work got keep rent moved adopted met married co-own both never always do",
    ),
    (
        "does",
        "goes go attends attend studies study plays play runs run owns own teaches teach died passed suffers comes come can turns eats takes take was \
         were lost moved speak speaks got will share shares sleeps sleep cannot does do needs keeps",
    ),
    (
        "venture",
        "business shop company practice studio bakery restaurant farm salon blog podcast channel stall startup store café cafe gym pub bar hotel agency \
         firm charity smallholding workshop newsletter",
    ),
    (
        "trait",
        "religious spiritual political sporty athletic technical tech-savvy musical outdoorsy superstitious agnostic atheist christian muslim jewish \
         catholic hindu buddhist sikh protestant mormon quaker colour-blind color-blind ambidextrous left-handed right-handed shy introverted \
         extroverted tall short bald ginger blonde brunette teetotal sober vaccinated adopted ticklish squeamish claustrophobic arachnophobic \
         forgetful clumsy tone-deaf vegetarian-ish dyspraxic asexual aromantic polyamorous monogamous childless child-free childfree tattooed",
    ),
    (
        "medicine",
        "medication insulin statins antidepressants dialysis thinners pill warfarin chemo chemotherapy hrt steroids metformin lithium ritalin \
         methotrexate levothyroxine antihistamines painkillers inhaler cpap wheelchair cane crutches hearing walker",
    ),
    (
        "day",
        "day week weekend month morning evening night year summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday other \
         lunchtime christmas",
    ),
    ("system", "linux windows mac macos ubuntu debian arch fedora android ios nixos chromeos freebsd mint"),
    ("month", "january february march april may june july august september october november december"),
    ("number", "a an one two three four five six seven eight nine ten no 1 2 3 4 5 6 7 8 9 10 twin several many some"),
];
