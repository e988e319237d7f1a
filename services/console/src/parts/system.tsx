import { href } from '../router.js';
import { systems, systemTitle } from '../state/systems.js';

const HUES = 8;

/** A colour for each system, the same everywhere: the eye finds who said what. */
function hueOf(name: string): number {
  const place = systems.value.findIndex(({ system }) => system === name);
  return (place < 0 ? name.length : place) % HUES;
}

export function Dot({ system }: { system: string }) {
  return <span class={`dot hue-${hueOf(system)}`} aria-hidden="true" />;
}

export function SystemName({ system }: { system: string }) {
  return (
    <span class="system">
      <Dot system={system} />
      {systemTitle(system)}
    </span>
  );
}

/** A record by the name of its system and its id; leads to its customer. */
export function RefLink({ refText }: { refText: string }) {
  const [system = '', ...rest] = refText.split('/');
  return (
    <a class="system" href={href(['records', ...refText.split('/')])}>
      <Dot system={system} />
      {systemTitle(system)} <span class="dim">{rest.join(' ')}</span>
    </a>
  );
}
