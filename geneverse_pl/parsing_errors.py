"""One clear line for an error of jsonargparse, with the nearest name where one is misspelt.

jsonargparse nests its messages: each level of the configuration adds what it was trying to read. The lines
here come from the innermost one, with the path of keys that leads to it.
"""

import ast
import difflib
import importlib
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from geneverse_pl.exceptions import unknown_choice

# For a misspelt class: what it must be, and where such classes are.
_HOMES: Mapping[str, tuple[str, ...]] = {
    "model": ("geneverse_pl.tasks.base.BaseTask", "geneverse_pl"),
    "data": ("lightning.LightningDataModule", "datamodules"),
    "optimizer": ("torch.optim.Optimizer", "torch.optim"),
    "scheduler": (
        "torch.optim.lr_scheduler.LRScheduler",
        "geneverse_pl.tasks.schedules",
        "torch.optim.lr_scheduler",
    ),
    "callbacks": ("lightning.Callback", "lightning.pytorch.callbacks"),
    "logger": ("lightning.pytorch.loggers.Logger", "lightning.pytorch.loggers"),
    "strategy": ("lightning.pytorch.strategies.Strategy", "lightning.pytorch.strategies"),
}
_SECTIONS: Mapping[str, str] = {
    "trainer": "geneverse_pl.trainer.Trainer",
    "checkpoint": "geneverse_pl.callbacks.adapter_checkpoint.AdapterCheckpoint",
    "throughput": "geneverse_pl.callbacks.throughput.Throughput",
    "endpoint": "geneverse_pl.endpoint.config.EndpointConfig",
}
_TOP = ("config", "ckpt_path", "data", "model", "seed_everything", "test_after_fit", *_SECTIONS)
_LONGEST = 400
_MOST_CHOICES = 14
_SEE_HELP = " See --help for all."


def explain(message: str) -> str:
    """What is wrong in a message of jsonargparse, and what to do.

    Args:
        message: The whole message, of one or many lines.
    """
    text = re.sub(r"\s+", " ", message).strip()
    keys = [part for key in re.findall(r'Parser key "([^"]+)"', text) for part in key.split(".")]
    for explainer in (_unknown_key, _missing, _unknown_class, _bad_value, _bad_yaml, _unknown_argument):
        line = explainer(text, keys)
        if line is not None:
            return line
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"


def dotted(keys: Iterable[str]) -> str:
    """Path of keys as it stands in a configuration file, ``init_args`` of tasks and data modules included.

    Args:
        keys: Keys from the outermost on.
    """
    path = [key for key in keys if key != "init_args"]
    if path[:1] and path[0] in ("model", "data") and len(path) > 1:
        path.insert(1, "init_args")
    return ".".join(path)


def _unknown_key(text: str, keys: list[str]) -> str | None:
    found = re.search(r"Option '([^']+)' is not accepted", text)
    nested = re.search(r"class_path '[^']+': unrecognized arguments: --([\w.]+)", text)
    section = re.search(r"Subcommand '\w+' does not accept option '([^']+)'", text)
    if section:
        *path, name = section[1].split(".")
        if path and path[0] not in _TOP:
            return unknown_choice("section", path[0], _TOP)
        return _no_such_key(path, name, _parameters(_SECTIONS.get(path[0], "")) if path else _TOP)
    match = found or nested
    if match is None:
        return None
    classes = re.findall(r"class_path '([^']+)'", text[: match.end()])
    # A function that makes an object, such as an optimizer, names its class after the fault.
    classes += re.findall(r"expects a function or a callable class.*class_path='([^']+)'", text)
    return _no_such_key(keys, match[1].split(".")[0], _parameters(classes[-1]) if classes else ())


def _no_such_key(path: list[str], name: str, choices: Iterable[str]) -> str:
    names = sorted(choices)
    near = difflib.get_close_matches(name, names, n=1)
    line = f"Unknown key '{dotted([*path, name])}'."
    if near:
        line += f" Did you mean '{dotted([*path, near[0]])}'?"
    return line + (f" Choose one of: {', '.join(names)}." if 0 < len(names) <= _MOST_CHOICES else _SEE_HELP)


def _missing(text: str, keys: list[str]) -> str | None:
    match = re.search(r"the following arguments are required: ([\w., ]+)", text)
    if match is None:
        return None
    names = [name.strip().rstrip(".") for name in match[1].split(",")]
    if keys:
        missing = ", ".join(dotted([*keys, name]) for name in names)
        return f"{missing} must be set, and it is not. Add it to the configuration or the command line."
    missing = ", ".join(sorted(name.split(".")[-1] for name in names))
    return (
        f"A run needs the sections model and data; missing: {missing}. Name a configuration that has them "
        "with --config FILE."
    )


def _unknown_class(text: str, keys: list[str]) -> str | None:
    attribute = re.search(r"module '([\w.]+)' has no attribute '(\w+)'", text)
    module = re.search(r"No module named '([\w.]+)'", text)
    bare = re.search(r"Expected a dot import path string: (\S+)", text)
    other = re.search(r"Import path (\S* ?)does not correspond to a subclass", text)
    base, *homes = _HOMES.get(keys[-1], ("",)) if keys else ("",)
    if attribute:
        names = [f"{attribute[1]}.{name}" for name in _classes(attribute[1], base)]
        return _unknown(keys, f"{attribute[1]}.{attribute[2]}", names)
    names = [f"{home}.{name}" for home in homes for name in _classes(home, base)]
    if module or other:
        path = re.search(r"class_path'?:? '([^']+)'|a path but (\S+) either not accessible", text)
        given = [group for match in (path, other, module) if match for group in match.groups() if group]
        return _unknown(keys, given[0].strip() if given else "?", names)
    if bare:
        number = re.findall(r"Expected an? <class '(int|float|bool)'>", text[: bare.start()])
        if number:  # it could be a number or an object
            return _wrong_type(keys, number[-1:], bare[1])
        # A class of a section may be given by its name alone.
        return _unknown(keys, bare[1], [*names, *(name.rsplit(".", 1)[-1] for name in names)])
    return None


def _unknown(keys: list[str], value: str, choices: list[str]) -> str:
    line = unknown_choice(f"class of {dotted(keys) or 'the configuration'}", value, choices)
    if 0 < len(choices) <= _MOST_CHOICES:
        return line
    return line.split(" Choose one of:")[0] + " Give the path by which Python imports it."


def _bad_value(text: str, keys: list[str]) -> str | None:
    value = _given(text)
    if value is None or not keys:
        return None
    literal = re.search(r"Literal(\[[^\]]*\])", text)
    if literal:
        return unknown_choice(dotted(keys), value, [str(choice) for choice in ast.literal_eval(literal[1])])
    types = dict.fromkeys(re.findall(r"Expected an? <class '([\w.]+)'>", text))
    types.pop("NoneType", None)
    if not types:
        return None
    return _wrong_type(keys, types, value)


def _wrong_type(keys: list[str], types: Iterable[str], value: str) -> str:
    wanted = " or ".join(_TYPE_NAMES.get(name, name.rsplit(".", 1)[-1]) for name in types)
    return f"{dotted(keys)} must be {wanted}, got '{value}'."


_TYPE_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "list": "a list",
    "dict": "a mapping",
}


def _given(text: str) -> str | None:
    """The value that the innermost level was given."""
    match = re.search(r"Got value: (.+?)(?: - Expected| Given value type:|$)", text)
    if match is None:
        match = re.search(r"Given value: (.+?)(?: - Expected|$)", text)
    if match is None:
        return None
    nested = re.fullmatch(r"NestedArg\(key='[^']*', val=(.*)\)", match[1])
    return (nested[1] if nested else match[1]).strip("'\"")


def _bad_yaml(text: str, keys: list[str]) -> str | None:
    match = re.search(r"Problems parsing config: (.*)", text)
    if match is None:
        return None
    lines = re.findall(r"line (\d+)", match[1])
    place = f" at line {lines[-1]}" if lines else ""
    reason = re.sub(r'\s*in "<unicode string>", line \d+, column \d+:?', ",", match[1]).strip(" ,")
    return f"A configuration file must be YAML, and one cannot be read{place}: {reason}. Mend it there."


def _unknown_argument(text: str, keys: list[str]) -> str | None:
    match = re.search(r"unrecognized arguments: (\S+)", text)
    if match is None:
        return None
    name = match[1].lstrip("-").partition("=")[0]
    if not match[1].startswith("-"):
        return f"Unknown argument '{match[1]}'. Options begin with two dashes: --section.option VALUE."
    section = name.split(".")[0]
    if section in _SECTIONS and "." in name:
        return _no_such_key([section], name.partition(".")[2], _parameters(_SECTIONS[section]))
    return unknown_choice("option", f"--{name}", [f"--{top}" for top in _TOP])


def _classes(module: str, base: str) -> list[str]:
    """Public classes of a module that are of a kind and can be built, by name."""
    try:
        home = importlib.import_module(module)
    except ImportError:
        return []
    kind = _load(base)
    found = {
        name: getattr(home, name, None) for name in getattr(home, "__all__", dir(home)) if name[:1] != "_"
    }
    return [
        name
        for name, value in found.items()
        if inspect.isclass(value)
        and not inspect.isabstract(value)
        and (kind is None or (issubclass(value, kind) and value is not kind))
    ]


def _parameters(path: str) -> list[str]:
    """Arguments of a class, its bases' included where it passes them on."""
    target = _load(path)
    names: dict[str, None] = {}
    for base in inspect.getmro(target) if inspect.isclass(target) else ():
        parameters = inspect.signature(vars(base).get("__init__", object.__init__)).parameters.values()
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        own = [p.name for p in parameters if p.kind not in kinds][1:]
        # The program gives an optimizer its parameters, and a schedule its optimizer.
        names |= dict.fromkeys(own[1:] if own[:1] in (["params"], ["optimizer"]) else own)
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    return list(names)


def _load(path: str) -> Any:
    """What a path names; None where it names nothing."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return None
