"""Loads a CSV file with dlt, as Arrow batches: python dlt_arrow.py FILE URL FOLDER."""
import sys

import dlt
from pyarrow import csv

if __name__ == "__main__":
    path, url, folder = sys.argv[1:]
    events = dlt.resource(csv.open_csv(path, read_options=csv.ReadOptions(block_size=16 << 20)), name="events")
    pipeline = dlt.pipeline("events", destination=dlt.destinations.postgres(url), dataset_name="loaded", pipelines_dir=folder)
    pipeline.run(events, write_disposition="append", loader_file_format="parquet").raise_on_failed_jobs()
