"""A GGUF file and wheels, written with the real libraries, for the tests of model references."""

import base64
import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from geneverse_pl.models import downloads

_GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "model.layers.": "blk.",
}


def damage_compressed(wheel: Path, member: str) -> None:
    """Writes a wheel of one compressed file whose first byte no compression has."""
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, b"{}" * 100)
    data = wheel.read_bytes()
    start = 30 + len(member)  # behind the file's header
    wheel.write_bytes(data[:start] + b"\xff" + data[start + 1 :])


def _gguf_name(name: str) -> str:
    for ours, theirs in _GGUF_NAMES.items():
        name = name.replace(ours, theirs)
    return name


def _interleave_heads(weight: np.ndarray, num_heads: int) -> np.ndarray:
    """llama.cpp's order of the rotary halves."""
    width = weight.shape[0] // num_heads
    return weight.reshape(num_heads, 2, width // 2, -1).swapaxes(1, 2).reshape(weight.shape)


@pytest.fixture(scope="session")
def write_gguf(
    tiny_model_dir: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]
) -> Callable[..., Path]:
    """Writes the tiny model: ``write_gguf(path, quantization, pre, with_template, ...)``."""
    model = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    tokenizer = make_tiny_tokenizer()

    def write(
        path: Path,
        quantization: GGMLQuantizationType = GGMLQuantizationType.F32,
        pre: str = "smollm",
        with_template: bool = True,
        end_token_id: int | None = 2,
        adds_bos: bool = False,
    ) -> Path:
        writer = GGUFWriter(path, "llama")
        config = model.config
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
        writer.add_rope_dimension_count(config.head_dim)
        writer.add_vocab_size(config.vocab_size)
        _add_tokenizer(writer, tokenizer, pre, with_template, end_token_id)
        writer.add_add_bos_token(adds_bos)
        for name, weight in model.state_dict().items():
            if name == "lm_head.weight":
                continue
            values = weight.float().numpy()
            if "q_proj" in name:
                values = _interleave_heads(values, config.num_attention_heads)
            if "k_proj" in name:
                values = _interleave_heads(values, config.num_key_value_heads)
            kind = quantization if values.ndim == 2 else GGMLQuantizationType.F32
            writer.add_tensor(_gguf_name(name), quantize(np.ascontiguousarray(values), kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write


def _add_tokenizer(
    writer: GGUFWriter,
    tokenizer: PreTrainedTokenizerFast,
    pre: str,
    with_template: bool,
    end_token_id: int | None,
) -> None:
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    special = {token["id"] for token in state["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))))
    writer.add_token_types(
        [TokenType.CONTROL if i in special else TokenType.NORMAL for i in range(len(tokenizer))]
    )
    writer.add_token_merges([" ".join(pair) for pair in state["model"]["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    if end_token_id is not None:
        writer.add_eos_token_id(end_token_id)
    writer.add_unk_token_id(tokenizer.unk_token_id)
    if with_template:
        writer.add_chat_template(tokenizer.chat_template)


@pytest.fixture(scope="session")
def tiny_gguf(write_gguf: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model in float32 as a GGUF file."""
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.F32.gguf")


class FakeIndex:
    """Stands in for pip: offers wheels that hold the given files.

    Args:
        folder: Where the wheels are made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = 0

    def add(
        self, package: str, version: str, files: dict[str, bytes], recorded: dict[str, bytes] | None = None
    ) -> Path:
        """Makes a wheel; ``recorded`` overrides the digest of a file in RECORD."""
        stem = f"{package.replace('-', '_')}-{version}"
        wheel = self.folder / f"{stem}-py3-none-any.whl"
        lines = []
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
                digest = (recorded or {}).get(name) or hashlib.sha256(content).digest()
                lines.append(
                    f"{name},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},{len(content)}"
                )
            archive.writestr(
                f"{stem}.dist-info/RECORD", "\n".join([*lines, f"{stem}.dist-info/RECORD,,", ""])
            )
        return wheel

    def run_pip(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        """What pip would do, for ``download --dest FOLDER NAME==VERSION``."""
        self.calls += 1
        package, version = arguments[-1].split("==")
        target = Path(arguments[arguments.index("--dest") + 1])
        wheel = self.folder / f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        if not wheel.is_file():
            message = (
                f"ERROR: Could not find a version that satisfies {arguments[-1]} (from versions: none)\n"
            )
            return subprocess.CompletedProcess(arguments, 1, "", message)
        (target / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(arguments, 0, "", "")


@pytest.fixture
def fake_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeIndex:
    """A package index without a network."""
    folder = tmp_path / "index"
    folder.mkdir()
    index = FakeIndex(folder)
    monkeypatch.setattr(downloads, "run_pip", index.run_pip)
    return index
