/** How far a job is: what never falls, what is never negative, and what is told before anything is known. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobProgress, type ProgressEvent } from '../../src/core/job-progress.js';

/** A job on a clock that stands until it is moved. */
function jobOn(): { job: JobProgress; events: ProgressEvent[]; wait: (seconds: number) => void } {
  let now = 100;
  const events: ProgressEvent[] = [];
  const job = new JobProgress(
    (event) => events.push(event),
    () => now,
  );
  const wait = (seconds: number): void => {
    now += seconds;
  };
  return { job, events, wait };
}

test('stages that take what they cost tell the time left exactly', () => {
  const { job, events, wait } = jobOn();
  job.stage('read');
  job.expect([
    { name: 'read', cost: 1 },
    { name: 'plan', cost: 6 },
    { name: 'draw', cost: 3 },
  ]);
  wait(2);
  job.stage('plan', { case: 'imrt' });
  wait(6);
  job.step({ done: 3, total: 6, unit: 'steps', note: 'near' });
  wait(6);
  job.stage('draw');
  wait(6);
  job.end();
  // The steps came late: half of the stage was told after 6 of its 12 seconds.
  expect(events.map(({ event, fraction, secondsLeft, seconds }) => [event, fraction, secondsLeft, seconds])).toEqual([
    ['stage', null, null, 0],
    ['stage', 0.1, expect.closeTo(18, 10), 2],
    ['step', 0.4, expect.closeTo(12, 10), 8],
    ['stage', 0.7, expect.closeTo(6, 10), 14],
    ['end', 1, 0, 20],
  ]);
  expect(events[2]).toMatchObject({ stage: 'plan', done: 3, total: 6, unit: 'steps', rate: 0.5, note: 'near' });
  // What was counted belongs to its stage.
  expect(events[3]).toMatchObject({ stage: 'draw', done: null, rate: null, case: null });
});

test('whatever comes, known or not, again or out of turn: the fraction never falls, the time left is never negative', () => {
  const names = ['a', 'b', 'c', 'unknown'];
  const action = fc.oneof(
    fc.record({ stage: fc.constantFrom(...names) }),
    fc.record({ done: fc.nat(9), total: fc.option(fc.nat(9), { nil: undefined }) }),
    fc.record({ wait: fc.double({ min: 0, max: 1e4, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const { job, events, wait } = jobOn();
      job.expect(['a', 'b', 'c'].map((name, i) => ({ name, cost: i + 0.1 })));
      for (const one of actions) {
        if ('stage' in one) job.stage(one.stage);
        else if ('wait' in one) wait(one.wait);
        else job.step({ ...one, unit: 'things' });
      }
      job.end();
      let before = 0;
      for (const { fraction, secondsLeft, rate } of events) {
        expect(fraction).toBeGreaterThanOrEqual(before);
        expect(fraction).toBeLessThanOrEqual(1);
        before = fraction!;
        for (const value of [secondsLeft, rate]) {
          if (value !== null) expect(value >= 0 && Number.isFinite(value)).toBe(true);
        }
      }
      expect(events.at(-1)).toMatchObject({ event: 'end', fraction: 1, secondsLeft: 0 });
    }),
    { seed: 20, numRuns: 300 },
  );
});

test('where nothing is expected nothing is told of the end', () => {
  const { job, events, wait } = jobOn();
  job.stage('reading files');
  wait(5);
  job.step({ done: 100, unit: 'files' });
  job.end();
  expect(events.map(({ fraction }) => fraction)).toEqual([null, null, null]);
  expect(events[1]).toMatchObject({ rate: 20, secondsLeft: null });
});
