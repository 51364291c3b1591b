"""The README of an adapter folder."""

from collections.abc import Mapping
from typing import Any

_CARD = """---
library_name: peft
base_model: "{model}"
tags: [geneverse_pl, {method}]
---
# Adapter for {model}

Trained with geneverse_pl {version}, adapter method `{method}`, prompt template `{template}`.
{facts}
## Use

```python
from geneverse_pl import load_adapter

tuned = load_adapter("path/to/this/folder")
```

{plain}
## Limits

For research. Answers are made by a language model and can be wrong; they are not medical advice. `scores.json`,
where it lies beside this file, gives the held-out scores of this model and of its controls.
"""

_PLAIN = """Plain PEFT loads the same weights on the same base model:

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained("path/to/the/base/model")
model = PeftModel.from_pretrained(base, "path/to/this/folder")
```
"""


def model_card(manifest: Mapping[str, Any], template: str) -> str:
    """Markdown of the card.

    Args:
        manifest: The folder's ``geneverse.json``.
        template: Name of the prompt template.
    """
    method = manifest["adapter"]["method"]
    facts = "".join(f"\n- {key}: {value}" for key, value in manifest["about"].items())
    return _CARD.format(
        model=manifest["model"],
        method=method,
        version=manifest["version"],
        template=template,
        facts=facts + "\n" if facts else "",
        plain="" if method in ("full", "head_only", "freeze") else _PLAIN,
    )
