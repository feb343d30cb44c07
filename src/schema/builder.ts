import SchemaBuilder from '@pothos/core';
import type { Context } from '../context.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';

/** The code-first schema is collected here: nouns by `schema/`, verbs by `resolvers/`, joined in graph.ts. */
export const builder = new SchemaBuilder<{
  Context: Context;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: JsonValue; Output: JsonValue };
    JSONObject: { Input: JsonObject; Output: JsonObject };
    SafeInt: { Input: number; Output: number };
  };
}>({});
