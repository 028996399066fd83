/** `respine check`: goals and protocols against an imported dose. */

import { InvalidInputError } from '../core/errors.js';
import { builtInProtocol } from '../evaluate/builtin-protocols.js';
import type { Dvh } from '../evaluate/dvh.js';
import type { PriorCourse } from '../evaluate/protocol.js';
import { checkProtocols } from '../evaluate/protocol.js';
import { structureDvh } from '../evaluate/roi-dvh.js';
import { whyUnfit } from '../evaluate/structure-name.js';
import { readJson, writeAll } from '../node/files.js';
import { sha256 } from '../node/sha256.js';
import { version } from '../node/version.js';
import { type GoalFile, parseGoalFile } from '../plan/input/goals-file.js';
import { checkCsv, checkTable, goalRows } from '../report/goals.js';
import {
  type DoseAndStructures,
  describeEndRule,
  endRuleOf,
  loadDoseAndStructures,
  type StructureFlags,
} from './dose-and-structures.js';
import { doseOf, doseOptions, fractionsOf, monthsOf } from './dose-options.js';
import { print } from './output.js';

export interface CheckCommandOptions extends StructureFlags {
  readonly goals?: string;
  readonly protocol?: readonly string[];
  readonly prior?: string;
  readonly out?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly strict?: boolean;
}

/** @returns the exit code: 1 under `--strict` where a goal fails or cannot be evaluated */
export async function checkCommand(options: CheckCommandOptions): Promise<number> {
  if (options.goals === undefined && options.protocol === undefined) {
    throw new InvalidInputError('check: nothing to check against. Give --goals GOALS.json, --protocol NAME, or both.');
  }
  const file: GoalFile =
    options.goals === undefined ? { protocols: [] } : parseGoalFile(await readJson(options.goals), options.goals);
  const protocols = [...file.protocols, ...(options.protocol ?? []).map(builtInProtocol)];
  const prescription =
    options.prescription === undefined ? file.prescription : doseOf('--prescription', options.prescription);
  const prior = options.prior === undefined ? file.prior : priorOf(options.prior);
  const meaning = doseOptions(options);
  const fractions = meaning.fractions ?? (meaning.plan === undefined ? file.fractions : undefined);
  const loaded = await loadDoseAndStructures(options, {
    ...meaning,
    ...(fractions === undefined ? {} : { fractions }),
  });
  const wanted = new Set(protocols.flatMap(({ items }) => items.flatMap(({ goal }) => goal?.structure ?? [])));
  const { dvhs, absent, remarks } = dvhsOf(loaded, wanted, options.partial ?? false);
  const checked = checkProtocols(protocols, dvhs, {
    absent,
    ...(prescription === undefined ? {} : { prescription }),
    ...(prior === undefined ? {} : { prior }),
  });
  const notes = [...remarks, ...loaded.notes];
  const report = {
    software: `respine ${version}`,
    notice: 'Research software, not for clinical use.',
    inputs: {
      dose: loaded.dose.hash,
      structures: loaded.structures.hash,
      ...(options.goals === undefined ? {} : { goals: sha256(JSON.stringify(file)) }),
    },
    prescription: prescription ?? null,
    fractions: loaded.dose.dose.fractions ?? null,
    prior: prior ?? null,
    assumptions: [describeEndRule(endRuleOf(options.endSlices))],
    goals: goalRows(checked),
    protocols: checked.map(({ goals: _, ...head }) => head),
    notes,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) {
    await writeAll(options.out, new Map(Object.entries({ 'check.json': json, 'check.csv': checkCsv(checked) })));
  }
  const text = `${checkTable(checked)}${notes.map((note) => `${note}\n`).join('')}Research software, not for clinical use.\n`;
  print(options.json ? json : options.csv ? checkCsv(checked) : text);
  const isMissed = checked.some(({ result }) => result === 'fail' || result === 'not evaluable');
  return options.strict && isMissed ? 1 : 0;
}

/** DVHs of the structures that goals name; why the others have none. */
function dvhsOf(
  { dose, structures }: DoseAndStructures,
  wanted: ReadonlySet<string>,
  partial: boolean,
): { dvhs: Map<string, Dvh>; absent: Map<string, string>; remarks: string[] } {
  const dvhs = new Map<string, Dvh>();
  const absent = new Map(Object.keys(structures.unfit ?? {}).map((name) => [name, whyUnfit(name, structures.unfit)!]));
  const remarks: string[] = [];
  for (const structure of structures.structures) {
    const { name } = structure;
    if (!wanted.has(name)) {
      absent.set(name, 'no goal asks for it');
      continue;
    }
    const { dvh, reason } = structureDvh(dose.dose, structure, { partial });
    if (dvh === undefined) absent.set(name, reason!);
    else {
      dvhs.set(name, dvh);
      if (reason !== undefined) remarks.push(`${reason}.`);
    }
  }
  return { dvhs, absent, remarks };
}

/** `38,19` or `38,19,17.7`: Gy, fractions, months. */
function priorOf(text: string): PriorCourse {
  const parts = text.split(',');
  if (parts.length !== 2 && parts.length !== 3) {
    throw new InvalidInputError(
      `--prior is "${text}", but must be Gy,fractions or Gy,fractions,months, as 38,19,17.7.`,
    );
  }
  const [dose, fractions, months] = parts as [string, string, string?];
  return {
    dose: doseOf('--prior', dose),
    fractions: fractionsOf('--prior', fractions),
    ...(months === undefined ? {} : { months: monthsOf('--prior', months) }),
  };
}
