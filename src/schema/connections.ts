import type { ObjectRef } from '@pothos/core';
import { type Connection, defaultFirst, type Edge } from '../paging/connection.ts';
import { builder } from './builder.ts';
import { JobRef } from './job.ts';
import { MovementLogRef } from './movement-log.ts';
import { priced } from './price.ts';

const PageInfoRef = builder.objectRef<Connection<unknown>>('PageInfo').implement({
  description: 'Where a page stands among the others.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      nullable: false,
      description: 'True while there is more: go on with `after: endCursor`.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      nullable: false,
      description: 'True when `after` was given. There is no paging backwards.',
    }),
    startCursor: t.string({
      description: 'The cursor of the first edge.',
      resolve: ({ edges }) => edges[0]?.cursor() ?? null,
    }),
    endCursor: t.string({
      description: 'Where this page ends. Going on from here costs one upstream call.',
      resolve: (connection) => connection.endCursor(),
    }),
  }),
});

type Ref<Shape> = ObjectRef<typeof builder.$inferSchemaTypes, Shape>;

const connectionOf = <Node>(name: string, ref: Ref<Node>, of: string) => {
  // Pothos cannot work out what a resolver of a generic type may return; the signature still says it
  const nodeRef: Ref<unknown> = ref;
  const EdgeRef = builder.objectRef<Edge<unknown>>(`${name}Edge`).implement({
    description: `One of the ${of} and its place.`,
    fields: (t) => ({
      cursor: t.string({
        nullable: false,
        description: 'Pass it as `after` to go on from here, with the same filter and order.',
        resolve: (edge) => edge.cursor(),
      }),
      node: t.field({
        type: nodeRef,
        nullable: false,
        description: `One of the ${of}.`,
        resolve: ({ node }) => node,
      }),
    }),
  });
  return builder.objectRef<Connection<Node>>(`${name}Connection`).implement({
    description: `A page of ${of}.`,
    fields: (t) => ({
      edges: t.field({
        type: [EdgeRef],
        nullable: false,
        description: `The ${of} of this page, each with its cursor.`,
        // the field that gives the page has counted its rows
        extensions: priced({ times: 1 }),
        resolve: ({ edges }) => edges,
      }),
      nodes: t.field({
        type: [nodeRef],
        nullable: false,
        description: `The ${of} of this page without cursors.`,
        extensions: priced({ times: 1 }),
        resolve: ({ edges }) => edges.map(({ node }) => node),
      }),
      pageInfo: t.field({
        type: PageInfoRef,
        nullable: false,
        description: 'Where this page stands among the others.',
        resolve: (connection) => connection,
      }),
    }),
  });
};

export const JobConnectionRef = connectionOf('Job', JobRef, 'jobs');
export const MovementLogConnectionRef = connectionOf('MovementLog', MovementLogRef, 'log entries');

/** The arguments of every connection field. */
export const connectionArgs = builder.args((t) => ({
  first: t.int({ defaultValue: defaultFirst, description: 'How many rows, 1 to 100.' }),
  after: t.string({ description: 'Go on after this cursor of the same list.' }),
}));
