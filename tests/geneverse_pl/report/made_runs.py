"""Runs with known answers, and one that is full of hostile texts."""

import math
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

FAST = BootstrapSettings(num_resamples=50)
PHENOTYPES = ("Seizure", "Ataxia", "Aortic dilation", "Short stature", "Myopia", "Hearing impairment")
HOSTILE = (
    "<script>document.title='taken'</script>",
    "</style><script>document.title='taken'</script>",
    "</title></table><img src=x onerror=\"document.title='taken'\">",
    "javascript:document.title='taken'",
    "\" onmouseover=\"document.title='taken'\" x=\"",
    "<svg onload=document.title='taken'>",
    "<!-- --><![CDATA[ ]]>&lt;&#60;",
    "left \u202eright\u202c \u2066\u200b\ufeff",
    "null\x00 bell\x07 escape\x1b[31m \x85 \ud800 \ufffe",
    "https://example.org/collect.png",
    "| a | b |\n| --- | --- |\n[x](javascript:alert(1)) ![y](https://example.org/y.png)",
)  # fmt: skip


def png(red: int, green: int, blue: int, size: int = 48) -> bytes:
    """A picture of one colour."""
    row = b"\x00" + bytes((red, green, blue)) * size
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * size)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def yes_no(count: int, split: str, skill: float, seed: int = 0) -> Iterator[ItemResult]:
    """Yes/no questions; the untuned model guesses, the tuned one knows what is common better."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        label, degree = bool(rng.integers(2)), int(2 ** rng.uniform(0, 8)) - 1
        sign = 1.0 if label else -1.0
        margin = sign * skill * (0.4 + 0.25 * math.log2(degree + 1)) + rng.normal(0, 1.6)
        guess = rng.normal(0.8, 1.0)
        answer = "Yes" if label else "No"
        choices = {"tuned": log_shares(margin), "untuned": [x - 5.0 for x in log_shares(guess)]}
        yield ItemResult(
            split,
            {
                "kind": "relation/disease_phenotype",
                "group": f"d{number // 4}",
                "answer": answer,
                "choices": ["Yes", "No"],
                "label": label,
                "subject": f"OMIM:{100000 + number // 4}",
                "subject_name": f"Disease {number // 4}",
                "object": f"HP:{number:07}",
                "degree": degree,
            },
            2,
            f"Disease: Disease {number // 4}",
            f"Is {PHENOTYPES[number % len(PHENOTYPES)]} a phenotype of this disease?",
            nll={name: -values[0 if label else 1] + 0.02 for name, values in choices.items()},
            choices=choices,
        )


def log_shares(margin: float) -> list[float]:
    """Log-likelihoods of two choices that differ by a margin."""
    return [-math.log1p(math.exp(-margin)), -math.log1p(math.exp(margin))]


def lists(count: int, split: str, seed: int = 1) -> Iterator[ItemResult]:
    """List questions; some answers are empty, some repeat themselves."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        gold = [str(name) for name in rng.permutation(PHENOTYPES)[: int(rng.integers(1, 6))]]
        named = [name if rng.random() < 0.6 else "Fever" for name in gold]
        tuned = "" if number % 11 == 0 else "; ".join(named if number % 7 else named * 4)
        yield ItemResult(
            split,
            {"kind": "list/disease_phenotype", "group": f"d{number}", "answer": "; ".join(gold), "gold": gold,
             "subject": f"OMIM:{number}", "subject_name": f"Disease {number}"},
            3 * len(gold),
            f"Disease: Disease {number}",
            "Which phenotypes does this disease have?",
            nll={"tuned": len(gold) * rng.gamma(2.0, 1.5), "untuned": len(gold) * rng.gamma(9.0, 2.0)},
            texts={"tuned": tuned, "untuned": "I am not sure which phenotypes, and what they are."},
        )  # fmt: skip


def pictured(count: int, split: str, seed: int = 2) -> Iterator[ItemResult]:
    """Closed questions about pictures, with three choices and the controls of pictures."""
    rng = np.random.default_rng(seed)
    choices = ["mostly helix", "mostly strand", "mixed"]
    for number in range(count):
        true = int(rng.integers(3))
        values = {
            name: (rng.normal(0, 1, 3) + skill * np.eye(3)[true]).tolist()
            for name, skill in (("tuned", 1.6), ("untuned", 0.1), ("text_only", 0.4), ("shuffled_image", 0.2))
        }
        values["majority"] = [1.0, 0.0, 0.0]
        yield ItemResult(
            split,
            {"kind": "choice/secondary_structure", "group": f"g{number}", "answer": choices[true],
             "choices": choices, "image": number, "subject_name": f"Protein {number}"},
            3,
            "",
            "<image> Which secondary structure does this protein have?",
            nll={name: float(2.0 - row[true]) for name, row in values.items() if name != "majority"},
            choices=values,
        )  # fmt: skip


def whole_run(count: int = 60) -> RunRecord:
    """A run with questions of three forms, pictures, settings, facts and a data card."""
    texts = [
        *yes_no(4 * count, "held_out", 1.2),
        *yes_no(count, "memorised", 3.0, seed=5),
        *lists(count, "held_out"),
    ]
    seen = list(pictured(count, "held_out"))
    scores = text_scores(texts, TrainingKnowledge(), FAST) + image_scores(seen, FAST)
    scores += [
        Score("relation/disease_phenotype", "held_out", "accuracy", name, value, low, high, 4 * count)
        for name, value, low, high in (
            ("majority", 0.5, 0.5, 0.5),
            ("degree_prior", 0.62, 0.57, 0.68),
            ("nearest_neighbour", 0.97, 0.95, 0.99),
        )
    ]
    colours = [(31, 119, 180), (255, 127, 14), (44, 160, 44)]
    return RunRecord(
        "quickstart/version_3",
        scores,
        texts + seen,
        {"trainer.max_steps": 700, "model.adapter.method": "lora", "model.adapter.rank": 8,
         "model.optimizer.lr": 2e-4, "data.encoding.max_length": 256, "data.path": None,
         "data.shuffle": True},
        {"seconds": 512.25, "device": "CPU, 2 cores", "peak_memory_mb": 2112.0,
         "versions": {"geneverse_pl": "0.1.0", "torch": "2.8.0"}},
        CARD,
        lambda number: png(*colours[number % 3]) if number % 5 else None,
    )  # fmt: skip


def hostile_run(texts: Sequence[str] = HOSTILE) -> RunRecord:
    """A run in which every text that comes from outside is hostile."""
    items = []
    for number, text in enumerate(texts):
        other = texts[(number + 1) % len(texts)]
        about = {"subject_name": text, "answer": text, "group": text, "image": text, "kind": f"text/{text}"}
        items.append(ItemResult(text, about, 0, text, text, {text: math.nan, "tuned": math.inf},
                                texts={"tuned": text, text: other}))  # fmt: skip
        closed = {**about, "kind": f"choice/{text}", "choices": [text, other], "image": number}
        odd = [[math.nan, 0.0], [math.inf, -math.inf], [-math.inf, -math.inf], [0.0, -1.0], [-800.0, -1e300]]
        choices = {"tuned": odd[number % len(odd)], text: [0.0, -math.inf]}
        items.append(ItemResult(text, closed, 1, text, text, {"tuned": -math.inf, text: 1e308}, choices))
    scores = [
        Score(text, text, text, model, value, math.nan, math.nan, 0)
        for text in texts
        for model, value in (("tuned", math.nan), (text, math.inf))
    ]
    everything = "\n\n".join([*texts, *(f"# {text}" for text in texts), *(f"- {text}" for text in texts)])
    named = {text: text for text in texts}
    return RunRecord(
        " ".join(texts),
        scores,
        items,
        dict(named),
        {"nested": dict(named)},
        everything,
        lambda number: b"<svg/>",
    )


CARD = """# Data card of a made data set

`toy.h5`, made for a test: *300* samples in **3** splits. <b>No HTML.</b>

## Splits and lengths

| split | samples | tokens |
| --- | ---: | ---: |
| train | 200 | 4,807 |
| held_out | 100 | 2,349 |

- `train`: to train on
- `held_out`: to test on, see <https://example.org/license>

![Lengths by split](toy.card_lengths.png)

```json
{"stage": "qa"}
```
"""
