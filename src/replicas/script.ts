import { createHash } from 'node:crypto';

/** Runs within Redis, where nothing comes between its lines. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });
