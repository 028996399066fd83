import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { PartHeap } from '../../src/evaluate/part-heap.js';

const seed = 31;

test(`parts come out by falling bound with their own boxes, whatever came and went between (seed ${seed})`, () => {
  const random = createRandom(seed);
  const heap = new PartHeap();
  const inside: number[] = [];
  const part = new Float64Array(6);
  expect(heap.top).toBe(-Infinity);
  for (let step = 0; step < 20_000; step++) {
    if (random.uniform() < (step < 8000 ? 0.7 : 0.4) || inside.length === 0) {
      const bound = Math.round(1e6 * random.uniform()) / 1e6;
      inside.push(bound);
      heap.push(bound, bound, 2 * bound, 3 * bound, 4 * bound, 5 * bound, 6 * bound);
    } else {
      const most = inside.reduce((a, b) => Math.max(a, b));
      inside.splice(inside.indexOf(most), 1);
      expect(heap.top).toBe(most);
      heap.pop(part);
      expect([...part]).toEqual([1, 2, 3, 4, 5, 6].map((factor) => factor * most));
    }
    if (heap.size !== inside.length) throw new Error(`${heap.size} parts, not ${inside.length}`);
  }
});
