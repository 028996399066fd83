/** `respine inspect PATH`: what is in a folder or file, and which command takes it. */
import { inspectPath } from '../node/inspect.js';
import { inspectionText } from '../report/inspection.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface InspectCommandOptions {
  readonly names?: boolean;
  readonly json?: boolean;
}

/** Files between two words of progress. */
const SOME = 100;

/** Columns of a terminal that lines are fitted to. */
const [NARROW, WIDE] = [80, 120];
const USUAL = 100;

/** @returns the exit code */
export async function inspectCommand(
  path: string,
  { names = false, json = false }: InspectCommandOptions,
): Promise<number> {
  const progress = startProgress('inspect');
  progress.stage('reading files');
  const inspection = await inspectPath(path, {
    withNames: names,
    onFile: (count) => count % SOME === 0 && progress.step({ done: count, unit: 'files' }),
  });
  progress.end();
  const width = Math.min(WIDE, Math.max(NARROW, process.stdout.columns ?? USUAL));
  print(json ? `${JSON.stringify(inspection, null, 2)}\n` : inspectionText(inspection, { width }));
  return 0;
}
