"""The bodies of answers, as pydantic models, so that OpenAPI says what is really sent."""
