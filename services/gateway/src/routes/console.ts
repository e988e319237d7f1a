import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { Type } from 'typebox';
import { about, answers, stream, unchanged, type App } from './route.js';

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Unsilo</title><p>The console is not built: run ' +
  '<code>npm run build -w @unsilo/console</code> and start again. The interface for programs is described on <a href="/docs">/docs</a>.';

/** The console: one page and its files, whose names hold a hash of what they contain. */
export async function consoleRoutes(app: App, folder: string | undefined): Promise<void> {
  const built = folder !== undefined && existsSync(join(folder, 'index.html'));
  if (built) await app.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
  app.get(
    '/',
    {
      config: { access: 'open' },
      schema: {
        ...about('console', 'Console', 'The console'),
        response: answers({ 200: stream('text/html', 'A page.'), ...unchanged }),
      },
    },
    (_request, reply) =>
      built
        ? reply.sendFile('index.html', { cacheControl: false }).header('cache-control', 'no-cache')
        : reply.header('content-type', 'text/html; charset=utf-8').send(NOT_BUILT),
  );
  app.get(
    '/assets/:file',
    {
      config: { access: 'open', rateLimit: false },
      schema: {
        ...about('consoleFile', 'Console', 'A file of the console'),
        params: Type.Object(
          { file: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$' }) },
          { additionalProperties: false },
        ),
        response: answers({ 200: stream('*/*', 'The file.'), ...unchanged }, { 404: 'There is no such file.' }),
      },
    },
    (request, reply) =>
      built
        ? reply.sendFile(join('assets', request.params.file), { immutable: true, maxAge: '365d' })
        : reply.callNotFound(),
  );
}
