import { api } from '../../api/client.js';
import type { CustomerWhole, PairExplained } from '../../api/types.js';
import { Dialog } from '../../parts/dialog.js';
import { Answer } from '../../parts/feedback.js';
import { Icon } from '../../parts/icon.js';
import { RefLink } from '../../parts/system.js';
import { go, here } from '../../router.js';
import { useLoad } from '../../state/load.js';
import { can } from '../../state/session.js';
import { DecisionList } from '../decisions.js';
import { Words } from '../event-sheet.js';
import { Waterfall } from './waterfall.js';

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
            <Words words={words.filter((_, i) => i === 0 || !detail.comparison)} />
            {detail.comparison && <Waterfall comparison={detail.comparison} />}
            {detail.path.length > 2 && (
              <p class="small dim">Connected by way of {detail.path.slice(1, -1).join(', ')}.</p>
            )}
            {detail.decisions.length > 0 && (
              <DecisionList
                decisions={detail.decisions}
                standing={detail.standing.map(({ id }) => id)}
                changed={pair.reload}
              />
            )}
          </>
        )}
      </Answer>
    </section>
  );
}
