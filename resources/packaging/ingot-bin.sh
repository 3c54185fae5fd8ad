#!/bin/sh
exec /opt/Ingot/ingot "$@"
