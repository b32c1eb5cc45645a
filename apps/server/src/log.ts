/** One line of JSON an event. The fields are a closed list, so that neither a name nor an identifier of a person has a place to go. */

/** What a line may say besides its event. UIDs are those of studies and images, never of people. */
export interface LogFields {
  readonly code?: string;
  readonly route?: string;
  readonly method?: string;
  readonly status?: number;
  readonly seconds?: number;
  readonly bytes?: number;
  readonly count?: number;
  readonly user?: string;
  readonly role?: string;
  readonly study?: string;
  readonly analysis?: string;
  readonly model?: string;
  readonly worker?: string;
  readonly attempt?: number;
  readonly source?: string;
  readonly pacs?: string;
  readonly address?: string;
  readonly version?: string;
  /** Of our own words or of the database's, never of a file's values. */
  readonly reason?: string;
}

export type LogLevel = 'info' | 'warn' | 'error';

/** Writes an event. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** Lines to a stream. */
export function jsonLog(stream: { write(line: string): unknown }): Log {
  return (level, event, fields = {}) => {
    stream.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  };
}
