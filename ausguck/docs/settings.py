"""The page of settings."""

from ausguck.docs.example import INTRODUCTIONS, toml
from ausguck.docs.markdown import code, page, table
from ausguck.settings.environment import variable
from ausguck.settings.fields import Entry, Shape, entries


def settings() -> str:
    """Every setting: key, default, what is expected, what it is for, and its variable."""
    return page(
        "Settings",
        "`ausguck/settings/tree.py`",
        "A TOML file over the defaults, and variables over the file. The file is the one named "
        "by `--config`, else by `AUSGUCK_CONFIG`, else `./ausguck.toml`, else "
        "`/etc/ausguck/ausguck.toml`. `ausguck.example.toml` holds every key with its default.",
        "A variable's name is `AUSGUCK_`, then the key in capitals with `__` for each dot; its "
        "value is TOML, and text needs no quotes. `[]` in a key stands for each item of an "
        "array of tables, which as a variable is written whole: "
        "`AUSGUCK_LISTENER__USERS=[{name = 'a', password_hash = '...', gateway = true}]`.",
        "Every mistake is told at start-up and by `ausguck check`, each on a line of its own: "
        "the key, what was found, what was expected. Values that may be secret are not shown.",
        f"## Arrays of tables\n\nEach item is one of the tables below.\n\n{_table('')}",
        *(_section(entry) for entry in entries().values() if entry.shape is Shape.TABLE),
    )


def _section(entry: Entry) -> str:
    return f"## {code(entry.key)}\n\n{INTRODUCTIONS[entry.key]}\n\n{_table(entry.key)}"


def _table(parent: str) -> str:
    rows = (
        (
            code(inner.key),
            _default(inner),
            inner.expected,
            inner.description,
            "" if "[]" in inner.key else code(variable(inner.key)),
        )
        for inner in entries().values()
        if inner.key.rpartition(".")[0] == parent and inner.shape is not Shape.TABLE
    )
    return table(("key", "default", "expected", "what for", "variable"), rows)


def _default(entry: Entry) -> str:
    if entry.is_required:
        return "required"
    return "none" if entry.default is None else code(toml(entry.default))
