#!/bin/sh
# Joins the topics of sql/ into the extension's install script, on standard output.
set -eu
echo '-- Generated from sql/*.sql; edit those.'
printf '%s\n' '\echo Use "CREATE EXTENSION footfall" to load this file. \quit'
for topic in "$@"; do
    echo
    cat "$topic"
done
