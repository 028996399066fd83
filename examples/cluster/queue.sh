#!/usr/bin/env bash
# A study on a queue, all on one machine: a Redis, two workers, one submitter. No Docker, nothing to install but redis-server and
# npm install bullmq ioredis.
#
#   examples/cluster/queue.sh STUDY.json DIR
#
# On several machines: the redis-server on one, with a password and where the others reach it; the worker's line on each of them; the
# study's line once. The same command goes on where it was interrupted.
set -euo pipefail
study=$1 dir=$2
respine=${RESPINE:-"npx respine"}
port=${PORT:-6390}
mkdir -p "$dir"
# Only this machine hears it; what it has is written to DIR/redis, so that it may be started anew.
mkdir -p "$dir/redis"
redis-server --port "$port" --bind 127.0.0.1 --appendonly yes --dir "$dir/redis" --logfile redis.log &
redis=$!
workers=()
# SIGTERM: a worker gives back what it is at.
trap 'kill "${workers[@]}" 2>/dev/null || true; wait "${workers[@]}" 2>/dev/null || true; kill "$redis"; wait "$redis" 2>/dev/null || true' EXIT
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done
for w in 1 2; do
  $respine worker --queue "redis://127.0.0.1:$port" --concurrency 1 >>"$dir/worker-$w.log" 2>&1 &
  workers+=("$!")
done
$respine study "$study" --queue "redis://127.0.0.1:$port" --out "$dir"
