import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client.js';
import { onLive } from '../../api/live.js';
import type { Command, Interaction, Outcome, System } from '../../api/types.js';
import { Field, FormDialog } from '../../parts/dialog.js';
import { notify } from '../../state/notices.js';
import { OUTCOMES } from '../../text/events.js';

const TITLE_LENGTH = 60;
const PRIORITIES = ['Low', 'Medium', 'High'];
const PATIENCE_MS = 5 * 60_000;

interface Shape {
  customer: string;
  interaction: Interaction;
  places: readonly System[];
  close(): void;
}

/** Makes a case in a system out of a post or message. */
export function CaseDialog({ customer, interaction, places, close }: Shape) {
  const text = interaction.state?.text ?? '';
  const [system, setSystem] = useState(places[0]?.system ?? '');
  const [name, setName] = useState(interaction.state?.subject ?? shortened(text));
  const [description, setDescription] = useState(
    interaction.state?.url === undefined ? text : `${text}\n\n${interaction.state.url}`,
  );
  const [priority, setPriority] = useState('Medium');
  const key = useRef(crypto.randomUUID());
  const id = useId();
  useEffect(() => {
    key.current = crypto.randomUUID();
  }, [system, name, description, priority]);
  return (
    <FormDialog
      title="Make a case"
      action="Make the case"
      disabled={name.trim() === '' || system === ''}
      close={close}
      run={async () => {
        const command = await api.post<Command>(
          '/v1/objects',
          { system, kind: 'case', customer, name: name.trim(), description, priority, interaction: interaction.ref },
          key.current,
        );
        notify('The case is on its way.');
        tellOutcome(command.id, places.find((one) => one.system === system)?.title ?? system);
      }}
    >
      <div class="field">
        <label for={`${id}-system`}>In</label>
        <select id={`${id}-system`} value={system} onChange={(event) => setSystem(event.currentTarget.value)}>
          {places.map((one) => (
            <option key={one.system} value={one.system}>
              {one.title}
            </option>
          ))}
        </select>
      </div>
      <Field label="Title" value={name} change={setName} required />
      <Field label="Description" value={description} change={setDescription} lines={5} />
      <div class="field">
        <label for={`${id}-priority`}>Priority</label>
        <select id={`${id}-priority`} value={priority} onChange={(event) => setPriority(event.currentTarget.value)}>
          {PRIORITIES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
    </FormDialog>
  );
}

/** Says how a command ended when its outcome comes by, whichever view is open then. */
function tellOutcome(command: string, system: string): void {
  const stop = onLive(({ type, data }) => {
    if (type !== 'unsilo.outcome.reported') return;
    const outcome = data as Outcome;
    if (outcome.command !== command) return;
    end();
    if (outcome.status === 'applied') notify(`${system} has made the case.`);
    else {
      const reason = outcome.error ? `: ${outcome.error.message}` : '';
      notify(`${system}: ${OUTCOMES[outcome.status].toLowerCase()}${reason}`, { kind: 'bad' });
    }
  });
  const timer = setTimeout(stop, PATIENCE_MS);
  const end = (): void => {
    clearTimeout(timer);
    stop();
  };
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= TITLE_LENGTH ? line : `${line.slice(0, line.lastIndexOf(' ', TITLE_LENGTH))}…`;
}
