import { useState } from 'preact/hooks';
import type { CustomerWhole } from '../../api/types.js';
import { Field, FormDialog } from '../../parts/dialog.js';
import { SystemName } from '../../parts/system.js';
import { go, href } from '../../router.js';
import { decide } from '../../state/decisions.js';
import { notify } from '../../state/notices.js';
import { nameOf } from '../../text/values.js';

/** So many records one decision can name. */
const MOST = 1000;

/** Forgets a customer for good. The reason is asked for, since the decision is all that stays. */
export function EraseDialog({ whole, close }: { whole: CustomerWhole; close(): void }) {
  const { id, members } = whole.customer;
  const [reason, setReason] = useState('');
  const [sure, setSure] = useState(false);
  return (
    <FormDialog
      title="Erase this customer?"
      action="Erase for good"
      danger
      disabled={!sure || reason.trim() === ''}
      close={close}
      run={async () => {
        for (let from = 0; from < members.length; from += MOST)
          await decide({ kind: 'erase', refs: members.slice(from, from + MOST), reason: reason.trim() });
        notify('Erased. This customer is forgotten.');
        go(href(['customers']));
      }}
    >
      <p>Everything that was said of this customer until now is forgotten here, in these records:</p>
      <ul class="choices">
        {whole.records.map(({ ref, system, state }) => (
          <li key={ref}>
            <SystemName system={system} /> {nameOf(state)} <code class="small">{ref.slice(system.length + 1)}</code>
          </li>
        ))}
      </ul>
      <p class="dim">
        What they wrote, what was written to them alone and cases of nobody else go as well. The systems keep their own
        records: delete them there as well. What a system says of them afterwards counts as new. The log keeps its old
        events until their time is over.
      </p>
      <Field
        label="Why?"
        value={reason}
        change={setReason}
        required
        hint="This stays, with your name. Write nothing about the person."
      />
      <label class="sure">
        <input type="checkbox" checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} />
        <span>
          I want to erase <code>{id}</code>; it can’t be taken back.
        </span>
      </label>
    </FormDialog>
  );
}
