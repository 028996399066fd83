/**
 * Where a command's time goes: seconds on the clock and of all threads' CPU, stage by stage, and the most memory it held.
 */
import { toDecimals } from '../core/rounding.js';

export interface StageTime {
  readonly stage: string;
  /** Seconds on the clock. */
  readonly wall: number;
  /** Seconds of CPU, all threads, user and system. */
  readonly cpu: number;
}

export interface Timing {
  readonly stages: readonly StageTime[];
  readonly total: Omit<StageTime, 'stage'>;
  /** Largest resident memory of the process, MB (10^6 bytes). */
  readonly peakMemory: number;
}

export class Stopwatch {
  private readonly stages: StageTime[] = [];
  private current: string;
  private wall = performance.now();
  private cpu = cpuSeconds();

  /** @param first stage, which began with the process */
  constructor(first: string) {
    this.current = first;
    this.wall = 0;
    this.cpu = 0;
  }

  /** Ends the stage before and begins one; a stage that comes again is added to what it had. */
  start(stage: string): void {
    const [wall, cpu] = [performance.now(), cpuSeconds()];
    const spent = { stage: this.current, wall: (wall - this.wall) / 1000, cpu: cpu - this.cpu };
    const before = this.stages.findIndex((own) => own.stage === this.current);
    if (before < 0) this.stages.push(spent);
    else {
      const own = this.stages[before]!;
      this.stages[before] = { ...own, wall: own.wall + spent.wall, cpu: own.cpu + spent.cpu };
    }
    this.current = stage;
    this.wall = wall;
    this.cpu = cpu;
  }

  /** Ends the last stage. */
  stop(): Timing {
    this.start('');
    const sum = (of: (s: StageTime) => number): number => this.stages.reduce((total, s) => total + of(s), 0);
    return {
      stages: this.stages,
      total: { wall: sum((s) => s.wall), cpu: sum((s) => s.cpu) },
      peakMemory: (process.resourceUsage().maxRSS * 1024) / 1e6,
    };
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The block `timing` of a JSON result. */
export function timingReport({ stages, total, peakMemory }: Timing): Record<string, unknown> {
  return {
    unit: 's',
    stages: stages.map(({ stage, wall, cpu }) => ({ stage, wall: toDecimals(wall, 3), cpu: toDecimals(cpu, 3) })),
    total: { wall: toDecimals(total.wall, 3), cpu: toDecimals(total.cpu, 3) },
    'peakMemory[MB]': Math.round(peakMemory),
  };
}

/** A table for the terminal. */
export function timingTable({ stages, total, peakMemory }: Timing): string {
  const rows = [...stages, { stage: 'total', ...total }].map(
    ({ stage, wall, cpu }) => `  ${stage.padEnd(34)} ${wall.toFixed(2).padStart(7)}  ${cpu.toFixed(2).padStart(7)}`,
  );
  return [
    `  ${'stage'.padEnd(34)} ${'clock s'.padStart(7)}  ${'CPU s'.padStart(7)}`,
    ...rows,
    `  peak memory ${peakMemory.toFixed(0)} MB`,
  ].join('\n');
}
