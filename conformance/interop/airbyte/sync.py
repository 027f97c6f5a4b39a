"""Runs a source by PyAirbyte into its cache, and from there, as well as straight, into a destination.

    sync.py SOURCE CONFIG CACHE DESTINATION CONFIG-FROM-CACHE CONFIG-STRAIGHT

A second run with the same cache goes on from the states that it holds. What was found goes to standard output as one JSON object:
records that were read, by stream, and rows that the cache holds.
"""

import json
import sys
from pathlib import Path

import airbyte
from airbyte.caches import DuckDBCache
from airbyte.destinations import get_destination


def config(path):
    return json.loads(Path(path).read_text())


def main():
    source_path, source_config, cache_path, destination_path, from_cache, straight = map(Path, sys.argv[1:])
    out, sys.stdout = sys.stdout, sys.stderr  # PyAirbyte writes progress there

    source = airbyte.get_source(source_path.name, local_executable=source_path, config=config(source_config), streams="*")
    source.check()
    streams = source.get_available_streams()
    cache = DuckDBCache(db_path=cache_path)
    result = source.read(cache=cache)

    def destination(path):
        made = get_destination(destination_path.name, local_executable=destination_path, config=config(path))
        made.check()
        return made

    destination(from_cache).write(result)
    destination(straight).write(source, cache=False, state_cache=DuckDBCache(db_path=cache_path.with_suffix(".states")))
    json.dump({"read": result.processed_records, "cached": {name: len(result[name]) for name in streams}}, out)


main()
