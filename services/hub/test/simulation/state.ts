import type { Consent, Email, PartyState, Phone } from '@unsilo/schemas';
import type { ListName, Path, RewriteSpec, ScalarPath } from './scenario.js';

/** What a simulated system keeps of one person. Never changed in place. */
export interface State {
  scalars: Partial<Record<ScalarPath, string>>;
  emails: Email[];
  phones: Phone[];
  consents: Consent[];
}

export const EMPTY: State = { scalars: {}, emails: [], phones: [], consents: [] };

export const SCALARS: readonly ScalarPath[] = ['name.given', 'name.surname', 'name.full', 'note', 'language'];
export const LISTS: readonly ListName[] = ['emails', 'phones', 'consents'];

export function isList(path: string): path is ListName {
  return (LISTS as readonly string[]).includes(path);
}

export function partyState(state: State): PartyState {
  const out: PartyState = { kind: 'person' };
  for (const path of SCALARS) {
    const value = state.scalars[path];
    if (value === undefined) continue;
    if (path === 'note' || path === 'language') out[path] = value;
    else (out.name ??= {})[path.slice(5) as 'given' | 'surname' | 'full'] = value;
  }
  for (const list of LISTS) if (state[list].length > 0) (out as unknown as Record<string, unknown>)[list] = state[list];
  return out;
}

/** Comparable texts of one attribute: the value, or one text an element. */
export function contentOf(state: State, path: Path): string[] {
  if (!isList(path)) {
    const value = state.scalars[path];
    return value === undefined ? [] : [value];
  }
  return [...new Set(state[path].map((e) => elementText(e)))].sort();
}

/** Canonical text of an element, by the simulation's own simple rules. */
export function elementText(element: object): string {
  if ('address' in element) return String(element.address).toLowerCase();
  if ('number' in element) return digits(String(element.number));
  const consent = element as Consent;
  return `${consent.purpose}=${consent.status}`;
}

function digits(text: string): string {
  return text.replace(/\D+/g, '');
}

export function sameState(a: State, b: State): boolean {
  return [...SCALARS, ...LISTS].every((path) => sameContent(contentOf(a, path), contentOf(b, path)));
}

export function sameContent(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

export function rewriteText(text: string, rule: RewriteSpec): string {
  switch (rule.rule) {
    case 'truncate':
      return [...text]
        .slice(0, rule.length ?? 8)
        .join('')
        .trimEnd();
    case 'upper':
      return text.toUpperCase();
    case 'lower':
      return text.toLowerCase();
    case 'digits-only':
      return digits(text);
    case 'punctuate':
      return text.trim().replace(/[\s,.-]+/g, '. ');
  }
}

/** The state as the system leaves it after applying rules of its own. */
export function rewriteState(state: State, rules: readonly RewriteSpec[]): State {
  if (rules.length === 0) return state;
  const out: State = { ...state, scalars: { ...state.scalars } };
  for (const rule of rules) {
    const { attribute } = rule;
    if (attribute === 'emails') out.emails = out.emails.map((e) => ({ ...e, address: rewriteText(e.address, rule) }));
    else if (attribute === 'phones')
      out.phones = out.phones.map((p) => ({ ...p, number: rewriteText(p.number, rule) }));
    else if (attribute !== 'consents') {
      const value = out.scalars[attribute];
      if (value !== undefined) out.scalars[attribute] = rewriteText(value, rule);
    }
  }
  return out;
}
