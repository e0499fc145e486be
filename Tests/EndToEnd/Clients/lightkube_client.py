"""lightkube: get, apply, patch, watch, wait, delete."""

import threading

from checks import NODE, check, job, refused, run, until
from lightkube import ApiError, Client
from lightkube.core.exceptions import ConditionError  # noqa: F401 (the import shows that the version is the right one)
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace
from lightkube.types import PatchType

Job = create_namespaced_resource("tidemill.dev", "v1alpha1", "Job", "jobs")
Node = create_global_resource("tidemill.dev", "v1alpha1", "Node", "nodes")
SPACE = "lightkube"


def main():
    client = Client(field_manager="lightkube")
    check("nodes", NODE in [n.metadata.name for n in client.list(Node)])
    client.create(Namespace(metadata=ObjectMeta(name=SPACE)))
    events = []

    def follow():
        for kind, found in client.watch(Job, namespace=SPACE):
            events.append((kind, found.metadata.name))
            if kind == "DELETED":
                return

    threading.Thread(target=follow, daemon=True).start()

    def wanted(name, **spec):
        body = job(name, **spec)
        body["metadata"]["namespace"] = SPACE
        return Job(body)

    made = client.create(wanted("a"))
    check("create", made.metadata.uid)
    check("get", client.get(Job, "a", namespace=SPACE)["spec"]["slice"]["cpu"] == "4k")
    patched = client.patch(Job, "a", {"spec": {"retries": 2}}, namespace=SPACE, patch_type=PatchType.MERGE)
    check("patch, merge", patched["spec"]["retries"] == 2)
    patched = client.patch(Job, "a", [{"op": "replace", "path": "/spec/retries", "value": 3}], namespace=SPACE,
                           patch_type=PatchType.JSON)
    check("patch, JSON", patched["spec"]["retries"] == 3)
    refused("patch, strategic", 415, lambda: client.patch(Job, "a", {"spec": {"retries": 4}}, namespace=SPACE))
    applied = client.apply(wanted("b", retries=1))
    check("apply", applied["spec"]["retries"] == 1)

    def is_settled():
        return client.get(Job, "b", namespace=SPACE)["status"].get("message")

    check("the scheduler has said why it waits", until(is_settled))
    before = client.get(Job, "b", namespace=SPACE).metadata.resourceVersion
    check("apply, unchanged", client.apply(wanted("b", retries=1)).metadata.resourceVersion == before)
    refused("apply, in conflict", 409, lambda: client.apply(wanted("b", retries=2), field_manager="other"))
    check("apply, by force", client.apply(wanted("b", retries=2), field_manager="other", force=True)["spec"]["retries"] == 2)
    scaled = client.patch(Job.Scale, "a", {"spec": {"replicas": 2}}, namespace=SPACE, patch_type=PatchType.MERGE)
    check("scale", scaled.spec.replicas == 2, scaled)

    def replaced():
        """The controller writes the job too, and may be between reading and replacing."""
        current = client.get(Job, "a", namespace=SPACE)
        current["spec"]["retries"] = 5
        try:
            return client.replace(current)["spec"]["retries"] == 5
        except ApiError as error:
            if error.status.code != 409:
                raise
            return False

    check("replace", until(replaced))
    client.patch(Job.Status, "a", {"status": {"conditions": [{"type": "Complete", "status": "True", "message": "m"}]}},
                 namespace=SPACE, patch_type=PatchType.MERGE)
    check("wait", client.wait(Job, "a", for_conditions=["Complete"], namespace=SPACE).metadata.name == "a")
    check("list", {j.metadata.name for j in client.list(Job, namespace=SPACE, labels={"suite": "clients"})} == {"a", "b"})
    client.delete(Job, "a", namespace=SPACE)

    def gone():
        try:
            client.get(Job, "a", namespace=SPACE)
        except ApiError as error:
            return error.status.code == 404
        return False

    check("delete", until(gone))
    check("watch", until(lambda: ("DELETED", "a") in events) and events[0][0] == "ADDED", events)
    client.deletecollection(Job, namespace=SPACE)
    check("delete collection", until(lambda: not list(client.list(Job, namespace=SPACE))))
    client.delete(Namespace, SPACE)


run("lightkube", main)
