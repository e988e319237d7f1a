/// <reference lib="es2024.string" />

/** Lone surrogates become U+FFFD: they can't be written as UTF-8 and break readers further on. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
