import { randomUUID } from 'node:crypto';

/** What stands in logs and headers as it is: nothing that could break a line, and nothing long. */
const safe = /^[\w.:/+=-]{1,128}$/;

/** In one piece: as Node makes it, it is a chain of 20 that take ten times the memory, and sockets keep theirs. */
const newId = (): string => Buffer.from(randomUUID(), 'latin1').toString('latin1');

/** The id that a client gave its request, if it is one that may be repeated, or a new one. */
export const requestIdOf = (given: string | null): string =>
  given !== null && safe.test(given) ? given : newId();
