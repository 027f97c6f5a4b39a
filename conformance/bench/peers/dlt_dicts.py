"""Loads the records of a file of Singer lines with dlt, as dicts: python dlt_dicts.py FILE URL FOLDER."""
import sys

import dlt
import orjson


def batches(path):
    batch = []
    with open(path, "rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] == "RECORD":
                batch.append(message["record"])
            if len(batch) == 10_000:
                yield batch
                batch = []
    yield batch


if __name__ == "__main__":
    path, url, folder = sys.argv[1:]
    events = dlt.resource(batches(path), name="events", columns={"properties": {"data_type": "json"}}, max_table_nesting=0)
    pipeline = dlt.pipeline("events", destination=dlt.destinations.postgres(url), dataset_name="loaded", pipelines_dir=folder)
    pipeline.run(events, write_disposition="append", loader_file_format="csv").raise_on_failed_jobs()
