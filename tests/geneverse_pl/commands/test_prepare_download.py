"""``prepare --download``: source files that are missing, fetched from a site on the loopback interface."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datamodules import GenePhenotypeDataModule
from geneverse_pl import Trainer
from geneverse_pl.cli import main
from geneverse_pl.commands.prepare import prepare_store
from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.fetch import RemoteFile
from geneverse_pl.exceptions import DownloadError, MissingDownloadsError
from tests.http_site import Answer, Site, serve


@pytest.fixture
def data(make_data: Callable[..., TextDataModule], make_task: Callable[..., Any]) -> TextDataModule:
    module = make_data()
    module.use_model(make_task().model_reference)
    return module


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    with serve() as running:
        yield running


@pytest.fixture
def remote(data: TextDataModule, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two source files of the data module, that can be fetched; one is there."""
    files = [RemoteFile(site.url(f"/{name}"), tmp_path / "files" / name) for name in ("a.txt", "b.txt")]
    files[0].path.parent.mkdir()
    files[0].path.write_text("own")
    monkeypatch.setattr(data, "download_files", lambda: files)
    monkeypatch.setattr(data, "source_files", lambda: [file.path for file in files])
    return [file.path for file in files]


def test_a_data_module_without_downloads_needs_none(data: TextDataModule) -> None:
    assert data.download_files() == ()
    assert prepare_store(data, download=True).is_file()


def test_missing_files_are_named_with_the_way_to_get_them(
    data: TextDataModule, remote: list[Path], site: Site
) -> None:
    message = r"lacks \S+b\.txt\. Put them there, or let `geneverse_pl prepare --download`"
    with pytest.raises(MissingDownloadsError, match=message):
        prepare_store(data)
    assert site.requests == []


def test_missing_files_are_fetched_on_request(
    data: TextDataModule, remote: list[Path], site: Site, make_trainer: Callable[..., Trainer]
) -> None:
    make_trainer().prepare(None, data, download=True)
    assert remote[0].read_text() == "own"
    assert remote[1].read_bytes() == site.body
    assert site.paths == ["/b.txt"]
    assert data.store_path.is_file()


def test_nothing_is_prepared_after_a_failed_download(
    data: TextDataModule, remote: list[Path], site: Site, tmp_path: Path
) -> None:
    site.usual = Answer(404)
    with pytest.raises(DownloadError, match=r"b\.txt must be open to you"):
        prepare_store(data, download=True)
    assert not (tmp_path / "stores").exists()


@pytest.mark.parametrize("option", ["--download", "--download=true", "--download --seed_everything=1"])
def test_the_command_line_fetches_what_is_missing(
    option: str,
    site: Site,
    config_file: Path,
    hpo_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")
    folder = tmp_path / "fetched"
    site.files = {f"/{name}": (hpo_folder / name).read_bytes() for name in names}
    files = [RemoteFile(site.url(f"/{name}"), folder / name) for name in names]
    monkeypatch.setattr(GenePhenotypeDataModule, "download_files", lambda _: files)
    command = ["prepare", "--config", str(config_file), "--data.init_args.hpo_dir", str(folder)]
    assert main(command) == 2
    assert "prepare --download" in capsys.readouterr().err
    assert site.paths == []
    assert main([*command, *option.split()]) == 0
    assert site.paths == [f"/{name}" for name in names]
    assert "train" in capsys.readouterr().out
