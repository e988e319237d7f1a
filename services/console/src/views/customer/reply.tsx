import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { api, path, refParts } from '../../api/client.js';
import type { Command, Outcome, Problem, Visibility } from '../../api/types.js';
import { Badge, ProblemNote } from '../../parts/feedback.js';
import { Icon } from '../../parts/icon.js';
import { draftOf, dropDraft, keepDraft } from '../../state/drafts.js';
import { problemOf } from '../../state/load.js';
import { notify } from '../../state/notices.js';
import { OUTCOMES } from '../../text/events.js';
import { dateTime } from '../../text/time.js';

const READERS: Record<Visibility, string> = {
  public: 'Everybody can read it.',
  unlisted: 'Everybody who has the address can read it.',
  private: 'The author’s followers can read it.',
  direct: 'Only those addressed can read it.',
};

interface Shape {
  interaction: string;
  /** Characters, as the system counts them. */
  limit: number;
  visibility: Visibility;
  done(): void;
  cancel(): void;
}

export function Composer({ interaction, limit, visibility, done, cancel }: Shape) {
  const [draft] = useState(() => draftOf(interaction) ?? { text: '', key: crypto.randomUUID() });
  const [text, setText] = useState(draft.text);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const giveUp = (): void => {
    dropDraft(interaction);
    cancel();
  };
  useEffect(() => area.current?.focus(), []);
  const left = limit - [...text].length;
  const ready = text.trim() !== '' && left >= 0 && !busy;
  const send = async (): Promise<void> => {
    if (!ready) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await api.post<Command>(
        path('interactions', ...refParts(interaction), 'replies'),
        { text, visibility },
        draft.key,
      );
      dropDraft(interaction);
      notify('The reply is on its way.');
      done();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) void send();
        if (event.key === 'Escape' && text === '') giveUp();
      }}
    >
      <label for={id}>Your reply</label>
      <textarea
        id={id}
        ref={area}
        rows={3}
        value={text}
        aria-describedby={`${id}-left`}
        aria-invalid={left < 0}
        onInput={(event) => {
          const { value } = event.currentTarget;
          setText(value);
          keepDraft(interaction, { ...draft, text: value });
        }}
      />
      {problem && <ProblemNote problem={problem} />}
      <footer>
        <span id={`${id}-left`} class={`small ${left < 0 ? 'too-long' : 'dim'}`}>
          {left < 0 ? `${-left} characters too many` : `${left} characters left`}
          <span class="dim">. {READERS[visibility]}</span>
        </span>
        <span class="spring" />
        <button type="button" class="button quiet" onClick={giveUp}>
          Cancel
        </button>
        <button type="submit" class="button main" disabled={!ready}>
          {busy ? 'Sending…' : 'Send'}
        </button>
      </footer>
    </form>
  );
}

/** A reply that was sent from here, and what became of it. */
export function ReplySent({ command, outcome }: { command: Command; outcome: Outcome | undefined }) {
  if (command.action !== 'reply') return null;
  const status = outcome?.status;
  return (
    <div class="reply">
      <Icon name="reply" />
      <div>
        <p class="entry-text">{command.text}</p>
        <p class="small dim">
          {command.cause.user ?? 'The hub'}, {dateTime(command.issuedAt)}{' '}
          <Badge tone={status === undefined ? 'warn' : status === 'applied' ? 'good' : 'bad'}>
            {status === undefined ? 'Being sent' : status === 'applied' ? 'Published' : OUTCOMES[status]}
          </Badge>
        </p>
        {outcome?.error && <p class="small refused">{outcome.error.message}</p>}
      </div>
    </div>
  );
}
