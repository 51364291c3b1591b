"""The README of an adapter folder."""

from collections.abc import Mapping
from typing import Any

_CARD = """---
library_name: {library}
base_model: "{model}"
tags: [geneverse_pl, {method}]
---
# {title} {model}

Trained with geneverse_pl {version}, adapter method `{method}`, prompt template `{template}`.
{facts}
## Use

```python
from geneverse_pl import load_adapter

tuned = load_adapter("path/to/this/folder")
```

{plain}
## Limits

For research. Answers are made by a language model and can be wrong; they are not medical advice.
`scores.json`, where it lies beside this file, gives the held-out scores of this model and of its controls.
"""

_PICTURES = """It reads pictures:

```python
from geneverse_pl import answer

answer(tuned, "worded as in training", context="<image>", images=["picture.png"])
```

"""

_PROJECTOR = """`projector.safetensors` holds the projector and `vision_tower.safetensors`, where it is there,
what was trained of the vision tower; their settings stand in `geneverse.json`. Without them the model
sees no picture.
"""

_PEFT = """{lead}

```python
from peft import PeftModel
from transformers import {names}

base = AutoModelForCausalLM.from_pretrained("path/to/the/base/model"{options})
{resize}model = PeftModel.from_pretrained(base, "path/to/this/folder")
```
"""

_FULL = """Plain Transformers loads the same model:

```python
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("path/to/this/folder")
```
"""

_HEAD = """`head.safetensors` holds `weight`, the trained output head; all else is as in the base model.
"""

_FOUR_BIT = """

four_bit = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)"""


def model_card(manifest: Mapping[str, Any], template: str, vocabulary_size: int) -> str:
    """Markdown of the card.

    Args:
        manifest: The folder's ``geneverse.json``.
        template: Name of the prompt template.
        vocabulary_size: Tokens of the tokenizer, new ones included.
    """
    method = manifest["adapter"]["method"]
    facts = "".join(f"\n- {key}: {value}" for key, value in manifest["about"].items())
    return _CARD.format(
        library="transformers" if method == "full" else "peft",
        title="Fine-tuned" if method == "full" else "Adapter for",
        model=manifest["model"],
        method=method,
        version=manifest["version"],
        template=template,
        facts=facts + "\n" if facts else "",
        plain=_use(manifest, vocabulary_size),
    )


def _use(manifest: Mapping[str, Any], vocabulary_size: int) -> str:
    """How to ask the model, and how to load the folder without this package."""
    plain = _plain_use(manifest["adapter"]["method"], bool(manifest["new_tokens"]), vocabulary_size)
    if "image_size" in manifest:
        return _PICTURES + plain.replace("AutoModelForCausalLM", "AutoModelForImageTextToText")
    if "vision" in manifest:
        return _PICTURES + plain + "\n" + _PROJECTOR
    return plain


def _plain_use(method: str, has_new_tokens: bool, vocabulary_size: int) -> str:
    """How to load the folder without this package."""
    if method == "full":
        return _FULL
    if method == "head_only":
        return _HEAD
    if method == "freeze" and not has_new_tokens:
        return ""
    four_bit = method in ("qlora", "loftq")
    lead = "Plain PEFT loads the same weights on the same base model"
    # Some models have more rows than their tokenizer has tokens, and must not lose them.
    rows = f"max({vocabulary_size}, base.get_input_embeddings().num_embeddings)"
    resize = f"base.resize_token_embeddings({rows})\n" if has_new_tokens else ""
    return _PEFT.format(
        lead=lead + (" in the same 4 bits:" if four_bit else ":"),
        names="AutoModelForCausalLM" + (", BitsAndBytesConfig" + _FOUR_BIT if four_bit else ""),
        options=", quantization_config=four_bit" if four_bit else "",
        resize=resize,
    )
