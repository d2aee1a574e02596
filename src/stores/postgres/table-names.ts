/** Names as they stand in statements. */
export interface TableNames {
  readonly connections: string;
  readonly members: string;
  readonly histories: string;
  readonly entries: string;
  readonly records: string;
  readonly states: string;
  readonly stateRows: string;
  /** Functions that change the state of a room. */
  readonly changeState: string;
  readonly forgetState: string;
}
