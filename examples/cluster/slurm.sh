#!/usr/bin/env bash
# A study as a Slurm job array, one shard per task, then its table:
#
#   shards=$(sbatch --parsable --array=1-8 examples/cluster/slurm.sh STUDY.json DIR 8)
#   sbatch --dependency=afterany:"$shards" examples/cluster/slurm.sh STUDY.json DIR
#
# DIR lies where all nodes see it. A task that was killed is submitted again with its number, --array=3: it goes on where it was.
#SBATCH --job-name=respine-study
#SBATCH --cpus-per-task=2
#SBATCH --mem-per-cpu=1500M
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
study=$1 dir=$2 shards=${3:-}
respine=${RESPINE:-"npx respine"}
if [ -n "$shards" ]; then
  index=$SLURM_ARRAY_TASK_ID
  exec $respine study "$study" --out "$dir/shard-$index" --shard "$index/$shards" --jobs "${SLURM_CPUS_PER_TASK:-1}"
fi
exec $respine study "$study" --merge "$dir"/shard-* --out "$dir"
