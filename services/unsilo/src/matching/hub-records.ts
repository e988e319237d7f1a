import type { Actor, HubService } from '@unsilo/hub';
import type { Kind, Label, Profile } from '@unsilo/hub/linkage';

/** What a hub holds that a model is trained on. */
export interface HubRecords {
  profiles: Profile[];
  /** The last word of a steward about each pair. */
  labels: Label[];
  /** Pairs of which somebody had said the opposite before. */
  reversed: Label[];
  /** What `extra.*` attributes are compared as. */
  kinds: Record<string, Kind>;
}

export async function readHub(
  service: Pick<HubService, 'trainingData'>,
  actor: Actor,
  signal: AbortSignal,
  onProgress: (step: string) => void,
): Promise<HubRecords> {
  const found: HubRecords = { profiles: [], labels: [], reversed: [], kinds: {} };
  for await (const line of service.trainingData(actor, signal)) {
    if (line.type === 'settings') found.kinds = line.kinds;
    else if (line.type === 'record') {
      found.profiles.push(line.profile);
      if (found.profiles.length % 1000 === 0) onProgress(`reading, ${found.profiles.length} records`);
    } else {
      const label = { a: line.a, b: line.b, same: line.same };
      found.labels.push(label);
      if (line.reversed) found.reversed.push(label);
    }
  }
  return found;
}
