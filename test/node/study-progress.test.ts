/** How far a study is, by what its plans cost. */
import { expect, test } from 'vitest';
import { StudyProgress } from '../../src/node/study-progress.js';

type Run = ConstructorParameters<typeof StudyProgress>[0][number];
const run = (key: string, technique: 'fcrt' | 'imrt', mm = 3): Run =>
  ({ key, technique, case: { doseGrid: { spacing: [mm, mm, mm] } } }) as unknown as Run;

test('plans that are over tell what those like them will take', () => {
  const [f1, f2, i1, i2] = [run('a', 'fcrt'), run('b', 'fcrt'), run('c', 'imrt'), run('d', 'imrt')];
  const progress = new StudyProgress([f1, f2, i1, i2]);
  expect(progress.fraction).toBe(0);
  progress.begin(f1, 10);
  progress.begin(i1, 10);
  progress.end(f1, 12);
  // Of IMRT nothing is known yet: 2 of 2 + 3 x 2 seconds.
  expect(progress.fraction).toBe(0.25);
  progress.end(i1, 28);
  // 2 + 18 of 2 x (2 + 18).
  expect(progress.fraction).toBe(0.5);
  progress.begin(f2, 28);
  progress.end(f2, 30);
  expect(progress.fraction).toBeCloseTo(22 / 40, 12);
  progress.begin(i2, 30);
  progress.end(i2, 48);
  expect(progress.fraction).toBe(1);
});

test('a finer grid is another kind of plan', () => {
  const [coarse, fine] = [run('a', 'imrt', 5), run('b', 'imrt', 2)];
  const progress = new StudyProgress([coarse, fine, run('c', 'imrt', 2)]);
  progress.begin(coarse, 0);
  progress.end(coarse, 1);
  progress.begin(fine, 1);
  progress.end(fine, 10);
  expect(progress.fraction).toBe(10 / 19);
});

test('who makes a plan elsewhere knows better how long it took than who sees it begin', () => {
  const [first, second] = [run('a', 'imrt'), run('b', 'fcrt')];
  const progress = new StudyProgress([first, second, run('c', 'imrt')]);
  progress.begin(first, 9);
  progress.end(first, 10, 6);
  progress.end(second, 10, 3);
  expect(progress.fraction).toBe(9 / 15);
});
