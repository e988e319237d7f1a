import { useEffect, useState } from 'preact/hooks';
import { api, path } from '../api/client.js';
import type { System } from '../api/types.js';
import { Field, FormDialog } from '../parts/dialog.js';
import { Badge, Empty } from '../parts/feedback.js';
import { Icon } from '../parts/icon.js';
import { Dot } from '../parts/system.js';
import { here } from '../router.js';
import { notify } from '../state/notices.js';
import { problemOf } from '../state/load.js';
import { can } from '../state/session.js';
import { pace, replaceSystem, systems, systemsKnown, systemsUnreachable, watchSystems } from '../state/systems.js';
import { ago, count, duration } from '../text/time.js';

const STATES: Record<System['state'], { label: string; tone: 'good' | 'warn' | 'bad' | 'calm' }> = {
  starting: { label: 'Starting', tone: 'calm' },
  running: { label: 'Running', tone: 'good' },
  behind: { label: 'Behind', tone: 'warn' },
  paused: { label: 'Paused', tone: 'bad' },
  stopped: { label: 'Stopped', tone: 'bad' },
};

export function SystemsGrid({ only }: { only: string | undefined }) {
  useEffect(watchSystems, []);
  const [pausing, setPausing] = useState<System>();
  return (
    <section aria-labelledby="systems">
      <h2 id="systems" class="hidden">
        Systems
      </h2>
      {systemsUnreachable.value && (
        <p class="note warn" role="alert">
          The server doesn’t answer; what is shown may be old. It is asked again every two seconds.
        </p>
      )}
      {systemsKnown.value && systems.value.length === 0 ? (
        <Empty icon="hub" title="No systems are connected">
          Name them in <code>unsilo.yaml</code> under <code>systems</code> and start again.
        </Empty>
      ) : (
        <ul class="systems">
          {systems.value.map((system) => (
            <li key={system.system}>
              <SystemCard system={system} chosen={only === system.system} pause={() => setPausing(system)} />
            </li>
          ))}
        </ul>
      )}
      {pausing && <PauseDialog system={pausing} close={() => setPausing(undefined)} />}
    </section>
  );
}

function SystemCard({ system, chosen, pause }: { system: System; chosen: boolean; pause(): void }) {
  const { label, tone } = STATES[system.state];
  const stopped = system.state === 'paused' || system.state === 'stopped';
  return (
    <article class={`card system-card ${chosen ? 'chosen' : ''}`} aria-label={system.title}>
      <header>
        <h3>
          <a href={here({ system: chosen ? undefined : system.system })}>
            <Dot system={system.system} />
            {system.title}
          </a>
        </h3>
        <Badge tone={tone}>{label}</Badge>
      </header>
      <Spark samples={pace.value[system.system] ?? []} />
      <dl class="lags">
        <Lag name="To be processed" waiting={system.lag.inbound} ms={system.lag.inboundMs} />
        <Lag name="To be written" waiting={system.lag.outbound} ms={system.lag.outboundMs} />
      </dl>
      {system.reason !== undefined && (
        <div class={`reason ${tone}`}>
          <p>{system.reason}</p>
          {system.hint !== undefined && <p class="dim">{system.hint}</p>}
        </div>
      )}
      <footer>
        <span class="small dim">
          {system.lastChangeAt === undefined
            ? system.connector
            : `${system.connector}, last change ${ago(system.lastChangeAt)}`}
        </span>
        {can('operator') &&
          (stopped ? (
            <button
              type="button"
              class="button"
              aria-label={`Resume ${system.title}`}
              onClick={() => void resume(system)}
            >
              <Icon name="play" /> Resume
            </button>
          ) : (
            <button type="button" class="button quiet" aria-label={`Pause ${system.title}`} onClick={pause}>
              <Icon name="pause" /> Pause
            </button>
          ))}
      </footer>
    </article>
  );
}

function Lag({ name, waiting, ms }: { name: string; waiting: number; ms: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={waiting === 0 ? 'none' : ''}>
        {count(waiting)}
        {waiting > 0 && <span class="small dim"> oldest {duration(ms)}</span>}
      </dd>
    </div>
  );
}

/** Changes a second over the last minute and a half. */
function Spark({ samples }: { samples: readonly number[] }) {
  const width = 200;
  const height = 28;
  const top = Math.max(1, ...samples);
  const step = width / 44;
  const from = width - (samples.length - 1) * step;
  const points = samples.map(
    (rate, i) => `${(from + i * step).toFixed(1)},${(height - 1 - (rate / top) * (height - 4)).toFixed(1)}`,
  );
  const now = samples.at(-1);
  return (
    <div class="spark">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="base" d={`M0 ${height - 1}H${width}`} />
        {points.length > 1 && <polyline points={points.join(' ')} />}
      </svg>
      <span class="small dim">
        {now === undefined
          ? 'measuring'
          : now === 0
            ? 'quiet'
            : `${now >= 10 ? count(Math.round(now)) : now.toFixed(1)} a second`}
      </span>
    </div>
  );
}

function PauseDialog({ system, close }: { system: System; close(): void }) {
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      title={`Pause ${system.title}`}
      action="Pause"
      disabled={reason.trim() === ''}
      close={close}
      run={async () => {
        replaceSystem(await api.post<System>(path('systems', system.system, 'pause'), { reason: reason.trim() }));
        notify(`${system.title} is paused.`, { action: { label: 'Resume', run: () => void resume(system) } });
      }}
    >
      <p>Nothing is read from it or written to it until it is resumed. Nothing is lost meanwhile.</p>
      <Field
        label="Why?"
        value={reason}
        change={setReason}
        required
        hint="Everybody who looks at this page reads it."
      />
    </FormDialog>
  );
}

async function resume(system: System): Promise<void> {
  try {
    replaceSystem(await api.post<System>(path('systems', system.system, 'resume')));
    notify(`${system.title} goes on.`);
  } catch (error) {
    notify(`${system.title} could not be resumed: ${problemOf(error).detail}`, { kind: 'bad' });
  }
}
