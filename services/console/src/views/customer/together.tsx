import { api } from '../../api/client.js';
import type { Customer, CustomerExplained } from '../../api/types.js';
import { Dialog } from '../../parts/dialog.js';
import { Answer, Badge } from '../../parts/feedback.js';
import { RefLink } from '../../parts/system.js';
import { go, here, href } from '../../router.js';
import { useLoad } from '../../state/load.js';
import { plural } from '../../text/time.js';
import { signed, Waterfall } from './waterfall.js';

type Evidence = CustomerExplained['detail'];
type Join = Evidence['joins'][number];
type NearMiss = Evidence['nearMisses'][number];

/** Why a customer's records are together, join by join, and why those that came closest are not with them. */
export function TogetherSheet({ customer }: { customer: Customer }) {
  const { id, revision, members } = customer;
  const explained = useLoad(id, () => api.get<CustomerExplained>('/v1/explain/customer', { id }), revision);
  return (
    <Dialog
      side
      title={members.length === 1 ? 'Why is it alone?' : 'Why one customer?'}
      close={() => go(here({ together: undefined }))}
    >
      <Answer of={explained}>
        {({ detail }) => (
          <>
            <Joins of={detail} />
            <NearMisses of={detail} />
            <p class="small dim">
              Model <code>{detail.model}</code>
            </p>
          </>
        )}
      </Answer>
    </Dialog>
  );
}

function Joins({ of: { joins, weakest, floor, threshold, guard, pairs, against } }: { of: Evidence }) {
  if (joins.length === 0) return <p>Nothing is joined with this record.</p>;
  return (
    <section class="pair" aria-labelledby="joins">
      <h3 id="joins">Joined in this order</h3>
      <ol class="joins">
        {joins.map((join, place) => (
          <li key={`${join.a} ${join.b}`}>
            <JoinOf join={join} isWeakest={place === weakest} />
          </li>
        ))}
      </ol>
      <p class="small dim">
        Evidence joins from {signed(floor ?? threshold)} bits on, while the mean between the two parts is{' '}
        {signed(guard)} or more.
        {floor === undefined && ' So many records hang together here that only decisions join them.'}
        {floor !== undefined && floor > threshold && ' So many records hang together here that less does not count.'}
      </p>
      {against.count === 0 ? (
        pairs > 1 && <p>None of the {pairs} pairs speaks against one party.</p>
      ) : (
        <>
          <p>
            {against.count} of {plural(pairs, 'pair')} {against.count === 1 ? 'speaks' : 'speak'} against one party:
          </p>
          <ul>
            {against.strongest.map(({ a, b, bits }) => (
              <li key={`${a} ${b}`}>
                <RefLink refText={a} /> and <RefLink refText={b} />: {signed(bits)} bits
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

const BY: Record<Join['by'], string> = {
  evidence: 'share evidence',
  decision: 'were linked by a steward',
  creation: 'belong together: one was made for the other',
};

function JoinOf({ join, isWeakest }: { join: Join; isWeakest: boolean }) {
  const { a, b, by, bits, between, pairs, against, margin, decision } = join;
  return (
    <>
      <p>
        <RefLink refText={a} /> and <RefLink refText={b} /> {BY[by]}: {signed(bits)} bits.{' '}
        {isWeakest && <Badge tone="warn">Holds least</Badge>}
      </p>
      {decision && <Steward decision={decision} />}
      <p class="small dim">
        {pairs > 1 &&
          `Over all ${pairs} pairs of the two parts ${signed(between)} on average${against === 0 ? '' : `, ${against} of them against`}. `}
        {margin !== undefined && `With ${margin.toFixed(1)} bits less it would not have joined them.`}
      </p>
      <InNumbers of={join} />
    </>
  );
}

const REASONS: Record<NearMiss['reason'], string> = {
  unsure: 'A steward is asked',
  weak: 'Too little evidence',
  guard: 'Other records contradict',
  decision: 'Kept apart by a steward',
  exclusive: 'An identifier differs',
  crowd: 'Too many hang together',
};

function NearMisses({ of: { nearMisses, isComplete } }: { of: Evidence }) {
  return (
    <section class="pair" aria-labelledby="near">
      <h3 id="near">{nearMisses.length === 0 ? 'No other record comes near' : 'Nearest outside'}</h3>
      {nearMisses.map((miss) => (
        <NearMissOf key={miss.b} miss={miss} />
      ))}
      {!isComplete && <p class="small dim">There are more than are told here.</p>}
    </section>
  );
}

function NearMissOf({ miss }: { miss: NearMiss }) {
  const { a, b, customer, reason, comparison, decision } = miss;
  return (
    <div class="said">
      <p>
        <RefLink refText={b} /> with <RefLink refText={a} />: {signed(comparison.bits)} bits.{' '}
        <Badge tone="calm">{REASONS[reason]}</Badge>
      </p>
      {decision && <Steward decision={decision} />}
      {customer !== undefined && (
        <a class="button quiet" href={href(['customers', customer])}>
          Its customer<span class="hidden"> {b}</span>
        </a>
      )}
      <InNumbers of={miss} />
    </div>
  );
}

function Steward({ decision: { author, reason } }: { decision: NonNullable<(Join | NearMiss)['decision']> }) {
  return (
    <p class="small dim">
      {author}
      {reason !== undefined && `: ${reason}`}
    </p>
  );
}

function InNumbers({ of: { a, b, comparison } }: { of: Join | NearMiss }) {
  return (
    <details>
      <summary>
        In numbers<span class="hidden">{`: ${a} and ${b}`}</span>
      </summary>
      <Waterfall comparison={comparison} />
    </details>
  );
}
