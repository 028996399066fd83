/**
 * A bar on a terminal, redrawn in place by cli-progress and taken away when the job is over.
 *
 * The cursor is never hidden, no mode of the terminal is changed, and no signal is caught: planning keeps this thread busy, so a handler of
 * Ctrl-C would run only after the plan. So whatever ends the process leaves the terminal as it was, with the last line of the bar on it.
 */
import { SingleBar } from 'cli-progress';
import type { ProgressEvent } from '../core/job-progress.js';
import { terminalLine } from './progress-text.js';

/** One way to show progress. */
export interface ProgressForm {
  show(event: ProgressEvent): void;
  /** Takes away what stands on the terminal. */
  end(): void;
}

/** Where nobody says how wide a terminal is. */
const USUAL_COLUMNS = 80;

export function progressBar(stream: NodeJS.WriteStream): ProgressForm {
  let bar: SingleBar | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    end,
    show(event: ProgressEvent) {
      if (event.event === 'end') return end();
      if (bar !== undefined) {
        bar.update({ event });
        // A stage may keep this thread for seconds: its name must stand there now.
        if (event.event === 'stage') bar.render();
        return;
      }
      bar = new SingleBar({
        stream,
        clearOnComplete: true,
        hideCursor: false,
        // Null: no mode is set; lines are cut to the terminal's width here.
        linewrap: true,
        gracefulExit: false,
        format: (_options, _params, payload: { readonly event: ProgressEvent }) =>
          terminalLine(payload.event, (stream.columns || USUAL_COLUMNS) - 1),
      });
      bar.start(1, 0, { event });
    },
  };
}
