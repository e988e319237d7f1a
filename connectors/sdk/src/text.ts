/// <reference lib="es2024.string" />

/** Lone surrogates become U+FFFD: they can't be written as UTF-8 and break readers further on. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** The value with every text in it well-formed; the same object when it was so already. Keys stay as they are. */
export function wellFormedThroughout<T>(value: T): T {
  if (typeof value === 'string') return wellFormed(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  let changed = false;
  const copy = Object.entries(value).map(([key, part]: [string, unknown]) => {
    const clean = wellFormedThroughout(part);
    changed ||= clean !== part;
    return [key, clean] as const;
  });
  if (!changed) return value;
  return (Array.isArray(value) ? copy.map(([, part]) => part) : Object.fromEntries(copy)) as T;
}
