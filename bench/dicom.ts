/**
 * A CT of 200 slices of 512 x 512 from disk to HU: CPU of the whole process, beside pydicom with NumPy in the same run.
 *
 *     npm run bench:dicom [-- SLICES]          needs Debian's python3-pydicom and python3-numpy
 *
 * Both sides start a process, read every file, sort the slices by z and make one array of float32 in HU; they take turns, and the
 * median of five counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGrid, createVolume } from 'respine/geometry';
import { writeCt } from '../dist/io/dicom/write.js';

const count = Number(process.argv[2] ?? 200);
const repeats = 5;
const folder = mkdtempSync(join(tmpdir(), 'respine-bench-dicom-'));

function writeSlices(): void {
  const side = 512;
  // As many at once as memory is no question.
  for (let from = 0; from < count; from += 20) {
    const n = Math.min(20, count - from);
    const grid = createGrid([n, side, side], [0.98, 0.98, 3], [-250, -250, 3 * from]);
    const ct = createVolume('hounsfield', grid);
    for (let i = 0; i < ct.data.length; i++) ct.data[i] = ((i * 31 + (i >> 9) * 17) % 2000) - 1000;
    for (const { bytes } of writeCt(ct, { patientName: 'BENCH', patientId: '1' })) {
      // One series: each part is a series of its own until the UIDs are the same.
      const name = `CT_${String(written++).padStart(4, '0')}.dcm`;
      writeFileSync(join(folder, name), withUids(bytes));
    }
  }
}
let written = 0;

/** Series and frame of reference 2.25.1, by what stands behind their tags. */
function withUids(bytes: Uint8Array): Uint8Array {
  const out = Buffer.from(bytes);
  for (const tag of ['20000e005549', '200052005549']) {
    const at = out.indexOf(Buffer.from(tag, 'hex')) + 8;
    out.fill(0, at, at + out.readUInt16LE(at - 2)).write('2.25.1', at, 'latin1');
  }
  return out;
}

interface Run {
  readonly cpu: number;
  readonly said: string;
}

/** CPU seconds of a process and its threads, as the shell's `times` has them. */
function timed(command: string, ...args: readonly string[]): Run {
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['-c', '"$@"; s=$?; times >&2; exit $s', 'bash', command, ...args],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  // The last line is that of the children: user, system.
  const last = stderr.trim().split('\n').at(-1)!;
  const seconds = [...last.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => 60 * Number(minutes) + Number(rest),
  );
  return { cpu: seconds[0]! + seconds[1]!, said: stdout.trim() };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
// Built into dist-bench; the script of Python stays where it is.
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const python = fileURLToPath(new URL('../bench/dicom/read.py', import.meta.url));

try {
  writeSlices();
  const ours: Run[] = [];
  const theirs: Run[] = [];
  for (let n = 0; n < repeats; n++) {
    ours.push(timed(process.execPath, here('./dicom/read.js'), folder));
    theirs.push(timed('/usr/bin/python3', python, folder));
  }
  const [own, peer] = [ours, theirs].map((runs) => median(runs.map(({ cpu }) => cpu))) as [number, number];
  console.log(`${count} slices of 512 x 512, CPU of the whole process, median of ${repeats}\n`);
  console.log('| | CPU s | of pydicom | says |\n|---|---|---|---|');
  console.log(`| respine | ${own.toFixed(2)} | ${(own / peer).toFixed(2)} | ${ours[0]!.said} |`);
  console.log(`| pydicom | ${peer.toFixed(2)} | 1.00 | ${theirs[0]!.said} |`);
  console.log(
    `\nall runs: ${ours.map(({ cpu }) => cpu.toFixed(2)).join(' ')}; ${theirs.map(({ cpu }) => cpu.toFixed(2)).join(' ')}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
