import type { PartyState } from '@unsilo/schemas';
import type { FieldMapping } from '@unsilo/connector-sdk';
import type { Values } from './row.js';

/** By attribute: what a row said last of those that its mapping no longer has. */
export type Retired = Readonly<Record<string, unknown>>;

/**
 * What stays of a row's word when the mapping changes. A column that is taken out of the mapping has not been emptied by anybody: were
 * its attribute left out of the state, that would withdraw what other systems say of it.
 * @param known What had been retired before.
 */
export function retire(before: FieldMapping, after: FieldMapping, values: Values, known: Retired = {}): Retired {
  const { state } = before.decode(values);
  const said = Object.keys(before.attributes()).map((attribute) => [attribute, valueAt(state, attribute)] as const);
  const spoken = after.attributes();
  return Object.fromEntries(
    [...Object.entries(known), ...said].filter(
      ([attribute, value]) => value !== undefined && !Object.hasOwn(spoken, attribute),
    ),
  );
}

/** The state with what was retired; what it says itself goes first. */
export function withRetired(state: PartyState, retired: Retired): PartyState {
  const whole = { ...state } as Record<string, unknown>;
  for (const [attribute, value] of Object.entries(retired)) {
    if (valueAt(whole, attribute) !== undefined) continue;
    const [part, name] = inParts(attribute);
    whole[part] = name === undefined ? value : { ...(whole[part] as object | undefined), [name]: value };
  }
  return whole as unknown as PartyState;
}

function valueAt(state: object, attribute: string): unknown {
  const [part, name] = inParts(attribute);
  const value = (state as Record<string, unknown>)[part];
  return name === undefined ? value : (value as Record<string, unknown> | undefined)?.[name];
}

/** Names of extras may have dots of their own. */
function inParts(attribute: string): [part: string, name?: string] {
  const dot = attribute.indexOf('.');
  return dot < 0 ? [attribute] : [attribute.slice(0, dot), attribute.slice(dot + 1)];
}
