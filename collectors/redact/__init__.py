"""What names a person or a subscriber's device is removed before anything is written."""

from collectors.redact.document import redact_json, redact_value
from collectors.redact.logs import RedactingFilter
from collectors.redact.text import redact_text

__all__ = ["RedactingFilter", "redact_json", "redact_text", "redact_value"]
