/**
 * The key beside dose panels: a bar of the wash, the isodose lines in percent and Gy, and the structures.
 */
import type { DoseVolume } from '../geometry/volume.js';
import { cssColor } from './colour.js';
import type { PanelKey } from './dose-panel.js';
import { levelColor, WASH_TO, washColor } from './dose-wash.js';
import { FAINT, line, rect, text } from './figure.js';
import type { KeyStructure, PanelOptions } from './panel-view.js';
import { fitText } from './text-width.js';

/** Width kept for the key, px. */
export const LEGEND_WIDTH = 196;
/** Length of a structure's line in the key: two of the longest dashes. */
const KEY_LINE = 34;

/** `Gy (total, physical, 22 fractions)`: what the numbers of a dose are. */
export function doseUnits(dose: DoseVolume): string {
  const kind =
    dose.quantity === 'physical'
      ? physical(dose.medium)
      : `${dose.quantity.toUpperCase()}, alpha/beta ${dose.alphaBeta} Gy`;
  const { fractions } = dose;
  // EQD2 and BED mean the same in any fractions, and sums of courses have none of their own.
  if (fractions === undefined && dose.quantity !== 'physical') return `Gy (total, ${kind})`;
  const given = fractions === undefined ? 'fractions unknown' : `${fractions} fraction${fractions === 1 ? '' : 's'}`;
  return `Gy (total, ${kind}, ${given})`;
}

/** The engine's dose is what is meant where nothing is said. */
function physical(medium: DoseVolume['medium']): string {
  return medium === 'medium' || medium === 'water' ? `physical, to ${medium}` : 'physical';
}

/** A dose in Gy with one decimal, or two below 1 Gy. */
export const gray = (dose: number): string => dose.toFixed(dose < 1 ? 2 : 1);

/** @param key what the panels show @returns the key with its upper left corner at (x, y), at most `height` px tall */
export function doseLegend(
  x: number,
  y: number,
  height: number,
  options: Pick<PanelOptions, 'prescription' | 'washFrom' | 'colors' | 'dashed' | 'label' | 'numbers'>,
  { levels, structures }: PanelKey,
): string {
  const { prescription, colors } = options;
  const from = options.washFrom ?? 20;
  const parts: string[] = [text(x, y + 12, 'Dose', { size: 13, bold: true })];
  const isInPercent = options.numbers !== 'gray';
  if (isInPercent) {
    parts.push(
      text(x + LEGEND_WIDTH, y + 12, `100 % = ${gray(prescription)} Gy`, { size: 11.5, anchor: 'end', fill: FAINT }),
    );
  }
  const row = (level: number, baseline: number): string =>
    (isInPercent ? text(x + 102, baseline, `${level} %`, { size: 12, anchor: 'end' }) : '') +
    text(isInPercent ? x + LEGEND_WIDTH - 14 : x + 110, baseline, `${gray((level / 100) * prescription)} Gy`, {
      size: 12,
      anchor: 'end',
    });

  // The wash: 44 steps are finer than the eye follows at this height.
  const barTop = y + 26;
  const barHeight = Math.min(210, Math.max(120, 0.36 * height));
  const steps = 44;
  const percentAt = (t: number): number => from + t * (WASH_TO - from);
  for (let i = 0; i < steps; i++) {
    const color = cssColor(washColor(percentAt((i + 0.5) / steps), colors));
    const top = barTop + barHeight * (1 - (i + 1) / steps);
    parts.push(rect(x, top, 20, barHeight / steps + 0.6, { fill: color }));
  }
  parts.push(rect(x, barTop, 20, barHeight, { stroke: '#30343a', width: 1 }));

  // Isodose labels stand at their place on the bar, pushed apart where they would touch.
  const shown = levels.filter((level) => level >= from && level <= WASH_TO);
  const beyond = levels.filter((level) => !shown.includes(level));
  const wanted = shown.map((level) => barTop + barHeight * (1 - (level - from) / (WASH_TO - from)));
  const places = spread(wanted, 16, barTop + 4, barTop + barHeight - 2);
  shown.forEach((level, i) => {
    parts.push(line(x + 20, wanted[i]!, x + 32, places[i]!, { stroke: '#30343a', width: 1 }));
    parts.push(line(x + 32, places[i]!, x + 52, places[i]!, { stroke: levelColor(level, colors), width: 3 }));
    parts.push(row(level, places[i]! + 4));
  });
  const lowest = `${gray((from / 100) * prescription)} Gy`;
  parts.push(
    text(x, barTop + barHeight + 16, isInPercent ? `wash from ${from} % (${lowest})` : `wash from ${lowest}`, {
      size: 11,
      fill: FAINT,
    }),
  );
  let at = barTop + barHeight + 34;
  for (const level of beyond) {
    parts.push(line(x + 32, at, x + 52, at, { stroke: levelColor(level, colors), width: 3 }));
    parts.push(row(level, at + 4));
    at += 17;
  }

  if (options.dashed) {
    at += 4;
    for (const [label, dash] of [
      [options.label ?? 'this plan', ''],
      [options.dashed.label, '5 3'],
    ] as const) {
      parts.push(line(x, at - 4, x + KEY_LINE, at - 4, { stroke: '#30343a', width: 2, dash }));
      parts.push(text(x + KEY_LINE + 8, at, fitText(label, 12, LEGEND_WIDTH - KEY_LINE - 8), { size: 12 }));
      at += 17;
    }
  }
  return parts.join('') + structureRows(x, at + 8, y + height, structures);
}

/** The structures of a key, from `at` down to `bottom` px. */
export function structureRows(x: number, at: number, bottom: number, structures: readonly KeyStructure[]): string {
  const parts = [text(x, at, 'Structures', { size: 13, bold: true })];
  at += 20;
  const rows = Math.max(1, Math.floor((bottom - at) / 18) + 1);
  structures.slice(0, structures.length > rows ? rows - 1 : rows).forEach(({ name, color, dash }) => {
    parts.push(line(x, at - 4, x + KEY_LINE, at - 4, { stroke: color, width: 3, dash }));
    parts.push(text(x + KEY_LINE + 8, at, fitText(name, 12, LEGEND_WIDTH - KEY_LINE - 8), { size: 12 }));
    at += 18;
  });
  if (structures.length > rows)
    parts.push(text(x + KEY_LINE + 8, at, `and ${structures.length - rows + 1} more`, { size: 12, fill: FAINT }));
  return parts.join('');
}

/** Moves falling-apart positions so that neighbours are at least `gap` apart, inside [low, high]; order is kept. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const places = wanted.map((w) => Math.min(high, Math.max(low, w)));
  for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i]!, places[i - 1]! + gap);
  const over = places.length > 0 ? places[places.length - 1]! - high : 0;
  if (over > 0) {
    places[places.length - 1]! -= over;
    for (let i = places.length - 2; i >= 0; i--) places[i] = Math.min(places[i]!, places[i + 1]! - gap);
  }
  return places;
}
