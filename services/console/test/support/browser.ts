import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway, GatewayOptions } from '@unsilo/gateway';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { buildConsole, type Built } from '../../scripts/build.js';
import type { FakeHub } from '../../../gateway/test/support/fake-hub.js';
import { testBed, type TestBed } from '../../../gateway/test/support/gateway.js';
import type { TestKeys } from '../../../gateway/test/support/keys.js';

/** The environment of tests calls what stands under this name. */
const ON_FAILURE = Symbol.for('unsilo.onFailure');
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `describe` where there is a browser. Without one it says so; with REQUIRE_SERVERS=1 that is a failure. */
export function describeInBrowser(name: string, body: () => void): void {
  if (existsSync(CHROMIUM)) {
    describe(name, () => {
      body();
      beforeAll(() => Object.assign(globalThis, { [ON_FAILURE]: tellWhatIsShown }));
      afterAll(clearStage);
    });
    return;
  }
  const reason = `no Chromium at ${CHROMIUM} (set CHROMIUM_PATH)`;
  if (process.env['REQUIRE_SERVERS'] === '1') {
    test(name, () => {
      throw new Error(`This needs a browser: ${reason}.`);
    });
    return;
  }
  process.stderr.write(`SKIPPED ${name}: ${reason}\n`);
  describe.skip(name, body);
}

/** What every page shows: that a text didn't appear says little. */
async function tellWhatIsShown(): Promise<void> {
  const browser = (await stage)?.browser;
  for (const page of browser?.contexts().flatMap((context) => context.pages()) ?? []) {
    const text = await page.locator('body').innerText({ timeout: 5000 });
    process.stderr.write(`\nWhen the test failed, ${page.url()} showed:\n${text}\n`);
  }
}

/** The built console and the browser, made once for a file of tests. */
interface Stage {
  built: Built;
  folder: string;
  browser: Browser;
}
let stage: Promise<Stage> | undefined;

async function setStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-console-'));
  const built = await buildConsole(join(folder, 'dist'));
  return { built, folder, browser: await chromium.launch({ executablePath: CHROMIUM, args: ARGS }) };
}

async function clearStage(): Promise<void> {
  const set = await stage;
  stage = undefined;
  await set?.browser.close();
  if (set) rmSync(set.folder, { recursive: true, force: true });
}

/** A gateway with the console over a made-up company, and a browser to look at it. */
export class Console {
  readonly hub: FakeHub;
  readonly keys: TestKeys;
  readonly admin: string;
  readonly url: string;
  readonly built: Built;
  readonly #gateway: Gateway;
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];

  private constructor(bed: TestBed, url: string, { built, browser }: Stage) {
    this.hub = bed.hub;
    this.keys = bed.keys;
    this.admin = bed.admin;
    this.url = url;
    this.built = built;
    this.#gateway = bed.gateway;
    this.#browser = browser;
  }

  static async open(options: Partial<GatewayOptions> = {}): Promise<Console> {
    stage ??= setStage();
    const set = await stage;
    const bed = await testBed({
      consoleFolder: join(set.folder, 'dist'),
      ...options,
      limits: { loginsPerMinute: 1000, requestsPerMinute: 100_000, ...options.limits },
    });
    const { url } = await bed.gateway.start({ port: 0 });
    return new Console(bed, url, set);
  }

  async close(): Promise<void> {
    for (const context of this.#contexts) await context.close();
    await this.#gateway.close();
  }

  /** Breaks every connection to the gateway, as a restart of something between does. */
  async dropStreams(): Promise<void> {
    this.#gateway.app.server.closeAllConnections();
  }

  /** A new visitor who isn't logged in. Whatever the page reports as an error fails the test that asks for `faults`. */
  async visit(options: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    this.#contexts.push(context);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // Refused requests are reported by the browser; the page shows them to people.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text());
    });
    return { page, faults };
  }

  /** A visitor who came by a link with a key. */
  async logIn(place = '#/flow', key = this.admin, options: BrowserContextOptions = {}) {
    const visit = await this.visit(options);
    await visit.page.goto(`${this.url}/#key=${key}`);
    await visit.page.getByRole('navigation', { name: 'Views' }).waitFor();
    await go(visit.page, place);
    return visit;
  }
}

/** Goes to a place inside the console, as following a link does. */
export async function go(page: Page, place: string): Promise<void> {
  // Text, since the page's own globals aren't the test's.
  await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
}

interface Violation {
  id: string;
  impact?: string | null;
  nodes: { target: unknown[]; failureSummary?: string }[];
}

/** What axe finds wrong with the page as it stands; empty when nothing is. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // Colours in the middle of a movement are nobody's colours; also of what moves only while the page is looked at.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as { violations: Violation[] };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
