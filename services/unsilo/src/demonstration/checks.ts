import { httpService } from '../cli/http-service.js';
import {
  consentHolds,
  correctedPhone,
  nothingUnexplained,
  oneCustomer,
  publicComplaint,
  unlinked,
  withdrawnConsent,
  wronglyJoined,
  type Claim,
  type Finding,
} from './claims.js';
import { Look } from './look.js';
import type { SimulatedRecords } from './records-window.js';

/** Every claim that holds once the story is over, by chapter; 0 is the whole. */
const CHAPTERS: readonly (readonly [chapter: number, claims: readonly Claim[]])[] = [
  [1, oneCustomer],
  [2, correctedPhone],
  [3, publicComplaint],
  [4, [...wronglyJoined, ...unlinked]],
  [5, [...withdrawnConsent, ...consentHolds]],
  [0, [nothingUnexplained]],
];

export interface CheckedPlace {
  /** Address of the gateway. */
  url: string;
  /** An API key that may read and audit (role operator or admin). */
  key: string;
  /** Address at which the simulated systems show their own records. */
  window: string;
}
export interface Checked extends Finding {
  chapter: number;
  id: string;
  says: string;
}

/**
 * Looks up every claim of the demonstration after its story, over HTTP alone: at the gateway what the hub says, and at the simulated systems
 * what they hold. A claim that can't be looked up doesn't hold; `detail` says why.
 */
export async function demonstrationChecks({ url, key, window }: CheckedPlace): Promise<Checked[]> {
  const look = new Look(httpService(url, key), { tenant: '', name: '', roles: [] }, async (system) => {
    const response = await fetch(new URL(`/${encodeURIComponent(system)}.json`, window));
    if (!response.ok) throw new Error(`The simulated systems answered with status ${response.status} for ${system}`);
    return (await response.json()) as SimulatedRecords;
  });
  const checked: Checked[] = [];
  for (const [chapter, claims] of CHAPTERS)
    for (const { id, says, check } of claims) {
      const finding = await check(look).catch((error: unknown): Finding => {
        return {
          holds: false,
          detail: `It could not be looked up: ${error instanceof Error ? error.message : String(error)}`,
        };
      });
      checked.push({ chapter, id, says, ...finding });
    }
  return checked;
}
