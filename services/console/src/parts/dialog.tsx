import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Problem } from '../api/types.js';
import { problemOf } from '../state/load.js';
import { ProblemNote } from './feedback.js';
import { Icon } from './icon.js';

interface Shape {
  title: string;
  close(): void;
  /** A sheet at the side, or a box in the middle. */
  side?: boolean;
  children: ComponentChildren;
}

/** A dialog of the browser: it keeps the focus, Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, close, side = false, children }: Shape) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const { activeElement } = document;
    dialog.current?.showModal();
    return () => {
      if (activeElement instanceof HTMLElement && activeElement.isConnected) activeElement.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={side ? 'sheet' : 'box'}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2 id={heading}>{title}</h2>
          <button type="button" class="plain" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface FormShape {
  title: string;
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
  disabled?: boolean;
  run(): Promise<void>;
  close(): void;
  children: ComponentChildren;
}

/** A dialog that does one thing, and stays open with the reason when it is refused. */
export function FormDialog({ title, action, danger = false, disabled = false, run, close, children }: FormShape) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    run().then(close, (error: unknown) => {
      setProblem(problemOf(error));
      setBusy(false);
    });
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit}>
        {children}
        {problem && <ProblemNote problem={problem} />}
        <footer>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={`button ${danger ? 'danger' : 'main'}`} disabled={busy || disabled}>
            {busy ? 'One moment…' : action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** A text field with its name above it. */
export function Field({
  label,
  value,
  change,
  lines,
  required,
  hint,
}: {
  label: string;
  value: string;
  change(value: string): void;
  lines?: number;
  required?: boolean;
  hint?: string;
}) {
  const id = useId();
  const common = {
    id,
    value,
    required: required ?? false,
    ...(hint !== undefined && { 'aria-describedby': `${id}-hint` }),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {lines === undefined ? (
        <input type="text" {...common} onInput={(event) => change(event.currentTarget.value)} />
      ) : (
        <textarea rows={lines} {...common} onInput={(event) => change(event.currentTarget.value)} />
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} class="small dim">
          {hint}
        </p>
      )}
    </div>
  );
}
