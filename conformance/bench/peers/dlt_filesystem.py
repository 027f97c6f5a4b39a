"""Loads share.csv of a bucket with dlt, by its filesystem source and its defaults: python dlt_filesystem.py BUCKET URL FOLDER."""
import os
import sys

import dlt
from dlt.sources.credentials import AwsCredentials
from dlt.sources.filesystem import filesystem, read_csv

if __name__ == "__main__":
    bucket, url, folder = sys.argv[1:]
    credentials = AwsCredentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    credentials.endpoint_url, credentials.region_name = os.environ["AWS_ENDPOINT_URL_S3"], os.environ["AWS_REGION"]
    events = filesystem(bucket, credentials, file_glob="share.csv") | read_csv()
    pipeline = dlt.pipeline("events", destination=dlt.destinations.postgres(url), dataset_name="loaded", pipelines_dir=folder)
    pipeline.run(events.with_name("events")).raise_on_failed_jobs()
