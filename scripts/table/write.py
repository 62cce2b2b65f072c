"""The table's file; `src/memory/dense/table.rs` reads it and tells the form."""

import struct
import zlib
from pathlib import Path

import numpy as np

MAGIC = b"memgtabl"
NOTE = """Token vectors distilled from all-MiniLM-L6-v2 (Apache-2.0) on text of WordNet (WordNet 3.0 licence, Copyright 2006 Princeton \
University) and sentences made from its words. Changed: only vectors of word pieces are kept. See NOTICE."""


def keep(piece: str) -> bool:
    """Whether a piece can stand in a text that the teacher knows: it learned from English, so other scripts go."""
    bare = piece.removeprefix("##")
    return bool(bare) and not (piece.startswith("[") and piece.endswith("]") and len(piece) > 1) and all(ord(c) < 0x250 for c in bare)


def quantise(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed bytes and the scale of each row."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / 127
    return np.round(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def order(vocabulary: list[str]) -> tuple[list[int], list[int]]:
    """The pieces kept, by their place in the vocabulary: those that begin a word, those that go on with one, each sorted by bytes."""
    kept = [i for i, piece in enumerate(vocabulary) if keep(piece)]
    is_inner = lambda i: vocabulary[i].startswith("##") and len(vocabulary[i]) > 2
    by_bytes = lambda i: vocabulary[i].removeprefix("##").encode() if is_inner(i) else vocabulary[i].encode()
    return sorted((i for i in kept if not is_inner(i)), key=by_bytes), sorted((i for i in kept if is_inner(i)), key=by_bytes)


def write_table(path: Path, vocabulary: list[str], vectors: np.ndarray) -> list[int]:
    """Writes the file; the answer tells, for each row, its place in the vocabulary."""
    starts, inners = order(vocabulary)
    rows = starts + inners
    pieces = [vocabulary[i].encode() for i in starts] + [vocabulary[i][2:].encode() for i in inners]
    values, scales = quantise(vectors[rows])
    offsets = np.cumsum([0] + [len(piece) for piece in pieces]).astype("<u4")
    text, note = b"".join(pieces), NOTE.encode()
    body = offsets.tobytes() + text + scales.astype("<f4").tobytes() + values.tobytes()
    header = struct.pack("<6I", zlib.crc32(body), vectors.shape[1], len(starts), len(inners), len(note), len(text))
    path.write_bytes(MAGIC + header + note + body)
    return rows
