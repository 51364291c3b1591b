"""The folder of a contrastive model: one that open_clip loads as it is, and a vision tower too."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from geneverse_pl import __version__
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.caption_tokenizer import CaptionTokenizer
from geneverse_pl.models.contrastive import ContrastiveModel, TextTowerConfig
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.vision_network import vision_settings
from geneverse_pl.models.vision_source import CONFIG_FILE, find_source
from geneverse_pl.models.vision_tower import VisionConfig

WEIGHTS_FILE = "open_clip_model.safetensors"
CONTRASTIVE_FILE = "contrastive.json"

_CARD = """---
library_name: open_clip
base_model: "{model}"
tags: [geneverse_pl, clip]
---
# Contrastive model from {model}

Picture and text tower, trained with geneverse_pl {version} on pairs of a picture and its caption (picture
tower: `{image}`, text tower: `{text}`). Adapters are merged, so that the weights are those of a plain
open_clip model. {facts} ## Use

With open_clip:

```python
import open_clip

model, preprocess = open_clip.create_model_from_pretrained("local-dir:path/to/this/folder")
tokenizer = open_clip.get_tokenizer("local-dir:path/to/this/folder")
```

Its picture tower as the vision tower of a vision-language model:

```python
from geneverse_pl import VisionConfig, VisionLanguageTask

vision = VisionConfig(model="local-dir:path/to/this/folder")
task = VisionLanguageTask("path/to/a/language/model", vision=vision)
```

`vision.pretrained` takes `{weights}` alone too, with `vision.model` as it was for training.

## Limits

For research. A picture is given the nearest of some captions, whether one of them is true or not.
`scores.json`, where it lies beside this file, gives the held-out scores of this model and of its controls.
"""


def save_contrastive(
    model: ContrastiveModel,
    folder: Path,
    *,
    vision: VisionConfig,
    text: AdapterConfig,
    text_tower: TextTowerConfig | None,
    tokenizer: CaptionTokenizer,
    state: Mapping[str, Tensor] | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Writes the folder; an existing one is replaced when the new one is whole.

    Args:
        model: The tuned model.
        folder: Where to write.
        vision: What it was built from.
        text: What of its text tower was trained.
        text_tower: Its new text tower, where it has one.
        tokenizer: Its tokenizer.
        state: Trained weights by parameter name of ``model``; None takes the present ones.
        about: Facts for the model card (data module, steps).
    """
    from safetensors.torch import save_file

    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        save_file(model.open_clip_state(state), partial / WEIGHTS_FILE)
        _write_json(partial / CONFIG_FILE, _open_clip_config(vision, text_tower))
        tokenizer.save(partial)
        manifest: dict[str, Any] = {
            "vision": asdict(vision),
            "text": asdict(text),
            "text_tower": None if text_tower is None else asdict(text_tower),
            "version": __version__,
            "about": dict(about or {}),
        }
        _write_json(partial / CONTRASTIVE_FILE, manifest)
        (partial / "README.md").write_text(_card(vision, text, manifest["about"]), encoding="utf-8")
        partial.chmod(0o755)
        if folder.exists():
            folder.replace(partial.with_name(partial.name + "-old"))
        partial.replace(folder)
        # Also what a run left behind that was killed while it wrote.
        for leftover in folder.parent.glob(f".{folder.name}-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _open_clip_config(vision: VisionConfig, text_tower: TextTowerConfig | None) -> dict[str, Any]:
    """What open_clip's own file says of a model: its architecture and its transform."""
    source = find_source(vision.model, vision.pretrained)
    model = dict(source.architecture)
    model["vision_cfg"] = vision_settings(source)
    if text_tower is not None:
        model |= {
            "embed_dim": text_tower.embed_dim,
            "text_cfg": text_tower.settings(),
            "custom_text": True,
        }
    if vision.image_size is not None:
        model["vision_cfg"]["image_size"] = vision.image_size
    transform = dict(source.preprocessing)
    if vision.pad_to_square:
        # open_clip fills margins with one shade of grey.
        shade = round(sum(image_transform(vision).mean_colour) / 3)
        transform |= {"resize_mode": "longest", "fill_color": shade}
    return {"model_cfg": model, "preprocess_cfg": transform}


def _card(vision: VisionConfig, text: AdapterConfig, facts: Mapping[str, Any]) -> str:
    listed = "".join(f"\n- {key}: {value}" for key, value in facts.items())
    return _CARD.format(
        model=vision.model,
        version=__version__,
        image=vision.adapter.method,
        text=text.method,
        facts=listed + "\n" if listed else "",
        weights=WEIGHTS_FILE,
    )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
