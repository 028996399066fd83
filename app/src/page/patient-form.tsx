/** Who is planned: a phantom with its measures, or files. */
import { useRef, useState } from 'preact/hooks';
import type { Given, PatientView } from '../planning/messages.js';
import { chooseFolder, filesOfDrop, filesOfList, hasFolderDialog } from './drop.js';
import { Group, NumberField, SelectField } from './fields.js';
import { measuresOf } from './measures.js';
import { PHANTOMS, type Settings } from './settings.js';

interface Props {
  readonly settings: Settings;
  readonly change: (changes: Partial<Settings>) => void;
  readonly patient: PatientView | undefined;
  readonly isReading: boolean;
  readonly onError: (why: string) => void;
  readonly onFiles: (files: readonly Given[]) => void;
}

export function PatientForm(props: Props) {
  const { settings, change } = props;
  return (
    <Group title="Patient">
      <div class="choice" role="radiogroup" aria-label="Patient">
        {(['phantom', 'files'] as const).map((source) => (
          <label key={source} class={settings.source === source ? 'on' : ''}>
            <input
              type="radio"
              name="source"
              checked={settings.source === source}
              onChange={() => change({ source })}
            />
            {source === 'phantom' ? 'Phantom' : 'Own CT'}
          </label>
        ))}
      </div>
      {settings.source === 'phantom' ? <PhantomFields {...props} /> : <FileFields {...props} />}
      <NumberField
        label="Dose grid"
        unit="mm"
        value={settings.spacing}
        min={1}
        max={10}
        step={0.5}
        onChange={(spacing) => change({ spacing })}
      />
    </Group>
  );
}

function PhantomFields({ settings, change }: Props) {
  const { phantom, vertebra, side, measures } = settings;
  return (
    <>
      <SelectField
        label="Phantom"
        value={phantom}
        options={PHANTOMS}
        onChange={(chosen) => change({ phantom: chosen, measures: {}, cord: cordOf(chosen) })}
      />
      <SelectField
        label="Target"
        value={vertebra}
        options={[
          ['body', 'Vertebral body'],
          ['body-pedicle', 'Body and one pedicle'],
          ['horseshoe', 'Body, pedicles, laminae'],
          ['ring', 'Whole vertebra'],
        ]}
        onChange={(chosen) => change({ vertebra: chosen })}
      />
      <SelectField
        label="Lesion"
        value={side}
        options={[
          ['left', 'Left'],
          ['right', 'Right'],
        ]}
        onChange={(chosen) => change({ side: chosen })}
      />
      <details>
        <summary>Measures of the phantom</summary>
        {measuresOf(phantom).map(({ name, title, unit, value, max }) => (
          <NumberField
            key={name}
            label={title}
            unit={unit}
            value={measures[name] ?? value}
            min={-max}
            max={max}
            onChange={(given) => change({ measures: changed(measures, name, given, value) })}
          />
        ))}
      </details>
    </>
  );
}

const cordOf = (phantom: string): string => (phantom === 'spine-l3' ? 'CaudaEquina' : 'SpinalCord');

function changed(
  measures: Settings['measures'],
  name: string,
  given: number,
  usual: number,
): Readonly<Record<string, number>> {
  const { [name]: _, ...others } = measures;
  return given === usual ? others : { ...others, [name]: given };
}

function FileFields({ settings, change, patient, isReading, onFiles, onError }: Props) {
  const [isOver, setOver] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const take = (list: FileList | null): void => {
    if (list !== null && list.length > 0) onFiles(filesOfList(list));
  };
  /** @param given undefined where nothing was chosen */
  const takeAll = async (given: Promise<readonly Given[] | undefined>): Promise<void> => {
    try {
      const all = await given;
      if (all !== undefined && all.length > 0) onFiles(all);
    } catch (error) {
      onError(
        `The browser does not hand these files over (${error instanceof Error ? error.message.replace(/\.$/, '') : String(error)}). Choose the files themselves.`,
      );
    }
  };
  const openFolder = (): void => {
    if (hasFolderDialog()) void takeAll(chooseFolder().then((chosen) => chosen && [chosen]));
    else folder.current?.click();
  };
  const names = (patient?.structures ?? []).map(({ name }) => [name, name] as const);
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it do the same from the keyboard */}
      <div
        class={`drop${isOver ? ' over' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          if (event.dataTransfer !== null) void takeAll(filesOfDrop(event.dataTransfer.items));
        }}
      >
        <p>Drop the folder of a CT with its RTSTRUCT, and the RTDOSE of the prior course where there is one.</p>
        <p class="buttons">
          <button type="button" disabled={isReading} onClick={openFolder}>
            Choose a folder
          </button>
          <button type="button" disabled={isReading} onClick={() => files.current?.click()}>
            Choose files
          </button>
        </p>
        <p class="quiet">Read here, in this tab; nothing leaves the machine.</p>
        <input
          ref={folder}
          class="hidden"
          type="file"
          aria-label="Folder of the CT"
          tabIndex={-1}
          multiple
          {...{ webkitdirectory: true }}
          onChange={({ currentTarget }) => take(currentTarget.files)}
        />
        <input
          ref={files}
          class="hidden"
          type="file"
          aria-label="Files of the CT"
          tabIndex={-1}
          multiple
          onChange={({ currentTarget }) => take(currentTarget.files)}
        />
      </div>
      {names.length > 0 && (
        <>
          <SelectField
            label="Target"
            value={settings.target}
            options={names}
            onChange={(target) => change({ target })}
          />
          <SelectField label="Cord" value={settings.cord} options={names} onChange={(cord) => change({ cord })} />
        </>
      )}
    </>
  );
}
