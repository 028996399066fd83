/**
 * What the calling thread and its workers say to each other, and the two counters by which they wait.
 *
 * The caller posts a request, raises `requests[thread]` and wakes the worker; the worker posts its answer, raises
 * `answers[thread]` and wakes the caller. A worker that ends sets `answers[thread]` to {@link ENDED}.
 */
import type { MessagePort } from 'node:worker_threads';
import { FormatError, InvalidInputError, shownPath, UnsupportedError } from '../core/errors.js';
import { own } from '../core/own.js';
import { plainText } from '../core/sentence.js';

export type Request =
  | { readonly kind: 'start'; readonly group: number; readonly job: string; readonly input: unknown }
  | { readonly kind: 'run'; readonly group: number; readonly command: unknown }
  | { readonly kind: 'close'; readonly group: number };

export type Answer = { readonly result: unknown } | { readonly error: PackedError };

export const ENDED = -1;

/** What a worker is born with. */
export interface ThreadData {
  readonly thread: number;
  readonly port: MessagePort;
  /** Shared, one number per thread. */
  readonly requests: Int32Array;
  readonly answers: Int32Array;
  /** Module that exports further `jobTypes`. */
  readonly jobs?: string;
}

/** What the watch is born with. */
export interface WatchData {
  readonly threads: readonly ThreadData[];
  readonly answers: Int32Array;
  /** Where it tells why a worker ended. */
  readonly ends: MessagePort;
}

/** Why a worker ended. */
export interface ThreadEnd {
  readonly thread: number;
  readonly reason: string;
}

/** An error as plain data: a message between threads keeps neither its class nor its fields. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly path?: string | undefined;
  readonly offset?: number | undefined;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  if (!(error instanceof FormatError)) return { name, message, stack };
  const { path, offset } = error;
  return {
    name,
    message: path === undefined ? message : message.slice(plainText(shownPath(path)).length + 2),
    stack,
    path,
    offset,
  };
}

/** The error of the same class, message and stack; of the classes that are not ours, the built-in ones. */
export function unpackError({ name, message, stack, path, offset }: PackedError): Error {
  const error =
    name === 'FormatError' ? new FormatError(message, path, offset) : new (own(errors, name) ?? Error)(message);
  // The stack tells where in the worker it was thrown.
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}

const errors: Readonly<Record<string, new (message: string) => Error>> = {
  InvalidInputError,
  UnsupportedError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
};
