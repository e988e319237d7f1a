import { readFile } from 'node:fs/promises';

/**
 * A connector from outside, as a package would bring it: people in a JSON file, read again at every interval. It writes as well, into
 * memory alone.
 */
export default {
  id: 'contacts',
  title: 'People in a JSON file',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['file'],
    properties: {
      file: { type: 'string', description: 'Path of the file' },
      token: { type: 'string', writeOnly: true, description: 'Never used' },
      stubborn: { type: 'boolean', description: 'Reading never ends, whatever it is told' },
    },
  },
  emits: ['party'],
  profile: (system) => ({
    system,
    connector: 'contacts',
    title: 'People in a JSON file',
    objects: [],
    kinds: [
      {
        kind: 'contact',
        party: 'person',
        attributes: { 'name.full': { writable: true }, emails: { writable: true } },
        create: 'none',
        delete: false,
        conditional: false,
      },
    ],
  }),
  async check({ options }) {
    try {
      JSON.parse(await readFile(options.file, 'utf8'));
      return [{ ok: true, code: 'UNSILO_CONTACTS_OK', message: 'The file can be read.' }];
    } catch (error) {
      return [
        {
          ok: false,
          code: 'UNSILO_CONTACTS_FILE',
          message: `The file can not be read: ${error.message}`,
          hint: 'Mend it.',
        },
      ];
    }
  },
  async *read({ system, options, clock, checkpoint }) {
    if (options.stubborn) await new Promise(() => undefined);
    for (const { id, version, name, email, at } of JSON.parse(await readFile(options.file, 'utf8'))) {
      const ref = `${system}/contact/${id}`;
      const observedAt = new Date(clock.now()).toISOString();
      if (name === undefined)
        yield {
          type: 'bad-input',
          code: 'UNSILO_CONTACTS_NAMELESS',
          message: 'There is no name.',
          at: { ref },
          payload: `{"id":"${id}"}`,
        };
      else
        yield {
          type: 'party',
          change: {
            ref,
            version: { major: version, minor: 0 },
            createdAt: at,
            changedAt: at,
            observedAt,
            state: {
              kind: 'person',
              name: { full: name },
              ...(email === undefined ? {} : { emails: [{ address: email }] }),
            },
          },
        };
    }
    if (checkpoint === undefined) {
      yield { type: 'snapshot-completed' };
      yield { type: 'checkpoint', value: true };
    }
  },
};
