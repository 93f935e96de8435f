// When two values of JSON say the same. Pure.

/** JSON with sorted keys: the order in which fields were written means nothing. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A field that is undefined is one that is not there. */
export const sameValue = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);
