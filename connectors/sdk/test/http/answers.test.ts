import { Type } from 'typebox';
import { jsonOf, type HttpResponse } from '../../src/index.js';

const Page = Type.Object({ items: Type.Array(Type.Object({ id: Type.Integer() })) });

function answer(body: string): HttpResponse {
  const url = 'https://crm.example/items?token=secret';
  return { status: 200, headers: {}, body: Buffer.from(body), url, redirects: [] };
}

test('an answer of the form that was expected is passed on, with whatever else it says', () => {
  expect(jsonOf(answer('{"items":[{"id":1,"more":true}]}'), Page)).toEqual({ items: [{ id: 1, more: true }] });
});

test.each(['', '<html>', '{"items":', 'null', '[]', '{}', '{"items":{}}', '{"items":[{"id":"Ada"}]}'])(
  'any other may be right at the next try: %j',
  (body) => {
    expect(() => jsonOf(answer(body), Page)).toThrow(
      expect.objectContaining({ code: 'UNSILO_HTTP_UNEXPECTED_ANSWER', name: 'RetryableError', status: 200 }) as Error,
    );
  },
);

test('the place that does not fit is named, what stands there and secrets of the address are not', () => {
  const told = (() => {
    try {
      return jsonOf(answer('{"items":[{"id":"Ada Lovelace"}]}'), Page);
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(told).toBe(
    'The answer of https://crm.example/items?token=… (200) does not have the form that was expected, at /items/0/id',
  );
});
