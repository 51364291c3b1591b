"""What is asked of an endpoint, and what comes back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat to be gone on with.

    Args:
        messages: The messages, each with ``role`` and ``content``.
        draw: Number of the draw, >= 0: the same messages can be answered several times.
    """

    messages: tuple[Message, ...]
    draw: int = 0

    @property
    def num_characters(self) -> int:
        """Characters of all that is text in it; pictures have none."""
        texts = (text for message in self.messages for text in _texts(message["content"]))
        return sum(len(json.dumps(text, ensure_ascii=False)) for text in texts)

    def key(self, fields: Mapping[str, Any]) -> str:
        """Digest of all that decides the answer, 64 hexadecimal digits.

        Args:
            fields: Fields of the request besides its messages; JSON-able.
        """
        parts = {"messages": [dict(one) for one in self.messages], "fields": dict(fields), "draw": self.draw}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model has answered.

    Args:
        text: The text.
        is_cut: Whether it was cut off at the most tokens allowed.
        prompt_tokens: Tokens of the prompt, as the server counts them; 0 where it does not.
        completion_tokens: Tokens of the answer, likewise.
        seconds: Seconds until it came, see :class:`~geneverse_pl.endpoint.tally.Tally`; 0 if not known.
    """

    text: str
    is_cut: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that brought no answer.

    Args:
        reason: What happened, in one line.
    """

    reason: str


def chat(text: str, system: str | None = None, draw: int = 0) -> ChatRequest:
    """A request of one message of a user.

    Args:
        text: The message.
        system: Message of the system before it.
        draw: Number of the draw, >= 0.
    """
    first = () if system is None else ({"role": "system", "content": system},)
    return ChatRequest((*first, {"role": "user", "content": text}), draw)


def _texts(content: Any) -> list[str]:
    """The texts of a message's content, which is one or has parts of several types."""
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content if part.get("type") == "text"]
