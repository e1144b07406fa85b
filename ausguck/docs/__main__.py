"""`python -m ausguck.docs [--check]`: write the generated pages, or say which are not current."""

from pathlib import Path

import click

from ausguck.docs.pages import PAGES, refresh, stale

NOT_CURRENT = 1


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a page is not current.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The repository; without it the current directory.",
)
@click.pass_context
def main(context: click.Context, root: Path, *, check: bool) -> None:
    """Write docs/reference and ausguck.example.toml from the code."""
    if not check:
        names = refresh(root)
        click.echo(f"{len(PAGES)} generated pages, {len(names)} written.")
        return
    names = stale(root)
    for name in names:
        click.echo(f"{name} is not current: run `make docs`.", err=True)
    if names:
        context.exit(NOT_CURRENT)
    click.echo(f"{len(PAGES)} generated pages are current.")


main(prog_name="python -m ausguck.docs")
