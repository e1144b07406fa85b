"""`ausguck check --broker`: does the broker lose messages, and which setting is to blame?"""

import asyncio
from typing import Any

import click
import msgspec

from ausguck.settings.tree import Settings
from collectors.subscriber.checking import NOT_TRIED, Finding, check_broker

broker_option = click.option(
    "--broker",
    is_flag=True,
    help="Try out the broker of [subscriber]: does it keep what is sent while we are away?",
)
FAILED = 1


def examine_broker(settings: Settings, *, as_json: bool) -> None:
    """Try the broker out and print each finding; exit status 1 if one is not right."""

    def tell(words: str) -> None:
        click.echo(f"  {words}", err=True)

    findings = asyncio.run(check_broker(settings.subscriber, settings.site.id, tell))
    is_right = all(finding.ok for finding in findings)
    if as_json:
        answer: dict[str, Any] = {"ok": is_right, "findings": findings, "not_tried": [NOT_TRIED]}
        click.echo(msgspec.json.encode(answer).decode())
    else:
        for finding in findings:
            say(finding)
        click.echo(f"Not tried: {NOT_TRIED}.")
    if not is_right:
        raise click.exceptions.Exit(FAILED)


def say(finding: Finding) -> None:
    """One finding, and what to change where it is not right."""
    click.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.name}: {finding.found}")
    for broker, setting in (("Mosquitto", finding.mosquitto), ("EMQX", finding.emqx)):
        if setting and not finding.ok:
            click.echo(f"         {broker + ':':<10} {setting}")
