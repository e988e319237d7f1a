import { markedValues } from './options-walk.js';
import { wellFormed } from './text.js';

/** Marks an option as secret in its schema: `Type.String({ ...secret, description })`. Such values never reach logs or errors. */
export const secret = { writeOnly: true } as const;

const HIDDEN = '[hidden]';
/** Shorter values would hide harmless text everywhere. */
const SHORTEST_SECRET = 4;

/** Replaces every secret in a text, in plain, percent-encoded, base64 and JSON-escaped form. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>();
  for (const value of secrets) {
    if (value.length < SHORTEST_SECRET) continue;
    forms.add(value);
    forms.add(encodeURIComponent(wellFormed(value)));
    forms.add(JSON.stringify(value).slice(1, -1));
    forms.add(Buffer.from(value, 'utf8').toString('base64'));
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((left, form) => left.replaceAll(form, HIDDEN), text);
}

/** A URL fit for messages: without user name, password, fragment and the values of its query. */
export function urlForMessages(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return '[not a URL]';
  }
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  const names = [...new Set(parsed.searchParams.keys())];
  parsed.search = '';
  return names.length === 0 ? parsed.href : `${parsed.href}?${names.map((name) => `${name}=…`).join('&')}`;
}

/** The values of all options marked `secret` (or of format `password`), however deep, to be hidden. */
export function secretValues(schema: unknown, options: unknown): string[] {
  const isSecret = (part: Readonly<Record<string, unknown>>) =>
    part['writeOnly'] === true || part['format'] === 'password';
  return markedValues(schema, options, isSecret).flatMap(({ value }) => everyString(value));
}

function everyString(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyString) : [];
}
