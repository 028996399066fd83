/** `respine validate`: every comparison of the validation table, measured anew. */
import { writeAll } from '../node/files.js';
import { referenceReader } from '../node/reference.js';
import { version } from '../node/version.js';
import { validateAll } from '../validate/all.js';
import { comparisonTable, isMet } from '../validate/comparison.js';
import { progressLine } from './progress.js';

export interface ValidateOptions {
  readonly reference?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** @returns the exit code: 1 where a comparison misses its limit */
export async function validateCommand(options: ValidateOptions): Promise<number> {
  const read = referenceReader(options.reference);
  const progress = progressLine();
  const sections = await validateAll(read, (title) => progress.say(title));
  progress.end();
  const text = sections
    .map(({ title, needs, comparisons }) =>
      comparisons.length > 0
        ? `## ${title}\n\n${comparisonTable(comparisons)}`
        : `## ${title}\n\nNot run: the reference files of ${needs} are not there.`,
    )
    .join('\n\n');
  const page = `# Validation of respine ${version}\n\n${text}\n`;
  const report = { software: `respine ${version}`, sections };
  if (options.out !== undefined) {
    const files = new Map<string, string>();
    files.set('validation.md', page);
    files.set('validation.json', `${JSON.stringify(report, null, 2)}\n`);
    await writeAll(options.out, files);
  }
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : page);
  return sections.every(({ comparisons }) => comparisons.every(isMet)) ? 0 : 1;
}
