/**
 * What is said of progress: one line that fits a terminal, a plain line for a file, an object for a program.
 */
import stringWidth from 'string-width';
import { type ProgressEvent, timeLeft } from '../core/job-progress.js';
import { toDecimals, toDigits } from '../core/rounding.js';
import { shortSentence } from '../core/sentence.js';

/** Columns of the bar, at least and at most. */
const [SHORTEST, LONGEST] = [8, 24];

/**
 * One line of at most so many columns, as much as fits, from the first: stage, percent, time left, bar, what was counted, what it is, note.
 */
export function terminalLine(event: ProgressEvent, columns: number): string {
  const { fraction } = event;
  const percent = fraction === null ? '' : `${Math.floor(100 * fraction)} %`;
  const left = timeLeft(event);
  const stage = fitted(event.stage, Math.max(0, columns - stringWidth([percent, left].join('  ')) - 4));
  let width = columns - stringWidth(joined([stage, percent, left]));
  const bar = fraction === null || width < SHORTEST + 4 ? '' : barOf(fraction, Math.min(LONGEST, width - 4));
  width -= bar === '' ? 0 : bar.length + 2;
  const rest = [countOf(event), caseOf(event), shortSentence(event.note ?? '')].filter((part) => {
    const isFitting = part !== '' && stringWidth(part) + 2 <= width;
    if (isFitting) width -= stringWidth(part) + 2;
    return isFitting;
  });
  return fitted(joined([stage, bar, percent, left, ...rest]), columns);
}

/** One line without anything that steers a terminal. */
export function plainLine(command: string, event: ProgressEvent): string {
  const { fraction, stage } = event;
  const parts = [
    fraction === null ? '' : `${Math.floor(100 * fraction)} %`,
    stage,
    caseOf(event),
    countOf(event),
    timeLeft(event),
  ];
  return shortSentence(`respine ${command}: ${parts.filter((part) => part !== '').join(', ')}`);
}

/** One JSON object; numbers as far as they are known. */
export function jsonLine(command: string, event: ProgressEvent): string {
  const { fraction, rate, secondsLeft, seconds, ...rest } = event;
  const rounded = (value: number | null, decimals: number) => (value === null ? null : toDecimals(value, decimals));
  return JSON.stringify({
    ...rest,
    command,
    fraction: rounded(fraction, 4),
    rate: rate === null ? null : toDigits(rate, 3),
    secondsLeft: rounded(secondsLeft, 1),
    seconds: rounded(seconds, 2),
  });
}

/** Nothing where the stage tells it. */
const caseOf = ({ stage, case: name }: ProgressEvent): string =>
  name === null || stage.startsWith(`${name}:`) ? '' : shortSentence(name);

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join('  ');

/** `3 of 12 plans, 4.1/min`. */
function countOf({ done, total, unit, rate }: ProgressEvent): string {
  if (done === null || unit === null) return '';
  const counted = done === 1 && total === null ? unit.replace(/s$/, '') : unit;
  const known = total === null ? `${done} ${counted}` : `${done} of ${total} ${counted}`;
  return rate === null ? known : `${known}, ${rateText(rate)}`;
}

function rateText(perSecond: number): string {
  const [value, unit] =
    perSecond >= 1 ? [perSecond, 's'] : perSecond >= 1 / 60 ? [60 * perSecond, 'min'] : [3600 * perSecond, 'h'];
  return `${value >= 100 ? Math.round(value) : toDigits(value, 2)}/${unit}`;
}

function barOf(fraction: number, columns: number): string {
  const inner = columns - 2;
  const full = Math.floor(fraction * inner);
  return `[${'='.repeat(full)}${' '.repeat(inner - full)}]`;
}

/** The beginning of a text, in whole characters, of at most so many columns. */
function fitted(text: string, columns: number): string {
  let out = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(shortSentence(text))) {
    width += stringWidth(segment);
    if (width > columns) break;
    out += segment;
  }
  return out;
}
