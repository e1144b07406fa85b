"""Log records redacted before any handler writes them."""

import logging
from typing import Final

from collectors.redact.text import redact_text

UNREADABLE: Final = "[a log message that could not be put together]"
_FORMATTER: Final = logging.Formatter()


class RedactingFilter(logging.Filter):
    """Put on a handler, redacts the message, the traceback and the stack of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact in place; every record passes."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            message = UNREADABLE
        record.msg = redact_text(message)
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_text(record.exc_text)
            # A formatter of another kind would render the exception anew, unredacted.
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redact_text(record.stack_info)
        return True
