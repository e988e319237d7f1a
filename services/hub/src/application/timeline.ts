import type { BusinessObject, Interaction } from '@unsilo/schemas';
import { compareVersions } from '../domain/version.js';
import { timelineKey, type InteractionRow, type ObjectRow, type TimelineRow } from './rows.js';
import type { Intake } from './intake.js';
import type { Workspace } from './workspace.js';

/** Interactions and objects hang on refs: a merge or a split of customers rewrites none of them (DESIGN section 5). */
export async function applyTimeline(workspace: Workspace, intake: Intake): Promise<void> {
  const { interactions, objects } = intake;
  await Promise.all([
    workspace.load(
      'interactions',
      interactions.map((i) => i.ref),
    ),
    workspace.load(
      'objects',
      objects.map((o) => o.ref),
    ),
  ]);
  for (const interaction of interactions) applyInteraction(workspace, interaction);
  for (const object of objects) applyObject(workspace, object);
}

function applyInteraction(workspace: Workspace, interaction: Interaction): void {
  const known = workspace.get<InteractionRow>('interactions', interaction.ref);
  if (known && !replaces(interaction, known.interaction)) return;
  move(
    workspace,
    'interaction',
    interaction.ref,
    known ? interactionPlaces(known.interaction) : [],
    interactionPlaces(interaction),
  );
  workspace.set('interactions', interaction.ref, {
    interaction,
    replies: known?.replies ?? [],
  } satisfies InteractionRow);
}

function applyObject(workspace: Workspace, object: BusinessObject): void {
  const known = workspace.get<ObjectRow>('objects', object.ref);
  if (known && !replaces(object, known.object)) return;
  move(workspace, 'object', object.ref, known ? objectPlaces(known.object) : [], objectPlaces(object));
  workspace.set('objects', object.ref, { object } satisfies ObjectRow);
}

/** The later version stands; should two claim one version, the greater text, so that the order of arrival can't decide. */
function replaces(next: Interaction | BusinessObject, known: Interaction | BusinessObject): boolean {
  const order = compareVersions(next.version, known.version);
  return order > 0 || (order === 0 && JSON.stringify(next) > JSON.stringify(known));
}

function interactionPlaces(interaction: Interaction): string[] {
  if (!interaction.state) return [];
  const { author, audience, publishedAt } = interaction.state;
  const parties = new Set([...(author === undefined ? [] : [author]), ...(audience ?? [])]);
  return [...parties].map((party) => timelineKey(party, publishedAt, interaction.ref));
}

function objectPlaces(object: BusinessObject): string[] {
  if (!object.state) return [];
  const at = object.createdAt ?? object.changedAt;
  return [...new Set(object.state.parties.map((p) => p.ref))].map((party) => timelineKey(party, at, object.ref));
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
