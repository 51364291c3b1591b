"""``chat`` over a pipe: answers on the output, all else on the error stream."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from geneverse_pl.cli import main
from geneverse_pl.commands.chat import Chat
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.generation import DecodingConfig
from geneverse_pl.generation.decoding import complete
from geneverse_pl.generation.dialogue import Dialogue
from geneverse_pl.generation.engines import TransformersEngine
from tests.geneverse_pl.generation.conftest import random_model

GREEDY = DecodingConfig(max_new_tokens=6)


@pytest.fixture
def talk(tiny_tokenizer: PreTrainedTokenizerFast) -> Callable[..., tuple[str, str, Dialogue]]:
    """Chats with a random model; gives the output, the notes and the conversation."""

    def run(lines: str, template: Any = "chat") -> tuple[str, str, Dialogue]:
        encoder = Encoder(tiny_tokenizer, PromptTemplate(template))
        engine = TransformersEngine(random_model("llama"), encoder)
        conversation = Dialogue(encoder, 256, 6)
        out, notes = io.StringIO(), io.StringIO()
        Chat(engine, conversation, GREEDY, io.StringIO(lines), out, notes).talk()
        return out.getvalue(), notes.getvalue(), conversation

    return run


def test_answers_are_those_of_the_conversation(
    talk: Callable[..., tuple[str, str, Dialogue]], tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    out, notes, said = talk("Which gene?\n\nAnd why?\n/quit\nnever asked\n")
    encoder = Encoder(tiny_tokenizer, PromptTemplate("chat"))
    engine = TransformersEngine(random_model("llama"), encoder)
    conversation = Dialogue(encoder, 256, 6)
    expected = ""
    for question in ("Which gene?", "And why?"):
        [done] = complete(engine.model, [conversation.ask(question)], encoder, engine.device, GREEDY)
        conversation.answered(done.token_ids)
        expected += done.text + "\n"
    assert out == expected
    assert said.num_turns == 2
    assert "/quit ends" in notes


def test_commands(talk: Callable[..., tuple[str, str, Dialogue]]) -> None:
    _, notes, said = talk("Which?\n/reset\n/image a.png\n/shout\n")
    assert said.num_turns == 0
    assert "What was said is forgotten." in notes
    assert "This model reads text alone." in notes
    assert "Unknown command /shout." in notes
    assert "stands alone" not in notes
    assert "each question stands alone" in talk("", template="alpaca")[1]
    assert "error: A question must leave room" in talk("long " * 300 + "\n")[1]


def test_ctrl_c_stops_the_answer_and_not_the_program(
    talk: Callable[..., tuple[str, str, Dialogue]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = talk("Which gene?\n")[0]
    original = Chat._show_text
    shown: list[str] = []

    def interrupted(self: Chat, text: str, *, whole: bool = False) -> None:
        shown.append(text)
        original(self, text, whole=whole)
        if len(shown) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Chat, "_show_text", interrupted)
    out, notes, said = talk("Which gene?\nAnd why?\n")
    assert "[stopped]" in notes
    assert said.num_turns == 2
    first, second = out.split("\n", 1)
    assert whole.startswith(first)
    assert len(first) < len(whole.strip())
    assert second.strip()


def test_no_end_of_an_answer_is_lost_where_its_beginning_changes() -> None:
    out = io.StringIO()
    unused: Any = None
    chat = Chat(unused, unused, GREEDY, io.StringIO(), out, io.StringIO())
    for text in ("I", "I do", "I do n", "I don't"):  # as a tokenizer that tidies blanks decodes it
        chat._show_text(text)
    chat._show_text("I don't know.", whole=True)
    assert out.getvalue() == "I do n\nI don't know."


def test_it_runs_from_the_command_line(
    tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Which?\n"))
    assert main(["chat", "--model", str(tiny_model_dir), "--max_new_tokens", "4", "--device", "cpu"]) == 0
    assert capsys.readouterr().out.endswith("\n")
    assert main(["chat", "--max_new_tokens", "4"]) == 2
