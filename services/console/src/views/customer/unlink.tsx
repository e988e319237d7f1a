import { useState } from 'preact/hooks';
import type { CustomerWhole, Decision } from '../../api/types.js';
import { Field, FormDialog } from '../../parts/dialog.js';
import { RefLink, SystemName } from '../../parts/system.js';
import { decide, undo } from '../../state/decisions.js';
import { notify } from '../../state/notices.js';
import { go, href } from '../../router.js';
import { nameOf } from '../../text/values.js';

interface Shape {
  whole: CustomerWhole;
  refText: string;
  changed(): void;
  close(): void;
}

/** Says that a record is somebody else than the other records: one decision for each of them that was chosen. */
export function UnlinkDialog({ whole, refText, changed, close }: Shape) {
  const others = whole.records.filter(({ ref }) => ref !== refText);
  const [chosen, setChosen] = useState<readonly string[]>(others.map(({ ref }) => ref));
  const [reason, setReason] = useState('');
  const toggle = (ref: string): void =>
    setChosen(chosen.includes(ref) ? chosen.filter((one) => one !== ref) : [...chosen, ref]);
  return (
    <FormDialog
      title="This is somebody else"
      action="Unlink"
      danger
      disabled={chosen.length === 0}
      close={close}
      run={async () => {
        const made: Decision[] = [];
        for (const other of chosen) {
          made.push(
            await decide({
              kind: 'unlink',
              refs: [other, refText],
              ...(reason.trim() !== '' && { reason: reason.trim() }),
            }),
          );
        }
        changed();
        notify('Unlinked. Every system gets its own values back.', {
          action: {
            label: 'Undo',
            run: () =>
              void (async () => {
                for (const decision of made) await undo(decision);
                changed();
                go(href(['customers', whole.customer.id]));
              })(),
          },
        });
      }}
    >
      <p>
        <RefLink refText={refText} /> is not the same {whole.customer.kind === 'person' ? 'person' : 'organization'} as
      </p>
      <ul class="choices">
        {others.map(({ ref, system, state }) => (
          <li key={ref}>
            <label>
              <input type="checkbox" checked={chosen.includes(ref)} onChange={() => toggle(ref)} />
              <span>
                <SystemName system={system} /> {nameOf(state)} <code class="small">{ref.slice(system.length + 1)}</code>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class="dim">What was copied from one to the other is taken back, in every system that can be written.</p>
      <Field label="Why? (optional)" value={reason} change={setReason} />
    </FormDialog>
  );
}
