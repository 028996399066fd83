/**
 * Machines by name, or from a file of the user's.
 */
import { InvalidInputError } from '../core/errors.js';
import { artiste6mv } from '../machine/artiste-6mv.js';
import type { Machine } from '../machine/machine.js';
import { parseMachine } from '../machine/machine-file.js';
import { readJson } from './files.js';

/** The built-in machines by name. */
export const machines: Readonly<Record<string, Machine>> = { [artiste6mv.name]: artiste6mv };

/**
 * @param nameOrPath a built-in machine, or the path of a .json file
 * @throws {InvalidInputError} for a name that there is not, {@link FormatError} for a file that is no machine
 */
export async function readMachine(nameOrPath: string): Promise<Machine> {
  if (nameOrPath.endsWith('.json')) return parseMachine(await readJson(nameOrPath), nameOrPath);
  if (!Object.hasOwn(machines, nameOrPath)) {
    throw new InvalidInputError(
      `machine "${nameOrPath}" is unknown. Use ${Object.keys(machines).join(', ')}, or the path of a machine .json file.`,
    );
  }
  return machines[nameOrPath]!;
}
