/** Words of workers about the stages of their plans, where nobody takes them. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { StageWords } from '../../src/node/queue/told-stages.js';

test('a word that Redis does not take is no fault, and there is one under way at a time', async () => {
  const [refused, silent] = [{ said: 0 }, { said: 0 }];
  const updateProgress = (count: { said: number }, answer: () => Promise<void>) => () => {
    count.said++;
    return answer();
  };
  const all = [
    new StageWords({ updateProgress: updateProgress(refused, () => Promise.reject(new Error('OOM'))) }),
    new StageWords({ updateProgress: updateProgress(silent, () => new Promise(() => undefined)) }),
  ];
  for (const words of all) words.onStage('imrt: fluence');
  await pause(2500);
  for (const words of all) words.end();
  expect([refused.said, silent.said]).toEqual([2, 1]);
  await pause(1200);
  expect([refused.said, silent.said]).toEqual([2, 1]);
});
