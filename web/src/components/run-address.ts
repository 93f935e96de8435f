// Where runs are shown.

/** For `to` of a link. Names and ids need no escaping. */
export const runAddress = (job: string, run: string): string => `/jobs/${job}/runs/${run}`;
