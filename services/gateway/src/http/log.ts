import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { traceFields } from './tracing.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's own id where it is harmless, else a new one. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/**
 * One line a request, of named fields: the pattern of the route, never the address that was called, no headers, no bodies. Of errors
 * their kind and where they arose, since their messages may hold what somebody sent.
 */
export class NamedFields extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' });
  }

  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const fields = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      key: request.caller?.key.name,
      ...traceFields(request),
    };
    if (error) reply.log.warn({ ...fields, ...faultFields(error) }, 'request broke off');
    else reply.log.info(fields, 'request');
  }

  override defaultErrorLog(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error(faultFields(error), 'A request failed unexpectedly');
  }

  /** Readers of streams leave whenever they like. */
  override streamError(error: Error & { code?: string }, _request: FastifyRequest, reply: FastifyReply): void {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') reply.log.warn(faultFields(error), 'An answer broke off');
  }

  override routeNotFound(): void {}

  override writeHeadError(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.log.warn(faultFields(error), 'The head of an answer could not be written');
  }

  override serializerError(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error(faultFields(error), 'An answer could not be written');
  }
}

export function faultFields(error: unknown): { error: string; code: string; frames: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, code: '', frames: [] };
  const { code } = error as Error & { code?: unknown };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name, code: typeof code === 'string' ? code : '', frames: frames.map((line) => line.trim()) };
}
