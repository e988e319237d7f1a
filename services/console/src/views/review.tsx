import { useState } from 'preact/hooks';
import { api } from '../api/client.js';
import type { PairExplained, ReviewQueue } from '../api/types.js';
import { Field, FormDialog } from '../parts/dialog.js';
import { Answer, Badge } from '../parts/feedback.js';
import { Icon } from '../parts/icon.js';
import { RefLink } from '../parts/system.js';
import { href } from '../router.js';
import { decide, undo } from '../state/decisions.js';
import { useLoad } from '../state/load.js';
import { notify } from '../state/notices.js';
import { can } from '../state/session.js';
import { Waterfall } from './customer/waterfall.js';

type Item = ReviewQueue['items'][number];

const REASONS: Record<Item['reason'], string> = {
  unsure: 'not sure',
  contradicted: 'their other records disagree',
  exclusive: 'a number of which one has only one differs',
};

/** Pairs that may be one party, those first where a decision changes most. Nothing is shown where nothing waits. */
export function Review({ changed }: { changed(): void }) {
  const queue = useLoad('review', () => api.get<ReviewQueue>('/v1/review', { limit: 10 }));
  const [asked, setAsked] = useState<{ item: Item; kind: 'link' | 'unlink' }>();
  const reload = (): void => {
    queue.reload();
    changed();
  };
  return (
    <Answer of={queue}>
      {({ items, waiting }) =>
        items.length === 0 ? null : (
          <section aria-labelledby="review">
            <h2 id="review">
              Waiting for a decision <Badge tone="warn">{waiting}</Badge>
            </h2>
            <ul class="review lines card">
              {items.map((item) => (
                <Question key={`${item.a} ${item.b}`} item={item} ask={(kind) => setAsked({ item, kind })} />
              ))}
            </ul>
            {asked && <Word {...asked} changed={reload} close={() => setAsked(undefined)} />}
          </section>
        )
      }
    </Answer>
  );
}

function Question({ item, ask }: { item: Item; ask(kind: 'link' | 'unlink'): void }) {
  const { a, b, customers, bits, reason, effect } = item;
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <p class="refs">
        <RefLink refText={a} /> and <RefLink refText={b} />
      </p>
      <p class="small dim">
        {bits.toFixed(1)} bits, {REASONS[reason]}. A link joins {effect.records} records and writes {effect.writes}.{' '}
        {customers.map((id, i) => (
          <a key={id} href={href(['customers', id])}>
            {i === 0 ? 'First customer ' : 'Second customer'}
          </a>
        ))}
      </p>
      {isOpen && <Why a={a} b={b} />}
      <p class="actions">
        <button type="button" class="button quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Why
        </button>
        {can('steward') && (
          <>
            <button type="button" class="button" onClick={() => ask('link')}>
              <Icon name="link" /> The same
            </button>
            <button type="button" class="button" onClick={() => ask('unlink')}>
              <Icon name="unlink" /> Two
            </button>
          </>
        )}
      </p>
    </li>
  );
}

function Why({ a, b }: { a: string; b: string }) {
  const pair = useLoad(`${a} ${b}`, () => api.get<PairExplained>('/v1/explain/pair', { a, b }));
  return <Answer of={pair}>{({ detail }) => detail.comparison && <Waterfall comparison={detail.comparison} />}</Answer>;
}

/** A decision with its reason. */
function Word({ item, kind, changed, close }: { item: Item; kind: 'link' | 'unlink'; changed(): void; close(): void }) {
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      title={kind === 'link' ? 'They are the same' : 'They are two'}
      action={kind === 'link' ? 'Link' : 'Keep apart'}
      close={close}
      run={async () => {
        const why = reason.trim();
        const decision = await decide({ kind, refs: [item.a, item.b], ...(why !== '' && { reason: why }) });
        changed();
        notify(kind === 'link' ? 'Linked.' : 'Kept apart.', {
          action: { label: 'Undo', run: () => void undo(decision).then(changed) },
        });
      }}
    >
      <p>
        <RefLink refText={item.a} /> and <RefLink refText={item.b} />
      </p>
      <Field label="Reason" value={reason} change={setReason} hint="Kept with the decision" />
    </FormDialog>
  );
}
