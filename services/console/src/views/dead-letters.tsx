import { api } from '../api/client.js';
import type { DeadLetterKnown, DeadLetterPage } from '../api/types.js';
import { Answer, Badge, Empty } from '../parts/feedback.js';
import { Page, Pager } from '../parts/page.js';
import { SystemName } from '../parts/system.js';
import { href, place } from '../router.js';
import { useLoad } from '../state/load.js';
import { ago } from '../text/time.js';

const STATES = { open: 'Open', replayed: 'Replayed', discarded: 'Discarded' } as const;
export const STATE_TONES = { open: 'warn', replayed: 'good', discarded: 'calm' } as const;

/** Input that could not be used, with why and where it stood. */
export function DeadLettersView() {
  const { query } = place.value;
  const state = query.get('state') ?? 'open';
  const code = query.get('code') ?? undefined;
  const cursor = query.get('cursor') ?? undefined;
  const letters = useLoad(`letters ${state} ${code ?? ''} ${cursor ?? ''}`, () =>
    api.get<DeadLetterPage>('/v1/dead-letters', { state, code, cursor, limit: 25 }),
  );
  return (
    <Page
      title="Dead letters"
      lead="Input that could not be used. Nothing is lost: mend it, here or where it comes from, or discard it with a reason."
    >
      <nav class="tabs" aria-label="State">
        {Object.entries(STATES).map(([value, label]) => (
          <a
            key={value}
            href={href(['dead-letters'], { state: value, code })}
            aria-current={state === value ? 'page' : undefined}
          >
            {label}
          </a>
        ))}
        {code !== undefined && (
          <span class="filter">
            Only <code>{code}</code> <a href={href(['dead-letters'], { state })}>Show all</a>
          </span>
        )}
      </nav>
      <Answer of={letters}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty icon="letters" title={state === 'open' ? 'Nothing waits to be mended' : `Nothing was ${state}`}>
                {state === 'open' && 'Everything that came in could be used.'}
              </Empty>
            ) : (
              <ul class="letters lines card">
                {items.map((letter) => (
                  <Letter key={letter.id} letter={letter} state={state} />
                ))}
              </ul>
            )}
            <Pager
              first={cursor === undefined ? undefined : href(['dead-letters'], { state, code })}
              next={next === undefined ? undefined : href(['dead-letters'], { state, code, cursor: next })}
            />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Letter({ letter, state }: { letter: DeadLetterKnown; state: string }) {
  return (
    <li>
      <div>
        <p>
          <a class="row-link" href={href(['dead-letters', letter.id])}>
            {letter.message}
          </a>
        </p>
        <p class="small dim">
          <span>{placeOf(letter)}</span>
          <a href={href(['dead-letters'], { state, code: letter.code })}>{letter.code}</a>
        </p>
      </div>
      {letter.system !== undefined && <SystemName system={letter.system} />}
      <Badge tone={STATE_TONES[letter.state]}>{STATES[letter.state]}</Badge>
      <time class="small dim" dateTime={letter.parkedAt}>
        {ago(letter.parkedAt)}
      </time>
    </li>
  );
}

/** Where the input stood: `customers.csv, line 812`. */
export function placeOf({ at }: DeadLetterKnown): string {
  const { file, line, url, topic, partition, offset, ref } = at;
  if (file !== undefined) return line === undefined ? file : `${file}, line ${line}`;
  if (url !== undefined) return url;
  if (topic !== undefined) return `${topic}, partition ${partition ?? 0}, offset ${offset ?? 0}`;
  return ref ?? 'unknown place';
}
