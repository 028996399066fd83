/** The process of engine.mjs: started when first needed, ended with its workers when a run is late, and started anew. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('engine.mjs', import.meta.url));

/** The leaders of the groups in progress: they end with this process. */
const running = new Set();
process.on('exit', () => {
  for (const leader of running) endGroup(leader);
});

function endGroup(leader) {
  running.delete(leader);
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // It had ended by itself.
    if (error.code !== 'ESRCH') throw error;
  }
}

/** @param {string[]} more further arguments of the engine */
export function createEngine(root, more = []) {
  let child;
  let changedSince = new Set();

  const start = async () => {
    // A group of its own, so that its workers end with it; no colours in what is read.
    const env = { ...process.env, NO_COLOR: '1', CI: '1' };
    child = fork(program, [root, ...more], {
      cwd: root,
      detached: true,
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    running.add(child.pid);
    await answer(child, 120);
  };
  const end = () => {
    if (child !== undefined) endGroup(child.pid);
    child = undefined;
  };

  return {
    /** Tells which source is another by now. */
    change: (file) => changedSince.add(file),
    /**
     * @param {{ test: string, names?: string[] }} request a test file, and those of its tests that are to run
     * @returns {Promise<{ results: object[], errors: string[] } | undefined>} undefined if it was late
     */
    async run(request, limit) {
      if (child === undefined) await start();
      child.send({ changed: [...changedSince], ...request });
      changedSince = new Set();
      const result = await answer(child, limit);
      if (result === undefined) end();
      return result;
    },
    end,
  };
}

/** The next message, or undefined after so many seconds or at the process's end. */
function answer(child, limit) {
  return new Promise((done) => {
    const finish = (value) => {
      clearTimeout(timer);
      child.removeAllListeners();
      done(value);
    };
    const timer = setTimeout(finish, 1000 * limit);
    child.once('message', finish);
    child.once('exit', () => finish(undefined));
  });
}
