/** Three planes through one place: scrolled, clicked, steered by keys; what is shown is ticked. */
import { coordinateAt, type Vec3 } from '../geometry/grid.js';
import { valueAt } from '../geometry/resample.js';
import type { ViewData } from '../report/html/view-types.js';
import { PlaneView, type Shown } from './plane-view.js';
import { element, movedTo, unpackVolumes, type Volumes } from './volumes.js';

/** Of a wheel, px of one slice. */
const NOTCH = 50;

export async function startViewer(data: ViewData): Promise<void> {
  const volumes = await unpackVolumes(data);
  const viewer = new Viewer(data, volumes);
  viewer.start();
}

class Viewer {
  private readonly views: readonly PlaneView[];
  private readonly shown: Shown;
  private readonly stale = new Set<PlaneView>();
  private wheeled = 0;

  constructor(
    private readonly data: ViewData,
    private readonly volumes: Volumes,
  ) {
    this.views = (['axial', 'sagittal', 'coronal'] as const).map((plane) => new PlaneView(plane, volumes, data));
    this.shown = {
      point: data.point,
      dose: data.doses.length - 1,
      hasWash: true,
      hasIsodoses: true,
      window: { level: 100, width: 900 },
      structures: new Set(data.structures.keys()),
    };
    // At first every plane is one of the CT's own.
    for (const view of this.views) {
      this.shown.point = movedTo(this.shown.point, view.axes.through, view.placeOf(view.nearest(this.shown.point)));
    }
  }

  start(): void {
    this.views.forEach((view) => {
      this.listen(view);
    });
    this.listenToControls();
    this.moveTo(this.shown.point);
    this.drawStale();
  }

  private listen(view: PlaneView): void {
    const { canvas, plane } = view;
    const slider = element<HTMLInputElement>(`${plane}-slice`);
    slider.max = String(view.count - 1);
    slider.addEventListener('input', () => this.scrollTo(view, slider.valueAsNumber));
    canvas.addEventListener(
      'wheel',
      (event) => {
        const next = view.nearest(this.shown.point) - Math.sign(event.deltaY);
        // At the last slice the page scrolls on.
        if (next < 0 || next >= view.count) return;
        event.preventDefault();
        this.wheeled += event.deltaY;
        if (Math.abs(this.wheeled) < NOTCH) return;
        this.wheeled = 0;
        this.scrollTo(view, next);
      },
      { passive: false },
    );
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.moveTo(view.pointAt(event, this.shown.point));
    });
    canvas.addEventListener('pointermove', (event) => {
      const point = view.pointAt(event, this.shown.point);
      if (canvas.hasPointerCapture(event.pointerId)) this.moveTo(point);
      element('pointed').textContent = `Pointer: ${this.told(point)}`;
    });
    canvas.addEventListener('keydown', (event) => this.steer(view, event));
  }

  private steer(view: PlaneView, event: KeyboardEvent): void {
    const { across, down, through, isDownReversed } = view.axes;
    const downward = isDownReversed ? -1 : 1;
    const moves: Readonly<Record<string, readonly [axis: number, steps: number]>> = {
      ArrowLeft: [across, -1],
      ArrowRight: [across, 1],
      ArrowUp: [down, -downward],
      ArrowDown: [down, downward],
      PageUp: [through, 1],
      PageDown: [through, -1],
    };
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const [axis, steps] = move;
    this.moveTo(movedTo(this.shown.point, axis, this.shown.point[axis]! + steps * this.volumes.ct.grid.spacing[axis]!));
  }

  private scrollTo(view: PlaneView, slice: number): void {
    this.moveTo(movedTo(this.shown.point, view.axes.through, view.placeOf(slice)));
  }

  /** Moves all planes, within the CT. */
  private moveTo(wanted: Vec3): void {
    const { grid } = this.volumes.ct;
    const last = [grid.shape[2] - 1, grid.shape[1] - 1, grid.shape[0] - 1];
    const point = wanted.map((mm, a) =>
      Math.min(coordinateAt(grid, a as 0 | 1 | 2, last[a]!), Math.max(grid.origin[a]!, mm)),
    ) as unknown as Vec3;
    this.shown.point = point;
    for (const view of this.views) {
      const slider = element<HTMLInputElement>(`${view.plane}-slice`);
      const at = `${'xyz'[view.axes.through]} = ${point[view.axes.through].toFixed(1)} mm`;
      slider.value = String(view.nearest(point));
      slider.setAttribute('aria-valuetext', at);
      element(`${view.plane}-at`).textContent = at;
    }
    element('place').textContent = `Cross: ${this.told(point)}`;
    this.redraw();
  }

  /** CT number and doses at a place. */
  private told(point: Vec3): string {
    const { ct, doses } = this.volumes;
    const place = point.map((mm) => mm.toFixed(1)).join(', ');
    const parts = [`CT ${valueAt(ct, ...point)?.toFixed(0) ?? '–'} HU`];
    for (const dose of doses) {
      const gray = valueAt(dose, ...point);
      const percent = gray === undefined ? '' : ` (${((100 * gray) / this.data.prescription).toFixed(1)} %)`;
      parts.push(
        `${dose.technique.toUpperCase()} ${gray === undefined ? 'no dose' : `${gray.toFixed(2)} Gy${percent}`}`,
      );
    }
    return `x, y, z ${place} mm: ${parts.join('; ')}`;
  }

  private listenToControls(): void {
    const { shown } = this;
    const onChange = (id: string, take: (isOn: boolean) => void): void => {
      const box = element<HTMLInputElement>(id);
      // A browser that comes back to a page ticks what was ticked.
      take(box.checked);
      box.addEventListener('change', () => {
        take(box.checked);
        this.redraw();
      });
    };
    onChange('show-wash', (isOn) => {
      shown.hasWash = isOn;
    });
    onChange('show-isodoses', (isOn) => {
      shown.hasIsodoses = isOn;
    });
    const show = (s: number, isOn: boolean): void => void (isOn ? shown.structures.add(s) : shown.structures.delete(s));
    const boxes = this.data.structures.map((_, s) => element<HTMLInputElement>(`show-structure-${s}`));
    boxes.forEach((box, s) => {
      onChange(box.id, (isOn) => show(s, isOn));
    });
    const showAll = (isOn: boolean): void => {
      boxes.forEach((box, s) => {
        box.checked = isOn;
        show(s, isOn);
      });
      this.redraw();
    };
    element('show-all').addEventListener('click', () => showAll(true));
    element('show-none').addEventListener('click', () => showAll(false));
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=technique]')) {
      const take = (isOn: boolean): void => {
        if (isOn) shown.dose = Number(radio.value);
      };
      take(radio.checked);
      radio.addEventListener('change', () => {
        take(radio.checked);
        this.redraw();
      });
    }
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=window]')) {
      const take = (isOn: boolean): void => {
        const [level, width] = radio.value.split(' ').map(Number);
        if (isOn) shown.window = { level: level!, width: width! };
      };
      take(radio.checked);
      radio.addEventListener('change', () => {
        take(radio.checked);
        this.redraw();
      });
    }
  }

  /** All planes, once before the next frame. */
  private redraw(): void {
    if (this.stale.size === 0) requestAnimationFrame(() => this.drawStale());
    for (const view of this.views) this.stale.add(view);
  }

  private drawStale(): void {
    for (const view of this.stale) view.draw(this.shown);
    this.stale.clear();
  }
}
