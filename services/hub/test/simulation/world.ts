import type { Command, Decision, SystemProfile } from '@unsilo/schemas';
import { rules, type RuleSwitches } from '../../src/domain.js';
import { Clock } from './clock.js';
import { SimulatedConnector } from './connector.js';
import type { Fact } from './messages.js';
import { policyOf, profileOf } from './profile.js';
import { randomFor } from './random.js';
import { difference, ReferenceHub, type HubSetting } from './reference-hub.js';
import { START, type Scenario, type ScenarioEvent } from './scenario.js';
import { SimulatedSystem, type Author, type RealRecord } from './system.js';
import { SCALARS, type State } from './state.js';

export interface Line {
  at: number;
  text: string;
}

/** Systems, network and hub of one scenario, and everything that happened between them. */
export class World {
  readonly scenario: Scenario;
  readonly clock = new Clock(START);
  readonly systems = new Map<string, SimulatedSystem>();
  readonly connectors = new Map<string, SimulatedConnector>();
  readonly setting: HubSetting;
  hub: ReferenceHub;
  /** In the order in which the hub was given them. */
  readonly facts: Fact[] = [];
  readonly issued: Command[] = [];
  /** Commands whose base was not the state that they were planned on. */
  readonly plannedOnOther: string[] = [];
  readonly history: Line[] = [];
  /** Whatever a replay showed to be different. */
  readonly replayed: string[] = [];
  decisions = 0;
  /** Gives up when a history never comes to rest. */
  mostCommands = 250;
  private readonly keepHistory: boolean;
  private readonly profiles: Map<string, SystemProfile>;
  private inbox: Fact[] = [];
  private tickBooked = false;
  private wakeBooked = -Infinity;

  constructor(
    scenario: Scenario,
    options: { switches?: Partial<RuleSwitches>; history?: boolean; compacts?: boolean } = {},
  ) {
    this.scenario = scenario;
    this.keepHistory = options.history ?? false;
    this.profiles = new Map(scenario.systems.map((s) => [s.name, profileOf(s)]));
    this.setting = {
      policy: policyOf(scenario),
      profiles: this.profiles,
      switches: { ...rules, ...options.switches },
      whoIs: (ref) => this.whoIs(ref),
      compacts: (options.compacts ?? true) && scenario.policy.horizon !== undefined,
    };
    this.hub = new ReferenceHub(this.setting);
    for (const spec of scenario.systems) {
      const system = new SimulatedSystem(spec);
      this.systems.set(spec.name, system);
      const connector = new SimulatedConnector(system, {
        seed: scenario.seed,
        clock: this.clock,
        network: scenario.network,
        deliver: (fact) => this.deliver(fact),
        personOf: (ref) => this.record(ref)?.person ?? '',
        note: (line) => this.note(line),
      });
      this.connectors.set(spec.name, connector);
    }
    for (const spec of scenario.records) this.systems.get(spec.system)?.plant(spec, START);
    for (const record of this.allRecords())
      this.note(() => `${record.ref} (${record.person}) stands as ${JSON.stringify(record.history[0]?.state)}`);
    for (const connector of this.connectors.values()) connector.snapshot();
    for (const event of scenario.events) this.clock.at(START + event.at, () => this.happen(event));
  }

  allRecords(): RealRecord[] {
    return [...this.systems.values()].flatMap((s) => [...s.records.values()]);
  }

  record(ref: string): RealRecord | undefined {
    const [system = '', , id = ''] = ref.split('/');
    return this.systems.get(system)?.records.get(id);
  }

  private whoIs(ref: string): { person: string; twin?: string } {
    const record = this.record(ref);
    const maker = record?.madeBy === undefined ? undefined : this.hub.commands.get(record.madeBy);
    const person = record?.person ?? '';
    return maker?.action === 'create' ? { person, twin: maker.createdFor } : { person };
  }

  /** Runs until nothing is under way. False: it never came to rest. */
  rest(): boolean {
    return this.clock.run(() => this.issued.length > this.mostCommands);
  }

  happen(event: ScenarioEvent): void {
    const time = this.clock.now;
    const person: Author = { by: 'person' };
    switch (event.kind) {
      case 'edit':
        return this.edit(event.ref, (state) => {
          const scalars = { ...state.scalars };
          for (const [path, value] of Object.entries(event.set)) {
            if (!this.has(event.ref, path)) continue;
            if (value === null) delete scalars[path as keyof typeof scalars];
            else scalars[path as keyof typeof scalars] = value;
          }
          return { ...state, scalars };
        });
      case 'add':
      case 'remove':
        return this.edit(event.ref, (state) => this.editList(event, state));
      case 'consent':
        return this.edit(event.ref, (state) => ({
          ...state,
          consents: [
            ...state.consents.filter((c) => c.purpose !== event.purpose),
            { purpose: event.purpose, channel: 'email', status: event.status },
          ],
        }));
      case 'delete': {
        const record = this.record(event.ref);
        if (record) this.systems.get(event.ref.split('/')[0] ?? '')?.remove(record.id, person, time);
        return;
      }
      case 'outage':
        this.note(() => `${event.system} is down for ${event.lasts} ms`);
        return this.connectors.get(event.system)?.goDown(time + event.lasts);
      case 'declare':
        return this.declare(event.system);
      case 'restart':
        return this.restart();
      case 'link':
      case 'unlink':
        return this.decide({ kind: event.kind, refs: event.refs });
      case 'keep':
        return this.decide({ kind: 'keep', ref: event.ref, attribute: event.attribute, value: event.value });
      case 'erase':
        return this.decide({ kind: 'erase', refs: [event.ref] });
    }
  }

  private edit(ref: string, change: (state: State) => State): void {
    const record = this.record(ref);
    if (record) this.systems.get(ref.split('/')[0] ?? '')?.change(record.id, { by: 'person' }, this.clock.now, change);
  }

  private has(ref: string, path: string): boolean {
    const system = this.systems.get(ref.split('/')[0] ?? '');
    const derived = path === 'name.full' && system?.spec.derivesFullName;
    return !derived && (system?.has(path as 'note') ?? false);
  }

  private editList(event: Extract<ScenarioEvent, { kind: 'add' | 'remove' }>, state: State): State {
    const { list, value } = event;
    if (!this.has(event.ref, list)) return state;
    const spec = this.systems.get(event.ref.split('/')[0] ?? '')?.spec;
    const slots = spec?.slots[list];
    const make = (label: string | undefined): { address: string } | { number: string } =>
      ({
        ...(list === 'emails' ? { address: value } : { number: value }),
        ...(label === undefined ? {} : { label }),
      }) as { address: string } | { number: string };
    const textOf = (e: object): string =>
      String(('address' in e ? e.address : (e as { number: string }).number) as string);
    let elements: object[] = state[list].filter((e) => textOf(e) !== value);
    if (event.kind === 'add') {
      if (!slots) elements = [...elements, make(undefined)];
      else {
        const free = slots.find((s) => !elements.some((e) => (e as { label?: string }).label === s)) ?? slots.at(-1);
        elements = [...elements.filter((e) => (e as { label?: string }).label !== free), make(free)];
      }
    }
    return { ...state, [list]: elements };
  }

  decide(what: Pick<Decision, 'kind'> & Record<string, unknown>): void {
    this.decisions += 1;
    this.note(() => `steward: ${JSON.stringify(what)}`);
    const decision = {
      id: `d${String(this.decisions).padStart(5, '0')}`,
      author: 'steward',
      decidedAt: new Date(this.clock.now).toISOString(),
      ...what,
    } as Decision;
    this.deliver({ type: 'decision', decision });
  }

  private deliver(fact: Fact): void {
    this.inbox.push(fact);
    this.bookTick();
  }

  private bookTick(): void {
    if (this.tickBooked) return;
    this.tickBooked = true;
    const wait = randomFor(this.scenario.seed, 'batch', this.clock.now).between(...this.scenario.network.batch);
    this.clock.after(wait, () => this.tick());
  }

  private tick(): void {
    this.tickBooked = false;
    const batch = randomFor(this.scenario.seed, 'order', this.clock.now).shuffle(this.inbox);
    this.inbox = [];
    for (const fact of batch) this.note(() => `hub learns ${describeFact(fact)}`);
    this.facts.push(...batch);
    this.hub.receive(batch);
    const { now } = this.clock;
    const { commands, records } = this.hub.plan(now);
    for (const command of commands) this.issue(command);
    const waits = records.some((r) => r.differences.some((d) => d.reason === 'quarantined'));
    const wake = now + this.scenario.policy.quarantine.windowMs + 1;
    if (waits && this.wakeBooked <= now) {
      this.wakeBooked = wake;
      this.clock.at(wake, () => this.tick());
    }
  }

  private issue(command: Command): void {
    this.note(() => `hub plans ${describeCommand(command)}`);
    this.issued.push(command);
    this.checkBase(command);
    const fact: Fact = { type: 'command', command };
    this.facts.push(fact);
    this.hub.receive([fact]);
    const { seed, network } = this.scenario;
    const random = randomFor(seed, 'command', command.id);
    const late = random.chance(network.late) ? random.between(0, network.lateBy) : 0;
    this.clock.after(random.between(...network.commandDelay) + late, () =>
      this.connectors.get(command.system)?.execute(command),
    );
  }

  private declare(name: string): void {
    const system = this.systems.get(name);
    if (!system) return;
    this.decisions += 1;
    this.note(() => `${name} declares what it does to values`);
    system.spec = {
      ...system.spec,
      rewrites: system.spec.rewrites.map((r) => ({ ...r, declared: r.rule !== 'punctuate' })),
    };
    this.profiles.set(name, profileOf(system.spec));
    const fresh = new ReferenceHub(this.setting);
    fresh.receive(this.facts);
    this.hub = fresh;
    this.bookTick();
  }

  private checkBase(command: Command): void {
    if (command.action !== 'update') return;
    const { ref, base } = command;
    const seq = this.connectors.get(command.system)?.shown.get(`${ref}@${base.major}.${base.minor}`);
    const state = this.record(ref)?.history[(seq ?? 0) - 1]?.state;
    const shadow = this.hub.evaluationOf(ref)?.shadow.scalars;
    const differs = SCALARS.find((path) => (state?.scalars[path]?.trim() || undefined) !== shadow?.get(path));
    if (!state || differs) this.plannedOnOther.push(`${command.id} names a base that is not what it was planned on`);
  }

  /** The hub forgets everything and reads all facts again, in other batches and another order. */
  restart(): void {
    this.note(() => 'hub starts anew');
    const { now } = this.clock;
    const before = { text: this.hub.fingerprint(), commands: this.hub.plan(now).commands };
    const random = randomFor(this.scenario.seed, 'restart', now);
    const fresh = new ReferenceHub({ ...this.setting, compacts: false });
    const order = random.shuffle(this.facts);
    while (order.length > 0) {
      const batch = order.splice(0, random.between(1, 20));
      fresh.receive(random.chance(0.3) ? [...batch, ...batch] : batch);
    }
    if (!this.setting.compacts && fresh.fingerprint() !== before.text)
      this.replayed.push(`a replay differs: ${difference(this.hub, fresh)}`);
    const planned = fresh.plan(now).commands;
    const [was, is] = [before.commands, planned].map((list) => JSON.stringify(list.map((c) => c.id).sort()));
    if (was !== is) this.replayed.push(`a replay sends something else: ${planned.map(describeCommand).join('; ')}`);
    if (!this.setting.compacts) this.hub = fresh;
  }

  note(line: () => string): void {
    if (this.keepHistory) this.history.push({ at: this.clock.now - START, text: line() });
  }
}

export function describeCommand(command: Command): string {
  const { action } = command;
  if (action === 'update')
    return `${command.id}: ${command.ref} base ${command.base.major}.${command.base.minor} := ${describeSet(command.set)}`;
  if (action === 'create')
    return `${command.id}: create in ${command.system} for ${command.createdFor} := ${describeSet(command.set)}`;
  return `${command.id}: ${action}${action === 'delete' ? ` ${command.ref}` : ''}`;
}

function describeSet(set: Record<string, { value: unknown }>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(set).map(([path, { value }]) => [path, value])));
}

export function describeFact(fact: Fact): string {
  switch (fact.type) {
    case 'party': {
      const { ref, version, changedAt, state } = fact.party;
      return `${ref} v${version.major}.${version.minor} of ${changedAt.slice(11, 23)} ${JSON.stringify(state ?? 'deleted')}`;
    }
    case 'outcome': {
      const { command, status, exact, version, pre, left } = fact.outcome;
      const at = (v: typeof version): string => (v ? `${v.major}.${v.minor}` : '?');
      return `outcome of ${command}: ${status}${status === 'applied' ? ` ${exact ? 'exact' : 'read-back'} (${at(pre)}, ${at(version)}] ${JSON.stringify(left)}` : ''}`;
    }
    case 'decision':
      return `decision ${fact.decision.kind}`;
    case 'command':
      return `command ${describeCommand(fact.command)}`;
    case 'snapshot':
      return `first reading of ${fact.system} complete`;
  }
}
