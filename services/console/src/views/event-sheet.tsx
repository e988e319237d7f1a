import { api } from '../api/client.js';
import type { Command, CommandExplained, EventExplained, LiveEvent, Outcome } from '../api/types.js';
import { Dialog } from '../parts/dialog.js';
import { Answer } from '../parts/feedback.js';
import { RefLink } from '../parts/system.js';
import { go, here } from '../router.js';
import { useLoad } from '../state/load.js';
import { OUTCOMES } from '../text/events.js';
import { systems } from '../state/systems.js';
import { dateTime } from '../text/time.js';
import { attributeLabel, lineOf } from '../text/values.js';

const HOPS: Record<EventExplained['detail']['hops'][number]['hop'], string> = {
  log: 'Kept in the log',
  state: 'Taken into the state',
  customer: 'Changed a customer',
  command: 'Led to a write',
  outcome: 'The system answered',
  'dead-letter': 'Set aside',
};

/** What became of one event at each hop; of a write also who caused it and how it ended. */
export function EventSheet({ id, event }: { id: string; event: LiveEvent | undefined }) {
  const trail = useLoad(`event ${id}`, () => api.get<EventExplained>('/v1/explain/event', { id }));
  const command = commandOf(event);
  return (
    <Dialog side title="What became of it" close={() => go(here({ event: undefined }))}>
      <Answer of={trail}>
        {({ detail }) => (
          <>
            <ol class="hops">
              {detail.hops.map(({ hop, at, detail: text }) => (
                <li key={hop + text}>
                  <strong>{HOPS[hop]}</strong>
                  <span>{forPeople(text)}</span>
                  {at !== undefined && <time class="small dim">{dateTime(at)}</time>}
                </li>
              ))}
            </ol>
          </>
        )}
      </Answer>
      {command !== undefined && <CommandTrail id={command} />}
      {event && (
        <details>
          <summary>The event itself</summary>
          <pre class="code" tabIndex={0}>
            {JSON.stringify(event.data, null, 2)}
          </pre>
        </details>
      )}
      <p class="small dim">
        Id <code>{id}</code>
      </p>
    </Dialog>
  );
}

function CommandTrail({ id }: { id: string }) {
  const trail = useLoad(`command ${id}`, () => api.get<CommandExplained>('/v1/explain/command', { id }));
  return (
    <section>
      <h3>Why it was written</h3>
      <Answer of={trail}>
        {({ words, detail }) => (
          <>
            <Words words={words} />
            {detail.statements.length > 0 && (
              <ul class="plain-list">
                {detail.statements.map(({ attribute, statement }) => (
                  <li key={attribute}>
                    <strong>{attributeLabel(attribute)}</strong>{' '}
                    {statement ? (
                      <>
                        {lineOf(attribute, statement.value)}, said by <RefLink refText={statement.ref} />
                      </>
                    ) : (
                      'nobody says anything of it any more'
                    )}
                  </li>
                ))}
              </ul>
            )}
            <p>{detail.outcome ? OUTCOMES[detail.outcome.status] : 'The system has not answered yet.'}</p>
          </>
        )}
      </Answer>
    </section>
  );
}

export function Words({ words }: { words: readonly string[] }) {
  return (
    <div class="words">
      {words.map((sentence) => (
        <p key={sentence}>{forPeople(sentence)}</p>
      ))}
    </div>
  );
}

/** A sentence of the hub with its times in the reader's form and its systems by their titles. */
function forPeople(sentence: string): string {
  const timed = sentence.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) => dateTime(time));
  return systems.value.reduce(
    (text, { system, title }) => text.replace(new RegExp(`\\b${system}/([a-z0-9-]+)/`, 'g'), `${title} $1 `),
    timed,
  );
}

function commandOf(event: LiveEvent | undefined): string | undefined {
  if (event?.type === 'unsilo.command.issued') return (event.data as Command).id;
  if (event?.type === 'unsilo.outcome.reported') return (event.data as Outcome).command;
  return undefined;
}
