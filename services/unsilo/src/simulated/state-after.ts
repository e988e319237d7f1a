import type { Command, PartyState } from '@unsilo/schemas';

type Written = Extract<Command, { action: 'update' }>['set'];

/** A record's state as a system without habits of its own has it after a write. */
export function stateAfter(before: PartyState, set: Written): PartyState {
  const left = structuredClone(before);
  for (const [path, { value }] of Object.entries(set)) assign(left as unknown as Record<string, unknown>, path, value);
  return left;
}

function assign(target: Record<string, unknown>, path: string, value: unknown): void {
  const [first = '', second] = path.split('.');
  if (second !== undefined) {
    const inner = { ...(target[first] as Record<string, unknown> | undefined) };
    assign(inner, second, value);
    if (Object.keys(inner).length > 0) target[first] = inner;
    else delete target[first];
  } else if (value === null || (Array.isArray(value) && value.length === 0)) delete target[first];
  else target[first] = value;
}
