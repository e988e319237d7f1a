import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declareTopics, topics } from '../src/index.js';

const text = readFileSync(join(__dirname, '../asyncapi.json'), 'utf8');

async function parse(source: string) {
  const { document, diagnostics } = await new Parser().parse(source);
  return { document, errors: diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error) };
}

describe('the AsyncAPI document', () => {
  it('is what AsyncAPI calls valid', async () => {
    const { document, errors } = await parse(text);
    expect(errors.map(({ message, path }) => `${path.join('/')}: ${message}`)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
  });

  it('has every topic under its address, and who writes it', async () => {
    const { document } = await parse(text);
    const addresses = document
      ?.channels()
      .all()
      .map((channel) => channel.address()?.replace('{system}', 'crm'));
    expect(addresses?.sort()).toEqual(
      declareTopics(['crm'])
        .map(({ name }) => name)
        .sort(),
    );
    const written = document
      ?.operations()
      .filterBySend()
      .map((operation) => operation.channels().all()[0]?.id());
    expect(written?.sort()).toEqual(Object.keys(topics).sort());
  });

  it('is refused when a message refers to a schema that is not there', async () => {
    const dangling = text.replace('"$ref": "#/components/schemas/Party"', '"$ref": "#/components/schemas/Nobody"');
    expect(dangling).not.toBe(text);
    expect((await parse(dangling)).errors).not.toEqual([]);
  });

  it('has an example of every message, which its payload accepts and the others refuse', () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'document', ...(JSON.parse(text) as object) });
    const messages = Object.entries((JSON.parse(text) as AsyncApi).components.messages);
    expect(messages).toHaveLength(12);
    for (const [name, { examples }] of messages) {
      expect(examples.length).toBeGreaterThan(0);
      for (const [other] of messages) {
        const payload = ajv.getSchema(`document#/components/messages/${other}/payload`);
        expect([name, other, payload?.(examples[0]?.payload)]).toEqual([name, other, name === other]);
      }
    }
  });
});

interface AsyncApi {
  components: { messages: Record<string, { examples: { payload: unknown }[] }> };
}
