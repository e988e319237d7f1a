import { useEffect, useState } from 'preact/hooks';
import { api, path } from '../api/client.js';
import { onLive } from '../api/live.js';
import type { Customer, CustomerWhole } from '../api/types.js';
import { Answer, Badge } from '../parts/feedback.js';
import { Icon } from '../parts/icon.js';
import { Page } from '../parts/page.js';
import { SystemName } from '../parts/system.js';
import { go, here, href, place } from '../router.js';
import { useLoad } from '../state/load.js';
import { can } from '../state/session.js';
import { soon } from '../state/soon.js';
import { ago, plural } from '../text/time.js';
import { nameOf } from '../text/values.js';
import { CompareTable } from './customer/compare.js';
import { CustomerDecisions } from './customer/decisions.js';
import { Employment } from './customer/employment.js';
import { EraseDialog } from './customer/erase.js';
import { ExplainSheet } from './customer/explain.js';
import { LinkDialog } from './customer/link.js';
import { PairSheet } from './customer/pair.js';
import { Profile } from './customer/profile.js';
import { Timeline } from './customer/timeline.js';
import { TogetherSheet } from './customer/together.js';
import { UnlinkDialog } from './customer/unlink.js';

/** One customer: what it is, who says so, what every system holds, and what happened. */
export function CustomerView({ id }: { id: string }) {
  const whole = useLoad(id, () => api.get<CustomerWhole>(path('customers', id)));
  const { data, reload } = whole;
  const current = data?.customer.id;
  // An id that became part of another customer is answered with that one: the address follows.
  useEffect(() => {
    if (current !== undefined && current !== id)
      go(href(['customers', current], Object.fromEntries(place.value.query)), 'replace');
  }, [current, id]);
  useEffect(() => reloadWhenTouched(data, reload), [data, reload]);
  const title = data ? nameOf(data.customer.state) || data.customer.id : 'Customer';
  return (
    <Page
      key={data ? 'known' : 'unknown'}
      title={title}
      lead={data && <Lead customer={data.customer} />}
      actions={data && <Actions whole={data} changed={reload} />}
    >
      <Answer of={whole}>{(found) => <Body whole={found} changed={reload} />}</Answer>
    </Page>
  );
}

/** Looks again when something flows that is about this customer; many events at once are one look. */
function reloadWhenTouched(whole: CustomerWhole | undefined, reload: () => void): () => void {
  if (!whole) return () => {};
  const { id, members } = whole.customer;
  const about = new Set<string>([id, ...members]);
  const again = soon(reload);
  const stop = onLive((event) => {
    const { createdFor, ref } = event.data as { createdFor?: string; ref?: string };
    if (![event.subject, createdFor, ref].some((one) => one !== undefined && about.has(one))) return;
    again.ask();
  });
  return () => {
    again.stop();
    stop();
  };
}

function Lead({ customer }: { customer: Customer }) {
  const systems = [...new Set(customer.members.map((ref) => ref.split('/', 1)[0] ?? ''))];
  const others = customer.aliases;
  return (
    <div class="lead-line">
      <span>{customer.kind === 'person' ? 'Person' : 'Organization'}</span>
      <span class="chips">
        {systems.map((system) => (
          <SystemName key={system} system={system} />
        ))}
      </span>
      <span>changed {ago(customer.changedAt)}</span>
      {customer.archived && <Badge tone="warn">Archived</Badge>}
      <details class="ids">
        <summary>{others.length === 0 ? 'Id' : plural(others.length + 1, 'id')}</summary>
        <ul>
          <li>
            <code>{customer.id}</code> in use
          </li>
          {others.map((alias) => (
            <li key={alias}>
              <code>{alias}</code> leads here
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}

function Actions({ whole, changed }: { whole: CustomerWhole; changed(): void }) {
  const [asked, setAsked] = useState<'link' | 'erase'>();
  const close = (): void => setAsked(undefined);
  if (!can('steward')) return null;
  return (
    <>
      <button type="button" class="button" onClick={() => setAsked('link')}>
        <Icon name="link" /> Same as…
      </button>
      <button type="button" class="button quiet" onClick={() => setAsked('erase')}>
        <Icon name="erase" /> Erase…
      </button>
      {asked === 'link' && <LinkDialog customer={whole.customer} changed={changed} close={close} />}
      {asked === 'erase' && <EraseDialog whole={whole} close={close} />}
    </>
  );
}

function Body({ whole, changed }: { whole: CustomerWhole; changed(): void }) {
  const { query } = place.value;
  const [unlinking, setUnlinking] = useState<string>();
  const attribute = query.get('explain') ?? undefined;
  const pair = query.get('pair') ?? undefined;
  return (
    <div class="customer">
      <div class="overview">
        <Profile customer={whole.customer} />
        <Timeline whole={whole} />
      </div>
      <Employment customer={whole.customer} />
      <CompareTable whole={whole} unlink={setUnlinking} />
      <CustomerDecisions customer={whole.customer} changed={changed} />
      {attribute !== undefined && (
        <ExplainSheet
          key={`${attribute} ${query.get('element') ?? ''}`}
          customer={whole.customer}
          attribute={attribute}
          element={query.get('element') ?? undefined}
          changed={changed}
        />
      )}
      {pair !== undefined && (
        <PairSheet
          whole={whole}
          refText={pair}
          unlink={() => {
            go(here({ pair: undefined }));
            setUnlinking(pair);
          }}
        />
      )}
      {query.has('together') && <TogetherSheet customer={whole.customer} />}
      {unlinking !== undefined && (
        <UnlinkDialog whole={whole} refText={unlinking} changed={changed} close={() => setUnlinking(undefined)} />
      )}
    </div>
  );
}
