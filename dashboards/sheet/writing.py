"""All sheets of both languages, and the table of what was asked and how long it took."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from dashboards.files import boards
from dashboards.macros import Range, duration_ms
from dashboards.questions import Asker
from dashboards.sheet.asking import Answered, Influx, answers
from dashboards.sheet.page import Sheet, page
from dashboards.words import Language

TABLE = "queries.md"
INDEX = "index.html"


def sheets(
    influx: Influx, until_ms: int, wishes: Mapping[str, str], languages: Sequence[Language]
) -> Mapping[str, str]:
    """Every page by its path, and the table; a dashboard shows its own range up to a moment.

    Raises:
        StoreError: a query was refused, or there was no answer.
    """
    found: dict[str, str] = {}
    asked: dict[str, Sequence[Answered]] = {}
    for language in languages:
        for name, board in boards(language).items():
            since = duration_ms(board["time"]["from"].removeprefix("now-"))
            shown = Range(until_ms - since, until_ms)
            answered = answers(influx, board, shown, wishes)
            found[f"{language}/{name}.html"] = page(Sheet(board, answered, shown, language))
            asked.setdefault(name, answered)
    found[INDEX] = _index(found)
    found[TABLE] = table(asked)
    return found


def table(asked: Mapping[str, Sequence[Answered]]) -> str:
    """What was asked, how long it took, and how many series and values came."""
    head = "| dashboard | asked by | source | series | rows | ms | query |\n"
    rule = "| --- | --- | --- | --- | --- | --- | --- |\n"
    return "".join((_said(asked), "\n", head, rule, *_rows(asked)))


def _said(asked: Mapping[str, Sequence[Answered]]) -> str:
    every = [one for answered in asked.values() for one in answered]
    slowest = max(every, key=lambda one: one.took_ms)
    return (
        "# What the dashboards asked\n\n"
        "<!-- Written by `ausguck dashboards sheet`: the times are of one run on one machine. -->"
        f"\n\n{len(every)} queries; the slowest took {slowest.took_ms:.0f} ms: "
        f"{slowest.question.title}.\n"
    )


def _rows(asked: Mapping[str, Sequence[Answered]]) -> Iterator[str]:
    for name, answered in asked.items():
        for one in answered:
            question = one.question
            who = f"{question.asker} {question.title}"
            if question.asker is Asker.PANEL:
                who = f"{question.title} ({question.ref})"
            cells = (
                name,
                who,
                question.source,
                str(len(one.series)),
                str(sum(len(series.values) for series in one.series)),
                f"{one.took_ms:.1f}",
                f"`{question.query}`".replace("|", "\\|"),
            )
            yield f"| {' | '.join(cells)} |\n"


def _index(pages: Mapping[str, str]) -> str:
    links = "".join(f'<li><a href="{escape(name)}">{escape(name)}</a>' for name in pages)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Ausguck: dashboards</title></head><body><ul>{links}</ul></body></html>\n"
    )
