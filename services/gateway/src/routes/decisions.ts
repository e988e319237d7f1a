import type { Decision } from '@unsilo/schemas';
import { Type } from 'typebox';
import { actorOf, READERS } from '../access/access.js';
import { Deciding, DecisionPage } from '../model/requests.js';
import { MatchingReported, ModelPlanned, Planning, ReviewList } from '../model/review.js';
import { CustomerNamed } from '../model/parts.js';
import { ref } from '../model/view.js';
import { about, answers, json, paging, present, unchanged, type App, type RouteContext } from './route.js';

export function decisionRoutes(app: App, { service, limits }: RouteContext): void {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());

  app.post(
    '/v1/decisions',
    {
      config: { access: ['steward'] },
      schema: {
        ...about(
          'decide',
          'Decisions',
          'Decide',
          'Link, unlink, keep or erase; `undo` takes a decision back, which `undoes` names in the answer. Every system gets what follows.',
        ),
        body: Deciding,
        response: answers({
          201: json(ref<Decision>('Decision'), 'The decision. It is in effect: answers from now on rest on it.'),
          202: json(
            ref<Decision>('Decision'),
            'The decision. It is durably in the log, and will be in effect when the hub comes to it.',
          ),
        }),
      },
    },
    async (request, reply) => {
      const patience = { withinMs: limits.effectMs, signal: closing.signal };
      const { decision, inEffect } = await service.decide(actorOf(request), request.body, patience);
      return reply.code(inEffect ? 201 : 202).send(decision);
    },
  );

  app.get(
    '/v1/decisions',
    {
      config: { access: READERS },
      schema: {
        ...about('listDecisions', 'Decisions', 'All decisions, or those about one customer'),
        querystring: Type.Object(
          { customer: Type.Optional(CustomerNamed), ...paging(limits) },
          { additionalProperties: false },
        ),
        response: answers(
          { 200: json(DecisionPage, 'One page, newest first.'), ...unchanged },
          { 404: 'No such customer.' },
        ),
      },
    },
    (request) => service.decisions(actorOf(request), present(request.query)),
  );

  app.get(
    '/v1/review',
    {
      config: { access: READERS },
      schema: {
        ...about(
          'review',
          'Decisions',
          'What waits for a steward',
          'Pairs of records that may be one party, those first where a decision would change most. One question for two customers; what was decided is not asked again.',
        ),
        querystring: Type.Object({ limit: paging(limits).limit }, { additionalProperties: false }),
        response: answers({ 200: json(ReviewList, 'The first of them.'), ...unchanged }),
      },
    },
    (request) => service.review(actorOf(request), request.query),
  );

  app.post(
    '/v1/plan',
    {
      config: { access: ['operator'] },
      schema: {
        ...about(
          'planModel',
          'Decisions',
          'What another matching model would change',
          'What it would merge, split and write, before it is applied. Nothing is changed; matching all records takes a while.',
        ),
        body: Planning,
        response: answers({ 200: json(ModelPlanned, 'What would change.') }),
      },
    },
    (request) => service.planModel(actorOf(request), request.body),
  );

  app.get(
    '/v1/matching',
    {
      config: { access: ['operator'] },
      schema: {
        ...about(
          'matchingReport',
          'Decisions',
          'What matching leaves out',
          'Counts every key and value: takes a while.',
        ),
        response: answers({ 200: json(MatchingReported, 'The counts.'), ...unchanged }),
      },
    },
    (request) => service.matchingReport(actorOf(request)),
  );
}
