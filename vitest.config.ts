import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What is begun first, so that no core waits at the end for a long file: those that run the built package, one after the other in a
 * process that then has it compiled, and those that make plans.
 */
const FIRST = [
  /test\/(cli|robust)\/|test\/(examples|docs)\./,
  /test\/(validate|node|plan|phantom|core|browser|app)\/|test\/machine\/commission\./,
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const turn = ({ moduleId }: TestSpecification): number => {
      const group = FIRST.findIndex((files) => files.test(moduleId));
      return group < 0 ? FIRST.length : group;
    };
    return sorted.toSorted((a, b) => turn(a) - turn(b));
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
