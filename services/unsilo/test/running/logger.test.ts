import { createLogger, type LogOptions } from '../../src/running/logger.js';

function logged(options: Partial<LogOptions>, log: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  log(createLogger({ level: 'info', format: 'json', secrets: [], ...options, write: (line) => void lines.push(line) }));
  return lines;
}

describe('the log', () => {
  it('hides secrets wherever they stand and however they are written', () => {
    const secret = 'p&ss "word" ☃';
    for (const format of ['json', 'text'] as const) {
      const [line = ''] = logged({ format, secrets: [secret] }, (logger) =>
        logger.warn({ url: `https://x/?key=${encodeURIComponent(secret)}` }, `failed with ${secret}`),
      );
      expect(line).toContain('[hidden]');
      expect(line).not.toContain(secret);
      expect(line).not.toContain('word');
    }
  });

  it('writes one JSON object a line, or one line for people', () => {
    const log = (logger: ReturnType<typeof createLogger>): void =>
      logger.warn({ system: 'crm', code: 'UNSILO_X' }, 'Paused');
    expect(JSON.parse(logged({ format: 'json' }, log)[0] ?? '')).toMatchObject({
      level: 'warn',
      system: 'crm',
      msg: 'Paused',
    });
    expect(logged({ format: 'text' }, log)[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}crm: Paused \(code=UNSILO_X\)\n$/);
  });

  it('neither steers a terminal nor holds lines that somebody else wrote', () => {
    const hostile = 'refused\r\n12:00:00 info  all is well\u001b[2J\u202e';
    const [entry = ''] = logged({ format: 'text' }, (logger) => logger.warn({ reason: hostile }, hostile));
    const [first = '', ...further] = entry.trimEnd().split('\n');
    expect(first).toMatch(/warn {2}refused$/);
    expect(further).toHaveLength(2);
    expect(further.every((line) => line.startsWith('    '))).toBe(true);
    expect(entry.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('hides a secret of several lines', () => {
    const key = '-----BEGIN KEY-----\nabcdef\n-----END KEY-----';
    for (const format of ['json', 'text'] as const)
      expect(logged({ format, secrets: [key] }, (logger) => logger.warn({ key }, key))[0]).not.toContain('abcdef');
  });

  it('leaves out what is below its level', () => {
    expect(logged({ level: 'error' }, (logger) => logger.warn('x'))).toEqual([]);
  });
});
