/** Parts of a written ref, `system/kind/id`. */
export function systemOf(ref: string): string {
  return ref.slice(0, ref.indexOf('/'));
}

export function kindOf(ref: string): string {
  const start = ref.indexOf('/') + 1;
  return ref.slice(start, ref.indexOf('/', start));
}

export function idOf(ref: string): string {
  return ref.slice(ref.indexOf('/', ref.indexOf('/') + 1) + 1);
}
