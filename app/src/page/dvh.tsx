/** Dose-volume histograms of all plans; values are read with the pointer, or with the slider below. */
import { useState } from 'preact/hooks';
import type { DvhLine, PlanView } from '../planning/messages.js';

const [WIDTH, HEIGHT] = [720, 380];
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 16, 14, 44];
/** Of lines, by plan: the last is solid. */
const DASHES = ['', '7 4'] as const;

/** Percent of the volume that receives a dose. */
function volumeAt({ dose, percent }: DvhLine, gray: number): number {
  const step = dose[1]!;
  const i = gray / step;
  if (i >= dose.length - 1) return 0;
  const first = Math.floor(i);
  return percent[first]! + (i - first) * (percent[first + 1]! - percent[first]!);
}

function ticksTo(most: number): number[] {
  const step = most > 60 ? 20 : most > 30 ? 10 : 5;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

export function Dvh({ plans, prescription }: { readonly plans: readonly PlanView[]; readonly prescription: number }) {
  const most = Math.max(prescription, ...plans.flatMap(({ dvh }) => dvh.map(({ dose }) => dose.at(-1)!))) * 1.04;
  const [gray, setGray] = useState(prescription);
  const x = (dose: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * dose) / most;
  const y = (percent: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * percent) / 100;
  const path = ({ dose, percent }: DvhLine): string =>
    `M${Array.from(dose, (d, i) => `${x(d).toFixed(1)},${y(percent[i]!).toFixed(1)}`).join('L')}`;
  const names = [...new Set(plans.flatMap(({ dvh }) => dvh.map(({ name }) => name)))];
  const dashOf = (p: number): string => DASHES[plans.length - 1 - p] ?? '';
  const point = (event: PointerEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const given = ((((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT)) * most;
    setGray(Math.min(most, Math.max(0, given)));
  };
  return (
    <section class="card" aria-labelledby="dvh-title">
      <h2 id="dvh-title">Dose-volume histograms</h2>
      <div class="dvh">
        <div>
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="Dose-volume histograms" onPointerMove={point}>
            {ticksTo(most).map((dose) => (
              <g key={dose}>
                <line class="grid" x1={x(dose)} x2={x(dose)} y1={TOP} y2={HEIGHT - BOTTOM} />
                <text x={x(dose)} y={HEIGHT - BOTTOM + 18} text-anchor="middle">
                  {dose}
                </text>
              </g>
            ))}
            {[0, 25, 50, 75, 100].map((percent) => (
              <g key={percent}>
                <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(percent)} y2={y(percent)} />
                <text x={LEFT - 8} y={y(percent) + 4} text-anchor="end">
                  {percent}
                </text>
              </g>
            ))}
            <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 6} text-anchor="middle">
              Dose of this course, Gy
            </text>
            <text transform={`translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`} text-anchor="middle">
              Volume, %
            </text>
            {plans.map((plan, p) =>
              plan.dvh.map((line) => (
                <path
                  key={`${plan.technique} ${line.name}`}
                  d={path(line)}
                  fill="none"
                  stroke={line.color}
                  stroke-width="2"
                  stroke-dasharray={dashOf(p)}
                />
              )),
            )}
            <line class="reading" x1={x(gray)} x2={x(gray)} y1={TOP} y2={HEIGHT - BOTTOM} />
          </svg>
          <label class="read">
            Read at
            <input
              type="range"
              min={0}
              max={most}
              step={0.1}
              value={gray}
              aria-valuetext={`${gray.toFixed(1)} Gy`}
              onInput={({ currentTarget }) => setGray(currentTarget.valueAsNumber)}
            />
            <output>{gray.toFixed(1)} Gy</output>
          </label>
        </div>
        <table>
          <caption>Volume with at least {gray.toFixed(1)} Gy</caption>
          <thead>
            <tr>
              <th scope="col">Structure</th>
              {plans.map(({ technique }, p) => (
                <th key={technique} scope="col" class="number">
                  {technique.toUpperCase()}
                  <svg class="dash" viewBox="0 0 24 4" aria-hidden="true">
                    <line x1="0" x2="24" y1="2" y2="2" stroke-dasharray={dashOf(p)} />
                  </svg>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">
                  <svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">
                    <rect width="12" height="12" rx="2" fill={colorOf(plans, name)} />
                  </svg>
                  {name}
                </th>
                {plans.map(({ technique, dvh }) => {
                  const line = dvh.find((own) => own.name === name);
                  return (
                    <td key={technique} class="number">
                      {line === undefined ? '' : `${volumeAt(line, gray).toFixed(1)} %`}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const colorOf = (plans: readonly PlanView[], name: string): string =>
  plans.flatMap(({ dvh }) => dvh).find((line) => line.name === name)!.color;
