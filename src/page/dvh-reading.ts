/** Reads the DVHs: the row of dvh.csv under the pointer, or the one that arrow keys lead to. */
import type { ViewData, ViewedCurve } from '../report/html/view-types.js';
import { element } from './volumes.js';

const SVG = 'http://www.w3.org/2000/svg';

/** A row of a curve. */
interface Reading {
  readonly curve: number;
  readonly row: number;
}

export function startDvh({ curves, frame }: ViewData): void {
  const plot = element('dvh-plot');
  const svg = plot.querySelector('svg')!;
  const output = element('dvh-reading');
  const dot = document.createElementNS(SVG, 'circle');
  for (const [name, value] of Object.entries({ r: '5', fill: 'none', stroke: '#1b1b1b', 'stroke-width': '2' }))
    dot.setAttribute(name, value);
  element('dvh-mark').append(dot);
  dot.setAttribute('visibility', 'hidden');

  const x = (dose: number): number => frame.left + (dose / frame.maxDose) * frame.width;
  const y = (percent: number): number => frame.top + (1 - percent / frame.maxPercent) * frame.height;
  const groups = curves.map((_, c) => element<SVGGElement>(`curve-${c}`));
  const isShown = (c: number): boolean => groups[c]!.getAttribute('visibility') !== 'hidden';
  let reading: Reading | undefined;

  const read = (next: Reading | undefined): void => {
    reading = next;
    dot.setAttribute('visibility', next === undefined ? 'hidden' : 'visible');
    if (next === undefined) return;
    const { dose, percent } = curves[next.curve]!;
    dot.setAttribute('cx', String(x(dose[next.row]!)));
    dot.setAttribute('cy', String(y(percent[next.row]!)));
    output.textContent = told(curves[next.curve]!, next.row);
  };

  const nearest = ({ clientX, clientY }: MouseEvent): Reading | undefined => {
    const box = svg.getBoundingClientRect();
    const perPixel = svg.viewBox.baseVal.width / box.width;
    const [px, py] = [(clientX - box.left) * perPixel, (clientY - box.top) * perPixel];
    let best: Reading | undefined;
    let least = 40;
    curves.forEach(({ dose, percent }, curve) => {
      if (!isShown(curve)) return;
      dose.forEach((gray, row) => {
        const distance = Math.hypot(x(gray) - px, y(percent[row]!) - py);
        if (distance < least) {
          least = distance;
          best = { curve, row };
        }
      });
    });
    return best;
  };

  plot.addEventListener('pointermove', (event) => {
    const found = nearest(event);
    if (found !== undefined) read(found);
  });
  plot.addEventListener('keydown', (event) => {
    const visible = [...curves.keys()].filter(isShown);
    if (visible.length === 0) return;
    const now = reading !== undefined && isShown(reading.curve) ? reading : { curve: visible[0]!, row: 0 };
    const along = { ArrowLeft: -1, ArrowRight: 1, PageUp: 20, PageDown: -20 }[event.key];
    const between = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (along !== undefined) {
      const last = curves[now.curve]!.dose.length - 1;
      read({ ...now, row: Math.min(last, Math.max(0, now.row + along)) });
    } else if (between !== undefined) {
      const at = (visible.indexOf(now.curve) + between + visible.length) % visible.length;
      read({ ...now, curve: visible[at]! });
    } else return;
    event.preventDefault();
  });

  const boxes = [...document.querySelectorAll<HTMLInputElement>('#dvh input[type=checkbox]')];
  const techniques = [...new Set(curves.map(({ technique }) => technique))];
  const structures = [...new Set(curves.map(({ structure }) => structure))];
  const isTicked = (id: string): boolean => element<HTMLInputElement>(id).checked;
  const show = (): void => {
    curves.forEach(({ technique, structure }, c) => {
      const isOn = isTicked(`dvh-technique-${technique}`) && isTicked(`dvh-structure-${structures.indexOf(structure)}`);
      groups[c]!.setAttribute('visibility', isOn ? 'visible' : 'hidden');
    });
    if (reading !== undefined && !isShown(reading.curve)) read(undefined);
  };
  for (const box of boxes) box.addEventListener('change', show);
  if (techniques.length > 0) show();
}

/** As dvh.csv has it. */
function told({ technique, structure, dose, volume, percent }: ViewedCurve, row: number): string {
  return `${structure}, ${technique.toUpperCase()}: ${percent[row]!.toFixed(4)} % = ${volume[row]!.toFixed(5)} cc get at least ${dose[row]!.toFixed(4)} Gy`;
}
