"""Early checks, errors in one line, and what is kept from the user."""

import argparse
import contextlib
import io
import logging
import os
import warnings
from pathlib import Path

import pytest

from geneverse_pl import messages
from geneverse_pl.checkpoint_files import check_checkpoint
from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.messages import (
    OVERVIEW,
    SUBCOMMANDS,
    check_arguments,
    configure_logging,
    one_line,
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "A subcommand must be given, one of: fit, validate, test, predict, prepare, preview, rephrase"),
        (
            ["--config", "a.yaml", "fit"],
            "must come first, got '--config'. Write: geneverse_pl fit --config a.yaml",
        ),
        (["--config=a.yaml"], "Write: geneverse_pl fit --config=a.yaml"),
        (["fitt"], "Unknown subcommand 'fitt'. Did you mean 'fit'?"),
        (["train"], "Unknown subcommand 'train'. Did you mean 'fit'?"),
        (["xyz"], "Unknown subcommand 'xyz'. Choose one of: fit"),
        (["fit", "--config"], "--config must be followed by a YAML file"),
        (["fit", "--config", "--trainer.max_steps", "3"], "--config must be followed by a YAML file"),
        (["fit", "-c", "configs/quikstart.yaml"], "Did you mean configs/quickstart.yaml?"),
        (["fit", "--config=configs"], "'configs' is a folder."),
        (
            ["fit", "--data.help"],
            "--data.help must be followed by a class, and nothing is. Write: ",
        ),
        (["fit", "--model.help", "--trainer.max_steps", "3"], "Write: --model.help TextTask"),
        (["fit", "--config=none/a.yaml"], "'none/a.yaml' does not exist. Shipped ones lie in configs/"),
    ],
)
def test_usual_mistakes(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("configs").mkdir()
    Path("configs/quickstart.yaml").touch()
    with pytest.raises(ConfigError, match="^.*" + message.replace("?", r"\?")):
        check_arguments(arguments, SUBCOMMANDS)


def test_good_arguments_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("trainer: {max_epochs: 1}\n")
    check_arguments(
        ["fit", "--config", str(path), f"--config={path}", "--trainer.max_steps", "3"], SUBCOMMANDS
    )
    check_arguments(["fit", "--config", "trainer:\n  max_steps: 3\n"], SUBCOMMANDS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfea", "a.yaml: must be YAML in UTF-8"),
        (b"", "a.yaml: must be a configuration with sections as trainer, model and data, and holds nothing"),
        (b"# a note\n", "and holds nothing"),
        (b"[1, 2]", "and holds one list"),
        (b"some text", "and holds one str"),
        (b"trainer:\n  a: {1\nmodel: 2\n", r"a.yaml: line 3 must be YAML, and is not \("),
        (b"[" * 5000, "must be YAML, and is not"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(DataFormatError, match=message):
        check_arguments(["fit", "--config", str(path)], SUBCOMMANDS)


def test_the_overview_names_every_subcommand() -> None:
    assert all(f"\n  {name} " in OVERVIEW for name in SUBCOMMANDS)


def test_a_missing_checkpoint_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="and 'best' is none. fit writes them into RUN/checkpoints"):
        check_checkpoint("best", tmp_path)
    folder = tmp_path / "version_0" / "checkpoints"
    folder.mkdir(parents=True)
    for age, name in enumerate(("last.ckpt", "best.ckpt")):
        (folder / name).touch()
        os.utime(folder / name, (age, age))
    for given, found in (("best", "best"), ("last", "last"), ("none.ckpt", "best"), ("x/last.ckpt", "last")):
        with pytest.raises(ConfigError, match=f"Did you mean {folder}/{found}.ckpt?"):
            check_checkpoint(given, tmp_path)
    (folder / "best").mkdir()  # the adapter folder beside it
    with pytest.raises(ConfigError, match=f"Did you mean {folder}/best.ckpt?"):
        check_checkpoint(str(folder / "best"), tmp_path)
    for fine in (None, str(folder / "best.ckpt"), "s3://bucket/best.ckpt", str(folder)):
        check_checkpoint(fine, tmp_path)


class OutOfMemoryError(RuntimeError):
    """As PyTorch names it."""


class MisconfigurationException(Exception):  # noqa: N818 - as it is
    """As Lightning names it."""


def test_errors_that_can_be_mended_get_a_line() -> None:
    assert one_line(argparse.ArgumentTypeError("a\n  b")) == "a b"
    assert "batching.row_length" in str(one_line(OutOfMemoryError("CUDA out of memory")))
    assert one_line(MisconfigurationException("No\n  way.")) == "No way."
    assert one_line(MisconfigurationException("No supported gpu backend found!")) == (
        "No supported gpu backend found! Set trainer.accelerator to auto."
    )
    for error in (KeyError("x"), ValueError("x"), RuntimeError("x")):
        assert one_line(error) is None


def test_errors_that_lightning_raises_get_a_line() -> None:
    import lightning as L

    with pytest.raises(ValueError, match="banana") as caught:
        L.Trainer(accelerator="banana", logger=False)
    assert "banana" in str(one_line(caught.value))


def test_known_notes_and_warnings_are_kept_back(caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        configure_logging()
        configure_logging()
        warnings.warn("Experiment logs directory /a exists and is not empty. Files…", stacklevel=1)
        warnings.warn("Something else", stacklevel=1)
    assert [str(warning.message) for warning in shown] == ["Something else"]
    notes = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    assert notes.filters.count(messages._is_news) == 1
    with caplog.at_level(logging.INFO):
        notes.info("💡 Tip: For seamless cloud logging install a thing")
        notes.info("GPU available: False, used: False")
    assert [record.getMessage() for record in caplog.records] == ["GPU available: False, used: False"]


def test_own_messages_are_shown_once() -> None:
    configure_logging()
    configure_logging()
    for name in ("geneverse_pl", "datamodules"):
        handlers = logging.getLogger(name).handlers
        # Not counting the handlers of pytest.
        assert sum(type(handler).__module__ == messages.__name__ for handler in handlers) == 1


def test_messages_follow_the_stream_of_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    first, second = io.StringIO(), io.StringIO()
    for stream in (first, second):
        with contextlib.redirect_stderr(stream):
            logging.getLogger("geneverse_pl").info("one line")
    first.close()
    logging.getLogger("geneverse_pl").info("another")
    assert second.getvalue() == "one line\n"
    assert capsys.readouterr().err == "another\n"
