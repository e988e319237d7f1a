import type { HubService } from './service.js';
import { allow } from './service/access.js';
import { createObject, ingest, reply } from './service/actions.js';
import type { ServiceContext } from './service/context.js';
import {
  allCustomers,
  hashCustomers,
  interactionView,
  lookUp,
  searchCustomers,
  timeline,
} from './service/customers.js';
import { decide, listDecisions } from './service/decisions.js';
import { discardDeadLetter, findDeadLetter, listDeadLetters, replayDeadLetter } from './service/dead-letters.js';
import { employment } from './service/employment.js';
import { explainCustomer } from './service/explain-customer.js';
import { explainPair } from './service/explain-pair.js';
import { explainCommand, explainEvent, explainValue, recordView } from './service/explain.js';
import { LagWatch } from './service/lag.js';
import { audit, listSystems, metrics, systemView } from './service/operations.js';
import { matchingReport } from './service/matching-report.js';
import { planModel } from './service/plan-model.js';
import { allRecords } from './service/records.js';
import { reviewQueue } from './service/review.js';
import { listNewest, live } from './service/stream.js';
import { trainingData } from './service/training-data.js';
import type { Actor, Role } from './service.js';

/** The service over the hub's state and log. Each call checks first what the actor may do. */
export function createService(context: ServiceContext): HubService {
  const may = (actor: Actor, ...roles: Role[]): void => allow(actor, context.core.tenant, ...roles);
  /** Every role but `source` may read. */
  const mayRead = (actor: Actor): void => may(actor, 'reader', 'agent', 'steward', 'operator');
  const watch = new LagWatch(context.log, () => context.core.now());
  return {
    async ingest(actor, events) {
      may(actor, 'source');
      return ingest(context, events);
    },
    async searchCustomers(actor, query) {
      mayRead(actor);
      return searchCustomers(context, query);
    },
    async customer(actor, id) {
      mayRead(actor);
      return lookUp(context, id);
    },
    async timeline(actor, id, query) {
      mayRead(actor);
      return timeline(context, id, query);
    },
    async employment(actor, id, query) {
      mayRead(actor);
      return employment(context, id, query.limit);
    },
    async record(actor, ref) {
      mayRead(actor);
      return recordView(context, ref);
    },
    async interaction(actor, ref) {
      mayRead(actor);
      return interactionView(context, ref);
    },
    async *customers(actor, signal) {
      mayRead(actor);
      yield* allCustomers(context, signal);
    },
    async *records(actor, signal) {
      mayRead(actor);
      yield* allRecords(context, signal);
    },
    async customersHash(actor) {
      mayRead(actor);
      return hashCustomers(context);
    },
    async explainValue(actor, id, attribute, element) {
      mayRead(actor);
      return explainValue(context, id, attribute, element);
    },
    async explainPair(actor, a, b) {
      mayRead(actor);
      return explainPair(context, a, b);
    },
    async explainCustomer(actor, id) {
      mayRead(actor);
      return explainCustomer(context, id);
    },
    async explainCommand(actor, id) {
      mayRead(actor);
      return explainCommand(context, id);
    },
    async explainEvent(actor, id) {
      mayRead(actor);
      return explainEvent(context, id);
    },
    async decide(actor, request, patience) {
      may(actor, 'steward');
      return decide(context, actor, request, patience);
    },
    async review(actor, query) {
      mayRead(actor);
      return reviewQueue(context, query.limit);
    },
    async matchingReport(actor) {
      may(actor, 'operator');
      return matchingReport(context);
    },
    async planModel(actor, { model, limit }) {
      may(actor, 'operator');
      return planModel(context, model, limit);
    },
    async *trainingData(actor, signal) {
      may(actor, 'operator');
      yield* trainingData(context, signal);
    },
    async decisions(actor, query) {
      mayRead(actor);
      return listDecisions(context, query);
    },
    async reply(actor, interaction, request) {
      may(actor, 'agent');
      return reply(context, actor, interaction, request);
    },
    async createObject(actor, request) {
      may(actor, 'agent');
      return createObject(context, actor, request);
    },
    async deadLetters(actor, query) {
      may(actor, 'operator');
      return listDeadLetters(context, query);
    },
    async deadLetter(actor, id) {
      may(actor, 'operator');
      return findDeadLetter(context, id);
    },
    async replayDeadLetter(actor, id, request) {
      may(actor, 'operator');
      return replayDeadLetter(context, id, request);
    },
    async discardDeadLetter(actor, id, reason) {
      may(actor, 'operator');
      return discardDeadLetter(context, id, reason);
    },
    async systems(actor) {
      mayRead(actor);
      return listSystems(context);
    },
    async lag(actor) {
      mayRead(actor);
      return watch.look(context.group, await listSystems(context));
    },
    async pauseSystem(actor, system, reason) {
      may(actor, 'operator');
      await systemView(context, system);
      await context.systems.pause(system, reason);
      return systemView(context, system);
    },
    async resumeSystem(actor, system) {
      may(actor, 'operator');
      await systemView(context, system);
      await context.systems.resume(system);
      return systemView(context, system);
    },
    async *audit(actor, query, signal) {
      may(actor, 'operator');
      yield* audit(context, query, signal);
    },
    async *live(actor, query, signal) {
      mayRead(actor);
      yield* live(context, query, signal);
    },
    async events(actor, query) {
      mayRead(actor);
      return listNewest(context, query.topic, query.cursor, query.limit);
    },
    async health() {
      const ready = context.isReady();
      return { live: true, ready, reasons: ready ? [] : ['The hub has not caught up with its log yet.'] };
    },
    async metrics() {
      return metrics(context, watch);
    },
  };
}
