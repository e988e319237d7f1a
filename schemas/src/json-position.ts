/** Where a text stops being JSON (RFC 8259). Line and column count from 1, in UTF-16 units. */
export interface JsonPosition {
  offset: number;
  line: number;
  column: number;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
// Without a nested quantifier, so that no input makes it slow.
const STRING_PART = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * JavaScript's own message quotes the input, which may be personal, and doesn't always say where: this finds the place.
 * To be called with a text that `JSON.parse` refused.
 */
export function jsonErrorPosition(text: string): JsonPosition {
  const offset = new Scanner(text).firstError();
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { offset, line, column: offset - lastBreak };
}

/** Keeps its own stack: nesting can't exhaust the call stack. */
class Scanner {
  readonly #text: string;
  #at = 0;
  /** Closing brackets of the arrays and objects that are open. */
  readonly #open: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  firstError(): number {
    let before: 'value' | 'first' | 'next' = 'value';
    for (;;) {
      this.#take(SPACE);
      const close = this.#open.at(-1);
      if (before === 'next') {
        if (close === undefined) return this.#at;
        if (this.#char() === close) {
          this.#at++;
          this.#open.pop();
          continue;
        }
        if (this.#char() !== ',') return this.#at;
        this.#at++;
        this.#take(SPACE);
      } else if (before === 'first' && this.#char() === close) {
        this.#at++;
        this.#open.pop();
        before = 'next';
        continue;
      }
      if (close === '}' && !this.#name()) return this.#at;
      const char = this.#char();
      if (char === '{' || char === '[') {
        this.#at++;
        this.#open.push(char === '{' ? '}' : ']');
        before = 'first';
      } else {
        if (!(char === '"' ? this.#string() : this.#take(SCALAR))) return this.#at;
        before = 'next';
      }
    }
  }

  #name(): boolean {
    if (this.#char() !== '"' || !this.#string()) return false;
    this.#take(SPACE);
    if (this.#char() !== ':') return false;
    this.#at++;
    this.#take(SPACE);
    return true;
  }

  /** Leaves the position at the first character that doesn't belong into the string. */
  #string(): boolean {
    this.#at++;
    for (;;) {
      this.#take(STRING_PART);
      if (this.#char() === '"') {
        this.#at++;
        return true;
      }
      if (!this.#take(ESCAPE)) return false;
    }
  }

  #char(): string {
    return this.#text.charAt(this.#at);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    const advanced = pattern.lastIndex > this.#at;
    this.#at = pattern.lastIndex;
    return advanced;
  }
}
