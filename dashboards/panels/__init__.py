"""The panels of our dashboards, and the only door to grafanalib."""

from dashboards.panels.board import Board, Mark, Section, Variable, board
from dashboards.panels.making import NOW, Layer, Link, Panels, Placed, number
from dashboards.panels.viz import Json, modernise

__all__ = [
    "NOW",
    "Board",
    "Json",
    "Layer",
    "Link",
    "Mark",
    "Panels",
    "Placed",
    "Section",
    "Variable",
    "board",
    "modernise",
    "number",
]
