import { signal } from '@preact/signals';

/** Where in the console somebody is: `#/customers/abc?explain=emails`. Every place has an address that can be kept and sent. */
export interface Place {
  path: readonly string[];
  query: URLSearchParams;
}

export const place = signal<Place>(parse(location.hash));

export function watchPlace(): void {
  addEventListener('hashchange', () => {
    place.value = parse(location.hash);
  });
}

export function href(path: readonly string[], query: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(name, value);
  return `#/${path.map(encodeURIComponent).join('/')}${search.size > 0 ? `?${search}` : ''}`;
}

export function go(address: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') location.hash = address;
  else {
    history.replaceState(null, '', address);
    place.value = parse(address);
  }
}

/** The address of the same place with other parameters; undefined takes one away. */
export function here(query: Record<string, string | undefined>): string {
  const { path, query: now } = place.value;
  return href(path, { ...Object.fromEntries(now), ...query });
}

/** The key that a link handed over as `#key=…`; it is taken out of the address at once. */
export function takeKey(): string | undefined {
  const key = /^#key=([^&]+)/.exec(location.hash)?.[1];
  if (key === undefined) return undefined;
  go('#/flow', 'replace');
  return decode(key);
}

function parse(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
