/** `respine serve`: the planner in a tab of this machine's browser. */
import { InvalidInputError } from '../core/errors.js';
import { serveApp } from '../node/serve.js';
import { print } from './output.js';

export interface ServeOptions {
  readonly port: string;
}

/** Serves until it is interrupted. @returns the exit code */
export async function serveCommand({ port }: ServeOptions): Promise<number> {
  const number = Number(port);
  if (!/^\d+$/.test(port) || number > 65535) {
    throw new InvalidInputError(`serve: --port is "${port}", but must be a whole number from 0 to 65535.`);
  }
  const app = await serveApp(number);
  print(`The planner is at ${app.url}, for this machine alone. Ctrl+C ends it.\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await app.close();
  return 0;
}
