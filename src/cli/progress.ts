/**
 * How a long command tells on stderr where it is: a bar on a terminal, a plain line now and then elsewhere, an event a line for programs,
 * nothing under --quiet. There is one job at a time.
 */
import { JobProgress, type ProgressEvent } from '../core/job-progress.js';
import { say } from './output.js';
import { type ProgressForm, progressBar } from './progress-bar.js';
import { askedProgress, endProgress, onProgressEnd, type ProgressFlags } from './progress-flags.js';
import { jsonLine, plainLine } from './progress-text.js';

/** Seconds between two plain lines, and before the first: shorter runs are silent. */
const SELDOM = 30;
/** Seconds between two steps that a program is told. */
const OFTEN = 0.1;

/** The progress of a command's job, which begins now. */
export function startProgress(command: string): JobProgress {
  endProgress();
  const form = formOf(command, askedProgress(), process.stderr);
  onProgressEnd(form.end);
  return new JobProgress((event) => form.show(event), seconds);
}

const seconds = (): number => performance.now() / 1000;

function formOf(command: string, { quiet, jsonProgress }: ProgressFlags, stream: NodeJS.WriteStream): ProgressForm {
  if (quiet) return { show: () => undefined, end: () => undefined };
  if (jsonProgress) return eventLines(command);
  // A terminal that takes no control sequences is a place for lines.
  return stream.isTTY && process.env['TERM'] !== 'dumb' ? progressBar(stream) : plainLines(command);
}

function plainLines(command: string): ProgressForm {
  const isDue = every(SELDOM);
  return {
    end: () => undefined,
    show(event) {
      if (event.event !== 'end' && isDue(event)) say(plainLine(command, event));
    },
  };
}

function eventLines(command: string): ProgressForm {
  const isDue = every(OFTEN);
  return {
    end: () => undefined,
    show(event) {
      const isLast = event.done !== null && event.done === event.total;
      if (event.event !== 'step' || isLast || isDue(event)) say(jsonLine(command, event));
    },
  };
}

/** Whether an event comes so many seconds after the start of the job or the last that did. */
function every(pause: number): (event: Pick<ProgressEvent, 'seconds'>) => boolean {
  let told = 0;
  return ({ seconds: now }) => {
    if (now - told < pause) return false;
    told = now;
    return true;
  };
}
