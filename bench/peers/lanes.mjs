// Registers many jobs over a few connections at once.

/** Calls `one` for each number below `count`, for `lanes` of them at a time. */
export async function inLanes(count, lanes, one) {
  let next = 0;
  const lane = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
