import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // By default one core is left idle, which doubles the time on two. Tests of a busy machine take longer than 5 s.
    maxWorkers: availableParallelism(),
    testTimeout: 30_000,
  },
});
