/** The page's side of its workers: one that holds the patient, and for each plan one that plans, with its threads. */

import { createLink } from '../planning/link.js';
import type {
  Answer,
  DecoderName,
  ExportKind,
  Given,
  PatientView,
  PhantomChoice,
  PlannerRequest,
  PlanRequest,
  Progress,
  ReaderRequest,
  ResultView,
  Role,
  SavedFile,
  SlicePicture,
  SliceRequest,
  ThreadLink,
  Told,
} from '../planning/messages.js';
import Work from '../planning/worker.ts?worker&inline';
import { loadDecoder } from './decoder.js';

/** Threads of a plan, at most: as many as it has beams. */
const MOST_THREADS = 8;

/** Files that are handed over at a time: a hundred take the page some 40 ms. */
const AT_A_TIME = 50;

/** A sentence for whoever sits before the page. */
export class Refusal extends Error {}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** One worker: asks, and waits for answers. */
class Client<Request> {
  onProgress: (progress: Progress) => void = () => undefined;
  onWant: (decoder: DecoderName) => void = () => undefined;
  private readonly worker = new Work();
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  /** Rejected where it ends before. */
  readonly ready: Promise<void>;
  private giveUp: (error: Error) => void = () => undefined;

  constructor(role: Role, transfer: readonly MessagePort[] = []) {
    let isReady = (): void => undefined;
    this.ready = new Promise((resolve, reject) => {
      isReady = resolve;
      this.giveUp = reject;
    });
    // Not everybody waits for it.
    this.ready.catch(() => undefined);
    this.worker.onmessage = ({ data }: MessageEvent<Told | Answer<never>>) => {
      if ('told' in data) {
        if (data.told === 'ready') isReady();
        else if (data.told === 'progress') this.onProgress(data.progress);
        else this.onWant(data.decoder);
        return;
      }
      const asker = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ('error' in data) asker?.reject(data.isBug ? bug(data.error) : new Refusal(data.error));
      else asker?.resolve(data.value);
    };
    this.worker.onerror = (event) => this.fail(bug(event.message || 'a worker ended'));
    this.worker.postMessage(role, [...transfer]);
  }

  ask<T>(request: Request, transfer: readonly Transferable[] = []): Promise<T> {
    const id = this.next++;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.worker.postMessage({ id, request }, [...transfer]);
    });
  }

  fail(error: Error): void {
    this.giveUp(error);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  end(): void {
    this.worker.terminate();
    this.fail(new Cancelled());
  }
}

/** That a request was given up. */
export class Cancelled extends Error {}

const bug = (message: string): Refusal =>
  new Refusal(
    `This should not have happened: ${message.replace(/\.?$/, '.')} Reload the page; if it happens again, report it with the case.`,
  );

/** A planner with its threads, all of which end together. */
class Planning {
  private readonly threads: readonly Client<never>[];
  private readonly client: Client<PlannerRequest>;

  constructor(reader: MessagePort, count: number, onProgress: (progress: Progress) => void) {
    const made = Array.from({ length: count - 1 }, createLink);
    this.threads = made.map(({ link, port }) => {
      const own: ThreadLink = { ...link, port };
      return new Client<never>({ role: 'thread', link: own }, [port]);
    });
    const links = made.map(({ link }) => link);
    this.client = new Client<PlannerRequest>({ role: 'planner', threads: links, port: reader }, [
      reader,
      ...links.map(({ port }) => port),
    ]);
    this.client.onProgress = onProgress;
  }

  async plan(request: PlanRequest): Promise<ResultView> {
    // A planner that computes waits for its threads, which must have begun by then.
    await Promise.all(this.threads.map(({ ready }) => ready));
    return this.client.ask<ResultView>({ kind: 'plan', request });
  }

  files(of: ExportKind): Promise<readonly SavedFile[]> {
    return this.client.ask({ kind: 'files', of });
  }

  end(): void {
    for (const thread of this.threads) thread.end();
    this.client.end();
  }
}

/** All that the page computes with. */
export class Session {
  private reader = new Client<ReaderRequest>({ role: 'reader' });
  /** Whose plan is shown, and who plans now. */
  private shown: Planning | undefined;
  private current: Planning | undefined;
  readonly threads = globalThis.crossOriginIsolated
    ? Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency))
    : 1;

  /** A patient in place of the one before; plans of that one are gone. */
  async load(given: PhantomChoice | readonly Given[]): Promise<PatientView> {
    this.cancel();
    this.shown?.end();
    this.shown = undefined;
    // What it may still be reading is not wanted any more.
    this.reader.end();
    const reader = new Client<ReaderRequest>({ role: 'reader' });
    this.reader = reader;
    reader.onWant = async (name) => {
      // Where it has ended meanwhile nobody waits for it.
      await reader.ask({ kind: 'decoder', name, file: await loadDecoder(name) }).catch(() => undefined);
    };
    if ('phantom' in given) return reader.ask({ kind: 'phantom', choice: given });
    for (let from = 0; from < given.length; from += AT_A_TIME) {
      await reader.ask({ kind: 'take', files: given.slice(from, from + AT_A_TIME) });
    }
    return reader.ask({ kind: 'files' });
  }

  slice(request: SliceRequest): Promise<SlicePicture> {
    return this.reader.ask({ kind: 'slice', request });
  }

  /** The plan that was shown before stays until this one is there, and if this is cancelled. */
  async plan(request: PlanRequest, onProgress: (progress: Progress) => void): Promise<ResultView> {
    this.cancel();
    const { port1, port2 } = new MessageChannel();
    const planning = new Planning(port1, this.threads, onProgress);
    this.current = planning;
    try {
      await this.reader.ask({ kind: 'meet', port: port2 }, [port2]);
      const result = await planning.plan(request);
      this.shown?.end();
      this.shown = planning;
      this.current = undefined;
      return result;
    } catch (error) {
      planning.end();
      if (this.current === planning) this.current = undefined;
      throw error;
    }
  }

  cancel(): void {
    this.current?.end();
    this.current = undefined;
  }

  files(of: ExportKind): Promise<readonly SavedFile[]> {
    return this.shown!.files(of);
  }
}
