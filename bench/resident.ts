/**
 * Who holds the memory: what is resident after each part of a plan has been made, and what is made of typed arrays whose sizes are known.
 *
 * Resident memory is that of all threads. Collecting garbage before it is read leaves what is held, and what the system has not taken back.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

export class Resident {
  private readonly marks: string[] = [];
  private before = 0;

  constructor() {
    this.mark('program');
  }

  /** Once a part is there. */
  mark(part: string): void {
    collect();
    const { rss } = process.memoryUsage();
    this.marks.push(`${part} ${megabytes(rss - this.before)}`);
    this.before = rss;
  }

  /** MB that each part has added. */
  describe(): string {
    return this.marks.join(', ');
  }
}

/** Peak of the process, MB. */
export const peak = (): string => (process.resourceUsage().maxRSS / 1024).toFixed(0);
