#!/usr/bin/env bash
# Compares what `tidemill-agent discover` says of NVIDIA GPUs that are really here with `nvidia-smi -q -x`:
# nvidia.sh PATH-OF-TIDEMILL-AGENT. Needs python3 and nvidia-smi; no root.
# Last line: nvidia: gpus=N compared=N differ=N
set -euo pipefail
agent=${1:?"usage: nvidia.sh PATH-OF-TIDEMILL-AGENT"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nvidia-smi -q -x >"$work/smi.xml"
"$agent" discover -o json --node here >"$work/here.json"
"$agent" discover --node here
python3 - "$work/smi.xml" "$work/here.json" <<'PYTHON'
import json, sys, xml.etree.ElementTree as tree

smi = tree.parse(sys.argv[1]).getroot()
cards = {d["status"]["pci"]["address"]: d["status"] for d in json.load(open(sys.argv[2]))["items"]
         if d["status"].get("vendor") == "nvidia"}
compared = differ = 0

def address(text):  # 00000000:3B:00.0 as sysfs writes it
    domain, rest = text.split(":", 1)
    return f"{int(domain, 16):04x}:{rest.lower()}"

def number(text):
    return float(text.split()[0])

def same(what, ours, theirs, within=0):
    global compared, differ
    if theirs in (None, "", "N/A", "[N/A]", "Requested functionality has been deprecated"):
        return
    compared += 1
    equal = abs(ours - theirs) <= within if isinstance(theirs, float) and ours is not None else ours == theirs
    if not equal:
        differ += 1
    print(f"  {what}: {ours} {'=' if equal else 'DIFFERS FROM'} {theirs}")

def mebibytes(quantity):
    units = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    scale = units.get(quantity[-2:], 1)
    return float(quantity[:-2] if scale > 1 else quantity) * scale / 2**20

for gpu in smi.iter("gpu"):
    where = address(gpu.get("id"))
    print(where)
    card = cards.pop(where, None)
    if card is None:
        differ += 1
        print("  NOT FOUND")
        continue
    same("level", card.get("level") in ("Measured", "Sliceable"), True)
    same("model", card.get("model"), gpu.findtext("product_name"))
    same("uuid", card.get("uuid"), gpu.findtext("uuid"))
    same("serial", card.get("serial"), gpu.findtext("serial"))
    same("driver", card.get("driverVersion"), smi.findtext("driver_version"))
    same("firmware", card.get("firmware"), gpu.findtext("vbios_version"))
    same("memory in MiB", mebibytes(card["capacity"]["memory"]), number(gpu.findtext("fb_memory_usage/total")), within=1)
    limit = gpu.findtext("gpu_power_readings/current_power_limit") or gpu.findtext("power_readings/enforced_power_limit")
    if limit and not limit.startswith("N/A"):
        same("power limit in W", float(card.get("powerLimit", "0")), number(limit), within=1)
    same("device id", card["pci"].get("id"), "10de:" + gpu.findtext("pci/pci_device_id")[2:6].lower())
    same("minor", f"nvidia{gpu.findtext('minor_number')}" in card["pci"].get("nodes", []), True)
    mig = gpu.findtext("mig_mode/current_mig")
    if mig in ("Enabled", "Disabled"):
        same("mig", "mig (on)" in card.get("cuts", []), mig == "Enabled")
for where in cards:
    differ += 1
    print(f"{where}\n  NOT KNOWN TO nvidia-smi")
print(f"nvidia: gpus={len(list(smi.iter('gpu')))} compared={compared} differ={differ}")
sys.exit(1 if differ or not compared else 0)
PYTHON
