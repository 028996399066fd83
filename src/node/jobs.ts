/** Every job that a worker thread can do. */
import { accumulateJob } from '../biology/accumulate.js';
import type { JobType } from '../core/executor.js';
import { forwardDoseJob } from '../dose/forward-dose.js';
import { shiftedDoseJob } from '../dose/shifted-dose.js';
import { influenceJob } from '../influence/divided-operator.js';
import { compactJob } from '../optimize/compact-thread.js';
import { normalJob } from '../optimize/normal-thread.js';

/** A job whose input and command came as messages. */
export type AnyJobType = JobType<never, never, unknown>;

export const jobTypes: readonly AnyJobType[] = [
  forwardDoseJob,
  shiftedDoseJob,
  influenceJob,
  normalJob,
  compactJob,
  accumulateJob,
];
