"""Text to train on that may be shipped: WordNet's glosses and examples, and sentences made from its words.

A table of token vectors learns from the teacher what each token adds to the meaning of a text, so every word should occur in
definitions, in plain statements about somebody's life, and in questions. None of the sentences comes from a data set.
"""

import math
import random
import re
from pathlib import Path

NAMES = """Alice Ben Carla David Emma Frank Grace Henry Irene Jack Karen Leo Maria Nathan Olivia Paul Quinn Rachel Sam Tina
Umar Vera Walter Xenia Yusuf Zoe Anna Brian Chloe Daniel Elena Felix Gina Hugo Ivy James Kate Lucas Mona Noah Oscar Priya
Robert Sarah Thomas Ursula Victor Wendy Laura Peter Julia Mark Nina Omar Susan Tom Lily Max Ella George""".split()
RELATIVES = """mother father sister brother wife husband son daughter uncle aunt cousin grandmother grandfather boss colleague
neighbour friend roommate girlfriend boyfriend partner kids parents teacher doctor""".split()
MONTHS = "January February March April May June July August September October November December".split()
WHEN = ["yesterday", "last week", "last month", "last year", "two days ago", "this morning", "next week", "on Saturday", "in {month}",
        "last summer", "a few years ago", "tonight", "in 2019", "on {month} 12", "every weekend", "recently", "soon"]

STATEMENTS = """I bought a {artifact} {when}.
I went to the {place} with my {relative} {when}.
I love {food} and {food}.
I can't eat {food}, I'm allergic.
My favourite food is {food}.
My favourite animal is the {animal}.
I have a {animal} and a {animal}.
We adopted a {animal} called {name}.
My {relative} works as a {person}.
I used to be a {person}, now I am a {person}.
I want to become a {person}.
{name} is a {person} who likes {act}.
I am interested in {cognition} and {act}.
I study {cognition} at the university.
I've been doing {act} for {number} years.
I started {act} {when} and it makes me feel {adjective}.
My hobby is {act}.
I'm afraid of the {animal}.
I suffer from {state}.
I felt so much {feeling} {when}.
{name} felt {adjective} after the {event}.
We had a {event} {when} and it was {adjective}.
I'm planning a {event} for my {relative}.
The {event} was {adjective}, I'll never forget it.
I live near the {place} in a {adjective} {artifact}.
I moved from {location} to {location} {when}.
I grew up in {location}.
We travelled to {location} {when}.
I'd like to visit {location} some day.
My {relative} lives in {location} with a {animal}.
I am going to {verb} {when}.
I need to {verb} the {thing} {when}.
I decided to {verb}.
{name} likes to {verb} and to {verb}.
{name} told me about the {thing} {when}.
I gave my {relative} a {artifact} as a present.
I painted a {thing} and a {plant} {when}.
I planted a {plant} in the garden.
I read a book about {cognition} {when}.
I watched a film about a {person} and a {thing}.
I make {thing}s out of {substance}.
My {artifact} broke, so I got a new {adjective} one.
My {body} hurts since {when}.
I had an operation on my {body} {when}.
Our {group} meets {when} to talk about {cognition}.
I joined a {group} of people who {verb}.
I volunteer at a {artifact} {when}.
I lost my {possession} {when}.
I owe the {group} a lot of {possession}.
Please always answer with {communication}.
I prefer {thing} to {thing}.
I don't like {thing}, I prefer {act}.
My {relative} and I often {verb} together.
{name} wrote a {communication} about the {event}.
Congratulations on the {event}, {name}! How did it go?
Wow, that {thing} looks {adjective}! Did you make it?
Thanks, {name}! The {thing} is {adjective}.
That's great! I also love to {verb} with my {relative}.
I finally got a job as a {person} at a {group}.
I quit my job as a {person} because of the {state}.
I'm learning to {verb} and I practise with a {artifact}.
I run a small {artifact} and sell {thing}.
My dream is to open a {artifact}.
We {verb} every {month}, it's a tradition.
I took a picture of a {adjective} {thing} at the {place}.
The {phenomenon} surprised us on the way to the {place}.""".splitlines()

QUESTIONS = """What does {name} like to eat?
What {thing} did {name} buy {when}?
When did {name} {verb}?
When did {name} go to the {place}?
Where did {name} {verb} the {thing}?
Where does {name}'s {relative} live?
Who gave {name} the {artifact}?
How long has {name} been doing {act}?
How many {animal}s does {name} have?
What kind of {artifact} does {name} have?
What did {name} paint?
Why did {name} {verb}?
Does {name} like {food}?
Is {name} interested in {cognition}?
Would {name} enjoy {act}?
What is {name}'s job?
What does {name}'s {relative} do for a living?
What did {name} say about the {event}?
What is the name of my {animal}?
Where do I live?
What am I allergic to?
What should I cook with {food} tonight?
Can you recommend a {artifact} for {act}?
Can you help me plan a {event} in {location}?
How do I {verb} a {thing}?
What happened at the {event} {when}?
How did {name} feel about the {event}?
Which {place} did {name} visit in {month}?
What does {name} do to reduce {state}?
What {cognition} does {name} study?
Who is {name}'s {person}?
Did {name} ever {verb} a {thing}?""".splitlines()

LEXNAMES = {
    "act": {4}, "animal": {5}, "artifact": {6}, "body": {8}, "cognition": {9}, "communication": {10}, "event": {11}, "feeling": {12},
    "food": {13}, "group": {14}, "location": {15}, "place": {6, 15, 17}, "person": {18}, "phenomenon": {19}, "plant": {20},
    "possession": {21}, "state": {26}, "substance": {27}, "thing": {5, 6, 10, 13, 17, 20}, "adjective": {0, 1, 44},
    "verb": set(range(29, 43)),
}


class WordNet:
    """Glosses, examples, and words by topic, from the files `data.*` and `index.sense` of a WordNet 3 database."""

    def __init__(self, folder: Path):
        self.glosses: list[str] = []
        self.examples: list[str] = []
        for part in ("noun", "verb", "adj", "adv"):
            for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
                if line.startswith(" "):
                    continue
                synset, _, gloss = line.partition("|")
                fields = synset.split()
                words = [re.sub(r"\(.*\)$", "", w).replace("_", " ") for w in fields[4 : 4 + 2 * int(fields[3], 16) : 2]]
                examples = re.findall(r'"([^"]+)"', gloss)
                gloss = re.sub(r'[;:]?\s*"[^"]*"', "", gloss).strip(" ;")
                self.glosses.append(f"{', '.join(words)}: {gloss}")
                self.examples += [e[0].upper() + e[1:] for e in examples if len(e) > 8]
        senses: dict[tuple[int, str], int] = {}
        for line in (folder / "index.sense").read_text(encoding="utf-8").splitlines():
            key, _, _, count = line.split()
            word, _, rest = key.partition("%")
            if rest and len(word) > 2 and word.count("_") < 2:
                topic = (int(rest.split(":")[1]), word.replace("_", " "))
                senses[topic] = senses.get(topic, 0) + int(count)
        self.words: dict[str, tuple[list[str], list[float]]] = {}
        for slot, numbers in LEXNAMES.items():
            chosen = {word: count for (number, word), count in senses.items() if number in numbers}
            # Words that people use come often, the others now and then.
            self.words[slot] = (list(chosen), [0.05 + math.log1p(count) for count in chosen.values()])


def make_sentences(wordnet: WordNet, templates: list[str], count: int, rng: random.Random) -> list[str]:
    """Sentences from templates, their slots filled with words of a topic."""
    pools = {slot: rng.choices(words, weights, k=count) for slot, (words, weights) in wordnet.words.items()}
    pools |= {"name": NAMES, "relative": RELATIVES, "month": MONTHS, "number": ["two", "three", "five", "7", "ten", "20"]}

    def fill(match: re.Match) -> str:
        return rng.choice(WHEN).replace("{month}", rng.choice(MONTHS)) if match[1] == "when" else rng.choice(pools[match[1]])

    return [re.sub(r"\{(\w+)\}", fill, rng.choice(templates)) for _ in range(count)]


def make_corpus(folder: Path, seed: int, scale: float) -> list[str]:
    """All texts to train on; `scale` multiplies how many sentences are made."""
    rng = random.Random(seed)
    wordnet = WordNet(folder)
    statements = make_sentences(wordnet, STATEMENTS, int(110_000 * scale), rng)
    questions = make_sentences(wordnet, QUESTIONS, int(40_000 * scale), rng)
    single = wordnet.examples + statements
    # Messages are often several sentences long.
    longer = [" ".join(rng.sample(single, rng.randint(2, 4))) for _ in range(int(30_000 * scale))]
    texts = list(dict.fromkeys(wordnet.glosses + wordnet.examples + statements + questions + longer))
    rng.shuffle(texts)
    return texts
