"""Settings of the documentation: ``python -m sphinx -W -n -b html docs docs/_build``."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

# A checkout that is not installed can be documented too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from geneverse_pl import __version__

project = "geneverse_pl"
author = "the geneverse_pl developers"
copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"geneverse_pl {__version__}"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
# What a library says of its own methods points to its own pages.
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_include_init_with_doc = False

# No inventories are fetched, so names of other projects cannot be links. Our own must all resolve, but type
# variables and private classes, which have no place in the pages.
_FOREIGN = (
    "Figure abc argparse collections contextlib dataclasses datetime email enum functools h5py jsonargparse "
    "lightning numpy os pathlib peft random safetensors sklearn tokenizers torch torchmetrics transformers "
    "types typing urllib PreTrainedModel PreTrainedTokenizerBase PretrainedConfig PeftConfig AtomArray Image "
    "duckdb DuckDBPyConnection openai re zipfile"
)
nitpick_ignore_regex = [
    (r"py:.*", rf"({'|'.join(_FOREIGN.split())})(\..*)?"),
    (r"py:class", r"(geneverse_pl|datamodules)\..*\.(_\w+|[A-Z]\w*T)"),
]


def _keep_colons(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keeps napoleon from taking ``Exit code: 0 when done`` for a type and its description.

    Types stand in the annotations alone, so what comes before a colon is always text. An empty type in
    front says so.
    """
    if what in ("property", "attribute", "data") and lines and ":" in lines[0]:
        lines[0] = f": {lines[0]}"
    for number, line in enumerate(lines[:-1]):
        following = lines[number + 1]
        if line.strip() in ("Returns:", "Yields:") and ":" in following:
            indent = following[: len(following) - len(following.lstrip())]
            lines[number + 1] = f"{indent}: {following.lstrip()}"


def setup(app: Sphinx) -> None:
    """Puts the step before napoleon's, whose priority is 500."""
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)
