#!/bin/bash
# Runs the suite that is named, sends the files of /work/out home as a tar in base64, and ends with the suite's status.
echo "vm: unpacked"
status=0
bash "suites/$1.sh" || status=$?
echo "vm: files"
tar --create --gzip --directory /work/out . | base64
echo "vm: done $status"
