import { api } from '../../api/client.js';
import type { Customer, Decision, DecisionPage } from '../../api/types.js';
import { useLoad } from '../../state/load.js';
import { DecisionList } from '../decisions.js';

/** Decisions about the records of this customer, among the latest. */
export function CustomerDecisions({ customer, changed }: { customer: Customer; changed(): void }) {
  const latest = useLoad(`${customer.id} ${customer.revision}`, () =>
    api.get<DecisionPage>('/v1/decisions', { limit: 200 }),
  );
  const members = new Set(customer.members);
  const own = (latest.data?.items ?? []).filter((decision) => refsOf(decision).some((ref) => members.has(ref)));
  if (own.length === 0) return null;
  return (
    <section aria-labelledby="decided">
      <div class="section-head">
        <h2 id="decided">Decisions</h2>
      </div>
      <DecisionList
        decisions={own}
        changed={() => {
          latest.reload();
          changed();
        }}
      />
    </section>
  );
}

function refsOf(decision: Decision): readonly string[] {
  return decision.kind === 'keep' ? [decision.ref] : decision.refs;
}
