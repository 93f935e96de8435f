// What became of a definition in two hands: what they changed, what I changed, and where both changed the same. Pure.
import { diffDefinitions, type FieldChange } from '../../../../src/common/core/definition-diff.ts';
import { sameValue } from '../../../../src/common/core/same-value.ts';
import type { JobDefinition } from '../../../../src/common/model/job.ts';
import { isWithin, valueAt } from './paths.ts';

const plain = (definition: JobDefinition) => ({ stored: definition, shown: definition });

export const changesOf = (before: JobDefinition | undefined, after: JobDefinition): FieldChange[] =>
  diffDefinitions(before && plain(before), plain(after));

export interface Meeting {
  readonly path: string;
  readonly base: unknown;
  readonly theirs: unknown;
  readonly mine: unknown;
  /** Both changed it, and not to the same. */
  readonly isConflict: boolean;
  readonly by: 'me' | 'them' | 'both';
}

/** Field by field what differs from the base on either side. */
export function meetings(base: JobDefinition, theirs: JobDefinition, mine: JobDefinition): Meeting[] {
  const pathsTo = (after: JobDefinition): string[] => [
    ...new Set(changesOf(base, after).map(({ path }) => wholeSecret(path, base, after))),
  ];
  const [ours, others] = [pathsTo(mine), pathsTo(theirs)];
  const meets = (path: string, list: readonly string[]): boolean =>
    list.some((each) => isWithin(each, path) || isWithin(path, each));
  // Where one changed the whole and the other a part, the whole is what is met over.
  const paths = [...new Set([...others, ...ours])].filter(
    (path, _, all) => !all.some((each) => each !== path && isWithin(path, each)),
  );
  return paths.map((path) => {
    const told = { base: valueAt(base, path), theirs: valueAt(theirs, path), mine: valueAt(mine, path) };
    const [isOurs, isTheirs] = [meets(path, ours), meets(path, others)];
    return {
      path,
      ...told,
      isConflict: isOurs && isTheirs && !sameValue(told.theirs, told.mine),
      by: isOurs && isTheirs ? 'both' : isOurs ? 'me' : 'them',
    };
  });
}

/** A secret is met over as a whole: its value alone is nobody's to see. */
function wholeSecret(path: string, ...definitions: readonly JobDefinition[]): string {
  const parent = path.replace(/\.(?:value|secret)$/, '');
  const isSecret = (definition: JobDefinition): boolean =>
    (valueAt(definition, parent) as { readonly secret?: unknown } | undefined)?.secret === true;
  return parent !== path && definitions.some(isSecret) ? parent : path;
}
