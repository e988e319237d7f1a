import { simulatedModule, type SimulatedModule } from './fields.js';
import type { TokenEndpoint } from './oauth.js';
import { fieldsOf, listRequest, Refused, type ListRequest } from './query.js';
import type { ApiAnswer, ApiRequest } from './server.js';
import type { Row, Store } from './store.js';
import { answered } from './texts.js';

export interface ApiOptions {
  store: Store;
  tokens: TokenEndpoint;
  now: () => number;
  newId: () => string;
  /** Time zone in the preferences of the API's user. */
  timeZone: string;
}

const ID = /^(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const PREFIX = /^\/Api(?:\/index\.php)?/;

/** The V8 API of SuiteCRM 7.14.6, as far as the connector can see it. */
export function suiteCrmApi(options: ApiOptions): (request: ApiRequest) => ApiAnswer {
  const { store, tokens } = options;

  function module(name: string): SimulatedModule {
    const found = simulatedModule(name);
    if (found === undefined) throw new Refused(`Module ${name} does not exist`);
    return found;
  }

  function existing({ module: name }: SimulatedModule, id: string): Row {
    if (!ID.test(id)) throw new Refused(`The option "id" with value "${id}" is invalid.`);
    const row = store.find(name, id);
    if (row === undefined || row.broken === true) throw new Refused(`${name} module with id ${id} is not found`);
    return row;
  }

  function list(definition: SimulatedModule, request: ApiRequest): ApiAnswer {
    const wanted = listRequest(definition, request.query, store);
    // Every row is loaded once more by its id, and a deleted one can't be: the whole page is refused.
    for (const row of wanted.rows)
      if (row.deleted || row.broken === true)
        throw new Refused(`${definition.module} module with id ${row.id} is not found`);
    const data = wanted.rows.map((row) => resource(definition, row, wanted.fields));
    if (data.length === 0) return ok({ meta: { message: 'Request was successful, but there is no result' }, data: [] });
    if (wanted.pages === undefined) return ok({ data });
    const meta = { 'total-pages': wanted.pages.total, 'records-on-this-page': data.length };
    return ok({ meta, data, links: pageLinks(request, wanted.pages) });
  }

  function resource(definition: SimulatedModule, row: Row, fields?: string[]): object {
    const values = store.shown(definition, row);
    const names = (fields ?? Object.keys(definition.fields)).filter((name) => name !== 'id');
    const attributes = Object.fromEntries(
      names.map((name) => [name, attribute(definition, row, name, values[name] ?? '')]),
    );
    const related = Object.entries(definition.links).map(([link, other]) => [
      other,
      { links: { related: `V8/module/${definition.module}/${row.id}/relationships/${link}` } },
    ]);
    return {
      type: definition.object,
      id: row.id,
      // PHP writes an empty table as a list.
      attributes: names.length === 0 ? [] : attributes,
      relationships: related.length === 0 ? [] : Object.fromEntries(related),
    };
  }

  function attribute(definition: SimulatedModule, row: Row, name: string, value: string | boolean): unknown {
    if (name === 'date_modified') return minute(row.modified);
    if (name === 'date_entered') return minute(row.entered);
    if (definition.fields[name]?.type === 'link') return name.endsWith('_link') ? {} : '';
    return typeof value === 'string' ? answered(value) : value;
  }

  function write(request: ApiRequest): ApiAnswer {
    const { type, id, attributes } = body(request);
    const definition = module(type);
    const fields = checked(definition, attributes);
    if (request.method === 'PATCH') {
      const row = existing(definition, id ?? '');
      if (Object.keys(attributes).length === 0) throw new Refused('The option "data" with value array is invalid.');
      store.save(definition.module, row.id, fields);
      return ok({ data: resource(definition, row) }, 201);
    }
    if (id !== undefined && !ID.test(id)) throw new Refused(`The option "id" with value "${id}" is invalid.`);
    if (id !== undefined && store.find(definition.module, id, true) !== undefined)
      throw new Refused(`Bean ${type} with id ${id} is already exist`);
    const made = store.save(definition.module, id ?? options.newId(), fields);
    return ok({ data: resource(definition, made) }, 201);
  }

  function relationship(
    request: ApiRequest,
    definition: SimulatedModule,
    id: string,
    link: string,
    other?: string,
  ): ApiAnswer {
    const row = existing(definition, id);
    const target = definition.links[link];
    if (target === undefined) throw new Refused(`Cannot load relationship ${link} for ${definition.object} module`);
    const meta = (message: string) => ok({ meta: { message }, data: [] });
    if (request.method === 'DELETE') {
      if (!store.unlink(definition.module, row.id, link, other ?? ''))
        throw new Refused(`Module with ${other} id is not related to ${definition.object}`);
      return meta(`Relationship has been deleted between ${definition.object} with id ${row.id} and ${other}`);
    }
    if (request.method === 'POST') {
      const given = body(request);
      const found = existing(module(given.type), given.id ?? '');
      store.link(definition.module, row.id, link, found.id);
      return { ...meta(`${given.type} record with id ${found.id} has been related`), status: 201 };
    }
    const rows = store.linked(definition.module, row.id, link);
    if (rows.length === 0)
      return meta(`There is no relationship set in ${definition.object} module with ${link} link field`);
    const data = rows.map((linked) => resource(module(target), linked));
    return ok({ meta: { 'total-records': rows.length, 'total-pages': 1, 'records-on-this-page': rows.length }, data });
  }

  function route(request: ApiRequest, path: string): ApiAnswer {
    const [area, ...rest] = path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    const { method } = request;
    if (area === 'module') {
      const [name, id, relationships, link, other] = rest;
      if (name === undefined)
        return method === 'POST' || method === 'PATCH' ? write(request) : html(405, 'Method not allowed');
      if (id === undefined) return method === 'GET' ? list(module(name), request) : html(405, 'Method not allowed');
      if (relationships === 'relationships') {
        const definition = module(name);
        const byModule =
          link ?? Object.keys(definition.links).find((key) => definition.links[key] === body(request).type);
        return relationship(request, definition, id, byModule ?? '', other);
      }
      const definition = module(name);
      if (method === 'GET')
        return ok({ data: resource(definition, existing(definition, id), fieldsOf(definition, request.query)) });
      if (method !== 'DELETE') return html(405, 'Method not allowed');
      const row = existing(definition, id);
      store.markDeleted(name, row.id);
      return ok({ meta: { message: `Record with id ${row.id} is deleted` }, data: [] });
    }
    if (area === 'logout' && method === 'POST') {
      tokens.logout(request);
      return ok({ meta: { message: 'You have been successfully logged out' }, data: [] });
    }
    if (area === 'current-user')
      return ok({ data: { type: 'User', id: '1', attributes: { id: '1', user_name: 'api' } } });
    if (area === 'user-preferences')
      return ok({
        data: { type: 'UserPreference', id: rest[0], attributes: { global: { timezone: options.timeZone } } },
      });
    if (area === 'meta' && rest[0] === 'fields') {
      const { fields } = module(rest[1] ?? '');
      const attributes = Object.entries(fields).map(([name, { type, length }]) => [
        name,
        { type, ...(length === undefined ? {} : { len: String(length) }) },
      ]);
      return ok({ data: { type: 'fields', attributes: Object.fromEntries(attributes) } });
    }
    return html(404, 'Page Not Found');
  }

  return (request) => {
    const dated = (answer: ApiAnswer): ApiAnswer => ({
      ...answer,
      headers: { date: new Date(options.now()).toUTCString(), ...answer.headers },
    });
    const path = request.path.replace(PREFIX, '');
    if (!PREFIX.test(request.path)) return dated(html(404, 'Page Not Found'));
    if (path === '/access_token')
      return dated(request.method === 'POST' ? tokens.token(request) : html(405, 'Method not allowed'));
    if (!path.startsWith('/V8/')) return dated(html(404, 'Page Not Found'));
    const refusal = tokens.refusal(request);
    if (refusal !== undefined) return dated(refusal);
    try {
      return dated(route(request, path.slice('/V8'.length)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return dated(ok({ errors: { status: 400, title: null, detail: error.message } }, 400));
    }
  };
}

interface Body {
  type: string;
  id?: string;
  attributes: Record<string, unknown>;
}

function body(request: ApiRequest): Body {
  let parsed: { data?: Partial<Body> } | undefined;
  try {
    parsed = JSON.parse(request.body.toString('utf8')) as { data?: Partial<Body> };
  } catch {
    throw new Refused('The required option "data" is missing.');
  }
  const { data } = parsed ?? {};
  if (typeof data?.type !== 'string') throw new Refused('The required option "data" is missing.');
  for (const name of Object.keys(data))
    if (!['type', 'id', 'attributes'].includes(name))
      throw new Refused(`The option "${name}" does not exist. Defined options are: "attributes", "id", "type".`);
  return {
    type: data.type,
    attributes: data.attributes ?? {},
    ...(typeof data.id === 'string' ? { id: data.id } : {}),
  };
}

function checked(definition: SimulatedModule, attributes: Record<string, unknown>): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (!Object.hasOwn(definition.fields, name))
      throw new Refused(`Property ${name} in ${definition.object} module is invalid`);
    if (typeof value === 'object' && value !== null)
      throw new Refused(`Expected argument of type "string", "array" given`);
    // Null changes nothing.
    if (value !== null && value !== undefined)
      fields[name] = typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
  }
  return fields;
}

/** Without a page number the next page is the first one again. */
function pageLinks(request: ApiRequest, pages: NonNullable<ListRequest['pages']>): object {
  const at = (number: number) => {
    const query = new URLSearchParams(request.query);
    query.set('page[number]', String(number));
    return `V8${request.path.replace(PREFIX, '').slice('/V8'.length)}?${decodeURIComponent(query.toString())}`;
  };
  const { number, total } = pages;
  return {
    first: number > 1 ? at(1) : null,
    prev: number > 1 ? at(number - 1) : null,
    next: number < total ? at(number + 1) : null,
    last: number < total ? at(total) : null,
  };
}

/** Answers cut times to the minute. */
function minute(time: number): string {
  return `${new Date(Math.floor(time / 60_000) * 60_000).toISOString().slice(0, 19)}+00:00`;
}

function ok(answer: object, status = 200): ApiAnswer {
  return { status, headers: { 'content-type': 'application/vnd.api+json' }, body: answer };
}

function html(status: number, title: string): ApiAnswer {
  const page = `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: page };
}
