import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that run whole commands or plans: begun first, so that no core waits at the end for one of them. */
const SLOW = /test\/(cli|robust|validate|node|plan|phantom|core)\/|test\/(examples|docs)\.|test\/machine\/commission\./;

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean => SLOW.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    // By default one core is left idle, which doubles the time on two. Tests of a busy machine take longer than 5 s.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    // A file finds loaded and compiled what the file before it used, and the phantoms that it built. Nothing is mocked.
    isolate: false,
    sequence: { sequencer: SlowFirst },
  },
});
