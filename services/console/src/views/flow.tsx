import { useEffect, useState } from 'preact/hooks';
import { connection, recent, skipped } from '../api/live.js';
import type { LiveEvent } from '../api/types.js';
import { Empty } from '../parts/feedback.js';
import { Icon } from '../parts/icon.js';
import { Page } from '../parts/page.js';
import { SystemName } from '../parts/system.js';
import { here, href, place } from '../router.js';
import { systemTitle } from '../state/systems.js';
import { lineOfEvent } from '../text/events.js';
import { count, timeOfDay } from '../text/time.js';
import { EventSheet } from './event-sheet.js';
import { SystemsGrid } from './systems.js';

const DIRECTIONS = { in: 'Came in', out: 'Goes out', hub: 'In the hub' } as const;

const ENDS_OF_A_PRESS = ['pointerup', 'pointercancel'] as const;

/** What flows now, through which system, with what lag. */
export function FlowView() {
  const only = place.value.query.get('system') ?? undefined;
  const chosen = place.value.query.get('event') ?? undefined;
  const [held, setHeld] = useState<readonly LiveEvent[]>();
  const pressed = useWhilePressed(recent.value);
  const [opened, setOpened] = useState<LiveEvent>();
  useEffect(() => setHeld(undefined), [only]);
  const events = (held ?? pressed.seen)
    .map((event) => ({ event, line: lineOfEvent(event) }))
    .filter(({ line }) => only === undefined || line.system === only);
  return (
    <Page title="Flow" lead="What comes in, what goes out, and how far behind each system is.">
      <SystemsGrid only={only} />
      <section aria-labelledby="stream">
        <div class="section-head">
          <h2 id="stream">{only === undefined ? 'Now' : `Now, ${systemTitle(only)}`}</h2>
          {only !== undefined && <a href={here({ system: undefined })}>Show all systems</a>}
          <span class="spring" />
          {skipped.value > 0 && (
            <span class="small dim">{count(skipped.value)} more went by too fast to be listed</span>
          )}
          <button
            type="button"
            class="button"
            aria-pressed={held !== undefined}
            onClick={() => setHeld(held === undefined ? recent.value : undefined)}
          >
            <Icon name={held === undefined ? 'pause' : 'play'} />
            {held === undefined ? 'Hold the list' : 'Go on'}
          </button>
        </div>
        {events.length === 0 ? (
          <Empty
            icon="flow"
            title={
              connection.value === 'live' || connection.value === 'asking' ? 'Quiet just now' : 'Waiting for the server'
            }
          >
            What systems send and what is written to them is listed here as it happens.
          </Empty>
        ) : (
          <ol class="stream lines card" onPointerDown={pressed.begin}>
            {events.map(({ event, line }) => (
              <li key={`${event.topic} ${event.id}`}>
                <time dateTime={event.at}>{timeOfDay(event.at)}</time>
                <span class={`way ${line.direction}`} title={DIRECTIONS[line.direction]}>
                  <Icon name={line.direction} />
                  <span class="hidden">{DIRECTIONS[line.direction]}</span>
                </span>
                <span class="stream-system">
                  {line.system === undefined ? <span class="dim">Hub</span> : <SystemName system={line.system} />}
                </span>
                <span class={`what ${line.tone ?? ''}`}>{line.what}</span>
                <span class="about">{line.about}</span>
                <span class="ways-on">
                  {line.customer !== undefined ? (
                    <a href={href(['customers', line.customer])}>Customer</a>
                  ) : (
                    line.record !== undefined && <a href={href(['records', ...line.record.split('/')])}>Customer</a>
                  )}
                  <a
                    href={here({ event: event.id })}
                    onClick={() => setOpened(event)}
                    aria-label={`Explain: ${line.what}`}
                  >
                    Explain
                  </a>
                </span>
              </li>
            ))}
          </ol>
        )}
      </section>
      {chosen !== undefined && <EventSheet id={chosen} event={opened?.id === chosen ? opened : undefined} />}
    </Page>
  );
}

/** What stood there when the pointer was pressed stays until it is let go: a link that moves on between the two is not followed. */
function useWhilePressed<T>(now: T): { seen: T; begin(): void } {
  const [kept, setKept] = useState<{ value: T }>();
  const isPressed = kept !== undefined;
  useEffect(() => {
    if (!isPressed) return;
    // After the click that this may have been.
    const end = (): unknown => setTimeout(() => setKept(undefined));
    for (const name of ENDS_OF_A_PRESS) addEventListener(name, end);
    return () => {
      for (const name of ENDS_OF_A_PRESS) removeEventListener(name, end);
    };
  }, [isPressed]);
  return { seen: kept ? kept.value : now, begin: () => setKept({ value: now }) };
}
