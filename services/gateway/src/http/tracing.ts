import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined;
  }
}

/** Asked every few seconds, or open for hours. */
const UNTRACED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics', '/v1/live']);

/**
 * A span for each request (semantic conventions for HTTP servers); what its handler appends to the log is traced on from there. The
 * caller's own trace is carried on when the caller is known: strangers must not decide what is sampled. Call before any route is added.
 */
export function traceRequests(app: FastifyInstance): void {
  const tracer = trace.getTracer('@unsilo/gateway');
  app.decorateRequest('span', undefined);
  app.addHook('onRoute', (route) => {
    if (UNTRACED.has(route.url)) return;
    const { handler, url } = route;
    route.handler = function (request, reply) {
      const parent =
        request.caller === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { ...request.headers });
      const attributes = {
        'http.request.method': request.method,
        'http.route': url,
        'url.scheme': request.protocol,
        'unsilo.request.id': request.id,
      };
      const span = tracer.startSpan(`${request.method} ${url}`, { kind: SpanKind.SERVER, attributes }, parent);
      request.span = span;
      return context.with(trace.setSpan(parent, span), () => handler.call(this, request, reply));
    };
  });
  app.addHook('onResponse', async (request, reply) => {
    const { span } = request;
    if (span === undefined) return;
    span.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
}

/** For log lines about a request; nothing where it isn't traced. */
export function traceFields({ span }: FastifyRequest): { trace_id?: string; span_id?: string } {
  if (span?.isRecording() !== true && span?.spanContext().traceFlags !== 1) return {};
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}
