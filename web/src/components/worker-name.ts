// What a worker is called where its id would say too much: the next one of that name is another, in the same place.

/** The id of a worker is its name with something behind it, new at each start. */
export const nameOfWorker = (id: string): string => id.replace(/-[0-9a-f]{6}$/, '');
