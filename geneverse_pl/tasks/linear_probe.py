"""The linear probe, a control of closed questions about pictures."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from geneverse_pl.data.vision_datamodule import ImageLoader
from geneverse_pl.evaluation import retrieval
from geneverse_pl.evaluation.image_controls import LINEAR_PROBE, ChoiceTraining, LinearProbe
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.pooled_features import pooled_features
from geneverse_pl.models.vision_tower import VisionConfig, load_tower

IMAGE = retrieval.IMAGE  # metadata of a result: number of the question's only image
_ENCODED_AT_ONCE = 64


def probe_choices(
    results: Sequence[ItemResult],
    training: ChoiceTraining,
    vision: VisionConfig,
    load: ImageLoader,
    device: torch.device,
) -> None:
    """Adds the answers of a linear probe on the features of the tower as it was before training.

    Args:
        results: Closed questions; those with ``probe`` and ``image`` among their metadata are answered.
        training: Training answers.
        vision: The tower.
        load: Loads images by their numbers.
        device: Where the tower computes.
    """
    items = [result for result in results if "probe" in result.metadata and IMAGE in result.metadata]
    asked = {int(result.metadata[IMAGE]) for result in items}
    learned = {image for problem in training.problems.values() for image, _ in problem}
    if not asked or not learned:
        return
    features = _features(sorted(asked | learned), vision, load, device)
    probe = LinearProbe(training, features)
    for result in items:
        image = int(result.metadata[IMAGE])
        result.choices[LINEAR_PROBE] = probe.values(result.metadata, features[image])


@torch.inference_mode()
def _features(
    images: Sequence[int], vision: VisionConfig, load: ImageLoader, device: torch.device
) -> dict[int, Any]:
    """Pooled features of images by number."""
    found: dict[int, Any] = {}
    tower: Any = None
    for start in range(0, len(images), _ENCODED_AT_ONCE):
        chosen = images[start : start + _ENCODED_AT_ONCE]
        loaded = load(torch.tensor(chosen))
        if "image_features" not in loaded:
            if tower is None:
                tower = load_tower(replace(vision, adapter=AdapterConfig("freeze"))).to(device).eval()
            loaded["image_features"] = tower(loaded["pixel_values"].to(device))
        found |= dict(zip(chosen, pooled_features(loaded["image_features"]), strict=True))
    return found
