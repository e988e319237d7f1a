import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { sessionEnded } from './api/client.js';
import type { Problem } from './api/types.js';
import { connection, type Connection } from './api/live.js';
import { Notices, ProblemNote } from './parts/feedback.js';
import { Icon, type IconName } from './parts/icon.js';
import { go, href, place } from './router.js';
import { can, end, logOut, notKnown, session, type Role } from './state/session.js';
import { theme, type Theme } from './state/theme.js';
import { CustomerView } from './views/customer.js';
import { CustomersView } from './views/customers.js';
import { DeadLetterView } from './views/dead-letter.js';
import { DeadLettersView } from './views/dead-letters.js';
import { DecisionsView } from './views/decisions.js';
import { FlowView } from './views/flow.js';
import { LogInView } from './views/log-in.js';
import { Missing } from './views/missing.js';
import { RecordView } from './views/record.js';

const PLACES: { path: string; label: string; icon: IconName; role: Role }[] = [
  { path: 'flow', label: 'Flow', icon: 'flow', role: 'reader' },
  { path: 'customers', label: 'Customers', icon: 'people', role: 'reader' },
  { path: 'decisions', label: 'Decisions', icon: 'decisions', role: 'reader' },
  { path: 'dead-letters', label: 'Dead letters', icon: 'letters', role: 'operator' },
];

export function App() {
  useEffect(() => effect(() => void (sessionEnded.value && end())), []);
  if (session.value === undefined) return notKnown.value ? <Unknown problem={notKnown.value} /> : null;
  if (session.value === null) return <LogInView />;
  return <Shell />;
}

/** Whoever can't be asked may know well who is here: nobody is sent to log in for that. */
function Unknown({ problem }: { problem: Problem }) {
  return (
    <main class="log-in">
      <div class="card">
        <h1>Unsilo</h1>
        <ProblemNote problem={problem} />
        <p class="small dim">It is asked again every few seconds.</p>
      </div>
    </main>
  );
}

function Shell() {
  useEffect(() => {
    const search = (event: KeyboardEvent): void => {
      if (event.key !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      go(href(['customers']));
      requestAnimationFrame(() => document.querySelector<HTMLInputElement>('input[type=search]')?.focus());
    };
    addEventListener('keydown', search);
    return () => removeEventListener('keydown', search);
  }, []);
  const [view = 'flow'] = place.value.path;
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <aside class="rail">
        <a class="brand" href={href(['flow'])}>
          <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M9 8v9a7 7 0 0 0 14 0V8" />
            <circle cx="16" cy="8.4" r="2.4" />
          </svg>
          Unsilo
        </a>
        <nav aria-label="Views">
          {PLACES.filter(({ role }) => can(role)).map(({ path, label, icon }) => (
            <a key={path} href={href([path])} aria-current={view === path ? 'page' : undefined}>
              <Icon name={icon} />
              {label}
            </a>
          ))}
        </nav>
        <footer>
          <Live />
          <ThemeSwitch />
          <div class="who">
            <span title={`Roles: ${session.value?.roles.join(', ') ?? ''}`}>{session.value?.name}</span>
            <button type="button" class="plain" aria-label="Log out" title="Log out" onClick={() => void logOut()}>
              <Icon name="leave" />
            </button>
          </div>
        </footer>
      </aside>
      <main id="main" tabIndex={-1}>
        <View />
      </main>
      <Notices />
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function View() {
  const [view, ...rest] = place.value.path;
  const [id] = rest;
  switch (view) {
    case undefined:
    case 'flow':
      return <FlowView />;
    case 'customers':
      return id === undefined ? <CustomersView /> : <CustomerView key={id} id={id} />;
    case 'records':
      return <RecordView key={rest.join('/')} refText={rest.join('/')} />;
    case 'decisions':
      return <DecisionsView />;
    case 'dead-letters':
      return id === undefined ? <DeadLettersView /> : <DeadLetterView key={id} id={id} />;
    default:
      return <Missing />;
  }
}

const CONNECTIONS: Record<Connection, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  asking: 'No stream gets through: asking now and then',
  interrupted: 'Connection lost, trying again',
};

function Live() {
  if (!can('reader')) return null;
  return (
    <p class={`live ${connection.value}`} role="status">
      <span class="pulse" aria-hidden="true" />
      {CONNECTIONS[connection.value]}
    </p>
  );
}

const THEMES: { value: Theme; label: string; icon: IconName }[] = [
  { value: 'auto', label: 'As the system', icon: 'auto' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
];

function ThemeSwitch() {
  return (
    <fieldset class="themes">
      <legend class="hidden">Colours</legend>
      {THEMES.map(({ value, label, icon }) => (
        <label key={value} title={label}>
          <input
            type="radio"
            name="theme"
            value={value}
            checked={theme.value === value}
            onChange={() => {
              theme.value = value;
            }}
          />
          <Icon name={icon} />
          <span class="hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
