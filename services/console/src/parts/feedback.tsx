import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/types.js';
import type { Loaded } from '../state/load.js';
import { dismiss, notices } from '../state/notices.js';
import { Icon, type IconName } from './icon.js';

/** What went wrong and what to do about it. */
export function ProblemNote({ problem, again }: { problem: Problem; again?: (() => void) | undefined }) {
  return (
    <div class="note bad" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{problem.title}</strong>
        {problem.detail !== problem.title && <p>{problem.detail}</p>}
        {problem.hint && <p>{problem.hint}</p>}
        {problem.errors && problem.errors.length > 0 && (
          <ul>
            {problem.errors.map(({ path, message }) => (
              <li key={path + message}>
                {path !== '' && <code>{path}</code>} {message}
              </li>
            ))}
          </ul>
        )}
        <p class="small dim">
          {problem.code}
          {problem.requestId !== '' && `, request ${problem.requestId}`}
        </p>
        {again && (
          <button type="button" class="button" onClick={again}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

/** Nothing to show: why, and what to do. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children && <div class="dim">{children}</div>}
    </div>
  );
}

/** The answer to a question, or that it is on its way, or why there is none. */
export function Answer<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {of.problem && <ProblemNote problem={of.problem} again={of.reload} />}
      {of.data !== undefined ? (
        children(of.data)
      ) : of.busy ? (
        <p class="loading dim" role="status">
          Loading…
        </p>
      ) : null}
    </>
  );
}

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(({ id, text, kind, action }) => (
        <div key={id} class={`notice ${kind}`}>
          <Icon name={kind === 'good' ? 'check' : 'warning'} />
          <span>{text}</span>
          {action && (
            <button
              type="button"
              class="link"
              onClick={() => {
                dismiss(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="plain" aria-label="Close the message" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

export function Badge({ tone, children }: { tone: 'good' | 'warn' | 'bad' | 'calm'; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
