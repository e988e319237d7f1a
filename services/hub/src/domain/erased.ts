import type { BusinessObject, Interaction, Ref } from '@unsilo/schemas';
import { saidAt } from './facts.js';

/** When a ref was erased, epoch milliseconds. Undefined: never. */
export type Floor = (ref: Ref) => number | undefined;

/**
 * What stays of interactions and objects where parties are erased (SYNC section 6.3, decision 3). Whatever was said at or before the erasure
 * goes, in any order of arrival; that there was something stays, so that an older copy of it doesn't come back.
 */
export const withoutErased = {
  /** What somebody who is erased wrote goes; what was written to others alone doesn't. */
  interaction(interaction: Interaction, floor: Floor): Interaction {
    const { state } = interaction;
    if (!state) return interaction;
    const said = saidAt(interaction);
    const isErased = (ref: Ref): boolean => said <= (floor(ref) ?? -Infinity);
    const { author, audience = [], direction } = state;
    const isGone =
      (author !== undefined && isErased(author)) ||
      (direction === 'outbound' && audience.length > 0 && audience.every(isErased));
    if (isGone) return bare(interaction);
    if (!audience.some(isErased)) return interaction;
    return { ...interaction, state: { ...state, audience: audience.filter((ref) => !isErased(ref)) } };
  },

  /** An object of several parties is no longer tied to one that is erased; one of nobody else goes. */
  object(object: BusinessObject, floor: Floor): BusinessObject {
    const { state } = object;
    if (!state) return object;
    const said = saidAt(object);
    const parties = state.parties.filter(({ ref }) => said > (floor(ref) ?? -Infinity));
    if (parties.length === state.parties.length) return object;
    return parties.length === 0 ? bare(object) : { ...object, state: { ...state, parties } };
  },
};

function bare({ ref, version, changedAt, observedAt }: Interaction | BusinessObject) {
  return { ref, version, changedAt, observedAt, deleted: true } as const;
}
