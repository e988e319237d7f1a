import { api } from '../../api/client.js';
import type { CustomerWhole, PairExplained } from '../../api/types.js';
import { Dialog } from '../../parts/dialog.js';
import { Answer, Badge } from '../../parts/feedback.js';
import { Icon } from '../../parts/icon.js';
import { RefLink } from '../../parts/system.js';
import { go, here } from '../../router.js';
import { useLoad } from '../../state/load.js';
import { can } from '../../state/session.js';
import { DecisionList } from '../decisions.js';
import { Words } from '../event-sheet.js';

/** Why a record is part of this customer: what it shares with each of the others. */
export function PairSheet({ whole, refText, unlink }: { whole: CustomerWhole; refText: string; unlink(): void }) {
  const others = whole.records.map(({ ref }) => ref).filter((ref) => ref !== refText);
  return (
    <Dialog side title="Why is it here?" close={() => go(here({ pair: undefined }))}>
      <p>
        <RefLink refText={refText} />
      </p>
      {others.map((other) => (
        <Pair key={other} a={refText} b={other} />
      ))}
      {can('steward') && others.length > 0 && (
        <footer class="actions">
          <button type="button" class="button" onClick={unlink}>
            <Icon name="unlink" /> It is somebody else…
          </button>
        </footer>
      )}
    </Dialog>
  );
}

function Pair({ a, b }: { a: string; b: string }) {
  const pair = useLoad(`${a} ${b}`, () => api.get<PairExplained>('/v1/explain/pair', { a, b }));
  return (
    <section class="pair">
      <h3>
        With <RefLink refText={b} />
      </h3>
      <Answer of={pair}>
        {({ words, detail }) => (
          <>
            <Words words={words} />
            {detail.evidence.length > 0 && (
              <ul class="evidence">
                {detail.evidence.map(({ kind, value, weight, generic }) => (
                  <li key={kind + value}>
                    <span>
                      {kind} <strong>{value}</strong>
                    </span>
                    {generic ? (
                      <Badge tone="calm">shared by too many to count</Badge>
                    ) : (
                      <Badge tone={weight >= 0 ? 'good' : 'bad'}>
                        {weight >= 0 ? 'speaks for' : 'speaks against'} {(Math.abs(weight) / 1024).toFixed(1)}
                      </Badge>
                    )}
                  </li>
                ))}
              </ul>
            )}
            {detail.path.length > 2 && (
              <p class="small dim">Connected by way of {detail.path.slice(1, -1).join(', ')}.</p>
            )}
            {detail.decisions.length > 0 && <DecisionList decisions={detail.decisions} changed={pair.reload} />}
          </>
        )}
      </Answer>
    </section>
  );
}
