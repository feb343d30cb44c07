import type { JsonObject } from '../json.ts';

export type Item = JsonObject & { readonly _id: string };
