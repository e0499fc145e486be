"""A kopf operator with a finalizer over our jobs: told of creation, change and deletion, once each and in order."""

import asyncio
import threading

import kopf
from checks import GROUP, VERSION, check, job, run, until
from kubernetes import client, config

SPACE = "kopf"
told = []


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_):
    settings.posting.enabled = True
    settings.scanning.disabled = True


@kopf.on.create(GROUP, VERSION, "jobs")
def created(name, patch, **_):
    told.append(("created", name))
    patch.metadata.annotations["seen"] = "yes"


@kopf.on.update(GROUP, VERSION, "jobs", field="spec")
def updated(name, old, new, **_):
    told.append(("updated", name, new.get("retries")))


@kopf.on.delete(GROUP, VERSION, "jobs")
def deleted(name, body, **_):
    kopf.info(body, reason="Farewell", message="the operator lets it go")
    told.append(("deleted", name))


def main():
    config.load_kube_config()
    api = client.CustomObjectsApi()
    where = (GROUP, VERSION, SPACE, "jobs")
    client.CoreV1Api().create_namespace({"metadata": {"name": SPACE}})
    ready, stop = threading.Event(), threading.Event()

    def operate():
        asyncio.run(kopf.operator(namespaces=[SPACE], ready_flag=ready, stop_flag=stop, standalone=True))

    operator = threading.Thread(target=operate, daemon=True)
    operator.start()
    check("the operator starts", ready.wait(30))
    api.create_namespaced_custom_object(*where, job("a"))
    check("it is told of a creation", until(lambda: ("created", "a") in told), told)

    def metadata():
        return api.get_namespaced_custom_object(*where, "a")["metadata"]

    check("it writes an annotation", until(lambda: metadata().get("annotations", {}).get("seen") == "yes"))
    check("it holds the object", until(lambda: metadata().get("finalizers") == ["kopf.zalando.org/KopfFinalizerMarker"]))
    api.patch_namespaced_custom_object(*where, "a", {"spec": {"retries": 7}})
    check("it is told of a change", until(lambda: ("updated", "a", 7) in told), told)
    api.delete_namespaced_custom_object(*where, "a")
    check("it is told of the deletion", until(lambda: ("deleted", "a") in told), told)
    listed = lambda: api.list_namespaced_custom_object(*where)["items"]  # noqa: E731
    check("it lets go", until(lambda: not listed()))
    check("once each and in order", [t[0] for t in told] == ["created", "updated", "deleted"], told)
    events = client.CoreV1Api().list_namespaced_event(SPACE)
    check("its event is there", until(lambda: any(
        e.reason == "Farewell" for e in client.CoreV1Api().list_namespaced_event(SPACE).items)), events)
    stop.set()
    operator.join(20)
    client.CoreV1Api().delete_namespace(SPACE)


run("kopf", main)
