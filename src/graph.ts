import type { GraphQLSchema } from 'graphql';
import './schema/scalars.ts';
import './resolvers/job.ts';
import './resolvers/mutation.ts';
import './resolvers/query.ts';
import './resolvers/subscription.ts';
import './resolvers/sync-schedule.ts';
import { builder } from './schema/builder.ts';

/** The whole graph: nouns of `schema/` joined with verbs of `resolvers/`. */
export const createGraph = (): GraphQLSchema => builder.toSchema();
