import { distance } from 'fastest-levenshtein';

/** The known word that was probably meant; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const folded = word.toLowerCase();
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const found = distance(folded, candidate.toLowerCase());
    if (best === undefined || found < best.distance) best = { word: candidate, distance: found };
  }
  // A third of the letters may differ, two at least: `prot` for `port`.
  const allowed = Math.min(Math.max(2, Math.floor(word.length / 3)), word.length - 1);
  return best !== undefined && best.distance <= allowed ? best.word : undefined;
}

/** `Did you mean "port"?`, or what there is to choose from. */
export function meant(word: string | undefined, known: readonly string[]): string | undefined {
  const near = word === undefined ? undefined : nearest(word, known);
  if (near !== undefined) return `Did you mean "${near}"?`;
  return known.length === 0 ? undefined : `Known are ${known.join(', ')}.`;
}
