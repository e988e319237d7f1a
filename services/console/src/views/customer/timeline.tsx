import { useEffect, useState } from 'preact/hooks';
import { api, path } from '../../api/client.js';
import { onLive } from '../../api/live.js';
import type { CustomerWhole, Timeline as TimelinePage, TimelineEntry } from '../../api/types.js';
import { Answer, Badge, Empty } from '../../parts/feedback.js';
import { Icon } from '../../parts/icon.js';
import { SystemName } from '../../parts/system.js';
import { draftOf } from '../../state/drafts.js';
import { useLoad } from '../../state/load.js';
import { can } from '../../state/session.js';
import { soon } from '../../state/soon.js';
import { systemNamed, systems } from '../../state/systems.js';
import { INTERACTIONS, OBJECTS } from '../../text/events.js';
import { ago, dateTime } from '../../text/time.js';
import { safeLink } from '../../text/values.js';
import { CaseDialog } from './case.js';
import { Composer, ReplySent } from './reply.js';

const PAGE = 20;
/** The server's pages are no longer than that. */
const LARGEST_PAGE = 200;
const TOUCHING = [
  'unsilo.interaction.changed',
  'unsilo.object.changed',
  'unsilo.outcome.reported',
  'unsilo.command.issued',
];

/** What happened with the customer, newest first. */
export function Timeline({ whole }: { whole: CustomerWhole }) {
  const { id, revision } = whole.customer;
  const [size, setSize] = useState(PAGE);
  const timeline = useLoad(id, () => newest(id, size), `${revision} ${size}`);
  const { reload } = timeline;
  useEffect(() => {
    const again = soon(reload);
    const stop = onLive(({ type }) => {
      if (TOUCHING.includes(type)) again.ask();
    });
    return () => {
      again.stop();
      stop();
    };
  }, [reload]);
  return (
    <section aria-labelledby="timeline">
      <div class="section-head">
        <h2 id="timeline">Timeline</h2>
      </div>
      <Answer of={timeline}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="message" title="Nothing happened yet">
              Posts, messages, calls, cases and opportunities of this customer will be listed here.
            </Empty>
          ) : (
            <>
              <ol class="timeline lines card">
                {items.map((entry) => (
                  <li key={entry.type === 'interaction' ? entry.interaction.ref : entry.object.ref}>
                    <Entry entry={entry} whole={whole} changed={reload} />
                  </li>
                ))}
              </ol>
              {next !== undefined && (
                <p class="pager">
                  <button type="button" class="button" onClick={() => setSize(items.length * 2)}>
                    Show older
                  </button>
                </p>
              )}
            </>
          )
        }
      </Answer>
    </section>
  );
}

/** So many of the newest entries, by as many questions as the server's pages ask for. */
async function newest(id: string, size: number): Promise<TimelinePage> {
  const items: TimelineEntry[] = [];
  let next: string | undefined;
  do {
    const page = await api.get<TimelinePage>(path('customers', id, 'timeline'), {
      limit: Math.min(LARGEST_PAGE, size - items.length),
      cursor: next,
    });
    items.push(...page.items);
    ({ next } = page);
  } while (next !== undefined && items.length < size);
  return { items, ...(next !== undefined && { next }) };
}

function Entry({ entry, whole, changed }: { entry: TimelineEntry; whole: CustomerWhole; changed(): void }) {
  if (entry.type === 'interaction') return <InteractionEntry entry={entry} whole={whole} changed={changed} />;
  const { ref, state } = entry.object;
  return (
    <article>
      <Head
        system={ref.split('/', 1)[0] ?? ''}
        what={state ? OBJECTS[state.kind] : 'Deleted object'}
        at={entry.at}
        more={state?.status !== undefined && <Badge tone="calm">{state.status}</Badge>}
      />
      <p>
        <strong>{state?.name ?? ref}</strong> {state?.amount !== undefined && `${state.amount} ${state.currency ?? ''}`}
      </p>
      {state?.description !== undefined && <p class="entry-text">{state.description}</p>}
    </article>
  );
}

type InteractionOnTimeline = Extract<TimelineEntry, { type: 'interaction' }>;

function InteractionEntry({
  entry,
  whole,
  changed,
}: {
  entry: InteractionOnTimeline;
  whole: CustomerWhole;
  changed(): void;
}) {
  const { ref, state } = entry.interaction;
  const [replying, setReplying] = useState(() => draftOf(ref) !== undefined);
  const [making, setMaking] = useState(false);
  const system = ref.split('/', 1)[0] ?? '';
  if (!state) {
    return (
      <article>
        <Head system={system} what="Deleted post" at={entry.at} />
      </article>
    );
  }
  const limit = systemNamed(system)?.profile.reply?.maxLength;
  const canReply = can('agent') && limit !== undefined && state.direction !== 'outbound';
  const places = systems.value.filter(
    (one) => one.profile.objects.includes('case') && whole.records.some((record) => record.system === one.system),
  );
  const original = safeLink(state.url);
  return (
    <article>
      <Head
        system={system}
        what={`${state.direction === 'outbound' ? 'Our ' : ''}${INTERACTIONS[state.kind].toLowerCase()}`}
        at={entry.at}
        more={<Badge tone="calm">{state.visibility}</Badge>}
      />
      {state.subject !== undefined && <p class="entry-subject">{state.subject}</p>}
      {state.text !== undefined && (
        <p class="entry-text" lang={state.language}>
          {state.text}
        </p>
      )}
      {entry.replies.map(({ command, outcome }) => (
        <ReplySent key={command.id} command={command} outcome={outcome} />
      ))}
      {replying && canReply ? (
        <Composer
          interaction={ref}
          limit={limit}
          visibility={state.visibility}
          done={() => {
            setReplying(false);
            changed();
          }}
          cancel={() => setReplying(false)}
        />
      ) : (
        <div class="entry-actions">
          {canReply && (
            <button type="button" class="button" onClick={() => setReplying(true)}>
              <Icon name="reply" /> Reply
            </button>
          )}
          {can('agent') && state.direction !== 'outbound' && places.length > 0 && (
            <button type="button" class="button" onClick={() => setMaking(true)}>
              <Icon name="case" /> Make a case
            </button>
          )}
          {original !== undefined && (
            <a class="button quiet" href={original} target="_blank" rel="noopener noreferrer">
              <Icon name="outside" /> Original
            </a>
          )}
        </div>
      )}
      {making && (
        <CaseDialog
          customer={whole.customer.id}
          interaction={entry.interaction}
          places={places}
          close={() => setMaking(false)}
        />
      )}
    </article>
  );
}

function Head({
  system,
  what,
  at,
  more,
}: {
  system: string;
  what: string;
  at: string;
  more?: preact.ComponentChildren;
}) {
  return (
    <header>
      <SystemName system={system} />
      <span class="entry-what">{what}</span>
      <time class="dim" dateTime={at} title={dateTime(at)}>
        {ago(at)}
      </time>
      {more}
    </header>
  );
}
