"""``preview``: samples as the model sees them, trained tokens told apart from the others."""

from collections.abc import Callable, Mapping
from typing import Any

from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.exceptions import ConfigError, unknown_choice

_TRAINED, _MASKED, _RESET = "\033[1;32m", "\033[2m", "\033[0m"


def preview_samples(data: TextDataModule, split: str, num_samples: int, *, colour: bool) -> str:
    """Text of the first samples of a split.

    Args:
        data: The data module, set up.
        split: Name of the split.
        num_samples: Samples to show, > 0.
        colour: Tell trained tokens apart by colour; else they stand between ``⟦`` and ``⟧``.

    Raises:
        ConfigError: If there is no such split, or ``num_samples`` is not positive.
    """
    if split not in data.store.splits:
        raise ConfigError(unknown_choice("split", split, data.store.splits))
    if num_samples < 1:
        raise ConfigError(f"num_samples must be > 0, got {num_samples}.")
    stored = data.store.split(split)
    legend = "trained tokens are green, the others dim" if colour else "trained tokens stand between ⟦ and ⟧"
    parts = [f"{split}: {len(stored):,} samples; {legend}"]
    for index in range(min(num_samples, len(stored))):
        sample = stored[index]
        kind = sample.metadata.get("kind", "")
        parts.append(f"\n--- {index}: {kind}, {len(sample)} tokens, {int(sample.trained.sum())} trained")
        parts.append(render(sample, data.tokenizer.decode, colour=colour))
        parts += origin(sample.metadata)
    return "\n".join(parts)


def origin(metadata: Mapping[str, Any]) -> list[str]:
    """Lines that tell what a sample is about and where it is said; none where its data module does not tell.

    Args:
        metadata: The sample's metadata; ``evidence`` has the places by the id of what is said.
    """
    if "evidence" not in metadata:
        return []
    about = {key: metadata[key] for key in ("subject", "object", "stated") if key in metadata}
    lines = [", ".join(f"{key}: {value}" for key, value in about.items())]
    lines += [f"{item}: {', '.join(places)}" for item, places in metadata["evidence"].items()]
    return [f"  {line}" for line in lines]


def render(sample: EncodedSample, decode: Callable[[list[int]], str | list[str]], *, colour: bool) -> str:
    """One sample as text with its trained runs marked.

    Args:
        sample: The sample.
        decode: Turns token ids into text.
        colour: By colour, else by brackets.
    """
    opening, closing = (_TRAINED, _RESET) if colour else ("⟦", "⟧")
    text = ""
    start = 0
    in_image = sample.input_ids == IMAGE_TOKEN
    kinds = 2 * sample.trained.astype(int) + in_image
    for place in range(1, len(sample) + 1):
        if place == len(sample) or kinds[place] != kinds[start]:
            run = f"[image, {place - start} tokens]"
            if not in_image[start]:
                run = str(decode(sample.input_ids[start:place].tolist()))
            if sample.trained[start]:
                text += f"{opening}{run}{closing}"
            else:
                text += f"{_MASKED}{run}{_RESET}" if colour else run
            start = place
    return text
