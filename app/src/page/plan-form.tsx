/** What is asked for: prescription, prior course, limits, beams. */
import { useId } from 'preact/hooks';
import type { PatientView } from '../planning/messages.js';
import { CheckField, Group, NumberField, SelectField } from './fields.js';
import { ARRANGEMENTS, type Settings } from './settings.js';

interface Props {
  readonly settings: Settings;
  readonly change: (changes: Partial<Settings>) => void;
  readonly patient: PatientView | undefined;
}

const arrangements = ARRANGEMENTS.map((name) => [name, name.replaceAll('-', ' ')] as const);

export function PlanForm(props: Props) {
  const { settings, change } = props;
  const constraints = useId();
  return (
    <>
      <Group title="Prescription">
        <NumberField
          label="Dose"
          unit="Gy"
          value={settings.dose}
          min={1}
          max={100}
          onChange={(dose) => change({ dose })}
        />
        <NumberField
          label="Fractions"
          unit="fractions"
          value={settings.fractions}
          min={1}
          max={60}
          step={1}
          onChange={(fractions) => change({ fractions })}
        />
        <SelectField
          label="Prescribed to"
          value={settings.to}
          options={[
            ['D50', 'Median, D50'],
            ['D95', '95 % of the target, D95'],
            ['isocenter', 'Isocentre'],
          ]}
          onChange={(to) => change({ to })}
        />
      </Group>
      <PriorForm {...props} />
      <Group title="Limits">
        <NumberField
          label="Cord, at most"
          unit="Gy"
          value={settings.cordCap}
          min={1}
          max={100}
          step={0.1}
          onChange={(cordCap) => change({ cordCap })}
        />
        <div class="field tall">
          <label for={constraints}>Further constraints, one a line</label>
          <textarea
            id={constraints}
            rows={2}
            spellcheck={false}
            placeholder="Esophagus Mean <= 12Gy"
            value={settings.constraints}
            onInput={({ currentTarget }) => change({ constraints: currentTarget.value })}
          />
        </div>
      </Group>
      <Group title="Plans">
        <CheckField label="IMRT: a fluence per beamlet" checked={settings.imrt} onChange={(imrt) => change({ imrt })} />
        {settings.imrt && (
          <>
            <SelectField
              label="Beams of IMRT"
              value={settings.imrtBeams}
              options={arrangements}
              onChange={(imrtBeams) => change({ imrtBeams })}
            />
            <SelectField
              label="Delivery"
              value={settings.delivery}
              options={[
                ['step-and-shoot', 'Segments (step and shoot)'],
                ['fluence', 'Fluence, as it is'],
              ]}
              onChange={(delivery) => change({ delivery })}
            />
          </>
        )}
        <CheckField label="FCRT: conformal fields" checked={settings.fcrt} onChange={(fcrt) => change({ fcrt })} />
        {settings.fcrt && (
          <SelectField
            label="Beams of FCRT"
            value={settings.fcrtBeams}
            options={arrangements}
            onChange={(fcrtBeams) => change({ fcrtBeams })}
          />
        )}
      </Group>
    </>
  );
}

function PriorForm({ settings, change, patient }: Props) {
  const { prior, priorDose, priorFractions, months } = settings;
  const file = patient?.prior;
  return (
    <Group title="Prior course">
      <SelectField
        label="Given before"
        value={prior}
        options={[
          ['none', 'Nothing'],
          ['uniform', 'Uniform dose'],
          ...(file === undefined ? [] : [['file', `${file.file}, up to ${file.max.toFixed(1)} Gy`] as const]),
        ]}
        onChange={(chosen) => change({ prior: chosen })}
      />
      {prior === 'uniform' && (
        <NumberField
          label="Dose"
          unit="Gy"
          value={priorDose}
          min={0.1}
          max={100}
          onChange={(dose) => change({ priorDose: dose })}
        />
      )}
      {(prior === 'uniform' || (prior === 'file' && file?.fractions === undefined)) && (
        <NumberField
          label="Fractions"
          unit="fractions"
          value={priorFractions}
          min={1}
          max={60}
          step={1}
          onChange={(fractions) => change({ priorFractions: fractions })}
        />
      )}
      {prior !== 'none' && (
        <NumberField
          label="Ended before"
          unit="months"
          value={months}
          min={0}
          max={600}
          onChange={(given) => change({ months: given })}
        />
      )}
    </Group>
  );
}
