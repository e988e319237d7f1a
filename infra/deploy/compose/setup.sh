#!/bin/sh
# Makes, once, what the parts of Unsilo share; what is there already stays as it is.
set -eu
umask 277
cd /run/unsilo

# make NAME COMMAND…: a file with the first line that the command prints, whole or not at all.
make() {
  name=$1
  shift
  [ -s "$name" ] && return
  "$@" | head -n 1 >".$name.new"
  mv -f ".$name.new" "$name"
}
random() { node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))"; }

make admin-key unsilo keys new
make redis-password random
# What the simulated systems of the demonstration want to be shown.
make crm random
make mastodon random

rm -f .redis.new
cat >.redis.new <<REDIS
bind * -::*
requirepass $(cat redis-password)
dir /data
# Redis is a copy of what stands in the log; this spares making it again after each restart.
appendonly yes
appendfsync everysec
save ""
# It must not forget silently.
maxmemory 512mb
maxmemory-policy noeviction
REDIS
mv -f .redis.new redis.conf
