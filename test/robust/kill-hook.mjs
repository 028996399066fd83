/**
 * Kills its process at the n-th change of the file system (KILL_AT, from 1): before a rename, link or removal, in the middle of
 * a write. With KILL_AT 0 it counts, and writes the number to the file that KILL_COUNT names.
 *
 *     KILL_AT=7 node --import ./test/robust/kill-hook.mjs dist/cli/main.js ...
 */
import { writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const at = Number(process.env.KILL_AT);
let changes = 0;

function die() {
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives before anything else is done.
  for (;;);
}

if (isMainThread) {
  for (const name of ['rename', 'link', 'symlink', 'rm', 'rmdir', 'unlink', 'mkdir', 'mkdtemp', 'copyFile']) {
    const original = promises[name];
    promises[name] = (...args) => {
      if (++changes === at) die();
      return original(...args);
    };
  }
  const half = (content) => content.slice(0, content.length >> 1);
  const { writeFile, open } = promises;
  promises.writeFile = async (path, content, options) => {
    if (++changes === at) {
      await writeFile(path, half(content), options);
      die();
    }
    return writeFile(path, content, options);
  };
  promises.open = async (path, flags, ...rest) => {
    const handle = await open(path, flags, ...rest);
    if (flags === 'r' || flags === undefined) return handle;
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async (content) => {
      if (++changes === at) {
        await write(half(content));
        die();
      }
      return write(content);
    };
    return handle;
  };
  syncBuiltinESMExports();
  if (process.env.KILL_COUNT) process.on('exit', () => writeFileSync(process.env.KILL_COUNT, String(changes)));
}
