"""What an asset's readings and its status tell of whether it should be heard."""

from ausguck.fleet.life import is_asleep, real
from ausguck.fleet.picture import Picture, Said
from ausguck.model import Event
from ausguck.register.expecting import Told


def told(picture: Picture, status: Event | None) -> Told:
    """What is asked by `ausguck.register.expecting.expect`; `status` is the newest on sleep.

    A line and a trip are of the newest reading that told either, a fix is of one reading.
    """
    said = picture.said
    ignition, installed = said.get("ignition"), said.get("is_installed")
    line, trip = said.get("line"), said.get("trip_id")
    line_ms = max(_told_ms(line), _told_ms(trip))
    lat, lon = said.get("lat"), said.get("lon")
    is_fix = lat is not None and lon is not None and lat.boot.at_ms == lon.boot.at_ms
    return Told(
        is_asleep=is_asleep(picture, status),
        ignition=None if ignition is None else bool(ignition.value),
        ignition_ms=_told_ms(ignition),
        line=_text(line, line_ms),
        trip_id=_text(trip, line_ms),
        line_ms=line_ms,
        lat=real(lat.value) if is_fix and lat is not None else None,
        lon=real(lon.value) if is_fix and lon is not None else None,
        fix_ms=_told_ms(lat) if is_fix else 0,
        is_installed=None if installed is None else bool(installed.value),
    )


def _told_ms(said: Said | None) -> int:
    return 0 if said is None else said.boot.at_ms


def _text(said: Said | None, at_ms: int) -> str | None:
    return str(said.value) if said is not None and said.boot.at_ms == at_ms else None
