"""The official Python client: custom objects, the dynamic client, leases, watches."""

import datetime
import threading

from checks import GROUP, NODE, VERSION, check, job, refused, run, until
from kubernetes import client, config, dynamic, watch

SPACE = "python"


def main():
    config.load_kube_config()
    api = client.CustomObjectsApi()
    where = (GROUP, VERSION, SPACE, "jobs")
    core = client.CoreV1Api()
    core.create_namespace({"metadata": {"name": SPACE}})
    check("version", client.VersionApi().get_code().git_version.startswith("v1."))
    check("groups", any(g.name == GROUP for g in client.ApisApi().get_api_versions().groups))
    check("nodes", NODE in [n["metadata"]["name"] for n in api.list_cluster_custom_object(GROUP, VERSION, "nodes")["items"]])

    # A watch from before the first object.
    seen = []

    def follow():
        for event in watch.Watch().stream(api.list_namespaced_custom_object, *where, timeout_seconds=20):
            seen.append((event["type"], event["object"]["metadata"]["name"]))
            if event["type"] == "DELETED":
                return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    made = api.create_namespaced_custom_object(*where, job("a"))
    check("create", made["metadata"]["uid"])
    refused("create again", 409, lambda: api.create_namespaced_custom_object(*where, job("a")))
    check("get", api.get_namespaced_custom_object(*where, "a")["spec"]["slice"]["cpu"] == "4k")
    refused("get what is not there", 404, lambda: api.get_namespaced_custom_object(*where, "nope"))
    patched = api.patch_namespaced_custom_object(*where, "a", {"spec": {"retries": 3}})
    check("patch", patched["spec"]["retries"] == 3, patched)
    refused("a list as merge patch", 400, lambda: api.patch_namespaced_custom_object(
        *where, "a", [{"op": "remove", "path": "/spec/retries"}], _content_type="application/merge-patch+json"))
    check("the scheduler has said why it waits", until(
        lambda: api.get_namespaced_custom_object(*where, "a")["status"].get("message")))
    current = api.get_namespaced_custom_object(*where, "a")
    current["spec"]["retries"] = 4
    check("replace", api.replace_namespaced_custom_object(*where, "a", current)["spec"]["retries"] == 4)
    refused("replace an old revision", 409, lambda: api.replace_namespaced_custom_object(*where, "a", current))
    status = api.patch_namespaced_custom_object_status(*where, "a", {"status": {"message": "said"}})
    check("status", status["status"]["message"] == "said", status)
    scale = api.get_namespaced_custom_object_scale(*where, "a")
    check("scale", (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 1), scale)
    scaled = api.patch_namespaced_custom_object_scale(*where, "a", {"spec": {"replicas": 2}})
    check("scaled", scaled["spec"]["replicas"] == 2, scaled)
    listed = api.list_namespaced_custom_object(*where, label_selector="suite=clients", limit=1)
    check("list", [o["metadata"]["name"] for o in listed["items"]] == ["a"], listed)

    # Leases and events, whose bodies come without kind and apiVersion.
    leases = client.CoordinationV1Api()
    now = datetime.datetime.now(datetime.timezone.utc)
    lease = leases.create_namespaced_lease(SPACE, client.V1Lease(
        metadata=client.V1ObjectMeta(name="leader"),
        spec=client.V1LeaseSpec(holder_identity="me", lease_duration_seconds=15, renew_time=now)))
    check("lease", lease.spec.holder_identity == "me")
    lease.spec.holder_identity = "you"
    check("lease, taken over", leases.replace_namespaced_lease("leader", SPACE, lease).spec.holder_identity == "you")
    refused("lease, lost", 409, lambda: leases.replace_namespaced_lease("leader", SPACE, lease))
    event = core.create_namespaced_event(SPACE, client.CoreV1Event(
        metadata=client.V1ObjectMeta(generate_name="a-"), reason="Seen", message="by a test", type="Normal",
        involved_object=client.V1ObjectReference(kind="Job", name="a", namespace=SPACE)))
    check("event", event.metadata.name.startswith("a-"))
    newer = client.EventsV1Api().list_namespaced_event(SPACE, field_selector="regarding.name=a,reason=Seen")
    check("event, newer shape", [e.note for e in newer.items] == ["by a test"], newer.items)
    made = client.EventsV1Api().create_namespaced_event(SPACE, client.EventsV1Event(
        metadata=client.V1ObjectMeta(name="b.1"), event_time=now, action="Look", reason="Looked", type="Normal",
        reporting_controller="test", reporting_instance="test-1", note="again",
        regarding=client.V1ObjectReference(kind="Job", name="a", namespace=SPACE)))
    check("event, made in the newer shape", made.note == "again")
    check("and read in the older", core.read_namespaced_event("b.1", SPACE).message == "again")
    review = client.AuthorizationV1Api().create_self_subject_access_review(client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=client.V1ResourceAttributes(
            verb="list", group=GROUP, resource="jobs"))))
    check("access review", review.status.allowed)

    # The dynamic client discovers, and applies.
    found = dynamic.DynamicClient(client.ApiClient())
    jobs = found.resources.get(api_version=f"{GROUP}/{VERSION}", kind="Job")
    applied = jobs.server_side_apply(body=job("b", retries=1), namespace=SPACE, field_manager="py", name="b")
    check("apply", applied.spec.retries == 1)
    read = lambda: jobs.get(name="b", namespace=SPACE)  # noqa: E731
    check("the scheduler has said why it waits", until(lambda: read().status.message))
    before = read().metadata.resourceVersion
    again = jobs.server_side_apply(body=job("b", retries=1), namespace=SPACE, field_manager="py", name="b")
    check("apply, unchanged", again.metadata.resourceVersion == before)
    refused("apply, in conflict", 409, lambda: jobs.server_side_apply(
        body=job("b", retries=2), namespace=SPACE, field_manager="other", name="b"))
    refused("strategic merge", 415, lambda: jobs.patch(body={"spec": {"retries": 5}}, namespace=SPACE, name="b"))
    check("dynamic list", {j.metadata.name for j in jobs.get(namespace=SPACE).items} == {"a", "b"})

    gone = api.delete_namespaced_custom_object(*where, "a", body=client.V1DeleteOptions(dry_run=["All"]))
    check("delete, dry run", api.get_namespaced_custom_object(*where, "a") and gone)
    api.delete_namespaced_custom_object(*where, "a")
    check("delete", until(lambda: ("DELETED", "a") in seen), seen)
    check("watch", seen[0] == ("ADDED", "a"), seen)
    api.delete_collection_namespaced_custom_object(*where)
    check("delete collection", until(lambda: not api.list_namespaced_custom_object(*where)["items"]))
    core.delete_namespace(SPACE)
    thread.join(25)


run("python", main)
