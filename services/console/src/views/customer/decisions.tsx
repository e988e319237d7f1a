import { api } from '../../api/client.js';
import type { Customer, DecisionPage } from '../../api/types.js';
import { useLoad } from '../../state/load.js';
import { DecisionList } from '../decisions.js';

/** Decisions about the records of this customer. */
export function CustomerDecisions({ customer, changed }: { customer: Customer; changed(): void }) {
  const own = useLoad(
    customer.id,
    () => api.get<DecisionPage>('/v1/decisions', { customer: customer.id, limit: 200 }),
    customer.revision,
  );
  const { items = [], standing = [] } = own.data ?? {};
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="decided">
      <div class="section-head">
        <h2 id="decided">Decisions</h2>
      </div>
      <DecisionList
        decisions={items}
        standing={standing}
        changed={() => {
          own.reload();
          changed();
        }}
      />
    </section>
  );
}
