"""Loads a CSV file or an S3 object with dlt, as Arrow batches: python dlt_arrow.py URI URL FOLDER."""
import sys

import dlt
from pyarrow import csv, fs

if __name__ == "__main__":
    uri, url, folder = sys.argv[1:]
    files, path = fs.FileSystem.from_uri(uri)
    events = dlt.resource(csv.open_csv(files.open_input_stream(path), read_options=csv.ReadOptions(block_size=16 << 20)), name="events")
    pipeline = dlt.pipeline("events", destination=dlt.destinations.postgres(url), dataset_name="loaded", pipelines_dir=folder)
    pipeline.run(events, write_disposition="append", loader_file_format="parquet").raise_on_failed_jobs()
