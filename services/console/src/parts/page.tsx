import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

let first = true;

/** A view: its heading takes the focus when somebody comes here from elsewhere, so that screen readers begin here. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Unsilo`;
  }, [title]);
  useEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  return (
    <>
      <header class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <div class="lead">{lead}</div>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** Links to the first and the next page of a list. */
export function Pager({ first: start, next }: { first: string | undefined; next: string | undefined }) {
  if (start === undefined && next === undefined) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {start !== undefined && (
        <a class="button" href={start}>
          First page
        </a>
      )}
      {next !== undefined && (
        <a class="button" href={next}>
          Next page
        </a>
      )}
    </nav>
  );
}
