"""The catalogue as stores are asked for it: a metric, or why there is none."""

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.errors import StoreError
from ausguck.model import Kind


def metric(store: str, kind: Kind, key: str) -> Metric:
    """The catalogue entry of a metric.

    Raises:
        StoreError: there is no such metric.
    """
    if kind is Kind.DEVICE:
        raise StoreError(store, f"{kind} has no metrics")
    found = catalogue.by_key(kind).get(key)
    if found is None:
        raise StoreError(store, f"{kind} has no metric {key!r}")
    return found
