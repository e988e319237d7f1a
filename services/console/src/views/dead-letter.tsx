import { useId, useState } from 'preact/hooks';
import { api, path } from '../api/client.js';
import type { DeadLetterKnown, Problem, ReplayResult } from '../api/types.js';
import { Field, FormDialog } from '../parts/dialog.js';
import { Answer, Badge, ProblemNote } from '../parts/feedback.js';
import { Icon } from '../parts/icon.js';
import { Page } from '../parts/page.js';
import { SystemName } from '../parts/system.js';
import { href } from '../router.js';
import { problemOf, useLoad } from '../state/load.js';
import { notify } from '../state/notices.js';
import { dateTime } from '../text/time.js';
import { placeOf, STATE_TONES } from './dead-letters.js';

/** One dead letter: mend it, try it, replay it, or discard it. */
export function DeadLetterView({ id }: { id: string }) {
  const letter = useLoad(id, () => api.get<DeadLetterKnown>(path('dead-letters', id)));
  return (
    <Page title="Dead letter" lead={<a href={href(['dead-letters'])}>All dead letters</a>}>
      <Answer of={letter}>{(found) => <Letter key={found.state} letter={found} changed={letter.reload} />}</Answer>
    </Page>
  );
}

function Letter({ letter, changed }: { letter: DeadLetterKnown; changed(): void }) {
  const [payload, setPayload] = useState(letter.payload);
  const [result, setResult] = useState<ReplayResult>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [discarding, setDiscarding] = useState(false);
  const editor = useId();
  const open = letter.state === 'open';
  const edited = payload !== letter.payload;
  const send = async (dryRun: boolean): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await api.post<ReplayResult>(path('dead-letters', letter.id, 'replay'), {
        ...(edited && { payload }),
        dryRun,
      });
      setResult(answer);
      if (answer.status === 'appended') {
        notify('It was replayed and is on its way through the hub.');
        changed();
      }
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  return (
    <div class="letter">
      <section class="card pad">
        <p class="badges">
          <Badge tone={STATE_TONES[letter.state]}>{letter.state}</Badge> <code>{letter.code}</code>
        </p>
        <h2>{letter.message}</h2>
        {letter.hint !== undefined && <p>{letter.hint}</p>}
        {letter.instead !== undefined && (
          <p>
            <strong>It can’t be replayed.</strong> {letter.instead}
          </p>
        )}
        <dl class="facts">
          <dt>Where</dt>
          <dd>{placeOf(letter)}</dd>
          {letter.system !== undefined && (
            <>
              <dt>System</dt>
              <dd>
                <SystemName system={letter.system} />
              </dd>
            </>
          )}
          <dt>Set aside</dt>
          <dd>{dateTime(letter.parkedAt)}</dd>
          {letter.stateReason !== undefined && (
            <>
              <dt>Reason</dt>
              <dd>{letter.stateReason}</dd>
            </>
          )}
        </dl>
      </section>
      <section class="card pad">
        <div class="section-head">
          <label for={editor}>
            <strong>The input</strong>
          </label>
          <span class="small dim">
            {letter.encoding === 'base64' ? 'in base64, since it is not UTF-8' : ''}
            {letter.truncated ? ' only the beginning was kept' : ''}
          </span>
          <span class="spring" />
          {open && edited && (
            <button type="button" class="link" onClick={() => setPayload(letter.payload)}>
              Back to how it came
            </button>
          )}
        </div>
        <textarea
          id={editor}
          class="code"
          spellcheck={false}
          rows={Math.min(28, payload.split('\n').length + 2)}
          value={payload}
          readOnly={!open}
          onInput={(event) => {
            setPayload(event.currentTarget.value);
            setResult(undefined);
          }}
        />
        {problem && <ProblemNote problem={problem} />}
        <div role="status">{result && <Result result={result} />}</div>
        {open && (
          <footer class="actions">
            <button type="button" class="button quiet danger-text" onClick={() => setDiscarding(true)}>
              Discard…
            </button>
            <span class="spring" />
            {(letter.replayable || edited) && (
              <>
                <button type="button" class="button" disabled={busy} onClick={() => void send(true)}>
                  Try without replaying
                </button>
                <button type="button" class="button main" disabled={busy} onClick={() => void send(false)}>
                  Replay
                </button>
              </>
            )}
          </footer>
        )}
      </section>
      {discarding && <DiscardDialog letter={letter} changed={changed} close={() => setDiscarding(false)} />}
    </div>
  );
}

function Result({ result }: { result: ReplayResult }) {
  if (result.status !== 'invalid') {
    return (
      <p class="note good">
        <Icon name="check" />
        <span>
          {result.status === 'would-append' ? 'It would be taken' : 'It was taken'}
          {result.event !== undefined && (
            <>
              {' '}
              as event <code>{result.event}</code>
            </>
          )}
          .
        </span>
      </p>
    );
  }
  return (
    <div class="note bad">
      <Icon name="warning" />
      <div>
        <strong>It can’t be used as it stands</strong>
        <ul>
          {(result.errors ?? []).map(({ path: at, message }) => (
            <li key={at + message}>
              {at !== '' && <code>{at}</code>} {message}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function DiscardDialog({ letter, changed, close }: { letter: DeadLetterKnown; changed(): void; close(): void }) {
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      title="Discard this input"
      action="Discard"
      danger
      disabled={reason.trim() === ''}
      close={close}
      run={async () => {
        await api.post(path('dead-letters', letter.id, 'discard'), { reason: reason.trim() });
        notify('It is discarded, and stays readable under Discarded.');
        changed();
      }}
    >
      <p>What it says never reaches a customer. It stays readable with your reason.</p>
      <Field label="Why?" value={reason} change={setReason} required />
    </FormDialog>
  );
}
