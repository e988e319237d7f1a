/** Seconds since a `process.hrtime.bigint()`. */
export function seconds(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1e9;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** To a tenth. */
export function round(value: number | undefined): number {
  return Math.round((value ?? 0) * 10) / 10;
}
