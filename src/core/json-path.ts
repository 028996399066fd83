/** JSON by the way to a value in it, and as a text that tells contents apart. */
import { InvalidInputError } from './errors.js';

/**
 * A copy of `json` with another value at a path; objects on the way are made where there is nothing, items of a list must be there.
 *
 * @param where begins the message
 * @throws {InvalidInputError} for a way through a value that has no fields, or past the end of a list
 */
export function withValue(json: unknown, [key, ...rest]: readonly string[], value: unknown, where: string): unknown {
  if (key === undefined) return value;
  if (Array.isArray(json)) {
    if (!/^\d+$/.test(key) || Number(key) >= json.length) {
      throw new InvalidInputError(
        `${where} leads through ${JSON.stringify(json)}, which has no item "${key}". Its items are 0 to ${json.length - 1}.`,
      );
    }
    return json.with(Number(key), withValue(json[Number(key)], rest, value, where));
  }
  if (json !== undefined && (typeof json !== 'object' || json === null)) {
    throw new InvalidInputError(
      `${where} leads through ${JSON.stringify(json)}, which has no fields. Give the whole of it as the parameter.`,
    );
  }
  const fields = (json ?? {}) as Readonly<Record<string, unknown>>;
  const inner = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return { ...fields, [key]: withValue(inner, rest, value, where) };
}

/** The value at a dotted path; undefined where there is none. */
export function valueAt(json: unknown, key: string): unknown {
  return key.split('.').reduce<unknown>((inner, field) => {
    const isObject = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, field);
    return isObject ? (inner as Readonly<Record<string, unknown>>)[field] : undefined;
  }, json);
}

/** JSON whose text does not depend on the order of fields. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
