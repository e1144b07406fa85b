"""What the process says on standard error: short lines, redacted."""

import logging
import sys

from ausguck.settings.tree import Log
from collectors.redact import RedactingFilter


def configure_logging(settings: Log) -> None:
    """Send every log line through redaction to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactingFilter())
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    # They would tell of every start, and of every request to an InfluxDB.
    for chatty in ("uvicorn", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
