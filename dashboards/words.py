"""What people read on the dashboards, by language: texts lie in `texts/<language>/*.toml`.

A dashboard's file names a text by its key; both languages have the same keys.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from ausguck.errors import AusguckError

COMMON = "common"
GOOD = {"en": "Good", "de": "Gut"}
ACT = {"en": "What to do", "de": "Was tun"}


class Language(StrEnum):
    """The languages of the dashboards."""

    EN = "en"
    DE = "de"

    def uid(self, name: str) -> str:
        """The uid of a dashboard in this language; it is also its address."""
        return name if self is Language.EN else f"{name}-{self}"


class MissingText(AusguckError):  # noqa: N818 - the name says the state
    """A text is missing in a language."""

    def __init__(self, language: Language, file: str, key: str) -> None:
        super().__init__(f"dashboards/texts/{language}/{file}.toml: no text for {key!r}")


@dataclass(frozen=True, slots=True)
class PanelText:
    """A panel's title, and what its description says."""

    title: str
    shows: str
    good: str
    act: str
    language: Language

    @property
    def description(self) -> str:
        """What the panel shows, what is good and what to do, as Markdown."""
        return (
            f"{self.shows}\n\n**{GOOD[self.language]}:** {self.good}\n\n"
            f"**{ACT[self.language]}:** {self.act}"
        )


class Texts:
    """The texts of one dashboard in one language, over those that all have in common."""

    def __init__(self, language: Language, name: str) -> None:
        self.language = language
        self._name = name
        self._own = read(language, name)
        self._common = read(language, COMMON)

    def word(self, key: str) -> str:
        """A short text, the dashboard's own before the common one."""
        for texts in (self._own, self._common):
            found = texts.get(key)
            if isinstance(found, str):
                return found
        raise MissingText(self.language, self._name, key)

    def panel(self, key: str) -> PanelText:
        """The texts of a panel with data."""
        found = self._own.get(key)
        if not isinstance(found, Mapping):
            raise MissingText(self.language, self._name, key)
        try:
            parts = (found["title"], found["shows"], found["good"], found["act"])
        except KeyError as error:
            raise MissingText(self.language, self._name, f"{key}.{error.args[0]}") from None
        return PanelText(*parts, language=self.language)


@cache
def read(language: Language, name: str) -> Mapping[str, str | Mapping[str, str]]:
    """One file of texts."""
    path = files("dashboards") / "texts" / language / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def keys(language: Language, name: str) -> Iterator[str]:
    """Every key of a file, `panel.title` for those of a panel."""
    for key, value in read(language, name).items():
        if isinstance(value, str):
            yield key
        else:
            yield from (f"{key}.{part}" for part in value)
