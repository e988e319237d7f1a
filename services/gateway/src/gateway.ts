import { randomBytes } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { guardRoutes } from './access/access.js';
import { Sessions } from './access/session.js';
import { documentRoutes } from './document/document.js';
import { tagAnswers } from './http/etag.js';
import { answerBrokenAddress, answerBrokenHttp, answerFailures } from './http/failures.js';
import { NamedFields, requestId } from './http/log.js';
import { GatewayMetrics } from './http/metrics.js';
import { HttpProblem } from './http/problems.js';
import { traceRequests } from './http/tracing.js';
import { validateRequests } from './http/validation.js';
import { defaultLimits, type GatewayOptions, type Limits } from './options.js';
import { consoleRoutes } from './routes/console.js';
import { customerRoutes } from './routes/customers.js';
import { deadLetterRoutes } from './routes/dead-letters.js';
import { decisionRoutes } from './routes/decisions.js';
import { documentRoute } from './routes/document.js';
import { engagementRoutes } from './routes/engagement.js';
import { explainRoutes } from './routes/explain.js';
import { exportRoutes } from './routes/exports.js';
import { ingestRoutes } from './routes/ingest.js';
import { liveRoutes } from './routes/live.js';
import type { App, RouteContext } from './routes/route.js';
import { runningRoutes } from './routes/running.js';
import { sessionRoutes } from './routes/session.js';
import { systemRoutes } from './routes/systems.js';
import { webhookRoutes } from './routes/webhooks.js';

export interface Gateway {
  /** For `inject` and for routes of one's own; complete, but not listening yet. */
  app: FastifyInstance;
  /** Listens. Port 0 takes a free one. Answers where: `http://127.0.0.1:8420`. */
  start(at: { port: number; host?: string }): Promise<{ url: string; port: number }>;
  /** Ends live streams, lets running requests finish, and stops listening. */
  close(): Promise<void>;
}

/** The HTTP side of the hub: everything goes through `service`, which authorises every call again. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const app = Fastify({
    ...(options.log ? { loggerInstance: options.log } : { logger: false }),
    logController: new NamedFields(),
    genReqId: requestId,
    requestIdHeader: false,
    trustProxy: options.trustProxy ?? false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // The id of a ref has up to 512 characters, each of up to 12 when percent-encoded.
    routerOptions: { maxParamLength: 8192 },
    frameworkErrors: answerBrokenAddress,
    clientErrorHandler: answerBrokenHttp,
  });
  const sessions = new Sessions(options.sessionSecret ?? randomBytes(32));
  await protect(app, options, limits, sessions);
  await addRoutes(app.withTypeProvider<TypeBoxTypeProvider>(), options, limits, sessions);
  await app.ready();
  return {
    app,
    start: async ({ port, host = '127.0.0.1' }) => {
      const url = await app.listen({ port, host });
      const address = app.server.address();
      return { url, port: typeof address === 'object' && address !== null ? address.port : port };
    },
    close: () => app.close(),
  };
}

/** What holds for every route, in the order in which a request meets it. */
async function protect(
  app: FastifyInstance,
  options: GatewayOptions,
  limits: Limits,
  sessions: Sessions,
): Promise<void> {
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whoever ends TLS in front of the hub decides about this.
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
  });
  guardRoutes(app, options.keys, sessions);
  traceRequests(app);
  await app.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => (request.caller ? `key ${request.caller.key.id}` : `address ${request.ip}`),
    errorResponseBuilder: () => new HttpProblem('UNSILO_RATE_LIMITED'),
  });
  app.addHook('onRequest', async (request, reply) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity' && request.routeOptions.url !== '/v1/webhooks/:system')
      throw new HttpProblem('UNSILO_HTTP_CONTENT_ENCODING');
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'private, no-cache');
  });
  answerFailures(app);
  tagAnswers(app);
  await documentRoutes(app);
  validateRequests(app);
}

async function addRoutes(app: App, options: GatewayOptions, limits: Limits, sessions: Sessions): Promise<void> {
  const { service, keys } = options;
  const context: RouteContext = { service, limits };
  ingestRoutes(app, context);
  webhookRoutes(app, context, options.webhooks ?? { systems: [], call: async () => undefined });
  customerRoutes(app, context);
  explainRoutes(app, context);
  decisionRoutes(app, context);
  engagementRoutes(app, context);
  deadLetterRoutes(app, context);
  systemRoutes(app, context);
  exportRoutes(app, context);
  sessionRoutes(app, context, keys, sessions);
  const live = liveRoutes(app, context, keys);
  const metrics = new GatewayMetrics(app, live.open);
  runningRoutes(app, context, () => metrics);
  documentRoute(app);
  await consoleRoutes(app, options.consoleFolder);
}

/** The OpenAPI document of all routes, which is the same for every gateway. */
export async function openApiDocument(): Promise<object> {
  // Routes only hold on to the service; nothing is called.
  const { app } = await createGateway({
    service: {} as GatewayOptions['service'],
    keys: { find: async () => undefined },
  });
  const document = app.swagger();
  await app.close();
  return document;
}
