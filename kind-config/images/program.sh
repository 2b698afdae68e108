#!/bin/sh
# Starts the program that this image was made for. Under another name (gunicorn, redis-server) it says so: a pod's command may use one.
name=${0##*/}
if [ "$name" = program.sh ]; then
  exec node /usr/lib/labwright/program.mjs "$LABWRIGHT_PROGRAM" "$@"
fi
exec node /usr/lib/labwright/program.mjs "$LABWRIGHT_PROGRAM" --as "$name" "$@"
