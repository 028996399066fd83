import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFolder, readJson, writeAll, writeFileAtomic } from '../../src/node/files.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'respine-files-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('a folder: plain files by name, links followed, subfolders and hidden files left out', async () => {
  await writeFile(join(dir, 'b.dcm'), 'bb');
  await writeFile(join(dir, 'a.dcm'), 'a');
  await writeFile(join(dir, '.hidden'), 'h');
  await mkdir(join(dir, 'sub'));
  await symlink(join(dir, 'a.dcm'), join(dir, 'c.dcm'));
  await symlink(join(dir, 'nowhere'), join(dir, 'd.dcm'));
  const files = await readFolder(dir);
  expect(files.map((f) => [f.name, f.bytes.length])).toEqual([
    ['a.dcm', 1],
    ['b.dcm', 2],
    ['c.dcm', 1],
  ]);
});

test('what cannot be read is said in one sentence with the path', async () => {
  await writeFile(join(dir, 'file'), '{ "a": 1,');
  await expect(readFolder(join(dir, 'none'))).rejects.toThrow(
    `${join(dir, 'none')} cannot be read (no such file or folder). Give a folder`,
  );
  await expect(readFolder(join(dir, 'file'))).rejects.toThrow('(not a folder)');
  await expect(readJson(join(dir, 'none.json'))).rejects.toMatchObject({ name: 'InvalidInputError' });
  await expect(readJson(dir)).rejects.toThrow('(it is a folder)');
  await expect(readJson(join(dir, 'file'))).rejects.toMatchObject({ name: 'FormatError', path: join(dir, 'file') });
  await writeFile(join(dir, 'file'), '{ "a": 1 }');
  expect(await readJson(join(dir, 'file'))).toEqual({ a: 1 });
});

// The superuser may read everything.
test.skipIf(process.getuid?.() === 0)('permission denied', async () => {
  await writeFile(join(dir, 'a.dcm'), 'a');
  await chmod(join(dir, 'a.dcm'), 0);
  await expect(readFolder(dir)).rejects.toThrow('a.dcm cannot be read (permission denied). Give a file');
  await mkdir(join(dir, 'locked'), 0o500);
  await expect(writeFileAtomic(join(dir, 'locked', 'x'), 'x')).rejects.toThrow('cannot be written (permission denied)');
});

test('all files or none', async () => {
  const out = join(dir, 'new', 'out');
  await writeAll(
    out,
    new Map<string, Uint8Array | string>([
      ['a.txt', 'one'],
      ['sub/b.bin', Uint8Array.of(1, 2)],
    ]),
  );
  expect(await readFile(join(out, 'a.txt'), 'utf8')).toBe('one');
  expect([...(await readFile(join(out, 'sub/b.bin')))]).toEqual([1, 2]);
  // The second file cannot be made (its folder is a file): the first stays as it was, and nothing temporary is left.
  await expect(
    writeAll(
      out,
      new Map([
        ['a.txt', 'two'],
        ['a.txt/c.txt', 'no'],
      ]),
    ),
  ).rejects.toThrow(out);
  expect(await readFile(join(out, 'a.txt'), 'utf8')).toBe('one');
  await expect(
    writeAll(
      out,
      new Map([
        ['a.txt', 'three'],
        ['sub', 'no'],
      ]),
    ),
  ).rejects.toThrow('sub is a folder');
  expect(await readFile(join(out, 'a.txt'), 'utf8')).toBe('one');
  expect((await readdir(out)).sort()).toEqual(['a.txt', 'sub']);
});

test.skipIf(process.platform !== 'linux')(
  'a file system that refuses folders is an error, not an endless wait',
  async () => {
    await expect(writeAll('/proc/none/out', new Map([['a', 'b']]))).rejects.toThrow('/proc/none/out cannot be written');
  },
);

/** A file system of so many kilobytes at `path`; false where there is no right to make one. */
function mounted(path: string, kilobytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a mount point, which no folder can be moved onto: the whole set or, where the disk is full, none of it', async ({
  skip,
}) => {
  const disk = join(dir, 'disk');
  await mkdir(disk);
  skip(!mounted(disk, 200), 'no right to mount');
  try {
    const large = new Uint8Array(400_000);
    await expect(
      writeAll(
        disk,
        new Map<string, Uint8Array | string>([
          ['a.txt', 'a'],
          ['b.bin', large],
        ]),
      ),
    ).rejects.toThrow(/disk cannot be written \(the disk is full\)\. Make room there, or choose another folder\.$/);
    expect(await readdir(disk)).toEqual([]);
    await writeAll(
      disk,
      new Map([
        ['a.txt', 'a'],
        ['b.txt', 'b'],
      ]),
    );
    expect((await readdir(disk)).sort()).toEqual(['a.txt', 'b.txt']);
    expect(await readdir(dir)).toEqual(['disk']);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test('an output path that is a file, and names that leave the folder, are refused', async () => {
  await writeFile(join(dir, 'file'), 'x');
  await expect(writeAll(join(dir, 'file'), new Map([['a', 'b']]))).rejects.toThrow('is a file, but a folder is needed');
  await expect(writeAll(dir, new Map([['../a', 'b']]))).rejects.toThrow('would leave the output folder');
  await writeFileAtomic(join(dir, 'file'), 'y');
  expect(await readFile(join(dir, 'file'), 'utf8')).toBe('y');
});
