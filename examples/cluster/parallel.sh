#!/usr/bin/env bash
# A study over several machines with GNU parallel, one shard per job, then its table:
#
#   examples/cluster/parallel.sh STUDY.json DIR 8 --sshlogin node1,node2 --workdir "$PWD"
#
# What follows the number of shards goes to parallel. DIR lies where all machines see it.
set -euo pipefail
study=$1 dir=$2 shards=$3
shift 3
respine=${RESPINE:-"npx respine"}
mkdir -p "$dir"
# Shards that failed are made again by the same command; the table is made of what there is.
parallel --joblog "$dir/jobs.log" --resume-failed "$@" \
  "$respine study '$study' --out '$dir/shard-{}' --shard '{}/$shards'" ::: $(seq "$shards") || true
exec $respine study "$study" --merge "$dir"/shard-* --out "$dir"
