"""kr8s: get, create, patch, label, watch, wait, apply, delete."""

import asyncio
import json
import threading

import kr8s
import kr8s.asyncio
from checks import NODE, check, job, run, until
from kr8s.objects import Namespace, new_class

Job = new_class(kind="Job", version="tidemill.dev/v1alpha1", namespaced=True, plural="jobs")
Node = new_class(kind="Node", version="tidemill.dev/v1alpha1", namespaced=False, plural="nodes")
SPACE = "kr8s"


async def applied(name):
    """kr8s has no verb for it, and its calls are asynchronous."""
    api = await kr8s.asyncio.api()
    async with api.call_api("PATCH", version="tidemill.dev/v1alpha1", url=f"jobs/{name}", namespace=SPACE,
                            params={"fieldManager": "kr8s"}, headers={"Content-Type": "application/apply-patch+yaml"},
                            content=json.dumps(job(name))) as response:
        return response.status_code


def main():
    api = kr8s.api()
    check("version", api.version()["gitVersion"].startswith("v1."))
    check("nodes", NODE in [n.name for n in api.get(Node)])
    space = Namespace({"metadata": {"name": SPACE}})
    space.create()
    events = []

    def follow():
        for kind, found in api.watch(Job, namespace=SPACE):
            events.append((kind, found.name))
            if kind == "DELETED":
                return

    threading.Thread(target=follow, daemon=True).start()
    first = Job({**job("a"), "metadata": {"name": "a", "namespace": SPACE}})
    first.create()
    check("create", first.exists())
    check("get", Job.get("a", namespace=SPACE).spec.slice.cpu == "4k")
    first.patch({"spec": {"retries": 2}})
    check("patch", first.spec.retries == 2)
    first.label(colour="blue")
    check("label", [j.name for j in api.get(Job, namespace=SPACE, label_selector={"colour": "blue"})] == ["a"])
    first.annotate(note="here")
    check("annotate", first.annotations["note"] == "here")
    first.patch({"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, subresource="status")
    first.wait("condition=Complete", timeout=10)
    check("wait for a condition", True)
    first.wait("jsonpath='{.spec.retries}'=2", timeout=10)
    check("wait for a value", True)
    check("apply", asyncio.run(applied("b")) == 201)
    check("list", {j.name for j in api.get(Job, namespace=SPACE)} == {"a", "b"})
    first.delete()
    check("delete", until(lambda: not first.exists()))
    check("watch", until(lambda: ("DELETED", "a") in events) and events[0][0] == "ADDED", events)
    space.delete()


run("kr8s", main)
