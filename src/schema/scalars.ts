import { GraphQLDateTimeISO, GraphQLJSON, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { builder } from './builder.ts';

builder.addScalarType('DateTime', GraphQLDateTimeISO, {
  description: 'An instant, RFC 3339 in UTC, for example 2026-07-03T14:04:31.000Z.',
});
builder.addScalarType('JSON', GraphQLJSON, {
  description: 'Any JSON value, passed through as upstream sent it.',
});
builder.addScalarType('JSONObject', GraphQLJSONObject, {
  description: 'A JSON object, passed through as upstream sent it.',
});
builder.addScalarType('SafeInt', GraphQLSafeInt, {
  description:
    'A whole number up to 2^53 - 1, written as a JSON number. Counts may be items or bytes, and bytes outgrow Int.',
});
