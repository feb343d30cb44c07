export type UserErrorCode = 'INVALID_INPUT' | 'NOT_FOUND' | 'ALREADY_FINISHED' | 'REJECTED' | 'CONFLICT';

/** What the person who filled the form can mend. */
export interface UserError {
  readonly message: string;
  readonly code: UserErrorCode;
  /** The input field at fault; null when it is the whole. */
  readonly path: readonly string[] | null;
}
