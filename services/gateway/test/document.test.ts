import { Validator } from '@seriousme/openapi-schema-validator';
import { bearer, testBed, type TestBed } from './support/gateway.js';
import { Contract, type Call } from './support/contract.js';
import { exampleCalls } from './support/example-calls.js';

let bed: TestBed;
let contract: Contract;

beforeAll(async () => {
  bed = await testBed({
    webhooks: {
      systems: ['mastodon'],
      call: async (_, call) => ({ status: 200, body: call.query['challenge'] ?? 'taken', contentType: 'text/plain' }),
    },
  });
  contract = new Contract(bed.gateway.app.swagger() as never);
});
afterAll(() => bed.gateway.close());

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(contract.document) as never);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test('every route of the server is in the document, and nothing else', () => {
  const served = routesOf(bed.gateway.app.printRoutes({ commonPrefix: false }));
  const documented = contract.operations.map(({ method, url }) => `${method.toUpperCase()} ${url}`);
  expect(served).toContain('GET /v1/customers/{id}/timeline');
  expect(documented.sort()).toEqual(served.sort());
});

test('every operation is called below', () => {
  expect(Object.keys(exampleCalls).sort()).toEqual(contract.operations.map(({ id }) => id).sort());
});

test('every operation has a summary, a tag and says who may call it', () => {
  for (const { id, operation } of contract.operations) {
    expect({ id, summary: operation.summary }).toEqual({ id, summary: expect.stringMatching(/\S/) });
    expect(operation.tags).toHaveLength(1);
    expect(operation.security).toBeDefined();
  }
});

describe('each operation answers as documented', () => {
  test.each(Object.keys(exampleCalls))('%s', async (id) => {
    const example = exampleCalls[id];
    const calls = typeof example === 'function' ? await example(bed) : example;
    for (const call of (Array.isArray(calls) ? calls : [calls]) as Call[]) {
      const request = contract.request(id, call);
      const response = await bed.gateway.app.inject({
        ...request,
        headers: { ...bearer(bed.admin), ...request.headers },
      });
      expect({ status: response.statusCode, body: response.statusCode === call.status ? '' : response.body }).toEqual({
        status: call.status,
        body: '',
      });
      contract.response(id, response);
    }
  });
});

/** `GET /v1/customers/{id}` from the router's own tree. */
function routesOf(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods = ''] = /^([ │]*)[└├]── (\S+) \(([A-Z, ]+)\)$/.exec(line) ?? [];
    if (segment === '') return [];
    const depth = indent.length / 4;
    above[depth] = segment;
    const url = above
      .slice(0, depth + 1)
      .join('')
      .replace(/:(\w+)/g, '{$1}');
    return methods.split(', ').map((method) => `${method} ${url}`);
  });
}
