import type { AttributeValue, Customer, PartyState, PresentParty, Provenance, Statement } from '@unsilo/schemas';

/** A customer made of records by the plainest rule there is, the most recent statement: enough to show a page. */
const LISTS = [
  'emails',
  'phones',
  'onlineServices',
  'addresses',
  'organizations',
  'titles',
  'links',
  'identifiers',
  'consents',
] as const;

export function merge(id: string, aliases: string[], records: readonly PresentParty[], revision: number): Customer {
  const newest = [...records].sort((a, b) => b.version.major - a.version.major);
  const state: PartyState = { kind: newest[0]?.state.kind ?? 'person' };
  const provenance: Provenance[] = [];
  for (const part of ['full', 'given', 'surname'] as const) {
    const said = newest.filter((record) => record.state.name?.[part] !== undefined);
    const entry = scalar(`name.${part}`, said, (record) => record.state.name?.[part] ?? null);
    if (!entry) continue;
    provenance.push(entry);
    state.name = { ...state.name, [part]: String(entry.value) };
  }
  const birth = scalar(
    'birthDate',
    newest.filter((r) => r.state.birthDate !== undefined),
    (r) => r.state.birthDate ?? null,
  );
  if (birth) {
    provenance.push(birth);
    state.birthDate = String(birth.value);
  }
  for (const attribute of LISTS) mergeList(attribute, newest, state, provenance);
  const changedAt = newest[0]?.changedAt ?? '2026-03-01T00:00:00.000Z';
  return {
    id,
    tenant: 'acme',
    revision,
    kind: state.kind,
    members: records.map((r) => r.ref),
    state,
    provenance,
    aliases,
    changedAt,
  };
}

function scalar(
  attribute: string,
  said: readonly PresentParty[],
  value: (record: PresentParty) => AttributeValue,
): Provenance | undefined {
  const [winner, ...losers] = said;
  if (!winner) return undefined;
  const won = value(winner);
  return {
    attribute,
    value: won,
    from: statement(winner, won),
    rule: 'recent',
    alternatives: losers.map((record) => statement(record, value(record))),
  };
}

function mergeList(
  attribute: (typeof LISTS)[number],
  newest: readonly PresentParty[],
  state: PartyState,
  provenance: Provenance[],
): void {
  const standing = new Map<string, object>();
  for (const record of newest) {
    for (const element of record.state[attribute] ?? []) {
      const key = canonical(element);
      if (standing.has(key)) continue;
      standing.set(key, element);
      const sayers = newest.filter((other) =>
        (other.state[attribute] ?? []).some((one: object) => canonical(one) === key),
      );
      const [winner, ...others] = sayers;
      if (!winner) continue;
      provenance.push({
        attribute,
        element: key,
        value: [element],
        from: statement(winner, [element]),
        rule: 'union',
        alternatives: others.map((other) => statement(other, [element])),
      });
    }
  }
  if (standing.size > 0) (state as unknown as Record<string, unknown>)[attribute] = [...standing.values()];
}

function canonical(element: object): string {
  const { label: _, ...rest } = element as { label?: string };
  return Object.values(rest).join(' ').toLowerCase();
}

function statement(record: PresentParty, value: AttributeValue): Statement {
  return { ref: record.ref, value, asOf: record.version.major, version: record.version };
}

export function displayName(customer: Customer): string {
  const { name } = customer.state;
  return [name?.given, name?.surname].filter(Boolean).join(' ') || name?.full || customer.id;
}
