"""The standard tests of Airbyte's CDK on an executable: they hand it the arguments that a container would get.

CONNECTOR is the executable. ACCEPTANCE is the folder with its acceptance-test-config.yml, which has the name of the connector.
"""

import os
import subprocess
from pathlib import Path

import orjson
import pytest
from airbyte_cdk.models import AirbyteMessageSerializer
from airbyte_cdk.test import entrypoint_wrapper, standard_tests
from airbyte_cdk.test.standard_tests import _job_runner

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


class Executable:
    """Takes the place of a connector in Python."""

    def spec(self, logger):
        raise NotImplementedError


def run(source, args, expected_outcome=None):
    done = subprocess.run([os.environ["CONNECTOR"], *args], capture_output=True, text=True, timeout=120, check=False)
    lines = done.stdout.splitlines()
    for line in lines:  # the suite takes what it cannot read for a log
        AirbyteMessageSerializer.load(orjson.loads(line))
    output = entrypoint_wrapper.EntrypointOutput(lines, command=args, stderr=done.stderr)
    assert (done.returncode == 0) == (not output.errors), f"exit code {done.returncode}, errors {output.errors}"
    return output


@pytest.fixture(autouse=True)
def executable(monkeypatch):
    monkeypatch.setattr(_job_runner.entrypoint_wrapper, "_run_command", run)


class Standards:
    connector = Executable

    @classmethod
    def get_connector_root_dir(cls):
        return Path(os.environ["ACCEPTANCE"])


if os.environ["ACCEPTANCE"].rsplit("/", 1)[-1].startswith("source-"):

    class TestSource(Standards, standard_tests.SourceTestSuiteBase):
        pass

else:

    class TestDestination(Standards, standard_tests.DestinationTestSuiteBase):
        pass
