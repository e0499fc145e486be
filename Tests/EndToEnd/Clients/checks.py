"""Checks of what a client library sees, counted. Every script ends with `finish(NAME)`."""

import os
import sys
import time
import traceback

NODE = os.environ["NODE"]
GROUP, VERSION = "tidemill.dev", "v1alpha1"
passed = 0
failed = 0
skipped = 0


def check(name, condition, seen=None):
    """Counts one check; `seen` is shown when it does not hold."""
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: {seen!r}", flush=True)


def refused(name, code, body):
    """`body` must raise an error that carries the HTTP status `code`."""
    try:
        body()
    except Exception as error:  # each library has a type of its own
        response = getattr(error, "response", None)
        found = getattr(error, "status", None)
        if not isinstance(found, int):
            found = getattr(found, "code", None) or getattr(response, "status_code", None)
        check(name, found == code, error)
        return error
    check(name, False, "it was not refused")
    return None


def until(condition, seconds=30):
    """True once `condition()` is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def job(name, **spec):
    """A job that no node can hold, so that it stays as it is."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Job",
        "metadata": {"name": name, "labels": {"suite": "clients"}},
        "spec": {
            "slice": {"cpu": "4k", "memory": "32Mi"},
            "template": {"command": ["/bin/true"]},
            **spec,
        },
    }


def finish(name):
    """Prints the line that the caller adds up, and ends."""
    print(f"{name}: passed={passed} failed={failed} skipped={skipped}", flush=True)
    sys.exit(1 if failed else 0)


def run(name, body):
    """Runs `body` and ends, also when it raises."""
    try:
        body()
    except Exception:
        traceback.print_exc()
        check("no error", False, "see the traceback above")
    finish(name)
