/** Which of the CT images of a folder belong together: one series of one patient, axial, in one frame of reference. */
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { cross, passedOver, type Slice } from './ct-slices.js';
import { text } from './dataset.js';

/** Cosine of the largest angle between z and the normal of an axial slice: a gantry tilts by 30 degrees at most. */
const AXIAL = Math.SQRT1_2;

/**
 * The slices of one series, without reformats beside it.
 *
 * @param uid the series that is asked for
 * @param notes what was passed over is added
 * @throws {InvalidInputError} for several series and no choice, or a choice that is not there
 * @throws {UnsupportedError} where nothing is axial
 */
export function chooseSeries(slices: readonly Slice[], uid: string | undefined, notes: string[]): Slice[] {
  const all = seriesOf(slices);
  if (uid !== undefined && !all.has(uid)) {
    throw new InvalidInputError(`CT: no series ${uid} among ${listed(all)}. Name one of these as seriesUid.`);
  }
  const axial = seriesOf((uid === undefined ? slices : all.get(uid)!).filter(isAxial));
  if (axial.size === 0) {
    const { name, row, column } = (uid === undefined ? slices : all.get(uid)!)[0]!;
    throw new UnsupportedError(
      `${name}: image axes (${[...row, ...column].join(', ')}) are not axial, more than 45 degrees off. Give the axial series that this was reformatted from.`,
    );
  }
  if (uid === undefined && axial.size > 1) {
    const patients = new Set([...axial.values()].map((members) => members[0]!.patient)).size;
    const whose = patients > 1 ? ` of ${patients} patients` : '';
    throw new InvalidInputError(`CT: ${axial.size} series${whose}: ${listed(axial)}. Choose one with seriesUid.`);
  }
  const [chosen] = axial.values();
  const strangers = [...new Set(chosen!.map(({ patient }) => patient))];
  if (strangers.length > 1) {
    throw new InvalidInputError(
      `CT: the series ${chosen![0]!.seriesUid} holds slices of ${strangers.length} patients (${strangers.slice(0, 3).join(', ')}). Keep those of one.`,
    );
  }
  if (uid !== undefined && all.size > 1) notes.push(`CT: series ${uid} chosen of ${all.size}.`);
  const reformats = (uid === undefined ? slices : all.get(uid)!).filter((slice) => !isAxial(slice));
  if (reformats.length > 0) notes.push(passedOver('reformat that is not axial', names(reformats)));
  return sameOrientation(chosen!, notes);
}

function seriesOf(slices: readonly Slice[]): Map<string, Slice[]> {
  const series = new Map<string, Slice[]>();
  for (const slice of slices) {
    const members = series.get(slice.seriesUid);
    if (members) members.push(slice);
    else series.set(slice.seriesUid, [slice]);
  }
  return series;
}

/** As many as a sentence holds. */
function listed(series: ReadonlyMap<string, readonly Slice[]>): string {
  const all = [...series].map(([id, members]) => {
    const description = text(members[0]!.dataset.elements, '0008103E');
    return `${id} (${members.length} slices${description ? `, ${description.slice(0, 24)}` : ''})`;
  });
  let shown = all.length;
  while (shown > 1 && all.slice(0, shown).join(', ').length > 280) shown--;
  return all.slice(0, shown).join(', ') + (shown < all.length ? ` and ${all.length - shown} more` : '');
}

const names = (slices: readonly Slice[]): string[] => [...new Set(slices.map(({ dataset }) => dataset.name))];

const isAxial = ({ row, column }: Slice): boolean => Math.abs(cross(row, column)[2]) > AXIAL;

/** Of several orientations in one series the one that most slices have. */
function sameOrientation(slices: readonly Slice[], notes: string[]): Slice[] {
  const byAxes = new Map<string, Slice[]>();
  for (const slice of slices) {
    const key = [...slice.row, ...slice.column].map((c) => Math.round(c * 1000)).join();
    const alike = byAxes.get(key);
    if (alike) alike.push(slice);
    else byAxes.set(key, [slice]);
  }
  const [largest, ...rest] = [...byAxes.values()].sort((a, b) => b.length - a.length);
  // Cosines that are rounded anew in every slice may fall on both sides of a step.
  const others = rest.flat().filter((slice) => turned(slice, largest![0]!) > 1e-3);
  if (others.length > 0) notes.push(passedOver('image in another orientation', names(others)));
  return slices.filter((slice) => !others.includes(slice));
}

/** How far the axes of two slices are apart: the largest difference of a cosine. */
export const turned = (a: Slice, b: Slice): number =>
  Math.max(...[0, 1, 2].flatMap((i) => [Math.abs(a.row[i]! - b.row[i]!), Math.abs(a.column[i]! - b.column[i]!)]));
