import { useState } from 'preact/hooks';
import { api, path } from '../../api/client.js';
import type { Customer, CustomerPage, CustomerSummary, CustomerWhole } from '../../api/types.js';
import { Field, FormDialog } from '../../parts/dialog.js';
import { Answer } from '../../parts/feedback.js';
import { SystemName } from '../../parts/system.js';
import { decide, undo } from '../../state/decisions.js';
import { useLoad } from '../../state/load.js';
import { notify } from '../../state/notices.js';

/** Says that another customer is the same person or organization. */
export function LinkDialog({ customer, changed, close }: { customer: Customer; changed(): void; close(): void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<CustomerSummary>();
  const [reason, setReason] = useState('');
  const found = useLoad(`link ${text}`, () =>
    text.trim().length < 2
      ? Promise.resolve({ items: [] })
      : api.get<CustomerPage>('/v1/customers', { text: text.trim(), limit: 8 }),
  );
  return (
    <FormDialog
      title="The same as…"
      action="Link"
      disabled={chosen === undefined}
      close={close}
      run={async () => {
        const [mine] = customer.members;
        if (!chosen || mine === undefined) return;
        const other = await api.get<CustomerWhole>(path('customers', chosen.id));
        const [theirs] = other.customer.members;
        if (theirs === undefined) return;
        const decision = await decide({
          kind: 'link',
          refs: [mine, theirs],
          ...(reason.trim() !== '' && { reason: reason.trim() }),
        });
        changed();
        notify(`Linked with ${chosen.name}.`, {
          action: { label: 'Undo', run: () => void undo(decision).then(changed) },
        });
      }}
    >
      <Field
        label="Search the other customer"
        value={text}
        change={(value) => {
          setText(value);
          setChosen(undefined);
        }}
        hint="Name, e-mail address, phone number or handle"
      />
      <Answer of={found}>
        {({ items }) => {
          const others = items.filter(({ id, kind }) => id !== customer.id && kind === customer.state.kind);
          return (
            <fieldset class="choices">
              <legend class="hidden">Customers found</legend>
              {others.length === 0 && text.trim().length >= 2 && <p class="dim">Nobody else is found.</p>}
              {others.map((one) => (
                <label key={one.id}>
                  <input type="radio" name="other" checked={chosen?.id === one.id} onChange={() => setChosen(one)} />
                  <span>
                    {one.name}{' '}
                    <span class="chips">
                      {one.systems.map((system) => (
                        <SystemName key={system} system={system} />
                      ))}
                    </span>
                  </span>
                </label>
              ))}
            </fieldset>
          );
        }}
      </Answer>
      <Field label="Why? (optional)" value={reason} change={setReason} />
    </FormDialog>
  );
}
