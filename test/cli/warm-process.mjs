/**
 * Runs programs of the built package, its command line above all, one after another in one process that has the package loaded and
 * compiled: a program is evaluated anew for every { program, cwd, args }, and answered is what it left, { code, stdout, stderr, cpu,
 * memory }.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { pathToFileURL } from 'node:url';

// Every run would start threads that load and compile the package anew, which costs more than they bring. What runs on threads is
// tested in processes of their own.
os.availableParallelism = () => 1;
syncBuiltinESMExports();

let count = 0;

/** Collects what is written to a stream until it is asked for. */
function collect(stream) {
  const chunks = [];
  stream.write = (chunk, encoding, done) => {
    chunks.push(Buffer.from(chunk));
    const written = typeof encoding === 'function' ? encoding : done;
    if (written) process.nextTick(written);
    return true;
  };
  return () => Buffer.concat(chunks.splice(0)).toString('utf8');
}

const stdout = collect(process.stdout);
const stderr = collect(process.stderr);

process.on('message', async ({ program, cwd, args }) => {
  const before = process.cpuUsage();
  process.chdir(cwd);
  process.argv = [process.execPath, program, ...args];
  // As in a new process: what a run asks for is said by this run.
  process.exitCode = undefined;
  // The query makes it another module, which runs from its first line; what it imports is loaded once.
  try {
    await import(`${pathToFileURL(program).href}?run=${count++}`);
  } catch (cause) {
    process.send({ failure: String(cause?.stack ?? cause) });
    return;
  }
  const { user, system } = process.cpuUsage(before);
  process.send({
    code: process.exitCode ?? 0,
    stdout: stdout(),
    stderr: stderr(),
    cpu: (user + system) / 1e6,
    // Of all runs so far.
    memory: process.resourceUsage().maxRSS / 1000,
  });
});
process.on('disconnect', () => process.exit());
