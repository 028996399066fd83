/** What came of it: the verdict first, then goals, proof and files. */
import { useState } from 'preact/hooks';
import type { ExportKind, PlanView, ResultView } from '../planning/messages.js';
import { save } from './drop.js';
import { picturesOf } from './png.js';
import { Refusal, type Session } from './session.js';

export function Verdict({ result }: { readonly result: ResultView }) {
  const { plans, figures, prescription, fractions, target } = result;
  return (
    <section class="card" aria-labelledby="verdict-title">
      <h2 id="verdict-title">Verdict</h2>
      <div class="verdicts">
        {plans.map(({ technique, verdict, isGood, sentence }) => (
          <div key={technique} class={`verdict ${isGood ? 'good' : 'bad'}`}>
            <h3>
              {technique.toUpperCase()} <strong>{verdict}</strong>
            </h3>
            <p>{sentence.replace(/^\w+: /, '')}</p>
          </div>
        ))}
      </div>
      <table class="figures">
        <caption>
          {prescription} Gy in {fractions} fractions to {target}
        </caption>
        <thead>
          <tr>
            <td />
            <Heads plans={plans} />
          </tr>
        </thead>
        <tbody>
          {figures.map(([label, ...cells]) => (
            <tr key={label}>
              <th scope="row">{label.trim()}</th>
              {cells.map((cell, c) => (
                <td key={plans[c]!.technique} class="number">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A column of each plan. */
function Heads({ plans }: Pick<ResultView, 'plans'>) {
  return (
    <>
      {plans.map(({ technique }) => (
        <th key={technique} scope="col" class="number">
          {technique.toUpperCase()}
        </th>
      ))}
    </>
  );
}

const WORDS = { pass: 'Pass', variation: 'Pass, varied', fail: 'Fail', 'not evaluable': 'Not evaluable' } as const;

export function Goals({ plans }: Pick<ResultView, 'plans'>) {
  return (
    <section class="card" aria-labelledby="goals-title">
      <h2 id="goals-title">Goals</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Goal</th>
            <Heads plans={plans} />
          </tr>
        </thead>
        <tbody>
          {(plans[0]?.goals ?? []).map(({ goal }, g) => (
            <tr key={goal}>
              <th scope="row">{goal}</th>
              {plans.map(({ technique, goals }) => (
                <GoalCell key={technique} line={goals[g]!} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function GoalCell({ line: { value, result } }: { readonly line: PlanView['goals'][number] }) {
  return (
    <td class={`number ${result === 'pass' || result === 'variation' ? 'pass' : 'fail'}`}>
      {value} <span class="mark">{WORDS[result]}</span>
    </td>
  );
}

export function Certificate({ result }: { readonly result: ResultView }) {
  const { plans, seconds, threads, summary } = result;
  return (
    <section class="card" aria-labelledby="proof-title">
      <h2 id="proof-title">Certificate</h2>
      <p class="quiet">How far each plan can be from the best one that keeps its constraints.</p>
      <dl>
        {plans.map(({ technique, certificate }) => (
          <div key={technique}>
            <dt>{technique.toUpperCase()}</dt>
            <dd>{certificate.charAt(0).toUpperCase() + certificate.slice(1)}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">
        Planned and proven in {seconds.toFixed(1)} s on {threads} {threads === 1 ? 'thread' : 'threads'} of this tab.
      </p>
      <details>
        <summary>As the command line tells it</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard */}
        <pre tabIndex={0}>{summary}</pre>
      </details>
    </section>
  );
}

const DOWNLOADS: readonly (readonly [of: ExportKind, title: string])[] = [
  ['report', 'Report, HTML'],
  ['everything', 'Everything, .zip'],
  ['plan.json', 'plan.json'],
  ['doses', 'Doses, NRRD'],
  ['dicom', 'DICOM'],
  ['pictures', 'Pictures, PNG'],
  ['case', 'CASE.json'],
];

export function Downloads({
  session,
  onError,
}: {
  readonly session: Session;
  readonly onError: (why: string) => void;
}) {
  const [busy, setBusy] = useState<ExportKind>();
  const get = async (of: ExportKind): Promise<void> => {
    setBusy(of);
    try {
      const files = await session.files(of);
      // In one file: of many at once browsers keep some.
      for (const { name, bytes, type } of of === 'pictures' ? [await picturesOf(files)] : files) {
        save(name, new Blob([bytes], { type }));
      }
    } catch (error) {
      onError(error instanceof Refusal ? error.message : `This file could not be made: ${String(error)}`);
    }
    setBusy(undefined);
  };
  return (
    <section class="card" aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <p class="buttons">
        {DOWNLOADS.map(([of, title]) => (
          <button key={of} type="button" disabled={busy !== undefined} onClick={() => get(of)}>
            {busy === of ? 'Making it ...' : title}
          </button>
        ))}
      </p>
      <p class="quiet">
        The report is one page to send, with verdict, planes and DVHs, which needs no network.{' '}
        <code>respine plan --from plan.json</code> makes the same plan again where the .zip was unpacked, bit for bit.
      </p>
    </section>
  );
}
