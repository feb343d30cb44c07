const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Upstream's ids are GUIDs; anything else cannot be the id of something. */
export const isGuid = (text: string): boolean => guidPattern.test(text);

/** One spelling of an id to find it by: GUIDs mean the same in upper and lower case. */
export const idKey = (id: string): string => id.toLowerCase();
