// Which workers may run a job, by labels.

export type Labels = Readonly<Record<string, string>>;

/** Every wanted label is there with one of the wanted values (`a|b` names two). */
export function labelsMatch(wanted: Labels | undefined, offered: Labels): boolean {
  if (wanted === undefined) return true;
  for (const key in wanted) {
    const value = offered[key];
    if (value === undefined || !wanted[key]!.split('|').includes(value)) return false;
  }
  return true;
}
