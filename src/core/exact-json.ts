/**
 * JSON that holds every number to its last bit: the shortest digits that read as the same Float64, -0 among them, and nothing that
 * JSON has no number for. Lists of numbers stand on one line.
 */
import { InvalidInputError } from './errors.js';

/**
 * @param value objects, lists, typed arrays of numbers, texts, numbers, true, false and null; fields that are undefined are left out
 * @throws {InvalidInputError} for a number that is not finite
 */
export function exactJson(value: unknown, indent = ''): string {
  if (typeof value === 'number') return exactNumber(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent} `;
  if (ArrayBuffer.isView(value)) return `[${Array.from(value as Float64Array, exactNumber).join(',')}]`;
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== 'object' || one === null))
      return `[${value.map((v) => exactJson(v)).join(',')}]`;
    return `[\n${value.map((one) => deeper + exactJson(one, deeper)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, own]) => own !== undefined);
  if (fields.length === 0) return '{}';
  const lines = fields.map(([key, own]) => `${deeper}${JSON.stringify(key)}: ${exactJson(own, deeper)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function exactNumber(value: number): string {
  if (!Number.isFinite(value)) {
    throw new InvalidInputError(`JSON: ${value} is no number that JSON can hold. Leave it out, or write null.`);
  }
  return Object.is(value, -0) ? '-0' : String(value);
}
