import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import type { Admission } from './access/admission.ts';
import type { Gate } from './access/gate.ts';
import type { Principal } from './access/principal.ts';
import type { ReadHeader } from './context.ts';
import type { Delivery } from './plugins/shared-execution.ts';
import type { FindDocument } from './plugins/trusted-documents.ts';
import type { Observed } from './telemetry/observed.ts';
import type { OperationLog } from './telemetry/operation-log.ts';

/** Who asks, where the request does not come through Yoga's own HTTP. */
export interface Connection {
  readonly principal: Principal;
  readonly header: ReadHeader;
  readonly signal: AbortSignal;
  readonly observed: Observed;
  readonly operationName: string | null;
}

/** The steps of one operation with every plugin around them. */
export interface Enveloped {
  readonly schema: GraphQLSchema;
  parse(source: string): DocumentNode;
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[];
  contextFactory(): object | Promise<object>;
  execute(args: ExecutionArgs): OperationResult;
  subscribe(args: ExecutionArgs): OperationResult;
}

type Result = ExecutionResult | AsyncIterableIterator<ExecutionResult>;
type OperationResult = Result | Promise<Result>;

export interface Pipeline {
  /** Decides from its head whether a request may come in. */
  readonly admission: Admission;
  readonly gate: Gate;
  readonly operationLog: OperationLog;
  enveloped(connection: Connection): Enveloped;
  /** The text of what a client wants to run; an error says why there is none. */
  findDocument: FindDocument;
  present(error: unknown): GraphQLError;
  deliveryOf(context: object): Delivery | undefined;
}
