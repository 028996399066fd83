/** What is in a folder, in words: what `respine inspect` prints. */
import stringWidth from 'string-width';
import { plainText } from '../core/sentence.js';
import type { InspectedGrid, InspectedSeries, InspectedStructureSet, Inspection } from '../io/inspection.js';
import { wrapped } from './plan-summary.js';

export interface InspectionTextOptions {
  /** Characters of a line, at most, but of commands and of what goes into a CASE.json, which stay whole. @default 100 */
  readonly width?: number;
}

/** Of a kind so many are told; the rest is counted. */
const MOST = 40;
const IN = '  ';

/** Everything of an inspection, a part for each kind of object that is there. */
export function inspectionText(inspection: Inspection, { width = 100 }: InspectionTextOptions = {}): string {
  const { series, structureSets, plans, doses, registrations, nrrd, links, others, problems, uses } = inspection;
  // Paths of files as seen from the folder that was asked for.
  const inside = `${inspection.path.replace(/\/+$/, '')}/`;
  const line = (text: string): string[] =>
    wrapped(text.replaceAll(inside, ''), width - IN.length).map((own) => `${IN}${own}`);
  const part = <T>(title: string, list: readonly T[], linesOf: (one: T, n: number) => string[]): string[] => {
    if (list.length === 0) return [];
    const left = list.length - MOST;
    return ['', title, ...list.slice(0, MOST).flatMap(linesOf), ...(left > 0 ? [`${IN}and ${left} more: --json`] : [])];
  };
  const wrong = (own: readonly string[]): string[] => own.flatMap((text) => line(`PROBLEM ${text}`));
  const lines = [
    ...wrapped(headLine(inspection), width),
    ...part('Series', series, (one, n) => [...seriesLines(one, n).flatMap(line), ...wrong(one.problems)]),
    ...part('Structures', structureSets, (one) => [
      ...line(`${one.file}${titled(one.label)}: ${counted(one.structures.length, 'structure')}${framed(one)}`),
      ...structureTable(one).map((row) => `${IN}${IN}${row}`),
      ...one.structures.flatMap(({ name, remarks }) => remarks.flatMap((text) => line(`${name}: ${text}`))),
      ...one.notes.flatMap((text) => line(`NOTE ${text}`)),
      ...wrong(one.problems),
    ]),
    ...part('Plans', plans, (one) => [
      ...line(
        `${one.file}${titled(one.label)}: ${[
          `${counted(one.fields, 'field')}${one.radiation.length > 0 ? ` (${one.radiation.join(', ')})` : ''}`,
          one.fractions === null ? 'fractions unknown' : counted(one.fractions, 'fraction'),
          ...(one.dose === null ? [] : [`${one.dose} Gy prescribed`]),
        ].join(', ')}`,
      ),
      ...wrong(one.problems),
    ]),
    ...part('Doses', doses, (one) => [
      ...line(
        `${one.file}: ${[one.type, one.summation].map((word) => word ?? 'unknown').join(' ')}, ${
          one.maximum === null
            ? 'values unread'
            : `at most ${one.maximum} ${one.units === 'GY' ? 'Gy' : (one.units ?? 'in unknown units')}`
        }${one.grid === null ? '' : `, ${gridText(one.grid)}`}${framed(one)}`,
      ),
      ...wrong(one.problems),
    ]),
    ...part('Registrations', registrations, (one) => [
      ...line(`${one.file}: takes frame ${one.from.join(', ') || '?'} into frame ${one.to ?? '?'}`),
      ...wrong(one.problems),
    ]),
    ...part('NRRD', nrrd, (one) => [
      ...line(
        `${one.file}: ${one.kind ?? 'volume'}${one.units === null ? '' : ` in ${one.units}`}${one.grid === null ? '' : `, ${gridText(one.grid)}`}${
          one.segments.length > 0 ? `: ${one.segments.join(', ')}` : ''
        }`,
      ),
      ...wrong(one.problems),
    ]),
    ...part('Links', links, ({ from, means, to, isThere }) =>
      line(`${from} ${means.startsWith('has') ? '' : 'is '}${means} ${to}${isThere ? '' : ', which is not here'}`),
    ),
    ...part('Also here', others, ({ what, files, example }) => line(`${files} ${what}, as ${example}`)),
    ...part('Problems', problems, ({ file, text }) => line(file === undefined ? text : `${file}: ${text}`)),
    ...part('What to do with it', uses, ({ what, command, case: asked }) => [
      ...line(what),
      `${IN}${IN}${plainText(command)}`,
      ...(asked === undefined ? [] : [`${IN}${IN}CASE.json: ${plainText(JSON.stringify(asked))}`]),
    ]),
    ...(uses.length === 0 ? ['', 'Nothing here goes together for a command.'] : []),
  ];
  return `${lines.map((text) => text.trimEnd()).join('\n')}\n`;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
const titled = (label: string): string => (label === '' ? '' : ` "${label}"`);
const framed = ({ frame }: { readonly frame?: number | undefined }): string =>
  frame === undefined ? '' : `, frame ${frame}`;
const gridText = ({ shape, spacing }: InspectedGrid): string =>
  `${shape.toReversed().join(' x ')} voxels of ${spacing.join(' x ')} mm`;

function headLine({ path, files, patients, studies }: Inspection): string {
  const known = patients.flatMap(({ name, id }) => (name === undefined ? [] : [`${name} (${id})`]));
  const who = patients.length === 0 ? 'no patient' : counted(patients.length, 'patient');
  const many = studies.length === 1 ? '1 study' : `${studies.length} studies`;
  return `${path}: ${counted(files, 'file')}, ${who}${known.length > 0 ? `: ${known.join(', ')}` : ''}, ${many}`;
}

function seriesLines(one: InspectedSeries, n: number): string[] {
  const [slices, rows, columns] = one.shape;
  const steps = one.spacing.map((mm) => mm ?? '?').join(' x ');
  const { extent, hounsfield } = one;
  const range = (a: 0 | 1 | 2): string => `${'xyz'[a]} ${extent!.min[a]} to ${extent!.max[a]}`;
  const where = extent === null ? [] : [`${range(0)}, ${range(1)}, ${range(2)} mm`];
  const numbers = hounsfield === null ? [] : [`${hounsfield[0]} to ${hounsfield[1]} HU in its middle slice`];
  return [
    `${n + 1}  ${one.modality}${titled(one.description)}: ${counted(slices, 'slice')} of ${columns} x ${rows}, ${steps} mm, ${one.orientation}, ${one.position ?? 'no position'}${framed(one)}; ${counted(one.files, 'file')} in ${one.folders.join(', ')}`,
    ...(where.length + numbers.length > 0 ? [[...where, ...numbers].join('; ')] : []),
  ];
}

/** Structures, their names to the left, numbers to the right. */
function structureTable({ structures }: InspectedStructureSet): string[] {
  if (structures.length === 0) return [];
  const shown = structures.slice(0, 2 * MOST);
  const rows = [
    ['structure', 'type', 'cc', 'slices'],
    ...shown.map(({ name, role, volumeCc, slices }) => [
      plainText(name),
      role ?? '-',
      volumeCc === null ? '-' : String(volumeCc),
      String(slices),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((c) => Math.max(...rows.map((row) => stringWidth(row[c]!))));
  const left = structures.length - shown.length;
  return [
    ...rows.map((row) =>
      row
        .map((cell, c) => {
          const blank = ' '.repeat(widths[c]! - stringWidth(cell));
          return c < 2 ? cell + blank : blank + cell;
        })
        .join('  '),
    ),
    ...(left > 0 ? [`and ${left} more: --json`] : []),
  ];
}
