import { jsonPointerStep } from './problem.js';
import type { Problem } from './problem.js';

/** Names that reach into an object's prototype: refused as keys wherever they stand. */
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
/** No published model is nested nearly as deep; what is deeper is an attack on recursive readers. */
const MAX_DEPTH = 64;

/**
 * What no schema can say: no key that reaches into a prototype, no text with half a surrogate pair (it would not survive
 * UTF-8), no bottomless nesting. Answers the first violation.
 */
export function findUnsound(value: unknown, path = '', depth = 0): Problem | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : brokenText(path);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) return { path, keyword: 'depth', message: `must be nested at most ${MAX_DEPTH} levels deep` };
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = findUnsound(value[i], '', depth + 1);
      if (found) return { ...found, path: `${path}/${i}${found.path}` };
    }
    return undefined;
  }
  for (const key in value) {
    if (UNSAFE_KEYS.has(key)) return unsafeKey(path, key);
    if (!key.isWellFormed()) return brokenText(path);
    const found = findUnsound((value as Record<string, unknown>)[key], '', depth + 1);
    if (found) return { ...found, path: `${path}${jsonPointerStep(key)}${found.path}` };
  }
  return undefined;
}

function unsafeKey(path: string, key: string): Problem {
  return {
    path: `${path}${jsonPointerStep(key)}`,
    keyword: 'propertyNames',
    message: `${key} is not allowed as a name`,
  };
}

function brokenText(path: string): Problem {
  return { path, keyword: 'wellFormed', message: 'must not hold half of a surrogate pair' };
}
