#!/bin/bash
cd /tmp
for f in $(ls); do echo "$f"; done; x=1
