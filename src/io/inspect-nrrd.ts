/** What the header of an NRRD file tells. */
import { isRespineError } from '../core/errors.js';
import type { InspectedNrrd } from './inspection.js';
import { parseHeader, readLayout } from './nrrd-header.js';

/** Do the bytes begin as an NRRD file does? */
export const isNrrd = (bytes: Uint8Array): boolean => [0x4e, 0x52, 0x52, 0x44].every((c, i) => bytes[i] === c);

/**
 * @param bytes the first ones of the file, its header in any case
 * @param size bytes of the whole file
 */
export function inspectNrrd(file: string, bytes: Uint8Array, size: number): InspectedNrrd {
  const nothing = { kind: null, units: null, grid: null, layers: 0, segments: [] };
  try {
    const { header, fields, offset } = parseHeader(bytes, file);
    const segments = Object.keys(fields)
      .filter((key) => /^Segment\d+_Name$/.test(key))
      .map((key) => fields[key]!);
    const kind = fields['kind'] ?? (segments.length > 0 ? 'segmentation' : null);
    const told = { kind, units: fields['units'] ?? null, segments };
    try {
      const { grid, layerCount } = readLayout(header, file);
      const { shape, spacing, origin } = grid;
      const values = shape[0] * shape[1] * shape[2] * layerCount;
      const isShort = header.get('encoding') === 'raw' && size - offset < values;
      return {
        file,
        ...told,
        grid: { shape: [...shape], spacing: [...spacing], origin: [...origin] },
        layers: layerCount,
        problems: isShort ? [`is cut off: ${size - offset} bytes for ${values} values`] : [],
      };
    } catch (cause) {
      return { file, ...nothing, ...told, problems: [sentenceOf(cause, file)] };
    }
  } catch (cause) {
    return { file, ...nothing, problems: [sentenceOf(cause, file)] };
  }
}

function sentenceOf(cause: unknown, file: string): string {
  if (!isRespineError(cause)) throw cause;
  return cause.message.startsWith(`${file}: `) ? cause.message.slice(file.length + 2) : cause.message;
}
