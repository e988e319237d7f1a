import type { Actor, HubService } from '@unsilo/hub';
import {
  complaintOf,
  consentHolds,
  correctedPhone,
  nothingUnexplained,
  oneCustomer,
  publicComplaint,
  REFS,
  unlinked,
  withdrawnConsent,
  wronglyJoined,
} from './claims.js';
import { ANSWER, CASE_NAME, COMPLAINT, amirasFirstOrder, PEOPLE, SYSTEMS } from './company.js';
import type { SimulatedCrm } from './crm.js';
import type { SimulatedShop } from './shop.js';
import type { SimulatedSocial } from './social.js';
import type { Telling } from './telling.js';

/** What the story acts on: the systems' own people, and the hub as an agent and a steward use it. */
export interface Stage {
  crm: SimulatedCrm;
  shop: SimulatedShop;
  social: SimulatedSocial;
  service: Pick<HubService, 'decide' | 'reply' | 'createObject'>;
  actor: Actor;
  /** Address of the console. */
  console: string;
  /** How long somebody at the console has to answer first, milliseconds; 0 when nobody is there. */
  humanMs: number;
  clock: { now(): number };
}

const CHAPTERS = 5;

/** Tells the whole story. Rejects when the signal aborts. */
export async function tell(telling: Telling, stage: Stage): Promise<void> {
  await meet(telling, stage);
  await correctPhone(telling, stage);
  await answerComplaint(telling, stage);
  await unlinkFamily(telling, stage);
  await withdrawConsent(telling, stage);
  telling.say('');
  await telling.claim([nothingUnexplained]);
}

async function meet(telling: Telling, { console }: Stage): Promise<void> {
  await telling.chapter(1, CHAPTERS, 'One person in three systems becomes one customer');
  await telling.narrate(
    'Ines Duarte is a contact in the CRM. The shop’s export has her by the same e-mail address, with a newer',
    'surname and her name on Mastodon. There she has praised her bike.',
  );
  await telling.claim(oneCustomer);
  const id = (await telling.look.record(REFS.inesInCrm))?.customer;
  if (id !== undefined) telling.say(`  → ${console}/#/customers/${encodeURIComponent(id)}`);
  await telling.pause(3000);
}

async function correctPhone(telling: Telling, { shop }: Stage): Promise<void> {
  await telling.chapter(2, CHAPTERS, 'A corrected phone number reaches the other systems, and does not come back');
  const { wrong, right } = PEOPLE.ines.phone;
  await telling.narrate(`Two digits were swapped: somebody in the shop corrects ${wrong} to ${right}.`);
  await calm(telling);
  await shop.edit(PEOPLE.ines.shop, { phone: right });
  const [everywhere, inHub, noLoop] = correctedPhone;
  await telling.claim([everywhere!, inHub!]);
  await telling.narrate(
    'She orders again, so the shop exports her row once more; and the CRM is read again and again.',
  );
  const before = await versionOf(telling, REFS.inesInShop);
  await shop.order(PEOPLE.ines.shop);
  await telling.comes(
    'Her row has come in once more',
    async () => (await versionOf(telling, REFS.inesInShop)) !== before,
  );
  await calm(telling);
  await telling.claim([noLoop!]);
}

/**
 * Waits until the CRM and the shop have been read whole again, the hub has taken all of it in, and no write is under way: what it wrote
 * there has come back as what they say, and whatever it makes of that has been done.
 */
async function calm(telling: Telling): Promise<void> {
  const systems = [SYSTEMS.crm, SYSTEMS.shop];
  const before = await readings(telling);
  await telling.comes('The CRM and the shop have been read again', async () => {
    const now = await readings(telling);
    return systems.every((system) => (now.get(system) ?? 0) >= (before.get(system) ?? 0) + READINGS);
  });
  await telling.comes('The hub has taken in what was read, and nothing is being written', async () => {
    const shown = await telling.look.service.systems(telling.look.actor);
    return shown.every(({ lag }) => lag.inbound === 0 && lag.outbound === 0);
  });
}
/** The first one may have begun before, the second may have found a file that was not settled yet. */
const READINGS = 3;

async function readings({ look }: Telling): Promise<Map<string, number>> {
  const systems = await look.service.systems(look.actor);
  return new Map(systems.map(({ system, counts }) => [system, counts['readings'] ?? 0]));
}

/** The last state of a record that the hub knows, by its name. */
async function versionOf({ look }: Telling, ref: string): Promise<string> {
  return JSON.stringify((await look.record(ref))?.version);
}

async function answerComplaint(telling: Telling, stage: Stage): Promise<void> {
  const { service, actor, social, console, humanMs } = stage;
  await telling.chapter(3, CHAPTERS, 'A public complaint is answered, and becomes a case in the CRM');
  await telling.narrate('Ines complains in public, and mentions us.');
  social.mention(COMPLAINT);
  const [onTimeline, answered, inCrm] = publicComplaint;
  await telling.claim([onTimeline!]);
  const complaint = (await complaintOf(telling.look))?.interaction.ref;
  const customer = (await telling.look.record(REFS.inesInCrm))?.customer;
  if (complaint === undefined || customer === undefined) return;
  const isAnswered = async (): Promise<boolean> => ((await complaintOf(telling.look))?.replies.length ?? 0) > 0;
  if (humanMs > 0) {
    telling.say(`  Answer her yourself within ${humanMs / 1000} seconds, or watch it being done:`);
    telling.say(`  → ${console}/#/customers/${encodeURIComponent(customer)}`);
  }
  const byHand = humanMs > 0 && (await telling.until(isAnswered, humanMs));
  if (!byHand) {
    await telling.narrate(`An agent answers: “${ANSWER}”`);
    await service.reply(actor, complaint, { text: ANSWER, idempotencyKey: 'demonstration-answer' });
  } else await telling.narrate('You answered. Thank you.');
  await telling.claim([answered!]);
  await telling.narrate('The agent makes it a case, so that a colleague calls her.');
  if (!(await hasCase(telling)))
    await service.createObject(actor, {
      system: SYSTEMS.crm,
      kind: 'case',
      customer,
      name: CASE_NAME,
      description: COMPLAINT,
      interaction: complaint,
      idempotencyKey: 'demonstration-case',
    });
  await telling.claim([inCrm!]);
}

async function hasCase({ look }: Telling): Promise<boolean> {
  return (await look.timelineOf(REFS.inesInCrm)).some((entry) => entry.type === 'object');
}

async function unlinkFamily(telling: Telling, { service, actor, shop, clock }: Stage): Promise<void> {
  await telling.chapter(4, CHAPTERS, 'Two people wrongly joined are parted, and every system gets its own values back');
  await telling.narrate(
    'Amira Okafor orders for the first time, with the family’s e-mail address and landline. The CRM has her sister Amara.',
  );
  await calm(telling);
  await shop.edit(PEOPLE.amira.shop, amirasFirstOrder(clock.now()));
  await telling.claim(wronglyJoined);
  await telling.narrate('Somebody who knows them says so: they are two people.');
  await service.decide(actor, {
    kind: 'unlink',
    refs: [REFS.amaraInCrm, REFS.amiraInShop],
    reason: 'Sisters with one e-mail address',
  });
  await telling.claim(unlinked);
}

async function withdrawConsent(telling: Telling, { crm, shop }: Stage): Promise<void> {
  await telling.chapter(5, CHAPTERS, 'A consent withdrawn in one system is withdrawn in all');
  await telling.narrate('Joost van Dijk asks on the phone for no more advertising. A colleague ticks it in the CRM.');
  await calm(telling);
  crm.edit(PEOPLE.joost.crm, { email_opt_out: '1' });
  await telling.claim(withdrawnConsent);
  // What the shop took in has come back as its own export, so that the old one differs from it.
  await calm(telling);
  await telling.narrate(
    'Somebody drops an old export again, where he still says yes. Somebody else edits his title in the CRM.',
  );
  const before = await versionOf(telling, REFS.joostInShop);
  const isDropped = await shop.dropStale(PEOPLE.joost.shop, { newsletter: 'yes' });
  crm.edit(PEOPLE.joost.crm, { title: PEOPLE.joost.laterTitle });
  // Without these the next claim would hold because nothing had happened yet.
  await telling.comes(
    'The old export has come in',
    async () => isDropped && (await versionOf(telling, REFS.joostInShop)) !== before,
  );
  await telling.comes('The edit has come in', async () => {
    const titles = (await telling.look.record(REFS.joostInCrm))?.state?.titles ?? [];
    return titles.some(({ name }) => name === PEOPLE.joost.laterTitle);
  });
  await calm(telling);
  await telling.claim(consentHolds);
}
