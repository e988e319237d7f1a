import type { BusinessObject, Interaction } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { withoutErased, type Floor } from '../domain/erased.js';
import { redact } from '../domain/facts.js';
import { compareVersions } from '../domain/version.js';
import {
  SEPARATOR,
  timelineKey,
  type CommandRow,
  type ErasureRow,
  type InteractionRow,
  type ObjectRow,
  type TimelineRow,
} from './rows.js';
import { subjectOf, type Intake } from './intake.js';
import type { Workspace } from './workspace.js';

/** So many rows of a timeline are read at once. */
const PAGE = 500;

/** Interactions and objects hang on refs: a merge or a split of customers rewrites none of them (DESIGN section 5). */
export async function applyTimeline(workspace: Workspace, store: StateStore, intake: Intake): Promise<void> {
  const { interactions, objects } = intake;
  const held = await aboutErased(workspace, store, await noteErasures(workspace, intake));
  await workspace.load('interactions', [...interactions.map((i) => i.ref), ...held.interactions]);
  await workspace.load('objects', [...objects.map((o) => o.ref), ...held.objects]);
  const known = (ref: string): Interaction | [] => interactionRow(workspace, ref)?.interaction ?? [];
  const standing = (ref: string): BusinessObject | [] => workspace.get<ObjectRow>('objects', ref)?.object ?? [];
  // What stands is looked at again where one of its parties was erased.
  const said = [...interactions, ...held.interactions.flatMap(known)];
  const made = [...objects, ...held.objects.flatMap(standing)];
  const before = workspace.glance(() => ({
    said: interactions.flatMap((i) => known(i.ref)),
    made: objects.flatMap((o) => standing(o.ref)),
  }));
  await workspace.load('erasures', [
    ...[...said, ...before.said].flatMap(partiesOfInteraction),
    ...[...made, ...before.made].flatMap(partiesOfObject),
  ]);
  const floor: Floor = (ref) => workspace.get<ErasureRow>('erasures', ref)?.at;
  for (const interaction of workspace.each(said, subjectOf.interactions))
    applyInteraction(workspace, interaction, floor);
  for (const object of workspace.each(made, subjectOf.objects)) applyObject(workspace, object, floor);
  await emptyReplies(workspace, intake, said);
}

/** @returns the refs that the batch erases */
async function noteErasures(workspace: Workspace, { decisions }: Intake): Promise<string[]> {
  const erasures = decisions.flatMap((d) => (d.kind === 'erase' ? [d] : []));
  const refs = erasures.flatMap((d) => d.refs);
  await workspace.load('erasures', refs);
  for (const { refs: erased, decidedAt } of erasures) {
    const at = Date.parse(decidedAt);
    for (const ref of erased)
      if (at > (workspace.get<ErasureRow>('erasures', ref)?.at ?? -Infinity))
        workspace.set('erasures', ref, { at } satisfies ErasureRow);
  }
  return refs;
}

/** What stands on the timelines of refs, in the store or from this batch. */
async function aboutErased(
  workspace: Workspace,
  store: StateStore,
  refs: readonly string[],
): Promise<{ interactions: string[]; objects: string[] }> {
  const found = { interaction: new Set<string>(), object: new Set<string>() };
  if (refs.length > 0) await workspace.beforeIsCommitted();
  for (const party of refs) {
    const to = `${party}${SEPARATOR}\u{10ffff}`;
    for (let from = `${party}${SEPARATOR}`; ;) {
      const page = await store.range(workspace.tenant, 'timeline', { from, to, limit: PAGE });
      for (const { value } of page) {
        const { type, ref } = JSON.parse(value) as TimelineRow;
        found[type].add(ref);
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) break;
      from = `${last.key}\u0000`;
    }
  }
  return { interactions: [...found.interaction], objects: [...found.object] };
}

function interactionRow(workspace: Workspace, ref: string): InteractionRow | undefined {
  return workspace.get<InteractionRow>('interactions', ref);
}

function applyInteraction(workspace: Workspace, given: Interaction, floor: Floor): void {
  const { ref } = given;
  const row = interactionRow(workspace, ref);
  const next = withoutErased.interaction(given, floor);
  const known = row?.interaction && withoutErased.interaction(row.interaction, floor);
  const standing = known && !replaces(next, known) ? known : next;
  if (standing === row?.interaction) return;
  move(
    workspace,
    'interaction',
    ref,
    row?.interaction ? interactionPlaces(row.interaction) : [],
    interactionPlaces(standing),
  );
  const stood = standing === known ? (row?.interaction ?? given) : given;
  const erasedAt = standing.deleted && stood.state ? erasureOf(stood, floor) : row?.erasedAt;
  workspace.set('interactions', ref, {
    interaction: standing,
    replies: row?.replies ?? [],
    ...(erasedAt === undefined ? {} : { erasedAt }),
  } satisfies InteractionRow);
}

function erasureOf(interaction: Interaction, floor: Floor): number {
  return Math.max(...partiesOfInteraction(interaction).map((ref) => floor(ref) ?? -Infinity));
}

function applyObject(workspace: Workspace, given: BusinessObject, floor: Floor): void {
  const { ref } = given;
  const row = workspace.get<ObjectRow>('objects', ref);
  const next = withoutErased.object(given, floor);
  const known = row && withoutErased.object(row.object, floor);
  const standing = known && !replaces(next, known) ? known : next;
  if (standing === row?.object) return;
  move(workspace, 'object', ref, row ? objectPlaces(row.object) : [], objectPlaces(standing));
  workspace.set('objects', ref, { object: standing } satisfies ObjectRow);
}

/** What we answered to somebody who is erased goes with what it answers; also when either is read again after the other. */
async function emptyReplies(workspace: Workspace, { commands }: Intake, said: readonly Interaction[]): Promise<void> {
  const answered = [...said.map((i) => i.ref), ...commands.flatMap((c) => (c.action === 'reply' ? [c.inReplyTo] : []))];
  await workspace.load('interactions', answered);
  for (const ref of workspace.each(new Set(answered), (r) => r)) {
    const row = interactionRow(workspace, ref);
    if (row?.erasedAt === undefined) continue;
    await workspace.load('commands', row.replies);
    for (const id of row.replies) {
      const known = workspace.get<CommandRow>('commands', id);
      if (!known?.command || (known.command.action === 'reply' && known.command.text === '')) continue;
      const { command, outcome } = redact({ ...known, command: known.command }, row.erasedAt);
      workspace.set('commands', id, { ...known, command, ...(outcome && { outcome }) } satisfies CommandRow);
    }
  }
}

/** The later version stands; should two claim one version, the greater text, so that the order of arrival can't decide. */
function replaces(next: Interaction | BusinessObject, known: Interaction | BusinessObject): boolean {
  const order = compareVersions(next.version, known.version);
  return order > 0 || (order === 0 && JSON.stringify(next) > JSON.stringify(known));
}

function partiesOfInteraction({ state }: Interaction): string[] {
  if (!state) return [];
  return [...new Set([...(state.author === undefined ? [] : [state.author]), ...(state.audience ?? [])])];
}

function partiesOfObject({ state }: BusinessObject): string[] {
  return state ? [...new Set(state.parties.map((p) => p.ref))] : [];
}

function interactionPlaces(interaction: Interaction): string[] {
  const { ref, state } = interaction;
  return state ? partiesOfInteraction(interaction).map((party) => timelineKey(party, state.publishedAt, ref)) : [];
}

function objectPlaces(object: BusinessObject): string[] {
  const at = object.createdAt ?? object.changedAt;
  return partiesOfObject(object).map((party) => timelineKey(party, at, object.ref));
}

function move(
  workspace: Workspace,
  type: TimelineRow['type'],
  ref: string,
  before: readonly string[],
  after: readonly string[],
): void {
  const old = new Set(before);
  for (const key of after)
    if (!old.delete(key)) workspace.overwrite('timeline', key, { type, ref } satisfies TimelineRow);
  for (const key of old) workspace.overwrite('timeline', key, undefined);
}
