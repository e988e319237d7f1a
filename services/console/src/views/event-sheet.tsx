import { api } from '../api/client.js';
import type { Command, CommandExplained, EventExplained, LiveEvent, Outcome } from '../api/types.js';
import { Dialog } from '../parts/dialog.js';
import { Answer, Badge } from '../parts/feedback.js';
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

/** Events that the hub follows from hop to hop; the others it made itself. */
const FOLLOWED: readonly string[] = ['unsilo.party.changed', 'unsilo.interaction.changed', 'unsilo.object.changed'];

/** What became of one event at each hop; of a write who caused it and how it ended. */
export function EventSheet({ id, event }: { id: string; event: LiveEvent | undefined }) {
  const command = commandOf(event);
  return (
    <Dialog side title="What became of it" close={() => go(here({ event: undefined }))}>
      {(event === undefined || FOLLOWED.includes(event.type)) && <Hops id={id} />}
      {command !== undefined && <CommandTrail id={command} />}
      {event && (
        <details class="event" open={command === undefined && !FOLLOWED.includes(event.type)}>
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

function Hops({ id }: { id: string }) {
  const trail = useLoad(`event ${id}`, () => api.get<EventExplained>('/v1/explain/event', { id }));
  return (
    <Answer of={trail}>
      {({ detail }) => (
        <ol class="hops">
          {detail.hops.map(({ hop, at, detail: text }) => (
            <li key={hop + text}>
              <strong>{HOPS[hop]}</strong>
              <span>{forPeople(text)}</span>
              {at !== undefined && <time class="small dim">{dateTime(at)}</time>}
            </li>
          ))}
        </ol>
      )}
    </Answer>
  );
}

function CommandTrail({ id }: { id: string }) {
  const trail = useLoad(`command ${id}`, () => api.get<CommandExplained>('/v1/explain/command', { id }));
  return (
    <Answer of={trail}>
      {({ words, detail: { command, outcome, statements } }) => (
        <>
          <Words words={words.slice(0, 1)} />
          {command.action === 'reply' && <p class="quote">{command.text}</p>}
          {statements.length > 0 && (
            <>
              <h3>Because of</h3>
              {statements.map(({ attribute, statement }) => (
                <div key={attribute} class="said">
                  <p>
                    {attributeLabel(attribute)}: {statement ? lineOf(attribute, statement.value) : 'nothing any more'}
                  </p>
                  {statement && (
                    <p class="small">
                      <RefLink refText={statement.ref} />
                    </p>
                  )}
                  {statement && <p class="small dim">since {dateTime(statement.asOf)}</p>}
                </div>
              ))}
            </>
          )}
          <h3>How it ended</h3>
          <p>
            {outcome === undefined ? (
              'The system has not answered yet.'
            ) : (
              <Badge tone={outcome.status === 'applied' ? 'good' : 'bad'}>{OUTCOMES[outcome.status]}</Badge>
            )}{' '}
            {outcome?.error?.message}
          </p>
        </>
      )}
    </Answer>
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
