"""A cell of an answer as the catalogue's value; pure."""

from ausguck.model import Scalar
from ausguck.store.influxdb.server import Cell
from ausguck.store.influxdb.text import field_out


def value(wanted: type[bool] | type[int] | type[float] | type[str], cell: Cell) -> Scalar | None:
    """The value that was written; the server tells neither 1.0 from 1 nor truth from 1."""
    if cell is None:
        return None
    if wanted is str:
        return field_out(cell) if isinstance(cell, str) else str(cell)
    if isinstance(cell, str):
        return None
    return wanted(cell)
