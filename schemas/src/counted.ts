/** `1 pair`, `2 pairs`: a number with what it counts. @param many Default: with an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
