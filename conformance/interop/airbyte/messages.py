"""Reads files of messages with Airbyte's own models of the protocol, and names each line that is not one, or more than one.

The models allow fields that they do not know, nulls, and a message without its payload. A sender who means it well has none of them.
"""

import json
import sys

from airbyte_protocol.models import AirbyteMessage, AirbyteStateBlob
from pydantic import BaseModel, ValidationError

PAYLOADS = {"SPEC": "spec", "CONNECTION_STATUS": "connectionStatus", "CATALOG": "catalog", "RECORD": "record", "STATE": "state", "TRACE": "trace", "LOG": "log",
            "CONTROL": "control"}


def unknown(value, path=""):
    """Yields the fields that the models do not have, and nulls of those that they have."""
    if isinstance(value, AirbyteStateBlob):  # the source's own
        return
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name} is unknown"
        for name in value.model_fields_set & set(type(value).model_fields):
            child = getattr(value, name)
            if child is None:
                yield f"{path}.{name} is null"
            yield from unknown(child, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from unknown(item, path + "[]")


def problems(line):
    try:
        message = AirbyteMessage.model_validate_json(line, strict=True)
    except ValidationError as error:
        return [str(error)]
    payload = PAYLOADS[message.type.value]
    if message.model_fields_set != {"type", payload}:
        return [f"a {message.type.value} holds {sorted(message.model_fields_set)}"]
    return list(unknown(message))


def main():
    found, kinds = 0, {}
    for path in sys.argv[1:]:
        with open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                for problem in problems(line):
                    found += 1
                    print(f"{path}:{number}: {problem}\n    {line[:200]!r}", file=sys.stderr)
                kind = json.loads(line)["type"]
                kinds[kind] = kinds.get(kind, 0) + 1
    json.dump(kinds, sys.stdout)
    sys.exit(found > 0)


main()
