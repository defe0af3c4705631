"""Narrow terminals: no line of a problem or a summary is wider than the screen, and nothing is lost.

Widths are counted here by a screen of our own, which lays characters into cells one by one.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_docs_cli import COMMANDS

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity, SourceFile, diagnostic, graphemes
from reconciler.errors import RequestRejected
from reconciler.execute.events import Outcome, Recovered, Report, Status, Waiting
from reconciler.plan.model import Action, Drift, Plan, PlanMode, PlannedChange, SequencePlan
from reconciler.state.model import Suspect, SuspectKind
from reconciler.views import cells, sanitise
from reconciler.views.change_text import ChangeText
from reconciler.views.console import Console
from reconciler.views.diagnostics_text import DiagnosticsText
from reconciler.views.plan_text import PlanText
from reconciler.views.progress import Progress
from reconciler.views.report import ReportText
from reconciler.views.snippet import CUT, snippet_lines
from reconciler.views.style import PALETTE, Style
from reconciler.views.wrapping import wrapped

PLAIN, COLOUR = Style(enabled=False), Style(enabled=True)

WIDTHS = st.integers(20, 200)
STYLES = st.sampled_from([PLAIN, COLOUR])
LETTERS = [*"ab1 /.,-_=:", "日", "本", "é", "e\u0301", "\u0301"]
CONTROLS = ["\t", "\n", "\x1b", "\u200d", "\u202e"]
EMOJI = ["😀", "👍🏽", "🇩🇪", "👩\u200d💻", "❤\ufe0f", "1\ufe0f\u20e3"]
CLUSTERS = ["각", "\u1112\u1161\u11ab", "ก\u0e33", "क्ष"]
CHARACTERS = st.sampled_from([*LETTERS, *CONTROLS, *EMOJI, *CLUSTERS])
TEXTS = st.lists(CHARACTERS, max_size=80).map("".join)
WORDS = st.text("abcdé日", min_size=1, max_size=50)
PROSE = st.lists(WORDS | TEXTS, max_size=30).map(" ".join)
ADDRESSES = st.builds(Address, st.just("openai_message"), st.text("ab_", min_size=1), TEXTS)


def bare(line: str) -> str:
    return PALETTE.sub("", line)


def columns(text: str) -> list[str]:
    """What stands in each cell of a screen; a character of two cells stands in both."""
    found: list[str] = []
    for each in graphemes(text):
        marks = [one for one in each if unicodedata.category(one) in ("Mn", "Me")]
        is_wide = any(unicodedata.east_asian_width(one) in "WF" for one in each)
        is_picture = "\ufe0f" in marks and each[0] in "❤1"
        found += [each] * (2 if is_wide or is_picture else len(each) - len(marks))
    return found


def unspaced(lines: list[str]) -> str:
    return "".join(lines).replace(" ", "")


def inside(lines: list[str]) -> Iterator[str]:
    """What stands in the boxes."""
    for each in map(bare, lines):
        if each not in ("╷", "╵"):
            assert each.startswith("│"), each
            yield each[2:]


# -- cells -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("", 0),
        ("abc", 3),
        ("日本", 4),
        ("ﬁ…·─│", 5),
        ("e\u0301a\u0323\u0302", 2),
        ("😀", 2),
        ("👍🏽", 2),
        ("🇩🇪🇫🇷", 4),
        ("❤\ufe0f", 2),
        ("❤", 1),
        ("1\ufe0f\u20e3", 2),
        ("각", 2),
        ("\u1112\u1161\u11ab", 2),
        ("ｱＡ", 3),
    ],
)
def test_a_text_takes_the_cells_of_its_characters(text: str, taken: int) -> None:
    assert cells.width(text) == taken == len(columns(text))


def test_what_is_measured_by_its_length_measures_the_same_among_others() -> None:
    letters = map(chr, [*range(0x20, 0xD800), *range(0xE000, 0xFFFE)])
    plain = [each for each in letters if cells._PLAIN.fullmatch(each)]
    assert len(plain) > 1_000
    assert [each for each in plain if cells.width(f"{each}日") != 3] == []


@given(TEXTS, st.integers(0, 90))
def test_a_clipped_text_fits_and_no_character_more_would(text: str, room: int) -> None:
    text = sanitise.line(text)
    head, tail = cells.beginning(text, room), cells.ending(text, room)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert max(cells.width(head), cells.width(tail)) <= room
    if head != text:
        following = graphemes(text)[len(graphemes(head))]
        assert cells.width(head + following) > room


# -- lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "hang", "lines"),
    [
        ("short", 0, ["short"]),
        ("words go to the next line", 0, ["words go to the next", "line"]),
        ("  the indent goes on below", 0, ["  the indent goes on", "  below"]),
        ("name: what goes on hangs", 2, ["name: what goes on", "  hangs"]),
        ("  - an item is written below", 0, ["  - an item is", "    written below"]),
        ("openai_thread.support_conversation", 0, ["openai_thread.", "support_conversation"]),
        ("in openai_message.question", 0, ["in openai_message.", "question"]),
        ("on specs/customers/main.tf", 0, ["on specs/customers/", "main.tf"]),
        ("abcdefghijklmnopqrstuvwxyz", 0, ["abcdefghijklmnopqrst", "uvwxyz"]),
        ("日本語日本語日本語日本語", 0, ["日本語日本語日本語日", "本語"]),
        (" " * 30 + "far right", 0, [" " * 10 + "far right"]),
        (" " * 30, 0, [""]),
    ],
)
def test_a_line_is_broken_between_words_or_behind_joints(
    line: str, hang: int, lines: list[str]
) -> None:
    assert wrapped(line, 20, hang=hang) == lines


@given(PROSE, WIDTHS, st.integers(0, 8))
@example("\u0301" * 3 + "a" * 30, 20, 0)
def test_no_line_is_wider_than_asked_and_only_blanks_are_lost(
    text: str, width: int, hang: int
) -> None:
    text = sanitise.line(text)
    lines = wrapped(text, width, hang=hang)
    assert all(len(columns(each)) <= width for each in lines)
    assert unspaced(lines) == unspaced([text])


@given(PROSE, WIDTHS)
def test_words_that_fit_a_line_stay_whole(text: str, width: int) -> None:
    text = sanitise.line(text)
    words = [each for each in text.split() if cells.width(each) <= width // 2]
    found = [each for line in wrapped(text, width) for each in line.split()]
    assert [each for each in words if each not in found] == []


@given(st.lists(st.tuples(st.sampled_from(["", "1", "31", "1;33"]), PROSE), max_size=5), WIDTHS)
def test_colours_end_with_the_line_and_go_on_in_the_next(
    runs: list[tuple[str, str]], width: int
) -> None:
    texts = [(code, sanitise.line(text)) for code, text in runs]
    line = "".join(f"\x1b[{code}m{text}\x1b[0m" if code else text for code, text in texts)
    lines = wrapped(line, width)
    assert [bare(each) for each in lines] == wrapped(bare(line), width)
    wanted = [(code, one) for code, text in texts for one in text if one != " "]
    assert [each for line in lines for each in coloured(line) if each[1] != " "] == wanted


def coloured(line: str) -> Iterator[tuple[str, str]]:
    """Every letter with its colour. The line must leave none behind."""
    colour, at = "", 0
    for match in PALETTE.finditer(line):
        yield from ((colour, each) for each in line[at : match.start()])
        colour = match[0][2:-1].replace("0", "")
        at = match.end()
    assert colour == ""
    yield from (("", each) for each in line[at:])


# -- problems ----------------------------------------------------------------------------------


@given(PROSE, PROSE, PROSE, PROSE, WIDTHS, STYLES)
def test_a_problem_fits_the_screen_and_loses_nothing(
    summary: str, detail: str, name: str, value: str, width: int, style: Style
) -> None:
    place = (SourceFile(name, "x"), 0, 0)
    found = diagnostic(
        Severity.ERROR,
        summary,
        detail,
        place=place,
        context=value,
        values=((name, value), (value, name)),
        address=name,
    )
    lines = DiagnosticsText(style, width).diagnostics([found])
    assert max(len(columns(bare(each))) for each in lines) <= width
    whole = DiagnosticsText(PLAIN).diagnostics([found])
    assert content(list(inside(lines))) == content(whole)


def content(lines: list[str]) -> str:
    """A problem without blanks, rules and carets, which differ from width to width."""
    kept = [each.removeprefix("    │ ") for each in lines if not each.startswith("    ├")]
    return unspaced([each for each in kept if each.strip() != "^"])


@given(PROSE, PROSE, PROSE, WIDTHS, STYLES)
def test_an_error_of_a_server_fits_the_screen_and_loses_nothing(
    message: str, hint: str, request: str, width: int, style: Style
) -> None:
    error = RequestRejected(f"m{message}", hint=hint, request=request, code=message, status=400)
    lines = DiagnosticsText(style, width).error(error)
    assert max(len(columns(bare(each))) for each in lines) <= width
    assert unspaced(list(inside(lines))) == unspaced(DiagnosticsText(PLAIN).error(error))


@given(PROSE, PROSE, PROSE, WIDTHS)
def test_compact_warnings_fit_the_screen(path: str, text: str, address: str, width: int) -> None:
    warning = diagnostic(
        Severity.WARNING, text, place=(SourceFile(path, "x"), 0, 1), address=address
    )
    lines = DiagnosticsText(COLOUR, width).compact([warning])
    assert max(len(columns(bare(each))) for each in lines) <= width
    assert unspaced(list(map(bare, lines))) == unspaced(DiagnosticsText(PLAIN).compact([warning]))


# -- snippets ----------------------------------------------------------------------------------


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 10**7), WIDTHS)
@settings(max_examples=300)
@example("", "\u0301", "", 0, 20)
@example("a" * 30, "", "", 0, 20)
@example("日" * 9, "本" * 20, "語" * 9, 9_999_999, 20)
def test_carets_stand_under_the_place_at_any_width(
    before: str, place: str, after: str, first: int, width: int
) -> None:
    found = in_line(before, place, after, first)
    (line, carets) = snippet_lines(found, PLAIN, width - 2)
    assert max(len(columns(line)), len(carets)) <= width - 2
    start, taken = len(carets) - len(carets.lstrip()), carets.count("^")
    assert carets == " " * start + "^" * taken
    shown, marked = columns(line)[start : start + taken], columns(marked_of(found))
    if marked:
        assert len(shown) == taken
        # What follows may put an accent on a sign that stands for a control.
        assert all(one.startswith(other) for one, other in zip(shown, marked, strict=False))
        assert taken == len(marked) or columns(line)[start + taken :] == [CUT]
    else:
        assert taken == 1


@given(TEXTS, TEXTS, TEXTS, WIDTHS)
def test_what_is_underlined_is_what_carets_mark(
    before: str, place: str, after: str, width: int
) -> None:
    found = in_line(before, place, after, 0)
    (line,) = snippet_lines(found, COLOUR, width - 2)
    (same, carets) = snippet_lines(found, PLAIN, width - 2)
    assert bare(line) == same
    head, _, rest = line.partition("\x1b[4m")
    underlined, _, _ = rest.partition("\x1b[0m")
    assert len(carets) - carets.count("^") == len(columns(head))
    assert carets.count("^") == max(len(columns(underlined)), 1)


@given(TEXTS, TEXTS, TEXTS, WIDTHS)
def test_a_line_that_fits_is_shown_whole(before: str, place: str, after: str, width: int) -> None:
    found = in_line(before, place, after, 0)
    whole = snippet_lines(found, COLOUR)
    if max(len(columns(bare(each))) for each in whole) <= width:
        assert snippet_lines(found, COLOUR, width) == whole


def in_line(before: str, place: str, after: str, first: int) -> Diagnostic:
    """A problem at *place* in one line, whose number is *first* more than 1."""
    before, place, after = (each.replace("\n", "") for each in (before, place, after))
    source = SourceFile("main.tf", before + place + after)
    found = diagnostic(Severity.ERROR, "S", place=(source, len(before), len(before) + len(place)))
    assert found.subject is not None
    start, end = found.subject.start, found.subject.end
    moved = [type(each)(each.line + first, each.column, each.byte) for each in (start, end)]
    return type(found)(
        found.severity,
        found.summary,
        subject=type(found.subject)("main.tf", *moved),
        lines=found.lines,
    )


def marked_of(found: Diagnostic) -> str:
    """The place as a line shows it that is wide enough."""
    (line,) = snippet_lines(found, COLOUR)
    return line.partition("\x1b[4m")[2].partition("\x1b[0m")[0]


@pytest.mark.parametrize(
    ("width", "picture"),
    [
        (
            60,
            """
╷
│ Error: Reference to undeclared input variable
│
│   on specs/customers/main.tf:2:33, in resource
│   "openai_message" "question":
│    2:   content = "日本語 ${local.who} ${var.nope} and so…
│                                          ^^^^^^^^
│     ├────────────────
│     │ local.who is "a text of many words that does not fit
│     │ its line"
│
│ There is no variable "nope". Declare it, or write another
│ name.
╵""",
        ),
        (
            34,
            """
╷
│ Error: Reference to undeclared
│ input variable
│
│   on
│   specs/customers/main.tf:2:33,
│   in resource "openai_message"
│   "question":
│    2: ….who} ${var.nope} and so…
│                ^^^^^^^^
│     ├────────────────
│     │ local.who is "a text of
│     │ many words that does not
│     │ fit its line"
│
│ There is no variable "nope".
│ Declare it, or write another
│ name.
╵""",
        ),
        (
            20,
            """
╷
│ Error: Reference
│ to undeclared
│ input variable
│
│   on specs/
│   customers/main.
│   tf:2:33, in
│   resource
│   "openai_message"
│   "question":
│    2: …{var.nope}…
│         ^^^^^^^^
│     ├────────────
│     │ local.who is
│     │ "a text of
│     │ many words
│     │ that does
│     │ not fit its
│     │ line"
│
│ There is no
│ variable "nope".
│ Declare it, or
│ write another
│ name.
╵""",
        ),
    ],
)
def test_a_problem_at_this_width_looks_like_this(width: int, picture: str) -> None:
    text = 'resource "openai_message" "question" {\n'
    text += '  content = "日本語 ${local.who} ${var.nope} and so on, for a while"\n}\n'
    start = text.index("var.nope")
    found = diagnostic(
        Severity.ERROR,
        "Reference to undeclared input variable",
        'There is no variable "nope". Declare it, or write another name.',
        place=(SourceFile("specs/customers/main.tf", text), start, start + 8),
        context='resource "openai_message" "question"',
        values=(("local.who", 'is "a text of many words that does not fit its line"'),),
    )
    assert "\n".join(["", *DiagnosticsText(PLAIN, width).diagnostics([found])]) == picture


@pytest.mark.parametrize(
    ("line", "place", "picture"),
    [
        ("short = [var.a]", "var.a", ["short = [var.a]", "         ^^^^^"]),
        (
            "first = var.a # and what follows is cut",
            "var.a",
            ["first = var.a # and wha…", "        ^^^^^"],
        ),
        (
            "what stands before it is cut = var.a",
            "var.a",
            ["…efore it is cut = var.a", "                   ^^^^^"],
        ),
        (
            "the middle of a long line: var.a, which goes on for long",
            "var.a",
            ["…ng line: var.a, which …", "          ^^^^^"],
        ),
        (
            "a = place_that_is_wider_than_all_the_room_there_is + 1",
            "place_that_is_wider_than_all_the_room_there_is",
            ["a = place_that_is_wider…", "    ^^^^^^^^^^^^^^^^^^^"],
        ),
        (
            "\t\ttabs = 日本 + var.a",
            "var.a",
            ["…    tabs = 日本 + var.a", "                   ^^^^^"],
        ),
    ],
    ids=["fits", "right", "left", "both", "place", "tabs"],
)
def test_of_a_long_line_this_is_shown(line: str, place: str, picture: list[str]) -> None:
    start = line.index(place)
    found = diagnostic(
        Severity.ERROR, "S", place=(SourceFile("f", line), start, start + len(place))
    )
    assert [each[6:] for each in snippet_lines(found, PLAIN, 30)] == picture


def test_in_a_pipe_a_problem_has_no_box_and_its_lines_stay_whole() -> None:
    prose = "word " * 60 + "end"
    found = Diagnostic(Severity.ERROR, prose, prose)
    assert DiagnosticsText(PLAIN).diagnostics([found]) == ["", f"Error: {prose}", "", prose]


# -- summaries ---------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(ADDRESSES, PROSE, st.sampled_from(sorted(Status))), max_size=5),
    PROSE,
    WIDTHS,
    STYLES,
)
@settings(max_examples=50)
def test_a_report_fits_the_screen_and_loses_nothing(
    ends: list[tuple[Address, str, Status]], text: str, width: int, style: Style
) -> None:
    outcomes = tuple(
        Outcome(address, Action.CREATE, status, RequestRejected(why), blocked_by=address)
        for address, why, status in ends
    )
    suspect = Suspect(Address("openai_thread", "t"), SuspectKind.CREATE, {}, text, text)
    report = Report(outcomes, warnings=(text,), suspects=(suspect,))
    lines = ReportText(style, width, screen=width).render(report)
    assert max(len(columns(bare(each))) for each in lines) <= width
    whole = ReportText(style, 78).render(report)
    assert unspaced(list(map(bare, lines))) == unspaced(list(map(bare, whole)))


@pytest.mark.parametrize("width", [20, 34, 40, 60, 78, 80, 200])
@given(address=ADDRESSES, text=PROSE)
@settings(max_examples=10)
def test_what_a_plan_says_of_threads_and_suspects_fits_the_screen(
    width: int, address: Address, text: str
) -> None:
    sequence = SequencePlan(
        address, "openai_message", (), (), (), unmanaged=3, grown=2, reordered=True
    )
    suspect = Suspect(address, SuspectKind.APPEND, {}, text, text, parent_id=text)
    plan = Plan(PlanMode.NORMAL, (), sequences=(sequence,), suspects=(suspect,))
    lines = PlanText(COLOUR, width, screen=width).render(plan)
    assert max(len(columns(bare(each))) for each in lines) <= width


@given(ADDRESSES, PROSE, st.sampled_from(sorted(Action)), WIDTHS, STYLES)
@settings(max_examples=50)
def test_what_stands_above_a_block_fits_the_screen(
    address: Address, text: str, action: Action, width: int, style: Style
) -> None:
    change = PlannedChange(address, action, {}, {}, import_id=text, note=text, blocked_by=address)
    writer = ChangeText(style, screen=width)
    drift = Drift(address, {}, None, position=(4, 9))
    for lines in (writer.change(change), writer.drift(drift)):
        comments = [bare(each) for each in lines[: [" {" in each for each in lines].index(True)]]
        assert all(each.startswith("  # ") for each in comments)
        assert max(len(columns(each)) for each in comments) <= width


# -- the console -------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (Terminal, ["Words of the program", "go on below."]),
        (io.StringIO, ["Words of the program go on below."]),
    ],
)
def test_prose_is_broken_where_somebody_sees_it(
    stream: type[io.StringIO], lines: list[str]
) -> None:
    out, err = stream(), stream()
    screen = Console(out, err, environ={"TERM": "xterm", "COLUMNS": "20"})
    screen.say("Words of the program go on below.")
    screen.err("Words of the program go on below.")
    assert out.getvalue().splitlines() == err.getvalue().splitlines() == lines


def test_the_live_line_is_cut_by_cells() -> None:
    err = Terminal()
    screen = Console(Terminal(), err, environ={"TERM": "xterm", "COLUMNS": "8"})
    screen.live("日本語日本語")
    screen.out("x")
    assert err.getvalue() == "\r\x1b[2K日本語" + "\r\x1b[2K" + "日本語"


class Handle(io.TextIOWrapper):
    """A terminal that a signal handler writes to."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("live", "shown"),
    [
        (None, "\nInterrupt received,\nonce more\n"),
        ("1/2", "\r\x1b[2K1/2\r\x1b[2KInterrupt received,\nonce more\n"),
    ],
    ids=["below what was typed", "in place of the live line"],
)
def test_what_a_signal_handler_says_is_broken_too(
    live: str | None, shown: str, tmp_path: Path
) -> None:
    with (tmp_path / "err").open("wb") as file:
        screen = Console(
            io.StringIO(), Handle(file, "utf-8"), environ={"TERM": "xterm", "COLUMNS": "20"}
        )
        screen.live(live)
        screen.urgent("Interrupt received, once more")
    assert (tmp_path / "err").read_bytes().decode() == shown


@given(ADDRESSES, PROSE, WIDTHS)
@settings(max_examples=50)
def test_what_happens_fits_the_screen(address: Address, text: str, width: int) -> None:
    out = Terminal()
    environ = {"TERM": "xterm", "COLUMNS": str(width)}
    progress = Progress(Console(out, io.StringIO(), environ=environ))
    for event in (Waiting(text, 3.0), Recovered(address, text)):
        progress.event(event)
    assert max(len(columns(bare(each))) for each in out.getvalue().split("\n")) <= width


@pytest.mark.parametrize("width", [20, 34, 59, 60, 80, 200])
@pytest.mark.parametrize("name", ["reconciler", "reconciler state", *COMMANDS])
def test_help_fits_the_screen(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reconciler.cli.main import main

    monkeypatch.setenv("COLUMNS", str(width))
    assert main([*name.split()[1:], "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("Usage: reconciler")
