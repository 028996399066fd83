/** Three planes of the patient, each with its slider: CT, dose, outlines, as the worker draws them. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Technique, Vec3 } from '../../../dist/index.js';
import type { PatientView, Plane, SlicePicture, SliceRequest } from '../planning/messages.js';
import { CheckField } from './fields.js';
import { Cancelled, type Session } from './session.js';

interface Props {
  readonly session: Session;
  readonly patient: PatientView;
  /** Of the plan that is shown; none before there is one. */
  readonly techniques: readonly Technique[];
  /** Gy */
  readonly prescription: number;
  /** Changes with every plan, so that pictures are drawn anew. */
  readonly version: number;
}

const PLANES = ['axial', 'sagittal', 'coronal'] as const;
/** The axis through each plane. */
const THROUGH = { axial: 2, sagittal: 0, coronal: 1 } as const;
/** Across and down, and whether the coordinate falls towards the bottom. */
const AXES = { axial: [0, 1, false], sagittal: [1, 2, true], coronal: [0, 2, true] } as const;
/** Half the width of the near view, mm. */
const NEAR = 60;

export function Pictures({ session, patient, techniques, prescription, version }: Props) {
  const [point, setPoint] = useState(patient.point);
  const [isNear, setNear] = useState(false);
  const [dose, setDose] = useState<Technique | 'none'>('none');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  // Where another patient comes, what was looked at is gone.
  useEffect(() => {
    setPoint(patient.point);
    setHidden(usuallyHidden(patient));
  }, [patient]);
  // A new plan shows its best dose.
  useEffect(() => setDose(techniques.at(-1) ?? 'none'), [version, techniques.join()]);
  const toggle = (name: string, isShown: boolean): void => {
    const next = new Set(hidden);
    if (isShown) next.delete(name);
    else next.add(name);
    setHidden(next);
  };
  const technique = dose !== 'none' && techniques.includes(dose) ? dose : undefined;
  const request = {
    point,
    structures: patient.structures.map(({ name }) => name).filter((name) => !hidden.has(name)),
    technique,
    prescription,
    around: isNear ? { middle: patient.point, reach: NEAR } : undefined,
  };
  return (
    <section class="card" aria-labelledby="pictures-title">
      <h2 id="pictures-title">{technique === undefined ? 'Patient' : `Dose of ${technique.toUpperCase()}`}</h2>
      <div class="tools">
        {techniques.length > 0 && (
          <div class="choice" role="radiogroup" aria-label="Dose that is shown">
            {(['none', ...techniques] as const).map((own) => (
              <label key={own} class={dose === own ? 'on' : ''}>
                <input type="radio" name="dose" checked={dose === own} onChange={() => setDose(own)} />
                {own === 'none' ? 'No dose' : own.toUpperCase()}
              </label>
            ))}
          </div>
        )}
        <CheckField label="Near the target" checked={isNear} onChange={setNear} />
      </div>
      <div class="planes">
        {PLANES.map((plane) => (
          <PlanePicture
            key={plane}
            session={session}
            patient={patient}
            plane={plane}
            request={request}
            version={version}
            onPoint={setPoint}
          />
        ))}
      </div>
      <fieldset class="legend">
        <legend>Outlines</legend>
        {patient.structures.map(({ name, color }) => (
          <CheckField
            key={name}
            checked={!hidden.has(name)}
            onChange={(isShown) => toggle(name, isShown)}
            label={
              <>
                <svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">
                  <rect width="12" height="12" rx="2" fill={color} />
                </svg>
                {name}
              </>
            }
          />
        ))}
      </fieldset>
      {technique !== undefined && (
        <p class="quiet">
          Isodose lines in percent of {prescription} Gy: 107, 95, 75, 50, 30. Click into a picture to move the other two
          planes there.
        </p>
      )}
    </section>
  );
}

/** Helpers of the optimiser and what lies all around are drawn when they are asked for. */
const usuallyHidden = ({ structures }: PatientView): ReadonlySet<string> =>
  new Set(structures.map(({ name }) => name).filter((name) => /^(z|VB_|SpinalCanal|Canal|CTV|GTV)|PRV/i.test(name)));

interface PlaneProps extends Pick<Props, 'session' | 'patient' | 'version'> {
  readonly plane: Plane;
  readonly request: Omit<SliceRequest, 'plane' | 'room'>;
  readonly onPoint: (point: Vec3) => void;
}

function PlanePicture({ session, patient, plane, request, version, onPoint }: PlaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [picture, setPicture] = useState<SlicePicture>();
  const asked = useRef<{ isBusy: boolean; next?: SliceRequest | undefined }>({ isBusy: false });
  const room = plane === 'axial' ? { width: 620, height: 470 } : { width: 420, height: 330 };
  const key = JSON.stringify([request, version, patient.name, patient.count, patient.spacing]);
  // The key holds all that a picture depends on.
  useEffect(() => {
    const state = asked.current;
    state.next = { ...request, plane, room };
    if (!state.isBusy) void draw();
    // One at a time, and of those that come meanwhile only the last.
    async function draw(): Promise<void> {
      state.isBusy = true;
      while (state.next !== undefined) {
        const wanted = state.next;
        state.next = undefined;
        try {
          setPicture(await session.slice(wanted));
        } catch (error) {
          if (!(error instanceof Cancelled)) setPicture(undefined);
        }
      }
      state.isBusy = false;
    }
  }, [key]);
  useEffect(() => {
    if (picture === undefined || canvas.current === null) return;
    const { image } = picture;
    canvas.current.width = image.width;
    canvas.current.height = image.height;
    canvas.current.getContext('2d')!.putImageData(image, 0, 0);
  }, [picture]);
  const axis = THROUGH[plane];
  const { min, max } = patient.box;
  const step = patient.spacing[axis];
  const at = request.point[axis];
  const move = (mm: number): void => {
    const moved = [...request.point] as [number, number, number];
    moved[axis] = Math.min(max[axis] - 0.01, Math.max(min[axis] + 0.01, mm));
    onPoint(moved);
  };
  const pick = (event: MouseEvent): void => {
    if (picture === undefined) return;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [across, down, isReversed] = AXES[plane];
    const perPixel = picture.width / box.width / picture.scale;
    const moved = [...request.point] as [number, number, number];
    moved[across] = picture.left + (event.clientX - box.left) * perPixel;
    moved[down] = picture.top + (isReversed ? -1 : 1) * (event.clientY - box.top) * perPixel;
    onPoint(moved.map((mm, a) => Math.min(max[a]! - 0.01, Math.max(min[a]! + 0.01, mm))) as unknown as Vec3);
  };
  const where = `${'xyz'[axis]} = ${at.toFixed(1)} mm`;
  return (
    <figure class={plane}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the slider below does the same from the keyboard */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it is a shortcut of the sliders */}
      <div
        class="picture"
        onClick={pick}
        onWheel={(event) => {
          event.preventDefault();
          move(at + Math.sign(event.deltaY) * step);
        }}
      >
        <canvas ref={canvas} role="img" aria-label={`${plane} plane at ${where}, CT with outlines and dose`} />
        {picture !== undefined && (
          <svg
            aria-hidden="true"
            viewBox={`0 0 ${picture.width} ${picture.height}`}
            dangerouslySetInnerHTML={{ __html: picture.vectors }}
          />
        )}
      </div>
      <figcaption>
        <span>{plane.charAt(0).toUpperCase() + plane.slice(1)}</span>
        <input
          type="range"
          aria-label={`${plane} slice`}
          aria-valuetext={where}
          min={min[axis] + step / 2}
          max={max[axis] - step / 2}
          step={step}
          value={at}
          onInput={({ currentTarget }) => move(currentTarget.valueAsNumber)}
        />
        <output>{where}</output>
      </figcaption>
    </figure>
  );
}
