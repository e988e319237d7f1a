declare global {
  interface String {
    /** ECMAScript 2024; in Node since 20. */
    isWellFormed(): boolean;
  }
}

/** Length of a text in Unicode code points, which is how JSON Schema counts characters. */
export function codePointLength(text: string): number {
  let pairs = 0;
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      pairs++;
      i++;
    }
  }
  return text.length - pairs;
}
