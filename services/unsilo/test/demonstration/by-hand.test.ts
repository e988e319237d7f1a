import { join } from 'node:path';
import { prepareDemonstration } from '../../src/demonstration/demonstration.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo } from '../../src/running/start.js';
import { temporaryFolder } from '../support/folders.js';

const ANSWER = 'We are on our way with a spare light.';

describe('somebody at the console during the demonstration', () => {
  const folder = temporaryFolder();

  it('may answer the complaint first: then the script answers nothing', async () => {
    const said: string[] = [];
    let invited = (): void => undefined;
    const invitation = new Promise<void>((resolve) => (invited = resolve));
    const demonstration = await prepareDemonstration({
      pace: 'fast',
      folder: join(folder, 'data'),
      humanMs: 60_000,
      say(line) {
        said.push(line);
        if (line.includes('Answer her yourself')) invited();
      },
    });
    const { configuration } = demonstration;
    const running = await startUnsilo(
      { ...configuration, http: { ...configuration.http, port: 0 } },
      { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
    );
    try {
      const told = demonstration.tell(running, new AbortController().signal);
      await Promise.race([invitation, told]);

      const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
        const response = await fetch(`${running.url}${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            authorization: `Bearer ${running.adminKey ?? ''}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return (await response.json()) as Record<string, unknown>;
      };
      const events = await ask('/v1/events?topic=unsilo.interactions.v1&limit=50');
      const complaint = (events['items'] as { data: { ref: string; state?: { text?: string } } }[])
        .map(({ data }) => data)
        .find(({ state }) => state?.text?.includes('rear light'));
      const [system, kind, id] = complaint!.ref.split('/');
      await ask(`/v1/interactions/${system}/${kind}/${id}/replies`, { text: ANSWER });

      expect(await told).toEqual({ broken: [] });
      expect(said.join('\n')).toContain('You answered.');
      const { replies } = (await ask(`/v1/interactions/${system}/${kind}/${id}`)) as {
        replies: { command: { text: string } }[];
      };
      expect(replies.map(({ command }) => command.text)).toEqual([ANSWER]);
    } finally {
      await running.stop();
      await demonstration.close();
    }
  }, 300_000);
});
