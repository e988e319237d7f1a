import type { Scenario, ScenarioEvent, SystemSpec } from './scenario.js';

type Change = (scenario: Scenario) => Scenario;

/**
 * The shortest history that still fails, found by taking things out one by one: first happenings, then records and systems, then what
 * makes systems and network difficult.
 * @param budget Most tries.
 */
export function shrink(scenario: Scenario, fails: (candidate: Scenario) => boolean, budget = 4000): Scenario {
  let best = scenario;
  let left = budget;
  for (let improved = true; improved && left > 0;) {
    improved = false;
    for (const change of changes(best)) {
      if (left <= 0) break;
      const candidate = change(best);
      if (JSON.stringify(candidate) === JSON.stringify(best)) continue;
      left -= 1;
      if (!fails(candidate)) continue;
      best = candidate;
      improved = true;
    }
  }
  return best;
}

/** Every change names what it takes out, so that it means the same after others were made. */
function changes(scenario: Scenario): Change[] {
  const all: Change[] = [];
  const half = Math.ceil(scenario.events.length / 2);
  all.push(
    (s) => ({ ...s, events: s.events.slice(0, half) }),
    (s) => ({ ...s, events: s.events.slice(half) }),
  );
  for (const event of scenario.events) all.push((s) => ({ ...s, events: s.events.filter((e) => e !== event) }));
  all.push(({ extraEdit: _, ...s }) => s);
  for (const { name } of scenario.systems) all.push((s) => withoutSystem(s, name));
  for (const { system, id } of scenario.records)
    all.push((s) => ({ ...s, records: s.records.filter((r) => r.system !== system || r.id !== id) }));
  for (const event of scenario.events) all.push(...simplerEvent(event));
  for (const { system, id, scalars } of scenario.records) {
    const onRecord = (change: (r: Scenario['records'][number]) => Scenario['records'][number]): Change => {
      return (s) => ({ ...s, records: s.records.map((r) => (r.system === system && r.id === id ? change(r) : r)) });
    };
    for (const path of Object.keys(scalars))
      all.push(
        onRecord((r) => ({ ...r, scalars: Object.fromEntries(Object.entries(r.scalars).filter(([p]) => p !== path)) })),
      );
    all.push(
      onRecord((r) => ({ ...r, emails: [] })),
      onRecord((r) => ({ ...r, phones: [] })),
      onRecord((r) => ({ ...r, consents: {} })),
    );
    all.push(onRecord((r) => ({ ...r, createdBefore: 3_600_000, changedBefore: 3_600_000 })));
  }
  for (const key of ['late', 'dropWebhook', 'repeat', 'answerLost', 'writeLost', 'landsLate'] as const)
    all.push((s) => ({ ...s, network: { ...s.network, [key]: 0 } }));
  for (const key of ['batch', 'eventDelay', 'commandDelay', 'answerDelay'] as const)
    all.push((s) => ({ ...s, network: { ...s.network, [key]: key === 'batch' ? [0, 0] : [100, 100] } }));
  all.push((s) => ({ ...s, policy: { ...s.policy, rules: { '*': 'most-recent' } } }));
  all.push((s) => ({ ...s, policy: { ...s.policy, create: false } }));
  all.push(
    (s) => ({ ...s, policy: { ...s.policy, addWins: [] } }),
    (s) => ({ ...s, policy: { ...s.policy, noClear: [] } }),
  );
  all.push(
    (s) => ({ ...s, policy: { ...s.policy, deletes: 'ignore' } }),
    (s) => ({ ...s, policy: { ...s.policy, ranks: {} } }),
  );
  all.push(({ policy: { horizon: _, ...policy }, ...s }) => ({ ...s, policy }));
  for (const spec of scenario.systems) all.push(...simplerSystem(spec));
  return all;
}

function withoutSystem(s: Scenario, name: string): Scenario {
  return {
    ...s,
    systems: s.systems.filter((x) => x.name !== name),
    records: s.records.filter((r) => r.system !== name),
  };
}

function simplerEvent(event: ScenarioEvent): Change[] {
  const onEvent = (changed: ScenarioEvent): Change => {
    return (s) => ({ ...s, events: s.events.map((e) => (e === event ? changed : e)) });
  };
  if (event.kind !== 'edit') return [];
  return Object.keys(event.set).map((path) => {
    const set = Object.fromEntries(Object.entries(event.set).filter(([p]) => p !== path));
    return onEvent({ ...event, set });
  });
}

function simplerSystem({ name, attributes, rewrites, refuses }: SystemSpec): Change[] {
  const on = (change: (spec: SystemSpec) => SystemSpec): Change => {
    return (s) => ({ ...s, systems: s.systems.map((x) => (x.name === name ? change(x) : x)) });
  };
  return [
    ...rewrites.map((rule) => on((x) => ({ ...x, rewrites: x.rewrites.filter((r) => r !== rule) }))),
    ...refuses.map((rule) => on((x) => ({ ...x, refuses: x.refuses.filter((r) => r !== rule) }))),
    ...attributes.map((path) => on((x) => ({ ...x, attributes: x.attributes.filter((a) => a !== path) }))),
    on((x) => ({ ...x, slots: {} })),
    on((x) => ({ ...x, derivesFullName: false })),
    on((x) => ({ ...x, versions: 'number' })),
    on((x) => ({ ...x, answers: 'before' })),
    on((x) => ({ ...x, answers: 'exact' })),
    on((x) => ({ ...x, conditional: true })),
    on((x) => ({ ...x, idleWritesCount: false })),
    on((x) => ({ ...x, clockAhead: 0, clockError: 0 })),
    on((x) => ({ ...x, tellsCreation: true })),
    on((x) => ({ ...x, webhooks: true })),
    on((x) => ({ ...x, creates: 'none' })),
    on((x) => ({ ...x, creates: 'external-key' })),
  ];
}
