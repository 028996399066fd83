/** The result of a sample as Markdown: the score by folder, then what survived. */
import { FOLDERS } from './tree.mjs';

const isKilled = ({ outcome }) => outcome === 'killed' || outcome === 'timeout';
export const isSurvivor = (result) => !isKilled(result);

export function tableOf(results, all, seed) {
  const rows = [...FOLDERS, ''].map((folder) => {
    const own = results.filter(({ file }) => file.startsWith(`src/${folder}`));
    const of = (wanted) => own.filter(({ outcome }) => outcome === wanted).length;
    const cells = [
      own.length,
      of('killed'),
      of('timeout'),
      of('survived'),
      of('unseen'),
      equivalentOf(own),
      percent(own),
    ];
    return `| ${folder === '' ? 'all' : `src/${folder}`} | ${cells.join(' | ')} | ${percent(own.filter(counts))} |`;
  });
  const survivors = results
    .filter(isSurvivor)
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
    .map(
      ({ file, line, from, to, outcome, isEquivalent }) =>
        `| ${file}:${line} | \`${cell(from)}\` | \`${cell(to) || ' '}\` | ${isEquivalent ? `equivalent: ${isEquivalent}` : outcome} |`,
    );
  const n = results.length;
  const share = n === 0 ? 0 : results.filter(isKilled).length / n;
  const error = n === 0 ? 0 : 196 * Math.sqrt((share * (1 - share)) / n);
  return [
    `Seed ${seed}: ${n} of ${all} mutants; score ${(100 * share).toFixed(1)} % (95 % of such samples lie within ${error.toFixed(0)} points).`,
    '',
    '| folder | mutants | killed | without end | survived | unseen | of these equivalent | score | without equivalents |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    '| line | was | became | |',
    '|---|---|---|---|',
    ...survivors,
    '',
  ].join('\n');
}

/** An equivalent mutant is counted apart only if it survived, as it has to. */
const counts = (result) => isKilled(result) || !result.isEquivalent;
const equivalentOf = (results) => results.filter((result) => !counts(result)).length;
const percent = (results) =>
  results.length === 0 ? '' : `${((100 * results.filter(isKilled).length) / results.length).toFixed(1)} %`;

const cell = (text) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
