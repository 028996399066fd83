/** The worker that plans: one case, then its files; it is ended where planning is cancelled. */
import { strToU8, type Zippable, zipSync } from 'fflate';
import { type Executor, serialExecutor } from '../../../dist/core/executor.js';
import { JobProgress } from '../../../dist/core/job-progress.js';
import { cumulativeCurve } from '../../../dist/evaluate/dvh.js';
import {
  artiste6mv,
  buildPhantom,
  createJob,
  type PlanCaseInput,
  type PlanningResult,
  parseCase,
  planPictures,
  runPlan,
  summary,
  type Technique,
} from '../../../dist/index.js';
import pageAssets from '../../../dist/page/assets.json';
import { type PlanCase, priorsOf } from '../../../dist/plan/input/plan-case.js';
import { structureColor } from '../../../dist/render/colour.js';
import { drawingSvg } from '../../../dist/render/drawing.js';
import { certificateLine, whyUnproven } from '../../../dist/report/certificate.js';
import { goalValue } from '../../../dist/report/goals.js';
import { reportPage } from '../../../dist/report/html/report-page.js';
import { planToDicom } from '../../../dist/report/plan-dicom.js';
import { PlanProgress, planStages, READING } from '../../../dist/report/plan-progress.js';
import { planReport } from '../../../dist/report/plan-report.js';
import { figures, sentenceOf, verdictOf } from '../../../dist/report/plan-summary.js';
import { resultFiles } from '../../../dist/report/result-files.js';
import { version } from '../../../package.json';
import type {
  DvhLine,
  ExportKind,
  PlanRequest,
  PlanView,
  Progress,
  ResultView,
  SavedFile,
  ThreadLink,
} from './messages.js';
import { phantomNamed } from './phantoms.js';
import { PagePool } from './pool.js';
import type { HandedPatient, PlannedDoses } from './reader.js';
import { sha256 } from './sha256.js';

type Evaluation = PlanningResult['plans'][number];

/** Seconds between two words of progress within a stage. */
const SELDOM = 0.05;

export class Planner {
  private readonly executor: Executor;
  private handed: HandedPatient | undefined;
  private awaited: ((handed: HandedPatient) => void) | undefined;
  private shown: (() => void) | undefined;
  private result: PlanningResult | undefined;
  private inputs: Readonly<Record<string, string>> = {};
  private asked: PlanCaseInput | undefined;

  constructor(
    threads: readonly ThreadLink[],
    private readonly reader: MessagePort,
    private readonly tell: (progress: Progress) => void,
  ) {
    this.executor = threads.length === 0 ? serialExecutor : new PagePool(threads);
    reader.onmessage = ({ data }: MessageEvent<HandedPatient | 'taken'>) => {
      if (data === 'taken') this.shown?.();
      else {
        this.handed = data;
        this.awaited?.(data);
      }
    };
  }

  async plan({ case: asked, techniques, phantom }: PlanRequest): Promise<ResultView> {
    const begun = performance.now();
    const planCase = parseCase(asked, 'case');
    const progress = this.begin(planCase, techniques);
    const { patient, prior, inputs } =
      phantom === undefined ? askedFor(planCase, await this.patientOfFiles()) : this.phantomOf(planCase);
    const job = createJob({ case: planCase, patient, machine: artiste6mv, ...(prior && { prior }) });
    const { onStage, onProgress } = new PlanProgress(progress);
    const result = runPlan(job, { techniques, executor: this.executor, onStage, onProgress });
    this.result = result;
    this.asked = asked;
    this.inputs = {
      case: sha256(JSON.stringify(result.case)),
      machine: sha256(JSON.stringify(artiste6mv)),
      ...(phantom && { phantom: sha256(JSON.stringify(phantomNamed(phantom.phantom))) }),
      ...inputs,
    };
    await this.show(result);
    return viewOf(result, (performance.now() - begun) / 1000, this.executor.threads);
  }

  async files(of: ExportKind): Promise<readonly SavedFile[]> {
    const result = this.result!;
    const name = slug(result.model.patient.name);
    if (of === 'case') return [saved('CASE.json', json(this.asked!), 'application/json')];
    if (of === 'pictures') {
      return [...planPictures(result)].map(([title, drawing]) => {
        const svg = typeof drawing === 'string' ? drawing : drawingSvg(drawing);
        return saved(`${name}-pictures/${title}.svg`, svg, 'image/svg+xml');
      });
    }
    if (of === 'dicom') {
      const written = planToDicom(result, { version });
      return [zipped(`${name}-dicom.zip`, new Map(written.files.map((file) => [file.name, file.bytes])))];
    }
    const { files, remake } = await resultFiles(result, {
      hash: sha256,
      software: `respine ${version}`,
      gzip: true,
      ...('phantom' in result.case.patient ? {} : { folder: '.' }),
    });
    if (of === 'doses') {
      return [zipped(`${name}-doses.zip`, new Map([...files].filter(([title]) => title.endsWith('.nrrd'))))];
    }
    const report = planReport(result, { version, inputs: this.inputs, remake });
    if (of === 'report') return [saved(`${name}-report.html`, reportPage(result, report, pageAssets), 'text/html')];
    report['files'] = [...files.keys(), 'plan.json'];
    const text = `${json(report)}\n`;
    if (of === 'plan.json') return [saved('plan.json', text, 'application/json')];
    return [zipped(`${name}-plan.zip`, new Map([...files, ['CASE.json', json(this.asked!)], ['plan.json', text]]))];
  }

  /** Every stage is told, of its steps some. */
  private begin(planCase: PlanCase, techniques: readonly Technique[]): JobProgress {
    let told = 0;
    const progress = new JobProgress(
      ({ event, stage, fraction, secondsLeft, note, seconds }) => {
        if (event === 'step' && seconds - told < SELDOM) return;
        told = seconds;
        this.tell({ event, stage, fraction, secondsLeft, note });
      },
      () => performance.now() / 1000,
    );
    progress.expect([{ name: READING, cost: 0.5 }, ...planStages({ case: planCase, techniques })]);
    progress.stage(READING);
    return progress;
  }

  /** Gives the doses to whoever draws them, and waits until it has them. */
  private show({ plans }: PlanningResult): Promise<void> {
    return new Promise((resolve) => {
      this.shown = resolve;
      const doses = plans.map(({ plan: { technique, dose } }) => ({ technique, dose }));
      this.reader.postMessage(doses satisfies PlannedDoses);
    });
  }

  private phantomOf({ patient: asked, doseGrid }: PlanCase): HandedPatient {
    if (!('phantom' in asked)) throw new Error('the case names no phantom');
    const { phantom, ...options } = asked;
    return { patient: buildPhantom(phantomNamed(phantom), { spacing: doseGrid.spacing, ...options }) };
  }

  private patientOfFiles(): Promise<HandedPatient> {
    if (this.handed !== undefined) return Promise.resolve(this.handed);
    return new Promise((resolve) => {
      this.awaited = resolve;
    });
  }
}

function viewOf(result: PlanningResult, seconds: number, threads: number): ResultView {
  const { case: planCase, model, plans } = result;
  const { dose, fractions } = planCase.prescription;
  return {
    plans: plans.map((own) => planView(own, result)),
    figures: figures(result).filter(([label]) => label !== 'verdict'),
    summary: summary(result, { width: 100, height: 60 }),
    prescription: dose,
    fractions,
    target: model.target,
    isocenter: model.isocenter,
    seconds,
    threads,
  };
}

function planView(own: Evaluation, result: PlanningResult): PlanView {
  const { plan, goals } = own;
  const verdict = verdictOf(own, result.case.prescription.dose);
  const why = whyUnproven(plan.solution);
  return {
    technique: plan.technique,
    verdict,
    isGood: verdict.startsWith('PASS'),
    sentence: sentenceOf(own, result),
    certificate: `${certificateLine(plan.solution.certificate)}${why === undefined ? '' : `; ${why}`}.`,
    goals: goals.map((row) => ({ goal: String(row.goal), value: goalValue(row), result: row.result })),
    dvh: dvhLines(own, result),
  };
}

/** Targets first, then organs by their largest dose; helpers of the optimiser and what gets next to nothing are left out. */
function dvhLines({ dvhs }: Evaluation, { model, case: planCase }: PlanningResult): DvhLine[] {
  const roleOf = (name: string): string => model.structures.get(name)?.role ?? 'organ';
  const order = (name: string): number => (roleOf(name) === 'target' ? 0 : name === model.cord ? 1 : 2);
  return [...dvhs.values()]
    .filter(
      ({ name, max }) => !/^z/.test(name) && roleOf(name) !== 'external' && max > 0.1 * planCase.prescription.dose,
    )
    .sort((a, b) => order(a.name) - order(b.name) || b.max - a.max)
    .slice(0, 14)
    .map((dvh) => {
      const { dose, percent } = cumulativeCurve(dvh, 241);
      const { color } = model.structures.get(dvh.name)!;
      const css = color === undefined ? structureColor(dvh.name) : `rgb(${color.join(' ')})`;
      return { name: dvh.name, color: css, dose, percent };
    });
}

/** A dose that lies with the CT is no input unless the case names it. */
function askedFor({ prior: course }: PlanCase, handed: HandedPatient): HandedPatient {
  if (priorsOf({ prior: course }).some(({ file }) => file !== undefined)) return handed;
  const { prior: _, ...inputs } = handed.inputs ?? {};
  return { patient: handed.patient, inputs };
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);
const slug = (name: string): string => name.replace(/[^\w-]+/g, '_').slice(0, 40) || 'plan';

const bytesOf = (content: string | Uint8Array): Uint8Array<ArrayBuffer> =>
  (typeof content === 'string' ? strToU8(content) : Uint8Array.from(content)) as Uint8Array<ArrayBuffer>;

function saved(name: string, content: string | Uint8Array, type: string): SavedFile {
  return { name, bytes: bytesOf(content), type };
}

/** Doses are packed already, so that only texts are squeezed. */
function zipped(name: string, files: ReadonlyMap<string, string | Uint8Array>): SavedFile {
  const entries: Zippable = {};
  for (const [path, content] of files) {
    const level = typeof content === 'string' || path.endsWith('.dcm') ? 6 : 0;
    entries[path] = [bytesOf(content), { level, mtime: new Date('2000-01-01') }];
  }
  return { name, bytes: zipSync(entries) as Uint8Array<ArrayBuffer>, type: 'application/zip' };
}
