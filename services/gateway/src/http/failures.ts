import type { Socket } from 'node:net';
import { ServiceError } from '@unsilo/hub';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerOf, HttpProblem } from './problems.js';
import type { ProblemCode } from './codes.js';
import { faultFields } from './log.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Turns whatever goes wrong into a problem. What isn't foreseen is told to the log alone. */
export function answerFailures(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = isAnswerable(error) ? error : ofFramework(error);
    if (failure === undefined) request.log.error(faultFields(error), 'A request failed unexpectedly');
    return sendProblem(request, reply, failure ?? new HttpProblem('UNSILO_INTERNAL'));
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    sendProblem(
      request,
      reply,
      new HttpProblem('UNSILO_HTTP_NOT_FOUND', { detail: `There is nothing here for ${request.method}.` }),
    ),
  );
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  failure: HttpProblem | ServiceError,
): FastifyReply {
  const { problem, headers } = answerOf(failure, request.id);
  // The headers of the answer that failed half-way must not stay.
  reply.removeHeader('etag');
  return reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...headers, 'content-type': PROBLEM_TYPE })
    .send(JSON.stringify(problem));
}

function isAnswerable(error: unknown): error is HttpProblem | ServiceError {
  return error instanceof HttpProblem || error instanceof ServiceError;
}

const OF_FRAMEWORK: Record<string, ProblemCode> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'UNSILO_HTTP_MALFORMED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'UNSILO_HTTP_MALFORMED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'UNSILO_HTTP_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSILO_HTTP_CONTENT_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'UNSILO_HTTP_REQUEST',
  FST_ERR_CTP_INVALID_TYPE: 'UNSILO_HTTP_CONTENT_TYPE',
  FST_ERR_BAD_URL: 'UNSILO_HTTP_REQUEST',
  FST_ERR_MAX_PARAM_LENGTH: 'UNSILO_HTTP_ADDRESS_TOO_LONG',
  FST_ERR_NOT_FOUND: 'UNSILO_HTTP_NOT_FOUND',
  FST_ERR_REOPENED_CLOSE_SERVER: 'UNSILO_CLOSING',
};

function ofFramework(error: FastifyError): HttpProblem | undefined {
  if (error.validation) {
    const errors = error.validation.slice(0, 20).map((violation) => ({
      path: pathOf(error.validationContext, violation),
      message: messageOf(violation),
    }));
    const first = errors[0];
    return new HttpProblem('UNSILO_HTTP_INVALID', {
      ...(first && { detail: `${first.path || 'The body'} ${first.message}.` }),
      errors,
    });
  }
  const code = Object.hasOwn(OF_FRAMEWORK, error.code) ? OF_FRAMEWORK[error.code] : undefined;
  if (code !== undefined) return new HttpProblem(code);
  if (error.statusCode === undefined || error.statusCode < 400 || error.statusCode >= 500) return undefined;
  return new HttpProblem(error.statusCode === 413 ? 'UNSILO_HTTP_BODY_TOO_LARGE' : 'UNSILO_HTTP_REQUEST');
}

type Violation = NonNullable<FastifyError['validation']>[number];

const PLACE: Record<string, string> = { querystring: 'query', params: 'path', headers: 'headers' };

function pathOf(context: FastifyError['validationContext'], violation: Violation): string {
  const { params } = violation;
  const name = params['missingProperty'] ?? params['additionalProperty'] ?? params['propertyName'];
  const inner = violation.instancePath + (typeof name === 'string' ? `/${name.slice(0, 100)}` : '');
  return context === undefined || context === 'body' ? inner : `${PLACE[context] ?? context}${inner}`;
}

/** Ajv's words, but never the value that is wrong: it may be personal. */
function messageOf({ keyword, message, params, ...more }: Violation): string {
  switch (keyword) {
    case 'pattern': {
      const { parentSchema } = more as { parentSchema?: { $comment?: string } };
      return parentSchema?.$comment ?? message ?? 'is not as it should be';
    }
    case 'required':
      return 'is missing';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'is not known';
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
    default:
      return message ?? `violates ${keyword}`;
  }
}

/** Answers addresses that no route can be looked up for. */
export function answerBrokenAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  sendProblem(request, reply, ofFramework(error) ?? new HttpProblem('UNSILO_HTTP_REQUEST'));
}

/** Answers what isn't HTTP, where no request exists yet. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: ProblemCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'UNSILO_HTTP_HEADERS_TOO_LARGE'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'UNSILO_HTTP_TIMEOUT'
        : 'UNSILO_HTTP_REQUEST';
  const { problem } = answerOf(new HttpProblem(code), 'none');
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}\r\n` +
      `Content-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
