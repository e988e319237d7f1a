import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header' | 'cookie';
  required?: boolean;
  schema: object;
}
interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }>; headers?: Record<string, object> }>;
  'x-unsilo-roles'?: string[];
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}
export interface Call {
  status: number;
  path?: Record<string, string>;
  query?: Record<string, string | number | string[]>;
  headers?: Record<string, string>;
  body?: unknown;
  contentType?: string;
}
interface Answer {
  statusCode: number;
  headers: Record<string, unknown>;
  body: string;
}

/** Builds requests from the OpenAPI document and holds answers against it. */
export class Contract {
  readonly document: OpenApi;
  readonly operations: { id: string; method: string; url: string; operation: Operation }[];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true, coerceTypes: false });
  readonly #validators = new Map<object, ValidateFunction>();

  constructor(document: OpenApi) {
    this.document = document;
    addFormats.default(this.#ajv as never);
    this.#ajv.addSchema({ ...document, $id: 'openapi' });
    this.operations = Object.entries(document.paths).flatMap(([url, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ id: operation.operationId, method, url, operation })),
    );
  }

  /** The request that the document describes; what it doesn't describe is an error. */
  request(id: string, call: Call) {
    const { method, url, operation } = this.#find(id);
    const declared = new Map((operation.parameters ?? []).map((one) => [`${one.in} ${one.name}`, one]));
    const given: [Parameter['in'], Record<string, unknown>][] = [
      ['path', call.path ?? {}],
      ['query', call.query ?? {}],
      ['header', call.headers ?? {}],
    ];
    for (const [place, values] of given) {
      for (const [name, value] of Object.entries(values)) {
        const parameter = declared.get(`${place} ${name}`);
        if (!parameter) {
          if (place === 'header') continue;
          throw new Error(`${id}: ${place} parameter ${name} isn't documented`);
        }
        this.#check(`${id}, ${place} ${name}`, parameter.schema, value);
      }
    }
    for (const parameter of declared.values()) {
      if (parameter.required && given.find(([place]) => place === parameter.in)?.[1][parameter.name] === undefined)
        throw new Error(`${id}: ${parameter.in} parameter ${parameter.name} is required`);
    }
    const contentType = call.contentType ?? 'application/json';
    if (call.body !== undefined) {
      const schema = operation.requestBody?.content[contentType]?.schema;
      if (!schema) throw new Error(`${id}: no body of type ${contentType} is documented`);
      this.#check(`${id}, body`, schema, call.body);
    }
    const path = url.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(call.path?.[name] ?? ''));
    return {
      method: method.toUpperCase() as 'GET',
      url: path,
      query: call.query as Record<string, string>,
      headers: { ...call.headers, ...(call.body !== undefined && { 'content-type': contentType }) },
      ...(call.body !== undefined && { payload: JSON.stringify(call.body) }),
    };
  }

  /** Fails unless the document describes exactly such an answer. */
  response(id: string, answer: Answer): void {
    const { operation } = this.#find(id);
    const documented = operation.responses[String(answer.statusCode)] ?? operation.responses['default'];
    if (!documented) throw new Error(`${id}: status ${answer.statusCode} isn't documented`);
    if (answer.statusCode < 400 && operation.responses[String(answer.statusCode)] === undefined)
      throw new Error(`${id}: success ${answer.statusCode} isn't documented`);
    for (const header of Object.keys(documented.headers ?? {}))
      if (answer.headers[header] === undefined) throw new Error(`${id}: header ${header} is missing`);
    const content = documented.content ?? {};
    if (Object.keys(content).length === 0) {
      if (answer.body !== '') throw new Error(`${id}: an empty body is documented`);
      return;
    }
    const type = String(answer.headers['content-type']).split(';', 1)[0] ?? '';
    const schema = (content[type] ?? content['*/*'])?.schema;
    if (!schema) throw new Error(`${id}: content type ${type} isn't documented for ${answer.statusCode}`);
    const value: unknown =
      type.endsWith('json') && type !== 'application/x-ndjson' ? JSON.parse(answer.body) : answer.body;
    if (id !== 'openapi') this.#check(`${id}, answer ${answer.statusCode}`, schema, value);
  }

  /** Fails unless the value is what the component describes. */
  component(name: string, value: unknown): void {
    this.#check(name, { $ref: `openapi#/components/schemas/${name}` }, value);
  }

  #find(id: string) {
    const found = this.operations.find((one) => one.id === id);
    if (!found) throw new Error(`${id} isn't documented`);
    return found;
  }

  #check(place: string, schema: object, value: unknown): void {
    let validator = this.#validators.get(schema);
    if (!validator) {
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object;
      validator = this.#ajv.compile(absolute);
      this.#validators.set(schema, validator);
    }
    if (!validator(value)) throw new Error(`${place}: ${this.#ajv.errorsText(validator.errors)}`);
  }
}
