"""Loads the exports of each client every hour. A client is a config file of the tap, and a task; a large one is several, by shard."""

import logging
import os
import signal
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

CLIENTS = Path(os.environ.get("SIGNALROOM_CLIENTS", "/srv/clients"))

# In how many parts a client is read. Parts of another number begin anew.
SHARDS = {"globex": 2}

# The state lies in the database, under a pipeline for each part.
PIPE = """
set -o pipefail
state=$(mktemp) && trap 'rm -f "$state"' EXIT
target-postgres state --pipeline "$PIPELINE" > "$state" || exit
tap-s3-exports --config "$CONFIG" --shard "$SHARD" --state "$state" | target-postgres --pipeline "$PIPELINE" > /dev/null
"""

log = logging.getLogger(__name__)


@dag(schedule="@hourly", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def signalroom():
    @task
    def parts() -> list[dict[str, str]]:
        found = []
        for config in sorted(CLIENTS.glob("*.json")):
            count = SHARDS.get(config.stem, 1)
            for index in range(count):
                shard = f"{index}/{count}"
                found.append({"config": str(config), "shard": shard, "pipeline": f"{config.stem} {shard}"})
        return found

    # What passes by itself is tried again, with longer and longer pauses.
    @task(retries=6, retry_delay=timedelta(minutes=1), retry_exponential_backoff=True, max_active_tis_per_dag=4)
    def load(config: str, shard: str, pipeline: str):
        env = os.environ | {"CONFIG": config, "SHARD": shard, "PIPELINE": pipeline}
        with subprocess.Popen(["bash", "-c", PIPE], env=env, stderr=subprocess.PIPE, text=True, start_new_session=True) as pipe:
            try:
                for line in pipe.stderr:
                    log.info("%s", line.rstrip())
                code = pipe.wait()
            except BaseException:  # the task is stopped: so is the pipe, which loses nothing
                os.killpg(pipe.pid, signal.SIGTERM)
                raise
        if code in (2, 3):  # configuration, data: somebody has to look
            raise AirflowFailException(f"{pipeline}: exit code {code}")
        if code != 0:
            raise RuntimeError(f"{pipeline}: exit code {code}")

    load.expand_kwargs(parts())


signalroom()
