"""Whether a place lies in an area."""

from ausguck.register.rows import Ring

LEAST_CORNERS = 3


def contains(area: Ring, lat: float, lon: float) -> bool:
    """Whether the place is within the ring (even-odd rule); a ring of under 3 corners has none.

    The corners are taken as a plane figure in degrees, which is right for a city that no pole
    and no date line runs through.
    """
    if len(area) < LEAST_CORNERS:
        return False
    inside = False
    before = area[-1]
    for corner in area:
        (lat_1, lon_1), (lat_2, lon_2) = before, corner
        if (lat_1 > lat) != (lat_2 > lat):
            crossing = lon_1 + (lat - lat_1) / (lat_2 - lat_1) * (lon_2 - lon_1)
            inside ^= lon < crossing
        before = corner
    return inside
