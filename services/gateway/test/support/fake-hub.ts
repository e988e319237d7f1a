import { createHash } from 'node:crypto';
import {
  ServiceError,
  type Actor,
  type AuditRow,
  type CreateObjectRequest,
  type CustomerLookup,
  type CustomerSummary,
  type EmploymentView,
  type DeadLetterState,
  type DeadLetterView,
  type Decided,
  type DecisionList,
  type DecisionRequest,
  type GroupLag,
  type HubService,
  type IngestResult,
  type InteractionView,
  type LiveEvent,
  type MatchingReport,
  type Metric,
  type ModelPlan,
  type Page,
  type Patience,
  type RecordInSystem,
  type RecordView,
  type ReplayResult,
  type ReplyRequest,
  type ReviewQueue,
  type Role,
  type SystemView,
  type TimelineEntry,
  type TrainingLine,
} from '@unsilo/hub';
import {
  topicName,
  validateEvent,
  type BusinessObject,
  type Command,
  type Customer,
  type Interaction,
  type Outcome,
  type PresentParty,
} from '@unsilo/schemas';
import { at, companyInteractions, companySystems } from './company.js';
import { LiveBuffer } from './live-buffer.js';
import { Commands } from './commands.js';
import { explainCommand, explainCustomer, explainEvent, explainPair, explainValue } from './explaining.js';
import { Decisions } from './decisions.js';
import { replayLetter, sampleLetters } from './letters.js';
import { MATCHING_REPORT, MODEL_PLAN, reviewQueue, TRAINING_LINES } from './matching-answers.js';
import { paged } from './paging.js';
import { People, systemOf } from './people.js';
import { AUDIT_ROWS, lagOf, METRICS } from './running-answers.js';

const TOPICS: readonly string[] = [
  ...(
    ['parties', 'objects', 'interactions', 'outcomes', 'decisions', 'customers', 'signals', 'dead-letters'] as const
  ).map((kind) => topicName(kind)),
  ...companySystems().map(({ system }) => topicName('commands', system)),
];

/** The hub as its users see it, in memory, about a made-up company. Rights are checked as the real one does. */
export class FakeHub implements HubService {
  readonly systemList: SystemView[] = companySystems();
  readonly letters: DeadLetterView[] = sampleLetters();
  readonly ingested: unknown[] = [];
  readonly flow = new LiveBuffer();
  readonly calls: string[] = [];
  /** What the next call of any operation fails with. */
  failure: Error | undefined;
  ready = true;
  /** It doesn't come to what is decided. */
  isBusy = false;
  readonly #people = new People();
  readonly #commands = new Commands();
  #interactions: Interaction[] = companyInteractions();
  #objects: BusinessObject[] = [];
  readonly #decided = new Decisions();
  #minute = 60;

  constructor() {
    for (const group of this.#people.groups.slice(0, 6)) for (const record of group.records) this.#emitParty(record);
    for (const interaction of this.#interactions)
      this.emit(topicName('interactions'), 'unsilo.interaction.changed', interaction.ref, interaction);
  }

  async ingest(actor: Actor, events: readonly unknown[]): Promise<IngestResult[]> {
    this.#enter('ingest', actor, 'source');
    return events.map((value) => {
      const result = validateEvent(value);
      if (!result.ok) {
        const id = (value as { id?: unknown } | null)?.id;
        return {
          ...(typeof id === 'string' && { id }),
          status: 'rejected',
          code: result.code,
          errors: result.errors.map(({ path, message }) => ({ path, message })),
        };
      }
      this.ingested.push(value);
      const { event } = result;
      this.flow.push({
        topic: topicName('parties'),
        type: event.type,
        id: event.id,
        subject: event.subject,
        at: event.time,
        data: event.data,
      });
      return { id: event.id, status: 'accepted' };
    });
  }

  emit(topic: string, type: string, subject: string, data: unknown): void {
    this.flow.push({ topic, type, id: `${subject}@${this.#minute}`, subject, at: this.#now(), data });
  }

  live(
    actor: Actor,
    query: { after?: string; topics?: readonly string[] },
    signal: AbortSignal,
  ): AsyncIterable<LiveEvent> {
    this.#enter('live', actor, 'reader');
    return this.flow.read(query, signal);
  }

  async events(actor: Actor, query: { topic: string; cursor?: string; limit: number }): Promise<Page<LiveEvent>> {
    this.#enter('events', actor, 'reader');
    if (!TOPICS.includes(query.topic))
      throw new ServiceError('not-found', 'UNSILO_NO_TOPIC', 'There is no such topic.');
    return paged(
      this.flow
        .all()
        .filter((event) => event.topic === query.topic)
        .reverse(),
      query,
    );
  }

  async searchCustomers(
    actor: Actor,
    query: { text?: string; cursor?: string; limit: number },
  ): Promise<Page<CustomerSummary>> {
    this.#enter('searchCustomers', actor, 'reader');
    const words = (query.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#people.groups
      .map((group) => ({ group, customer: this.#people.customer(group) }))
      .filter(({ customer }) => {
        const text = JSON.stringify(customer.state).toLowerCase();
        return words.every((word) => text.includes(word));
      })
      .map(({ group }) => this.#people.overview(group));
    return paged(found, query);
  }

  async customer(actor: Actor, id: string): Promise<CustomerLookup> {
    this.#enter('customer', actor, 'reader');
    const group = this.#people.groups.find((one) => one.id === id);
    if (group) {
      const customer = this.#people.customer(group);
      return {
        status: 'found',
        customer,
        records: group.records.map((record) => this.#people.summary(record, customer)),
      };
    }
    const home = this.#people.groups.find((one) => one.aliases.includes(id));
    if (home) return { status: 'moved', to: home.id };
    return { status: this.#people.isGone(id) ? 'gone' : 'unknown' };
  }

  async timeline(actor: Actor, id: string, query: { cursor?: string; limit: number }): Promise<Page<TimelineEntry>> {
    this.#enter('timeline', actor, 'reader');
    const group = this.#people.get(id);
    const refs = new Set(group.records.map((record) => record.ref));
    const entries: TimelineEntry[] = [];
    for (const interaction of this.#interactions) {
      const author = interaction.state?.author;
      if (author !== undefined && refs.has(author))
        entries.push({
          type: 'interaction',
          at: interaction.changedAt,
          interaction,
          replies: this.#commands.repliesTo(interaction.ref),
        });
    }
    for (const object of this.#objects)
      if (object.state?.parties.some(({ ref }) => refs.has(ref)))
        entries.push({ type: 'object', at: object.changedAt, object });
    entries.sort((a, b) => (a.at < b.at ? 1 : -1));
    return paged(entries, query);
  }

  async employment(actor: Actor, id: string, { limit }: { limit: number }): Promise<EmploymentView> {
    this.#enter('employment', actor, 'reader');
    return this.#people.employment(id, limit);
  }

  async record(actor: Actor, ref: string): Promise<RecordView> {
    this.#enter('record', actor, 'reader');
    const group = this.#people.ofRecord(ref);
    const record = group?.records.find((one) => one.ref === ref);
    if (!group || !record) throw new ServiceError('not-found', 'UNSILO_NO_RECORD', 'No such record is known.');
    const customer = this.#people.customer(group);
    return {
      ...this.#people.summary(record, customer),
      customer: customer.id,
      testimony: customer.provenance
        .filter((entry) => entry.from.ref === ref)
        .map(({ attribute, element, from }) => ({
          attribute,
          ...(element !== undefined && { element }),
          statement: from,
          echo: false,
          held: false,
        })),
      identifiers: (record.state.emails ?? []).map(({ address }) => ({
        kind: 'email',
        value: address,
        generic: false,
      })),
      lateFacts: 0,
    };
  }

  async *customers(actor: Actor): AsyncIterable<Customer> {
    this.#enter('customers', actor, 'reader');
    for (const group of this.#people.groups) yield this.#people.customer(group);
  }

  async *records(actor: Actor): AsyncIterable<RecordInSystem> {
    this.#enter('records', actor, 'reader');
    for (const group of this.#people.groups)
      for (const { ref, version, state } of group.records)
        yield { ref, system: systemOf(ref), customer: group.id, deleted: false, version, state };
  }

  async customersHash(actor: Actor): Promise<{ hash: string; customers: number }> {
    this.#enter('customersHash', actor, 'reader');
    const text = JSON.stringify(this.#people.groups.map((group) => this.#people.customer(group)));
    return { hash: createHash('sha256').update(text).digest('hex'), customers: this.#people.groups.length };
  }

  async explainValue(actor: Actor, id: string, attribute: string, element?: string) {
    this.#enter('explainValue', actor, 'reader');
    return explainValue(this.#people, id, attribute, element);
  }

  async explainPair(actor: Actor, a: string, b: string) {
    this.#enter('explainPair', actor, 'reader');
    return explainPair(this.#people, a, b, this.#decided.all);
  }

  async *trainingData(actor: Actor): AsyncIterable<TrainingLine> {
    this.#enter('trainingData', actor, 'operator');
    yield* TRAINING_LINES;
  }

  async explainCustomer(actor: Actor, id: string) {
    this.#enter('explainCustomer', actor, 'reader');
    return explainCustomer(this.#people, id);
  }

  async explainCommand(actor: Actor, id: string) {
    this.#enter('explainCommand', actor, 'reader');
    return explainCommand(this.#commands.find(id));
  }

  async explainEvent(actor: Actor, id: string) {
    this.#enter('explainEvent', actor, 'reader');
    return explainEvent(this.flow, id);
  }

  async decide(actor: Actor, request: DecisionRequest, patience?: Patience): Promise<Decided> {
    this.#enter('decide', actor, 'steward');
    const decision = this.#decided.add(actor.name, this.#now(), request);
    if (request.kind === 'unlink') this.#people.split(request.refs[1]);
    else if (request.kind === 'link') this.#people.join(...request.refs);
    else if (request.kind === 'erase') this.#people.erase(request.refs);
    this.emit(topicName('decisions'), 'unsilo.decision.made', decision.id, decision);
    return { decision, inEffect: patience !== undefined && !this.isBusy };
  }

  async review(actor: Actor, query: { limit: number }): Promise<ReviewQueue> {
    this.#enter('review', actor, 'reader');
    return reviewQueue(this.#decided.all, query.limit);
  }

  async matchingReport(actor: Actor): Promise<MatchingReport> {
    this.#enter('matchingReport', actor, 'operator');
    return MATCHING_REPORT;
  }

  async planModel(actor: Actor): Promise<ModelPlan> {
    this.#enter('planModel', actor, 'operator');
    return MODEL_PLAN;
  }

  async decisions(actor: Actor, query: { customer?: string; cursor?: string; limit: number }): Promise<DecisionList> {
    this.#enter('decisions', actor, 'reader');
    const { customer } = query;
    const group = customer === undefined ? undefined : this.#people.get(customer);
    return this.#decided.page(
      query,
      group?.records.map(({ ref }) => ref),
    );
  }

  async interaction(actor: Actor, ref: string): Promise<InteractionView> {
    this.#enter('interaction', actor, 'reader');
    const interaction = this.#interactions.find((one) => one.ref === ref);
    if (!interaction) throw new ServiceError('not-found', 'UNSILO_NO_INTERACTION', 'No such interaction is known.');
    const author = interaction.state?.author;
    const group = this.#people.ofRecord(author);
    const reply = this.systemList.find((one) => one.system === systemOf(ref))?.profile.reply;
    return {
      interaction,
      ...(group && { customer: group.id }),
      replies: this.#commands.repliesTo(ref),
      ...(reply && { reply: { maxLength: reply.maxLength } }),
    };
  }

  async reply(actor: Actor, ref: string, request: ReplyRequest): Promise<Command> {
    this.#enter('reply', actor, 'agent');
    const { reply } = await this.interaction({ ...actor, roles: ['reader'] }, ref);
    if (!reply) throw new ServiceError('conflict', 'UNSILO_NO_REPLIES', 'This system takes no replies.');
    if ([...request.text].length > reply.maxLength)
      throw new ServiceError('invalid', 'UNSILO_REPLY_LENGTH', `A reply may have ${reply.maxLength} characters.`);
    return this.#command(actor, systemOf(ref), request.idempotencyKey, {
      action: 'reply',
      inReplyTo: ref,
      text: request.text,
      ...(request.visibility && { visibility: request.visibility }),
    });
  }

  async createObject(actor: Actor, request: CreateObjectRequest): Promise<Command> {
    this.#enter('createObject', actor, 'agent');
    const { system, kind, customer, name, idempotencyKey, description, priority, interaction } = request;
    const found = this.systemList.find((one) => one.system === system);
    if (!found?.profile.objects.includes(kind))
      throw new ServiceError('conflict', 'UNSILO_NO_SUCH_OBJECT', `${system} cannot make a ${kind}.`);
    const party = this.#people.get(customer).records.find((record) => systemOf(record.ref) === system);
    if (!party)
      throw new ServiceError('conflict', 'UNSILO_NO_RECORD', `The customer has no record in ${system}.`, {
        hint: 'Link the customer to a record there first.',
      });
    const state = {
      kind,
      name,
      ...(description !== undefined && { description }),
      ...(priority !== undefined && { priority }),
      ...(interaction !== undefined && { interaction }),
      parties: [{ ref: party.ref, role: 'customer' }],
    };
    const command = this.#command(actor, system, idempotencyKey, {
      action: 'create-object',
      kind,
      externalKey: `key-${this.#minute}`,
      object: state,
    });
    return command;
  }

  /** Lets a system answer a command: with what it made, or with a refusal. */
  settle(id: string, status: Outcome['status'], message?: string): void {
    const { command, outcome } = this.#commands.answer(id, status, this.#now(), message);
    if (status === 'applied' && command.action === 'create-object') {
      const ref = `${command.system}/${command.kind}/${this.#objects.length + 1}`;
      const version = { major: Date.parse(this.#now()), minor: 0 };
      this.#objects.push({
        ref,
        version,
        changedAt: this.#now(),
        observedAt: this.#now(),
        state: { ...command.object, status: 'New' },
      });
    }
    this.emit(topicName('outcomes'), 'unsilo.outcome.reported', id, outcome);
  }

  lastCommand(): Command {
    const last = this.#commands.last();
    if (!last) throw new Error('No command yet');
    return last;
  }

  async deadLetters(
    actor: Actor,
    query: { state?: DeadLetterState; code?: string; cursor?: string; limit: number },
  ): Promise<Page<DeadLetterView>> {
    this.#enter('deadLetters', actor, 'operator');
    const { state, code } = query;
    const found = this.letters.filter((one) => (!state || one.state === state) && (!code || one.code === code));
    return paged(found, query);
  }

  async deadLetter(actor: Actor, id: string): Promise<DeadLetterView> {
    this.#enter('deadLetter', actor, 'operator');
    const found = this.letters.find((one) => one.id === id);
    if (!found) throw new ServiceError('not-found', 'UNSILO_NO_DEAD_LETTER', 'No such dead letter.');
    return found;
  }

  async replayDeadLetter(
    actor: Actor,
    id: string,
    request: { payload?: string; dryRun: boolean },
  ): Promise<ReplayResult> {
    this.#enter('replayDeadLetter', actor, 'operator');
    return replayLetter(await this.deadLetter(actor, id), request);
  }

  async discardDeadLetter(actor: Actor, id: string, reason: string): Promise<DeadLetterView> {
    this.#enter('discardDeadLetter', actor, 'operator');
    const letter = await this.deadLetter(actor, id);
    letter.state = 'discarded';
    letter.stateReason = reason;
    return letter;
  }

  async systems(actor: Actor): Promise<SystemView[]> {
    this.#enter('systems', actor, 'reader');
    return this.systemList;
  }

  async lag(actor: Actor): Promise<GroupLag[]> {
    this.#enter('lag', actor, 'reader');
    return lagOf(this.systemList);
  }

  async pauseSystem(actor: Actor, system: string, reason: string): Promise<SystemView> {
    this.#enter('pauseSystem', actor, 'operator');
    const found = this.#system(system);
    Object.assign(found, { state: 'paused', reason, since: this.#now() });
    return found;
  }

  async resumeSystem(actor: Actor, system: string): Promise<SystemView> {
    this.#enter('resumeSystem', actor, 'operator');
    const found = this.#system(system);
    found.state = 'running';
    delete found.reason;
    delete found.hint;
    return found;
  }

  async *audit(actor: Actor, query: { system?: string }): AsyncIterable<AuditRow> {
    this.#enter('audit', actor, 'operator');
    for (const row of AUDIT_ROWS) if (query.system === undefined || row.system === query.system) yield row;
  }

  async health() {
    return { live: true, ready: this.ready, reasons: this.ready ? [] : ['The log is still being read.'] };
  }

  async metrics(): Promise<Metric[]> {
    return METRICS;
  }

  #enter(operation: string, actor: Actor, role: Role): void {
    this.calls.push(operation);
    if (this.failure) {
      const { failure } = this;
      this.failure = undefined;
      throw failure;
    }
    const mayRead = role === 'reader' && actor.roles.some((one) => one !== 'source');
    if (!mayRead && !actor.roles.includes(role) && !actor.roles.includes('admin'))
      throw new ServiceError('forbidden', 'UNSILO_FORBIDDEN', `${operation} needs the role ${role}.`);
  }

  #now(): string {
    return at(this.#minute++);
  }

  #emitParty(record: PresentParty): void {
    this.emit(topicName('parties'), 'unsilo.party.changed', record.ref, record);
  }

  #system(name: string): SystemView {
    const found = this.systemList.find((one) => one.system === name);
    if (!found) throw new ServiceError('not-found', 'UNSILO_NO_SYSTEM', `There is no system ${name}.`);
    return found;
  }

  #command(actor: Actor, system: string, key: string | undefined, content: object): Command {
    const { command, isNew } = this.#commands.issue(content, system, actor.name, key, this.#now());
    if (isNew) this.emit(topicName('commands', system), 'unsilo.command.issued', command.id, command);
    return command;
  }
}
