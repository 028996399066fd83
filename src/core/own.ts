/** Values by names of the user's, of which `constructor` and `__proto__` are none that an object has by itself. */

/** What the record itself holds under a name; undefined for what every object inherits. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A record without a prototype, to be filled under names of the user's. */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
