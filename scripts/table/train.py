"""Makes the built-in table of token vectors. See README.md beside this file.

Each piece of the vocabulary gets the teacher's vector of that piece alone, projected to fewer dimensions and weighted by how rare
the piece is (as model2vec does). Then all vectors are trained so that the sum over a text points where the teacher's vector of the text
does, and so that of the other texts of a batch the same ones are near.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from corpus import make_corpus
from teacher import Teacher, read_vocabulary
from write import quantise, write_table

SEED = 7
# Trained in more dimensions than are kept: they come in order of weight, and the later ones hardly add to what is found.
TRAINED = 256
EPOCHS, BATCH, RATE = 3, 1024, 2e-3
# How much the nearness among the texts of a batch counts beside the direction of each, and how sharply near is told from far.
NEARNESS, SHARPNESS = 0.3, 0.05

# What the program's tests compare with: texts and where the vocabulary's rules are put to the test.
EXAMPLES = [
    "I adopted a cat from the shelter last May.",
    "What does Melanie's sister do for a living?",
    "Café MÜNCHEN, naïve résumé",
    "We talked about unbelievably photosynthesising kubernetes today",
    "don't stop!? (e-mail: a_b@example.org) $5.00",
]


def project(targets: torch.Tensor, dimensions: int) -> torch.Tensor:
    """The directions in which the teacher's vectors of texts differ most, largest first, as columns."""
    sample = targets[:100_000]
    _, directions = torch.linalg.eigh(sample.T @ sample / len(sample))
    return directions[:, -dimensions:].flip(1)


def train(texts: list[list[int]], targets: np.ndarray, pieces: np.ndarray, dimensions: int) -> np.ndarray:
    torch.manual_seed(0)
    shuffle = torch.Generator().manual_seed(0)
    full = torch.from_numpy(targets.astype(np.float32))
    directions = project(full, dimensions)
    goals = F.normalize(full @ directions, dim=1)
    # The vocabulary is sorted by how frequent its pieces were: the rank stands in for the frequency (Zipf).
    rarity = torch.log1p(torch.arange(len(pieces)) + 1.0)
    start = torch.from_numpy(pieces.astype(np.float32)) @ directions * rarity[:, None]
    table = torch.nn.Parameter(start / start.norm(dim=1).mean())
    optimiser = torch.optim.Adam([table], lr=RATE, betas=(0.9, 0.99))

    flat = torch.tensor([piece for text in texts for piece in text])
    lengths = torch.tensor([len(text) for text in texts])
    begins = torch.cumsum(lengths, 0) - lengths
    usable = torch.nonzero(lengths > 0)[:, 0]
    batches = len(usable) // BATCH
    itself = torch.eye(BATCH, dtype=torch.bool)
    step = 0
    for _ in range(EPOCHS):
        shuffled = usable[torch.randperm(len(usable), generator=shuffle)]
        for number in range(batches):
            done = step / (EPOCHS * batches)
            optimiser.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 50) * max(0.02, 1 - done)
            chosen = shuffled[number * BATCH : (number + 1) * BATCH]
            length = lengths[chosen]
            offsets = torch.cumsum(length, 0) - length
            at = torch.repeat_interleave(begins[chosen] - offsets, length) + torch.arange(int(length.sum()))
            ours = F.normalize(F.embedding_bag(flat[at], table, offsets, mode="sum"), dim=1)
            theirs = full[chosen]
            near = lambda v: (v @ v.T / SHARPNESS).masked_fill(itself, -1e4)
            nearness = F.kl_div(F.log_softmax(near(ours), 1), F.softmax(near(theirs), 1), reduction="batchmean")
            loss = (1 - (ours * goals[chosen]).sum(1)).mean() + NEARNESS * nearness
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            step += 1
            if step % 100 == 0:
                print(f"step {step} of {EPOCHS * batches}: loss {loss.item():.4f}", flush=True)
    return table.detach().numpy()


def write_examples(path: Path, teacher: Teacher, table: np.ndarray, rows: list[int]) -> None:
    """What the table says of the examples, for the program's tests."""
    values, scales = quantise(table)
    row_of = {piece: row for row, piece in enumerate(rows)}
    examples = []
    for text, ids in zip(EXAMPLES, teacher.ids(EXAMPLES)):
        vector = (values[ids].astype(np.float32) * scales[ids, None]).sum(axis=0)
        vector /= np.linalg.norm(vector)
        examples.append({"text": text, "pieces": [row_of[i] for i in ids], "vector": [round(float(v), 4) for v in vector]})
    path.write_text("[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in examples) + "\n]\n", encoding="utf-8")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Makes the built-in table of token vectors.")
    arguments.add_argument("--wordnet", type=Path, required=True, help="folder with data.noun, index.sense, … of a WordNet 3 database")
    arguments.add_argument("--out", type=Path, required=True, help="folder to write table.bin and expected.json to")
    arguments.add_argument("--dimensions", type=int, default=128, help="how many of the trained ones to keep")
    arguments.add_argument("--scale", type=float, default=1.0, help="how many sentences to make, as a multiple of the usual number")
    arguments.add_argument("--cache", type=Path, help="folder to keep the teacher's vectors in, between runs on the same text")
    options = arguments.parse_args()

    texts = make_corpus(options.wordnet, SEED, options.scale)
    vocabulary = read_vocabulary()
    teacher = Teacher()
    ids = teacher.ids(texts)

    def cached(name: str, make) -> np.ndarray:
        path = options.cache and options.cache / f"{name}.npy"
        if path and path.exists():
            return np.load(path)
        made = make()
        if path:
            np.save(path, made)
        return made

    pieces = cached("vocab", lambda: teacher.embed([[i] for i in range(len(vocabulary))]))
    targets = cached("teacher", lambda: teacher.embed(ids))
    table = train(ids, targets, pieces, TRAINED)[:, : options.dimensions]
    rows = write_table(options.out / "table.bin", vocabulary, table)
    write_examples(options.out / "expected.json", teacher, table, rows)
    print(f"{len(rows)} rows of {options.dimensions} dimensions, {(options.out / 'table.bin').stat().st_size} bytes")


if __name__ == "__main__":
    main()
