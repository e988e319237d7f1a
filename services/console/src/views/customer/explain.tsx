import { useState } from 'preact/hooks';
import { api } from '../../api/client.js';
import type { AttributeValue, Customer, Provenance, Statement, ValueExplained } from '../../api/types.js';
import { Dialog, Field, FormDialog } from '../../parts/dialog.js';
import { Answer } from '../../parts/feedback.js';
import { Icon } from '../../parts/icon.js';
import { RefLink } from '../../parts/system.js';
import { go, here } from '../../router.js';
import { decide, undo } from '../../state/decisions.js';
import { useLoad } from '../../state/load.js';
import { notify } from '../../state/notices.js';
import { can } from '../../state/session.js';
import { dateTime } from '../../text/time.js';
import { attributeLabel, lineOf } from '../../text/values.js';
import { Words } from '../event-sheet.js';

interface Shape {
  customer: Customer;
  attribute: string;
  element: string | undefined;
  changed(): void;
}

/** Who said a value, since when, by which rule, and what it beat. */
export function ExplainSheet({ customer, attribute, element, changed }: Shape) {
  const [keeping, setKeeping] = useState<Statement>();
  const explained = useLoad(
    `${customer.id} ${attribute} ${element ?? ''}`,
    () => api.get<ValueExplained>('/v1/explain/value', { customer: customer.id, attribute, element }),
    customer.revision,
  );
  return (
    <>
      <Dialog side title={attributeLabel(attribute)} close={() => go(here({ explain: undefined, element: undefined }))}>
        <Answer of={explained}>
          {({ words, detail }) =>
            Array.isArray(detail) ? (
              detail.map((source) => <Source key={source.element} source={source} words={[]} keep={setKeeping} />)
            ) : (
              <Source source={detail} words={words} keep={setKeeping} />
            )
          }
        </Answer>
      </Dialog>
      {keeping && (
        <KeepDialog
          attribute={attribute}
          statement={keeping}
          changed={() => {
            explained.reload();
            changed();
          }}
          close={() => setKeeping(undefined)}
        />
      )}
    </>
  );
}

function Source({
  source,
  words,
  keep,
}: {
  source: Provenance;
  words: readonly string[];
  keep(statement: Statement): void;
}) {
  const { attribute, element, value, from, rule, alternatives } = source;
  // Of a list, elements are kept: not that one is none of it.
  const keeper = (statement: Statement): (() => void) | undefined =>
    element !== undefined && statement.value === null ? undefined : () => keep(statement);
  return (
    <>
      <p class="big">{value === null && element !== undefined ? <s>{element}</s> : lineOf(attribute, value)}</p>
      <Words words={words} />
      <h3>Stands</h3>
      <Said attribute={attribute} statement={from} keep={keeper(from)} />
      <p class="small dim">
        Rule: <code>{rule}</code>
      </p>
      <h3>{alternatives.length === 0 ? 'Nobody else says anything of it' : 'Others say'}</h3>
      {alternatives.map((other) => (
        <Said key={other.ref} attribute={attribute} statement={other} keep={keeper(other)} />
      ))}
    </>
  );
}

function Said({
  attribute,
  statement,
  keep,
}: {
  attribute: string;
  statement: Statement;
  /** Absent: that can't be kept. */
  keep: (() => void) | undefined;
}) {
  const { ref, value, asOf, overEchoOf } = statement;
  return (
    <div class="said">
      <p>{value === null ? <em>says that there is none</em> : lineOf(attribute, value)}</p>
      <p class="small">
        <RefLink refText={ref} />
      </p>
      <p class="small dim">since {dateTime(asOf)}</p>
      {overEchoOf !== undefined && (
        <p class="small dim">
          Typed over a value of <code>{overEchoOf}</code> that was written here: it may be about that one.
        </p>
      )}
      {can('steward') && keep && (
        <button type="button" class="button quiet" onClick={keep}>
          <Icon name="pin" /> Keep this <span class="hidden">{lineOf(attribute, value)}</span>
        </button>
      )}
    </div>
  );
}

function KeepDialog({
  attribute,
  statement,
  changed,
  close,
}: {
  attribute: string;
  statement: Statement;
  changed(): void;
  close(): void;
}) {
  const [reason, setReason] = useState('');
  const value: AttributeValue = statement.value;
  return (
    <FormDialog
      title={`Keep “${lineOf(attribute, value)}”`}
      action="Keep"
      close={close}
      run={async () => {
        const decision = await decide({
          kind: 'keep',
          ref: statement.ref,
          attribute,
          value,
          ...(reason.trim() !== '' && { reason: reason.trim() }),
        });
        changed();
        notify(`${attributeLabel(attribute)} stays as it is now.`, {
          action: { label: 'Undo', run: () => void undo(decision).then(changed) },
        });
      }}
    >
      <p>It stays, whatever the systems say from now on, until somebody takes this decision back.</p>
      <Field label="Why? (optional)" value={reason} change={setReason} />
    </FormDialog>
  );
}
