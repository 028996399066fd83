/** What runs beside the page: one script, which is the reader, the planner or one of its threads, as its first message says. */
import './before.js';
import { isRespineError } from '../../../dist/core/errors.js';
import { shortSentence } from '../../../dist/core/sentence.js';
import { Decoders } from './decoders.js';
import type { Answer, PlannerRequest, ReaderRequest, Role, Told } from './messages.js';
import { Planner } from './planner.js';
import { serve } from './pool.js';
import { Reader } from './reader.js';

type Handler = (request: never) => unknown;

const say = (message: Told | Answer<unknown>, transfer: Transferable[] = []): void => {
  globalThis.postMessage(message, { transfer });
};

function readerOf(): Handler {
  const decoders = new Decoders((decoder) => say({ told: 'wants', decoder }));
  const reader = new Reader(decoders.codecs);
  return (request: ReaderRequest) => {
    switch (request.kind) {
      case 'phantom':
        return reader.phantom(request.choice);
      case 'take':
        return reader.takeFiles(request.files);
      case 'decoder':
        return decoders.take(request.name, request.file);
      case 'files':
        return reader.files();
      case 'slice':
        return reader.slice(request.request);
      case 'meet':
        return reader.meet(request.port);
    }
  };
}

function plannerOf({ threads, port }: Role & { role: 'planner' }): Handler {
  const planner = new Planner(threads, port, (progress) => say({ told: 'progress', progress }));
  return (request: PlannerRequest) =>
    request.kind === 'plan' ? planner.plan(request.request) : planner.files(request.of);
}

function listen(handle: Handler): void {
  globalThis.onmessage = async ({ data: { id, request } }: MessageEvent<{ id: number; request: never }>) => {
    try {
      say({ id, value: await handle(request) });
    } catch (error) {
      say({ id, ...told(error) });
    }
  };
}

/** One sentence; of what is no error of input, that it is a bug. */
function told(error: unknown): { readonly error: string; readonly isBug: boolean } {
  const message = error instanceof Error ? error.message : String(error);
  if (isRespineError(error)) return { error: shortSentence(message), isBug: false };
  if (error instanceof RangeError && /allocation|memory|array length/i.test(message)) {
    return {
      error:
        'This tab has no memory left for that. Use a coarser dose grid, close other tabs, or plan with `respine plan`.',
      isBug: false,
    };
  }
  return { error: shortSentence(message), isBug: true };
}

globalThis.onmessage = ({ data: role }: MessageEvent<Role>) => {
  if (role.role === 'thread') serve(role.link);
  else listen(role.role === 'reader' ? readerOf() : plannerOf(role));
  say({ told: 'ready' });
};
