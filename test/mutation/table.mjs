/** The result of a sample as Markdown: the score by folder, then what survived. */
import { FOLDERS } from './tree.mjs';

const isKilled = ({ outcome }) => outcome === 'killed' || outcome === 'timeout';
export const isSurvivor = (result) => !isKilled(result);

export function tableOf(results, all, seed) {
  const rows = [...FOLDERS, ''].map((folder) => {
    const own = results.filter(({ file }) => file.startsWith(`src/${folder}`));
    const of = (wanted) => own.filter(({ outcome }) => outcome === wanted).length;
    const killed = own.filter(isKilled).length;
    const score = own.length === 0 ? '' : `${Math.round((100 * killed) / own.length)} %`;
    return `| ${folder === '' ? 'all' : `src/${folder}`} | ${own.length} | ${killed} | ${of('survived')} | ${of('unseen')} | ${score} |`;
  });
  const survivors = results
    .filter((result) => !isKilled(result))
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
    .map(
      ({ file, line, from, to, outcome }) =>
        `| ${file}:${line} | \`${cell(from)}\` | \`${cell(to) || ' '}\` | ${outcome} |`,
    );
  const n = results.length;
  const share = n === 0 ? 0 : results.filter(isKilled).length / n;
  const error = n === 0 ? 0 : 196 * Math.sqrt((share * (1 - share)) / n);
  return [
    `Seed ${seed}: ${n} of ${all} mutants; score ${(100 * share).toFixed(0)} % (95 % of such samples lie within ${error.toFixed(0)} points).`,
    '',
    '| folder | mutants | killed | survived | unseen | score |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '| line | was | became | |',
    '|---|---|---|---|',
    ...survivors,
    '',
  ].join('\n');
}

const cell = (text) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
