/** The database as everything here sees it: one statement at a time, in PostgreSQL's dialect, whatever holds the rows. */

/** A row by column. */
export type Row = Readonly<Record<string, unknown>>;

/** Statements with $1, $2 as their values. Every statement is atomic by itself; what must change together is one statement. */
export interface Database {
  /** A statement, or without values several that are separated by semicolons. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** What pg-boss takes for a database. */
export interface SqlExecutor {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A database for pg-boss. */
export const executorOf = (database: Database): SqlExecutor => ({
  executeSql: async (text, values) => ({ rows: [...(await database.query(text, values))] }),
});
