import { api } from '../api/client.js';
import type { Decision, DecisionPage } from '../api/types.js';
import { Answer, Empty } from '../parts/feedback.js';
import { Icon, type IconName } from '../parts/icon.js';
import { Page, Pager } from '../parts/page.js';
import { RefLink } from '../parts/system.js';
import { href, place } from '../router.js';
import { undo } from '../state/decisions.js';
import { useLoad } from '../state/load.js';
import { can } from '../state/session.js';
import { DECISIONS } from '../text/events.js';
import { dateTime } from '../text/time.js';
import { attributeLabel, lineOf } from '../text/values.js';
import { Review } from './review.js';

/** What stewards said, newest first. */
export function DecisionsView() {
  const cursor = place.value.query.get('cursor') ?? undefined;
  const decisions = useLoad(`decisions ${cursor ?? ''}`, () =>
    api.get<DecisionPage>('/v1/decisions', { cursor, limit: 25 }),
  );
  return (
    <Page
      title="Decisions"
      lead="What people said about who is who and which values stay. Systems never overrule them."
    >
      {cursor === undefined && <Review changed={decisions.reload} />}
      <Answer of={decisions}>
        {({ items, standing, next }) => (
          <>
            {items.length === 0 ? (
              <Empty icon="decisions" title="Nobody has decided anything yet">
                Open a <a href={href(['customers'])}>customer</a> to unlink a record, to link two customers or to keep a
                value.
              </Empty>
            ) : (
              <DecisionList decisions={items} standing={standing} changed={decisions.reload} />
            )}
            <Pager
              first={cursor === undefined ? undefined : href(['decisions'])}
              next={next === undefined ? undefined : href(['decisions'], { cursor: next })}
            />
          </>
        )}
      </Answer>
    </Page>
  );
}

const ICONS: Record<Decision['kind'], IconName> = { link: 'link', unlink: 'unlink', keep: 'pin', erase: 'erase' };

interface Listed {
  /** Newest first. */
  decisions: readonly Decision[];
  /** Ids of those that nobody took back. */
  standing: readonly string[];
  changed(): void;
}

export function DecisionList({ decisions, standing, changed }: Listed) {
  const left = new Set(standing);
  return (
    <ul class="decisions lines card">
      {decisions.map((decision) => (
        <li key={decision.id}>
          <Icon name={ICONS[decision.kind]} />
          <div>
            <p>
              <strong>
                {DECISIONS[decision.kind]}
                {isUndo(decision) && ', taken back'}
              </strong>{' '}
              <What decision={decision} />
            </p>
            {decision.reason !== undefined && <p class="quote">{decision.reason}</p>}
            <p class="small dim">
              {decision.author}, {dateTime(decision.decidedAt)}
              {isUndo(decision) && <TakenBack undo={decision} decisions={decisions} />}
            </p>
          </div>
          {can('steward') && left.has(decision.id) && (
            <button type="button" class="button quiet" onClick={() => void undo(decision).then(changed)}>
              Take back
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Which one was taken back: by its words where it is on this page as well, else by its id. */
function TakenBack({ undo: { undoes }, decisions }: { undo: { undoes?: string }; decisions: readonly Decision[] }) {
  if (undoes === undefined) return null;
  const taken = decisions.find(({ id }) => id === undoes);
  return (
    <span>
      , takes back what {taken ? `${taken.author} said on ${dateTime(taken.decidedAt)}` : `stands under ${undoes}`}
    </span>
  );
}

function What({ decision }: { decision: Decision }) {
  if (decision.kind === 'keep') {
    return (
      <>
        {attributeLabel(decision.attribute)} “{lineOf(decision.attribute, decision.value)}” for{' '}
        <RefLink refText={decision.ref} />
      </>
    );
  }
  return (
    <span class="refs">
      {decision.refs.map((ref, i) => (
        <span key={ref}>
          {i > 0 && 'and '}
          <RefLink refText={ref} />
        </span>
      ))}
    </span>
  );
}

function isUndo(decision: Decision): decision is Exclude<Decision, { kind: 'erase' }> {
  return decision.kind !== 'erase' && (decision.undo ?? false);
}
