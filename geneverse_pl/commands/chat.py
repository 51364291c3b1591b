"""``chat``: questions and answers in the terminal, or from a pipe."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from geneverse_pl.commands.options import (
    OptionParser,
    add_decoding_options,
    add_model_options,
    add_retrieval_options,
    load_model,
    load_passages,
)
from geneverse_pl.exceptions import GeneverseError

if TYPE_CHECKING:
    from geneverse_pl.data.retrieved import PassageContext
    from geneverse_pl.generation.decoding import Completion, DecodingConfig
    from geneverse_pl.generation.dialogue import Dialogue
    from geneverse_pl.generation.engines import TransformersEngine
    from geneverse_pl.grounding.answer_rows import AnswerGrounder
    from geneverse_pl.grounding.grounding import Grounded

_HELP = "/image PATH shows a picture with the next question, /reset forgets what was said, /quit ends."
_UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what half a character is decoded to


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("chat", f"Talk to a model. {_HELP}")
    add_model_options(options)
    add_decoding_options(options, max_new_tokens=512)
    options.add_argument("--ground", type=Path, help="table of names and ids; notes what it does not confirm")
    add_retrieval_options(options)
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If an option is wrong.
    """
    options = parser().read(arguments)

    from geneverse_pl.generation.decoding import DecodingConfig
    from geneverse_pl.generation.dialogue import Dialogue
    from geneverse_pl.generation.engines import TransformersEngine
    from geneverse_pl.generation.generator import with_system

    decoding = DecodingConfig(
        options.max_new_tokens, temperature=options.temperature, top_p=options.top_p, seed=options.seed
    )
    grounder = None
    if options.ground is not None:
        from geneverse_pl.grounding import GroundingTable
        from geneverse_pl.grounding.answer_rows import AnswerGrounder

        grounder = AnswerGrounder(GroundingTable(options.ground))
    tuned = load_model(options)
    encoder = with_system(tuned.encoder, options.system)
    engine = TransformersEngine(tuned.language_model, encoder)
    conversation = Dialogue(encoder, engine.context_length, options.max_new_tokens, engine.images)
    passages = load_passages(options, encoder, engine.context_length)
    Chat(engine, conversation, decoding, sys.stdin, sys.stdout, sys.stderr, grounder, passages).talk()
    return 0


class Chat:
    """The loop of questions and answers. Answers go to ``out``, all else to ``notes``.

    Args:
        engine: The model.
        conversation: What is said.
        decoding: How answers are made.
        source: Where questions come from, one a line.
        out: Where answers go.
        notes: Where prompts and messages go.
        grounder: Checks the answers; what it corrects and does not confirm goes to ``notes``.
        passages: Finds what a question is read with, and its answer cites; None for nothing.
    """

    def __init__(
        self,
        engine: "TransformersEngine",
        conversation: "Dialogue",
        decoding: "DecodingConfig",
        source: TextIO,
        out: TextIO,
        notes: TextIO,
        grounder: "AnswerGrounder | None" = None,
        passages: "PassageContext | None" = None,
    ) -> None:
        self._engine = engine
        self._conversation = conversation
        self._decoding = decoding
        self._source = source
        self._out = out
        self._notes = notes
        self._grounder = grounder
        self._passages = passages
        self._images: list[Path] = []
        self._number = 0
        self._shown = ""  # of the answer that is being given

    def talk(self) -> None:
        """Asks and answers until the end of the source, or ``/quit``."""
        self._note(_HELP)
        if not self._conversation.has_turns:
            self._note("This model's template has no turns: each question stands alone.")
        while (line := self._read()) is not None:
            text = line.strip()
            if text == "/quit":
                return
            try:
                self._take(text)
            except GeneverseError as error:
                self._note(f"error: {error}")

    def _read(self) -> str | None:
        """A line; None at the end, or when Ctrl-C is pressed instead of writing one."""
        try:
            if self._source.isatty():
                self._notes.write("> ")
                self._notes.flush()
            return self._source.readline() or None
        except KeyboardInterrupt:
            self._notes.write("\n")
            return None

    def _take(self, text: str) -> None:
        command, _, rest = text.partition(" ")
        if not text:
            return
        if command == "/reset":
            self._conversation.reset()
            self._images = []
            self._note("What was said is forgotten.")
        elif command == "/image":
            self._show(Path(rest.strip()).expanduser())
        elif command.startswith("/"):
            self._note(f"Unknown command {command}. {_HELP}")
        else:
            self._answer(text)

    def _show(self, path: Path) -> None:
        from geneverse_pl.data.images import read_image_bytes

        if self._engine.images is None:
            self._note("This model reads text alone.")
            return
        read_image_bytes(path)
        self._images.append(path)
        self._note(f"{path} is shown with the next question.")

    def _answer(self, question: str) -> None:
        from geneverse_pl.generation.decoding import complete, completion
        from geneverse_pl.generation.retrieved import citation
        from geneverse_pl.generation.sampling import question_seed

        images, self._images = self._images, []
        context, found = ("", []) if self._passages is None else self._passages.add(question)
        engine, prompt = self._engine, self._conversation.ask(question, images, context)
        said: list[int] = []
        self._shown = ""

        def take(token: int) -> None:
            said.append(token)
            self._show_text(completion(said, engine.encoder).text)

        seed = question_seed(self._decoding.seed, self._number)
        self._number += 1
        try:
            [done] = complete(
                engine.model,
                [prompt],
                engine.encoder,
                engine.device,
                self._decoding,
                seeds=[seed],
                on_token=take,
            )
        except KeyboardInterrupt:
            done = completion(said, engine.encoder)
            self._note("[stopped]")
        self._end(done, citation(found))
        if self._grounder is not None:
            self._note_grounded(self._grounder.ground(done.text, {"question": question}))

    def _end(self, done: "Completion", cited: str) -> None:
        self._show_text(done.text, whole=True)
        self._out.write(f"\n{cited}\n" if cited else "\n")
        self._out.flush()
        self._conversation.answered(done.token_ids)

    def _note_grounded(self, grounded: "Grounded") -> None:
        if not grounded.changes and not grounded.unknown:
            return
        self._note(f"grounded: {grounded.text}")
        for change in grounded.changes:
            self._note(f"  {change.old} -> {change.new} ({change.reason}, {change.entity})")
        for unknown in grounded.unknown:
            about = f": {unknown.about}" if unknown.about else ""
            self._note(f"  {unknown.text} [?] ({unknown.reason}{about})")

    def _show_text(self, text: str, *, whole: bool = False) -> None:
        """Writes what an answer has more than is shown, half a character only where no more comes.

        A tokenizer may write the beginning otherwise once more has come (``do n't`` becomes ``don't``): then
        the whole answer comes again, on a line of its own.
        """
        if whole and not text.startswith(self._shown):
            self._out.write("\n")
            self._shown = ""
        if text.startswith(self._shown) and (whole or not text.endswith(_UNFINISHED)):
            self._out.write(text[len(self._shown) :])
            self._out.flush()
            self._shown = text

    def _note(self, text: str) -> None:
        self._notes.write(text + "\n")
        self._notes.flush()
