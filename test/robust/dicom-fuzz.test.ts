/**
 * A property of what reads the files of hospitals: whatever a file holds, it ends in a result that can be true or in one sentence of
 * ours, in bounded time and memory.
 *
 * The short form tries some mutations; RESPINE_FUZZ=2000 (npm run test:fuzz) tries so many and prints what came of them.
 */
import { expect, test } from 'vitest';
import { isRespineError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { fileKinds } from './dicom-files.js';

const seed = Number(process.env['RESPINE_SEED'] ?? 18);
const isLong = process.env['RESPINE_FUZZ'] !== undefined;
const wanted = Number(process.env['RESPINE_FUZZ'] ?? 160);
const from = Number(process.env['RESPINE_FROM'] ?? 0);

/** Seconds of CPU, and MB above the largest that the process had before. */
const MOST = { cpu: 2, memory: 300 };

/** A copy with something changed: bits, lengths, digits, a hole, the end, or a part that stands twice. */
function mutated(bytes: Uint8Array, uniform: () => number): Uint8Array {
  const below = (n: number): number => Math.min(n - 1, Math.floor(uniform() * n));
  // The preamble means nothing.
  const first = bytes[128] === 0x44 && bytes.length > 400 ? 132 : 0;
  const place = (): number => first + below(bytes.length - first);
  const out = bytes.slice();
  const many = 1 + below(4);
  switch (below(7)) {
    case 0:
      for (let n = 0; n < many; n++) out[place()] = below(256);
      return out;
    case 1:
      for (let n = 0; n < many; n++) out[place()]! ^= 1 << below(8);
      return out;
    case 2: {
      // A length or a word: large, zero, or odd.
      const at = Math.min(place() & ~1, out.length - 4);
      const value = [0, 1, 0x7fff, 0xffff, 0xfffffffe, 0xffffffff, 0x10000, 0x7fffffff][below(8)]!;
      const size = uniform() < 0.5 ? 2 : 4;
      for (let n = 0; n < size; n++) out[at + n] = (value >>> (8 * n)) & 255;
      return out;
    }
    case 3:
      return out.subarray(0, place());
    case 4: {
      const at = place();
      return out.fill(uniform() < 0.5 ? 0 : 255, at, at + below(64));
    }
    case 5: {
      const at = place();
      return Uint8Array.from([...out.subarray(0, at), ...out.subarray(Math.max(first, at - below(64)))]);
    }
    default: {
      // Digits of decimal text, where there are any.
      const digits: number[] = [];
      for (let i = first; i < out.length; i++) if (out[i]! >= 48 && out[i]! <= 57) digits.push(i);
      const texts = ['9', '-', '.', 'e', '\\', '0', ' '];
      for (let n = 0; n < many && digits.length > 0; n++) {
        out[digits[below(digits.length)]!] = texts[below(texts.length)]!.charCodeAt(0);
      }
      return out;
    }
  }
}

test('what is mutated is whole before', async () => {
  for (const { kind, files, read } of await fileKinds()) {
    for (const file of files) expect([kind, file.name, await read(file)]).toEqual([kind, file.name, undefined]);
  }
});

test(`${wanted} mutations over 8 kinds of file (seed ${seed})`, { timeout: 3_600_000 }, async () => {
  const kinds = await fileKinds();
  const broken: string[] = [];
  const count: Record<string, [read: number, refused: number]> = {};
  const largest = { cpu: 0, memory: 0 };
  for (let index = from; index < from + wanted; index++) {
    const random = createRandom(seed * 100_003 + index);
    for (let i = 0; i < 5; i++) random.uniform();
    const uniform = (): number => random.uniform();
    const { kind, files, read } = kinds[index % kinds.length]!;
    const file = files[Math.floor(uniform() * files.length)]!;
    const bytes = mutated(file.bytes, uniform);
    count[kind] ??= [0, 0];
    const title = `mutation ${index} of ${file.name}`;
    const [cpu, memory] = [process.cpuUsage(), process.resourceUsage().maxRSS];
    try {
      const odd = await read({ ...file, bytes });
      count[kind][0]++;
      if (odd !== undefined) broken.push(`${title}: believed ${odd}`);
    } catch (error) {
      count[kind][1]++;
      const message = error instanceof Error ? error.message : String(error);
      if (!isRespineError(error)) broken.push(`${title}: ${error instanceof Error ? error.stack : String(error)}`);
      else if (message.length > 400 || message.includes('\n')) broken.push(`${title}: ${message}`);
    }
    const used = process.cpuUsage(cpu);
    const seconds = (used.user + used.system) / 1e6;
    const megabytes = (process.resourceUsage().maxRSS - memory) / 1024;
    largest.cpu = Math.max(largest.cpu, seconds);
    largest.memory = Math.max(largest.memory, megabytes);
    if (seconds > MOST.cpu || megabytes > MOST.memory) broken.push(`${title}: ${seconds} CPU s, ${megabytes} MB`);
  }
  if (isLong) console.log(count, largest);
  expect(broken).toEqual([]);
});
