/** The page: the form at the left, what came of it at the right. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { timeLeft } from '../../../dist/core/job-progress.js';
import { version } from '../../../package.json';
import type { Given, PatientView, Progress, ResultView } from '../planning/messages.js';
import { Dvh } from './dvh.js';
import { PatientForm } from './patient-form.js';
import { Pictures } from './pictures.js';
import { PlanForm } from './plan-form.js';
import { Certificate, Downloads, Goals, Verdict } from './result.js';
import { Cancelled, Session } from './session.js';
import { askedOf, caseOf, choiceOf, FIRST, type Settings, techniquesOf } from './settings.js';
import { begun, ended, unfinished } from './unfinished.js';

const FILES = 'files';
/** ms without a change before a phantom is built anew. */
const PAUSE = 350;

const BEGUN: Progress = { event: 'stage', stage: 'starting threads', fraction: 0, secondsLeft: null, note: null };

const session = new Session();
const left = unfinished();
const LEFT =
  'A plan was still being computed when this tab was closed, and nothing of it is left. Its settings are back in the form: plan again.';

export function App() {
  const [settings, setSettings] = useState<Settings>(left === undefined ? FIRST : { ...FIRST, ...left });
  const [patient, setPatient] = useState<PatientView>();
  const [isReading, setReading] = useState(false);
  /** What the patient that is shown was made of. */
  const [made, setMade] = useState('');
  const [progress, setProgress] = useState<Progress>();
  const [result, setResult] = useState<ResultView>();
  const [count, setCount] = useState(0);
  const [problem, setProblem] = useState<string | undefined>(left && LEFT);
  const files = useRef<readonly Given[] | undefined>(undefined);
  const isPlanning = progress !== undefined;
  const change = (changes: Partial<Settings>): void => setSettings((before) => ({ ...before, ...changes }));

  const load = async (given: Parameters<Session['load']>[0]): Promise<void> => {
    setReading(true);
    setResult(undefined);
    setProgress(undefined);
    ended();
    try {
      const view = await session.load(given);
      setPatient(view);
      setMade('phantom' in given ? JSON.stringify(given) : FILES);
      if (!('phantom' in given)) {
        change({
          target: view.target ?? view.structures[0]?.name ?? '',
          cord: view.cord ?? view.structures[0]?.name ?? '',
          prior: view.prior === undefined ? 'none' : 'file',
        });
      }
      setReading(false);
    } catch (error) {
      if (error instanceof Cancelled) return;
      setPatient(undefined);
      setProblem(sentenceOf(error));
      setReading(false);
    }
  };

  const choice = JSON.stringify(choiceOf(settings));
  const isFirst = useRef(true);
  // The choice holds all that a phantom depends on.
  useEffect(() => {
    if (settings.source !== 'phantom' || choice.includes('null')) return;
    const build = (): void => {
      setProblem((before) => (before === LEFT ? before : undefined));
      void load(choiceOf(settings));
    };
    const timer = setTimeout(build, isFirst.current ? 0 : PAUSE);
    isFirst.current = false;
    return () => clearTimeout(timer);
  }, [choice, settings.source]);

  useEffect(() => {
    if (settings.source !== 'files') return;
    if (files.current !== undefined) void load(files.current);
    else {
      // What is shown is of a phantom, which is not asked for any more.
      session.cancel();
      setPatient(undefined);
      setResult(undefined);
    }
  }, [settings.source]);

  useEffect(() => {
    if (!isPlanning) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isPlanning]);

  const plan = async (): Promise<void> => {
    setProblem(undefined);
    setProgress(BEGUN);
    begun(settings);
    try {
      const view = await session.plan(
        {
          case: caseOf(settings, patient),
          techniques: techniquesOf(settings),
          phantom: settings.source === 'phantom' ? choiceOf(settings) : undefined,
        },
        setProgress,
      );
      setResult(view);
      setCount((before) => before + 1);
    } catch (error) {
      if (!(error instanceof Cancelled)) setProblem(sentenceOf(error));
    }
    ended();
    setProgress(undefined);
  };

  const takeFiles = (given: readonly Given[]): void => {
    files.current = given;
    setProblem(undefined);
    void load(given);
  };
  // Not while another patient is about to take the place of this one.
  const isCurrent = !isReading && made === (settings.source === 'phantom' ? choice : FILES);
  const canPlan = patient !== undefined && isCurrent && !isPlanning && techniquesOf(settings).length > 0;
  return (
    <>
      <header>
        <h1>respine</h1>
        <p>Plans the re-irradiation of the spine and proves its numbers</p>
        <p class="notice">Research software, not for clinical use</p>
      </header>
      <main>
        <form
          aria-label="Case"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (canPlan) void plan();
          }}
        >
          <PatientForm
            settings={settings}
            change={change}
            patient={settings.source === 'files' ? patient : undefined}
            isReading={isReading}
            onFiles={takeFiles}
            onError={setProblem}
          />
          <PlanForm settings={settings} change={change} patient={settings.source === 'files' ? patient : undefined} />
          <div class="act">
            {isPlanning ? (
              <button
                type="button"
                class="primary cancel"
                onClick={(event) => {
                  // It is the Plan button again before the click is over, and would submit the form.
                  event.preventDefault();
                  if (!isSecond(event)) session.cancel();
                }}
              >
                Cancel
              </button>
            ) : (
              <button
                type="submit"
                class="primary"
                disabled={!canPlan}
                onClick={(event) => isSecond(event) && event.preventDefault()}
              >
                Plan
              </button>
            )}
            <Status isReading={isReading} progress={progress} asked={askedOf(settings)} />
          </div>
        </form>
        <div class="out" aria-busy={isPlanning}>
          <div role="alert">{problem !== undefined && <p class="problem">{problem}</p>}</div>
          {result !== undefined && <Verdict result={result} />}
          {patient !== undefined && (
            <Pictures
              session={session}
              patient={patient}
              techniques={result?.plans.map(({ technique }) => technique) ?? []}
              prescription={result?.prescription ?? settings.dose}
              version={count}
            />
          )}
          {result !== undefined && (
            <>
              <Dvh key={count} plans={result.plans} prescription={result.prescription} />
              <Goals plans={result.plans} />
              <Certificate result={result} />
              <Downloads session={session} onError={setProblem} />
            </>
          )}
          {patient === undefined && settings.source === 'files' && !isReading && problem === undefined && (
            <p class="empty">No patient yet: drop a CT folder at the left.</p>
          )}
          {patient !== undefined && patient.notes.length > 0 && <Notes notes={patient.notes} />}
        </div>
      </main>
      <footer>
        respine {version}. Everything is computed in this tab, on {session.threads}{' '}
        {session.threads === 1 ? 'thread' : 'threads'}; nothing is sent anywhere.
        {!globalThis.crossOriginIsolated && (
          <>
            {' '}
            Served by <code>respine serve</code>, this page plans on all cores.
          </>
        )}
      </footer>
    </>
  );
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function Notes({ notes }: { readonly notes: readonly string[] }) {
  return (
    <section class="card" aria-labelledby="notes-title">
      <h2 id="notes-title">Notes on the patient</h2>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  );
}

/** The second click of a double click: what the first has done is not to be undone by it. */
const isSecond = ({ detail }: MouseEvent): boolean => detail > 1;

interface StatusProps {
  readonly isReading: boolean;
  readonly progress: Progress | undefined;
  /** In words, what the next plan is of. */
  readonly asked: readonly [string, string];
}

/** Where it is, in a place of the same height whether something runs or not, so that the button above stands still. */
function Status({ isReading, progress, asked }: StatusProps) {
  const { stage, fraction = null, note } = progress ?? {};
  const percent = fraction === null ? '' : `${Math.floor(100 * fraction)} %`;
  const parts = progress === undefined ? [] : [percent, timeLeft(progress), note ?? ''];
  if (!isReading && progress === undefined) {
    return (
      <div class="progress">
        <div class="bar" />
        <p class="status">{asked[0]}</p>
        <p class="left">{asked[1]}</p>
      </div>
    );
  }
  return (
    <div class="progress">
      <progress aria-label={isReading ? 'Reading' : 'Planning'} {...(fraction !== null && { value: fraction })} />
      <p class="status" role="status">
        {stage ?? 'reading the patient'}
      </p>
      <p class="left">{parts.filter((part) => part !== '').join(', ')}</p>
    </div>
  );
}
