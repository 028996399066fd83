/** Runs that are killed at every one of their changes of the file system, and what is found afterwards. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const hook = fileURLToPath(new URL('./kill-hook.mjs', import.meta.url));

/** Hash of every file by its name, as a user finds them: hidden files are not results, links are what they lead to. */
export function setOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (dir: string): void => {
    for (const name of existsSync(dir) ? readdirSync(dir).sort() : []) {
      const path = join(dir, name);
      if (name.startsWith('.') || !existsSync(path)) continue;
      if (statSync(path).isDirectory()) walk(path);
      else if (!name.endsWith('.tmp')) {
        found[relative(folder, path)] = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
      }
    }
  };
  walk(folder);
  return found;
}

/** One run of node with the hook, killed at its `at`-th change; 0 for a whole run. */
export function runKilled(args: readonly string[], at: number, countFile?: string): number | null {
  const env = { ...process.env, KILL_AT: String(at), ...(countFile ? { KILL_COUNT: countFile } : {}) };
  const { status, signal, stderr } = spawnSync(process.execPath, ['--import', hook, ...args], {
    env,
    encoding: 'utf8',
  });
  if (signal === null && status !== 0) throw new Error(`${args.join(' ')}: ${status}: ${stderr}`);
  return signal === 'SIGKILL' ? null : status;
}

export interface KillReport {
  readonly points: number;
  /** How often the old set was found, and the new one. */
  readonly old: number;
  readonly fresh: number;
  /** Kills after which it was neither, or after which the next whole run did not end with the new set and nothing else. */
  readonly violations: readonly string[];
}

/**
 * @param before a folder as an earlier run left it; undefined for none
 * @param args   of the run that is killed, for the folder it writes into
 * @param options.rerun after every so many kills a whole run follows, and must clear what is left
 */
export function killEverywhere(
  before: string | undefined,
  args: (out: string) => string[],
  { rerun = 1 }: { readonly rerun?: number } = {},
): KillReport {
  const scratch = mkdtempSync(join(tmpdir(), 'respine-kills-'));
  const fresh = (name: string): string => {
    const out = join(scratch, name);
    rmSync(out, { recursive: true, force: true });
    // What a kill left beside would be one change more for the next run.
    for (const left of readdirSync(scratch).filter((n) => n.startsWith('.'))) {
      rmSync(join(scratch, left), { recursive: true, force: true });
    }
    if (before !== undefined) cpSync(before, out, { recursive: true });
    return out;
  };
  try {
    const whole = fresh('whole');
    const count = join(scratch, 'count');
    const sets = { old: setOf(whole), fresh: {} as Record<string, string> };
    runKilled(args(whole), 0, count);
    sets.fresh = setOf(whole);
    const points = Number(readFileSync(count, 'utf8'));
    const report = { points, old: 0, fresh: 0, violations: [] as string[] };
    for (let at = 1; at <= points; at++) {
      const out = fresh('out');
      if (runKilled(args(out), at) !== null) report.violations.push(`${at}: was not killed`);
      const found = JSON.stringify(setOf(out));
      if (found === JSON.stringify(sets.old)) report.old++;
      else if (found === JSON.stringify(sets.fresh)) report.fresh++;
      else report.violations.push(`${at}: neither: ${Object.keys(setOf(out)).join(', ')}`);
      if (at % rerun !== 0) continue;
      runKilled(args(out), 0);
      const rest = readdirSync(out).filter((name) => name.startsWith('.') || name.endsWith('.tmp'));
      const beside = readdirSync(scratch).filter((name) => name.startsWith('.'));
      if (JSON.stringify(setOf(out)) !== JSON.stringify(sets.fresh)) report.violations.push(`${at}: next run differs`);
      if (rest.length + beside.length > 0) report.violations.push(`${at}: left ${[...rest, ...beside].join(', ')}`);
    }
    return report;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
