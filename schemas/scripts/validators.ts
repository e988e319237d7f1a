import { Ajv, _, type CodeKeywordDefinition, type KeywordCxt } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { codePointLength } from '../src/text.js';
import { isCalendarDate, isUtcTimestamp } from '../src/formats.js';
import { mapSchema, refName, type Model, type Schema, type SchemaObject } from './model.js';

const BANNER = `/* Generated from schemas/model by schemas/scripts/generate.ts. Do not edit. */
/* eslint-disable */
// @ts-nocheck
`;

/** Export name of the validator of one schema file: `dead-letter` → `validateDeadLetter`. */
export function validatorName(file: string): string {
  return `validate${file.replace(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase())}`;
}

/** One module with a validator for each schema file, which needs no ajv at run time. */
export function validatorsModule(model: Model): string {
  const ajv = validatorCompiler(model);
  const exports: Record<string, string> = {};
  for (const [file, type] of model.roots) exports[validatorName(file)] = `unsilo#/definitions/${type}`;
  const code = asModule(standalone(ajv, exports));
  const table = [...model.roots.keys()].map((file) => `  '${file}': ${validatorName(file)},`).join('\n');
  const messages = JSON.stringify(patternMessages(model), null, 2);
  return `${BANNER}${code}\nexport const validators = {\n${table}\n};\n\nexport const patternMessages = ${messages};\n`;
}

/** Ajv as the generated validators are made with it; tests use it as the reference. */
export function validatorCompiler(model: Model): Ajv {
  const ajv = new Ajv({
    strict: true,
    // One function for Ref, Timestamp and so on: a third less code, and no slower.
    inlineRefs: false,
    strictTypes: false,
    strictRequired: false,
    discriminator: true,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: true, formats: _`require("../formats.js").formats` },
  });
  ajv.addFormat('date', isCalendarDate);
  ajv.addFormat('date-time', isUtcTimestamp);
  for (const keyword of ['maxLength', 'minLength'] as const) {
    ajv.removeKeyword(keyword);
    ajv.addKeyword(lengthKeyword(keyword));
  }
  const definitions: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(model.definitions)) {
    definitions[name] = mapSchema(schema, ({ description: _, $comment: __, ...node }) =>
      withoutBacktracking(node, model),
    );
  }
  // What `data` is is looked up by type (src/validate.ts) rather than tried branch by branch.
  const { allOf: _branches, ...envelope } = definitions['EventEnvelope'] as SchemaObject;
  definitions['EventEnvelope'] = envelope;
  ajv.addSchema({ $id: 'unsilo', definitions });
  return ajv;
}

/** What to tell those whose text doesn't match: the `$comment` beside each pattern. */
function patternMessages(model: Model): Record<string, string> {
  const messages: Record<string, string> = {};
  for (const definition of Object.values(model.definitions)) {
    mapSchema(definition, (node) => {
      const { pattern, $comment: message } = node;
      if (typeof pattern === 'string' && typeof message === 'string') messages[pattern] = message;
      return node;
    });
  }
  return messages;
}

/** Length in code points as JSON Schema has it, counted only when the length in UTF-16 units leaves it open. */
function lengthKeyword(keyword: 'maxLength' | 'minLength'): CodeKeywordDefinition {
  return {
    keyword,
    type: 'string',
    schemaType: 'number',
    error: {
      message: ({ schema }) => `must have at ${keyword === 'maxLength' ? 'most' : 'least'} ${schema} characters`,
    },
    code(context: KeywordCxt) {
      const { data, gen } = context;
      const limit = context.schema as number;
      const count = gen.scopeValue('func', {
        ref: codePointLength,
        code: _`require("../text.js").codePointLength`,
      });
      if (keyword === 'maxLength') context.fail(_`${data}.length > ${limit} && ${count}(${data}) > ${limit}`);
      else
        context.fail(_`${data}.length < ${limit} || (${data}.length < ${2 * limit} && ${count}(${data}) < ${limit})`);
    },
  };
}

/**
 * A `oneOf` whose branches can be told apart by one property is checked branch by that property, so that an error names what is
 * wrong in the branch that was meant, and no branch is tried in vain. The answer is the same as that of the `oneOf`.
 */
function withoutBacktracking(node: SchemaObject, model: Model): SchemaObject {
  if (node.oneOf === undefined) return node;
  const branches = node.oneOf.map((branch) => resolved(branch, model));
  const [first] = branches;
  const tag = (first?.required ?? []).find((name) => branches.every((branch) => isTag(branch, name)));
  if (tag !== undefined) return { ...node, type: 'object', required: [tag], discriminator: { propertyName: tag } };
  const [present, deleted] = node.oneOf;
  const mark = branches[1]?.required?.find((name) => branches[0]?.properties?.[name] === false);
  if (branches.length !== 2 || mark === undefined || present === undefined || deleted === undefined) {
    throw new Error('the branches of a oneOf must be told apart by one property');
  }
  const { oneOf: _oneOf, ...rest } = node;
  return { ...rest, type: 'object', if: { required: [mark] }, then: deleted, else: present };
}

function resolved(schema: Schema, model: Model): SchemaObject {
  const target =
    typeof schema === 'object' && schema.$ref !== undefined ? model.definitions[refName(schema.$ref)] : schema;
  if (typeof target !== 'object') throw new Error('a branch of a oneOf is no object');
  return target;
}

function isTag(branch: SchemaObject, name: string): boolean {
  const property = branch.properties?.[name];
  const fixed = typeof property === 'object' && (property.const !== undefined || property.enum !== undefined);
  return fixed && (branch.required?.includes(name) ?? false);
}

// The package is CommonJS: under NodeNext its default export is the module, whose default is the function.
function standalone(ajv: Ajv, exports: Record<string, string>): string {
  const make = standaloneCode as unknown as { default?: typeof standaloneCode.default };
  return (make.default ?? (standaloneCode as unknown as typeof standaloneCode.default))(ajv, exports);
}

/** Ajv writes `require` even into ES modules: makes them imports. */
function asModule(code: string): string {
  const imports: string[] = [];
  const body = code
    .replace('"use strict";', '')
    .replace(
      /const (\w+) = require\("([^"]+)"\)\.(\w+)([^;]*);/g,
      (_match, name: string, path: string, member: string, rest: string) => {
        imports.push(`import { ${member} as ${name}_ } from '${path}';`);
        return `const ${name} = ${name}_${rest};`;
      },
    );
  if (/\brequire\(/.test(body)) throw new Error('the validators require something that is no import yet');
  return `${imports.join('\n')}\n${body}`;
}
